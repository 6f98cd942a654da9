"""Where lambdabot keeps what outlives a run."""

from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where downloads are kept between runs: the runner's temporary folder, or the user's cache."""
    if environ.get("RUNNER_TEMP"):
        return Path(environ["RUNNER_TEMP"], "lambdabot-cache")
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache", "lambdabot").expanduser()
