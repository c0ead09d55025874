"""Run as ``python -m nexmo_nb.cli``."""

import sys

from nexmo_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
