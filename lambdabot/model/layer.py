"""A layer whose contents the repository holds, and the same packaged; a layer elsewhere is known by its ARN alone."""

from dataclasses import dataclass
from pathlib import Path

from lambdabot.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A folder or .zip whose contents Lambda shows at /opt."""

    name: str  # the logical name of a template, or the path as the settings write it
    source: Path  # absolute
    workspace: Workspace  # which holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBuild:
    """A layer as Lambda would get it."""

    name: str
    zip_path: Path
    code_sha256: str  # base64, as Lambda's CodeSha256
    contents: str = ""  # the same for zips that hold the same, whatever their times; empty: as `code_sha256`
    zip_bytes: int
    unzipped_bytes: int
    extensions: tuple[str, ...] = ()  # names of external extensions, which Lambda starts as processes of their own
