"""`python -m cascade`."""

from cascade.cli.main import run_process

if __name__ == "__main__":
    run_process()
