"""Repetitions in a run: nothing is lost, and what is told once did come again."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cascade.questions.causes import Change, ExplainedStep
from cascade.reports.folding import REPEATED_MIN, Item, Repeated, Told, fold, told_count


def step(index: int, name: str) -> ExplainedStep:
    change = Change(name="n", before="0", after=name, is_derived=False)
    return ExplainedStep(
        index=index,
        time_ticks=10 * index,
        command_class="reaction",
        component="",
        command=name,
        text="",
        changes=(change,),
        causes=(),
        because=f"n became 0 in step {index}",
        waited_ticks=0,
        in_loop=False,
    )


def steps(names: str) -> list[ExplainedStep]:
    return [step(index, name) for index, name in enumerate(names)]


def unfold(items: list[Item]) -> str:
    names = ""
    for item in items:
        match item:
            case Told():
                assert item.number == len(names) + 1
                names += item.step.command
            case Repeated():
                assert item.first == len(names) + 1
                assert item.times >= REPEATED_MIN
                names += names[-item.period :] * item.times
                assert (item.last, item.time_ticks) == (len(names), 10 * (len(names) - 1))
    return names


def test_an_oscillation_is_two_steps_and_a_number() -> None:
    items = fold(steps("x" + "ab" * 34 + "y"), first=5)
    assert [item.step.command if isinstance(item, Told) else item.text for item in items] == [
        "x",
        "a",
        "b",
        "steps 8 to 73: the same 2 steps, 33 times more",
        "y",
    ]
    assert told_count(items) == 70


def test_a_step_of_its_own_that_comes_again() -> None:
    *_, last = fold(steps("ab" + "c" * 4))
    assert isinstance(last, Repeated)
    assert last.text == "steps 4 to 6: the same step, 3 times more"


def test_three_times_are_told() -> None:
    assert all(isinstance(item, Told) for item in fold(steps("ababab")))


def test_other_changes_are_another_step() -> None:
    same = steps("aaaa")
    other = [*same[:3], replace(same[3], changes=())]
    assert all(isinstance(item, Told) for item in fold(other))


@given(st.lists(st.tuples(st.text("abc", max_size=5), st.integers(1, 6)), max_size=6))
def test_nothing_is_lost(parts: list[tuple[str, int]]) -> None:
    names = "".join(part * times for part, times in parts)
    items = fold(steps(names))
    assert unfold(items) == names
    assert told_count(items) == len(names)
