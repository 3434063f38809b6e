"""What messages call values and places: the same for all instances of a type, so that an error of the type is said once."""

from typing import assert_never

from cascade.checked.instances import Choice, Group, Instance, Scalar, Unknown, Value


def describe(value: Value) -> str:
    """What a message calls a value."""
    match value:
        case Scalar():
            return value.type.describe()
        case Instance():
            return value.local_name if not value.steps else f"component {value.local_name}"
        case Group():
            return f"group {value.declaration.name.text}"
        case Choice():
            return "a member of a group"
        case Unknown():
            return "something unknown"
        case _:
            assert_never(value)


def where(instance: Instance) -> str:
    """Where a name was looked for."""
    return f"in {instance.local_name}" if instance.lexical is None else f"in component {instance.local_name}"


def cycle_names(chain: list[tuple[Instance, str]]) -> list[str]:
    """Paths of the values in a cycle, without what they have in common: an error of a type is said once for all instances."""
    steps = [instance.steps for instance, _ in chain]
    common = 0
    while all(len(s) > common and s[common] == steps[0][common] for s in steps):
        common += 1
    return [".".join([*(step.text() for step in instance.steps[common:]), name]) for instance, name in chain]
