"""What is mutated, and the tests of the default run that are to notice it: quick ones, which ask the engines nothing through another process."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Modules that the same tests hold up. `count` mutants of them are drawn."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    count: int


_MODELS = ("tests/models/test_models.py::test_comes_out_as_worked_out_by_hand",)

PARTS = (
    Part(
        name="reference",
        files=tuple(f"cascade/reference/{name}.py" for name in ("step", "evaluate", "decide", "replay", "components")),
        tests=("tests/reference",),
        count=50,
    ),
    Part(
        name="lowering",
        files=tuple(f"cascade/core/{name}.py" for name in ("lower", "losses", "build")),
        tests=(*_MODELS, "tests/core", "tests/oracle"),
        count=50,
    ),
    Part(
        name="strikes",
        files=("cascade/core/strikes.py",),
        tests=("tests/core/test_strikes.py", "tests/questions_default/test_cutsets.py"),
        count=25,
    ),
    Part(
        name="checks",
        files=tuple(
            f"cascade/checked/{name}.py" for name in ("checks", "commands", "links", "operators", "domains", "defaults")
        ),
        tests=("tests/checked", *_MODELS, "tests/oracle"),
        count=50,
    ),
    Part(
        name="slices",
        files=("cascade/core/cone.py", "cascade/questions/on_slice.py"),
        tests=("tests/core/test_cone.py", "tests/differential/test_slice.py"),
        count=60,
    ),
    Part(
        name="judgement",
        files=tuple(f"cascade/questions/{name}.py" for name in ("judgement", "ask", "declared", "cases", "failures")),
        tests=("tests/questions", *_MODELS),
        count=40,
    ),
    Part(
        name="search",
        files=tuple(
            f"cascade/engines/explicit/{name}.py" for name in ("search", "expand", "fairness", "backward", "components")
        ),
        tests=(
            "tests/engines/test_explicit.py",
            "tests/engines/test_differential.py::test_steps_one_by_one_are_all_steps",
            *_MODELS,
            "tests/reference/test_agreement.py",
        ),
        count=50,
    ),
    Part(
        name="symmetry",
        files=("cascade/core/symmetry.py",),
        tests=("tests/core/test_symmetry.py", "tests/differential/test_symmetry.py"),
        count=50,
    ),
)
