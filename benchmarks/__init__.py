"""Figures of merit, measured beside what a user would use instead: `make bench`, `make bench ONLY=local,arm64`."""

import lambdabot.measurement  # noqa: F401  # before numpy, whose threads it limits
