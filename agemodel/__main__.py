"""`python -m agemodel`."""

import sys

from agemodel.cli import main

if __name__ == "__main__":
    sys.exit(main())
