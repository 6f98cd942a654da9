"""`python -m lambdabot`."""

import sys

from lambdabot.cli import main

if __name__ == "__main__":
    sys.exit(main())
