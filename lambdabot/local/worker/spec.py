"""The function version that an execution environment runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec:
    """All that a worker is made from."""

    code: Path
    layers: Path | None = None  # what is seen at /opt
    handler: str
    runtime: str
    memory_mb: int
    timeout_seconds: int
    storage_mb: int = 512  # of /tmp
    environment: Mapping[str, str] = field(repr=False)
    function_name: str
    version: str
    function_arn: str
    region: str
    aws: Mapping[str, str] = field(default_factory=dict, repr=False)  # variables: credentials, and where AWS stands
    log_group: str
    log_stream: str
    architecture: str = "x86_64"  # as the function asks; a worker runs on the machine's own
