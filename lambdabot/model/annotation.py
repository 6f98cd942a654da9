"""What is said beside the code of a pull request."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A remark; `path` is relative to the workspace, None where there is no line to set it beside."""

    level: Literal["failure", "warning"]
    message: str
    path: str | None = None
    line: int = 1
