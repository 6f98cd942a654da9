"""What a door may say, which overrides the settings file."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lambdabot.errors import Mistake
from lambdabot.workspace import Workspace

DEFAULT_CONFIG = "lambdabot.yml"
SWITCH = {"true": True, "false": False}
ENDPOINTS = ("aws", "local")
COMMENT_MODES = ("update", "new", "hide-and-new", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a door (workflow or terminal) may say; None leaves it to the file or to the default."""

    config: Path = Path(DEFAULT_CONFIG)
    endpoint: str | None = None
    base: str | None = None
    functions: tuple[str, ...] = ()
    region: str | None = None
    comment: str | None = None
    check: str | None = None
    workspace: Workspace | None = None  # the workflow's; None: at a terminal, the one around the settings
    job: str = ""  # the job's id in the workflow
    comment_key: str = ""  # tells the jobs of a matrix apart
    report: Path | None = None  # another run's, to comment on
    seed: int = 1
    out: Path | None = None  # the folder of the report's files; None where none is written

    @property
    def files(self) -> Workspace:
        """The one way to the files that the settings name, and to the settings themselves."""
        return self.workspace or Workspace.around(self.config)

    @property
    def place(self) -> str:
        """The settings file, relative to the workflow's workspace."""
        return Path(os.path.relpath(self.config, self.workspace.root if self.workspace else Path())).as_posix()


def input_mistakes(inputs: Inputs) -> list[Mistake]:
    """Return a mistake for each input that no setting can have."""
    mistakes = []
    if inputs.endpoint and inputs.endpoint not in ENDPOINTS and not _is_url(inputs.endpoint):
        allowed = ", ".join(ENDPOINTS)
        mistakes.append(Mistake(message=f"endpoint `{inputs.endpoint}` is neither {allowed} nor an http(s) URL"))
    if inputs.comment and inputs.comment not in COMMENT_MODES:
        mistakes.append(Mistake(message=f"comment `{inputs.comment}` is none of {', '.join(COMMENT_MODES)}"))
    if inputs.check and inputs.check not in SWITCH:
        mistakes.append(Mistake(message=f"check `{inputs.check}` is neither {' nor '.join(SWITCH)}"))
    return mistakes


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def comment_key(inputs: Inputs, *apart: str) -> str:
    """Return what tells this job's comment from those of the pull request's other jobs; "" for the plainest job.

    The chosen functions are no part of it: a workflow may choose them anew for every push, in one job. `apart` tells
    the comments of one job from one another.
    """
    parts = (inputs.place, inputs.job, inputs.comment_key, *apart)
    if parts == (DEFAULT_CONFIG, "", ""):
        return ""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def check_name(inputs: Inputs, *, default: bool) -> str | None:
    """Return the check run's name, None where none is wanted; `default` is what the file says.

    It stays the same from push to push, because branch protection asks for a check by its name.
    """
    if not SWITCH.get(inputs.check or "", default):
        return None
    folder = Path(inputs.place).parent.as_posix()
    chosen = [*([] if folder == "." else [folder]), *inputs.functions]
    return f"lambdabot ({', '.join(chosen)})" if chosen else "lambdabot"
