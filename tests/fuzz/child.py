"""The process that libFuzzer runs in: the modules under test are instrumented while they are imported."""

import sys

import atheris

with atheris.instrument_imports(include=["cascade"]):
    from tests.fuzz.targets import TARGETS


if __name__ == "__main__":
    atheris.Setup(["fuzz", *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
