"""`python -m cascade`."""

import sys

from cascade.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
