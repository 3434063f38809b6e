"""The family digits: independent counters, so that the number of states is known beforehand: BASE to the power of DIGITS."""

import sys


def spec(digits: int, base: int) -> str:
    """The spec with so many counters of `base` values each."""
    top = base - 1
    return f"""# {digits} counters of {base} values: {base**digits:,} states
component Digit {{
  state value: 0..{top} = 0
  event advance when value < {top} {{ value = value + 1 }}
  event start_again when value == {top} {{ value = 0 }}
}}

system digits {{
  redundant digit: {digits} x Digit needs 1
  check bounded: always all(d in digit: d.value <= {top})
}}
"""


if __name__ == "__main__":
    print(spec(*(int(argument) for argument in sys.argv[1:3])), end="")
