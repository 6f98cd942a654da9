"""The action's entry point in the container."""

import gc
import sys

gc.disable()  # nothing of what is imported is garbage, and to look for it takes a tenth of the start; `main` ends this

from lambdabot.action import main  # noqa: E402  # what it imports is what is not looked through

if __name__ == "__main__":
    sys.exit(main())
