"""What a file may hold, told from its bytes: what is no template is never parsed, and no parser is loaded for it."""

import re
from pathlib import Path

from lambdabot.project.templates.source_text import MAX_BYTES
from lambdabot.workspace import Workspace

GENERATED = "cdk.out"
"""The folder that CDK synthesizes into."""

TERRAFORM = {".tf", ".tfvars"}

_CERTAIN = re.compile(rb"AWS::Serverless::|AWS::Lambda::|AWS::CloudFormation::Stack|\"planned_values\"")
_SERVICE = re.compile(rb"(?m)^[ \t\r\f\v{]*[\"']?service[\"']?\s*:")  # no line end, or each line is all lines
PROVIDER = re.compile(rb"\bprovider[\"']?\s*:")


def certain(path: Path, workspace: Workspace) -> bool:
    """Tell whether a file can hardly be anything but a template that may declare functions.

    Raises FileRefusedError, as the next one does, for a file that may not be read.
    """
    return _CERTAIN.search(beginning(path, workspace)) is not None


def possible(path: Path, workspace: Workspace) -> bool:
    """Tell whether a file may be a template: one of Terraform, a certain one, or a service of Serverless Framework."""
    if path.suffix in TERRAFORM:
        return True
    data = beginning(path, workspace)
    return any(all(hint.search(data) for hint in hints) for hints in ((_CERTAIN,), (_SERVICE, PROVIDER)))


def beginning(path: Path, workspace: Workspace) -> bytes:
    """Return as much of a file as is read of any template. Raises FileRefusedError."""
    with workspace.open(path) as file:
        return file.read(MAX_BYTES + 1)
