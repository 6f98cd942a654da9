"""`python -m lambdabot`."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder: a pull request's own `yaml.py` is not what is imported next

from lambdabot.cli import main  # see above

if __name__ == "__main__":
    sys.exit(main())
