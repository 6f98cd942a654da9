"""The action's entry point in the container."""

import sys

from lambdabot.action import main

if __name__ == "__main__":
    sys.exit(main())
