"""What a file may hold, told from its bytes: what is no template is never parsed, and no parser is loaded for it."""

import re
from pathlib import Path

from lambdabot.project.templates.source_text import MAX_BYTES
from lambdabot.workspace import FileRefusedError, Workspace

GENERATED = "cdk.out"
"""The folder that CDK synthesizes into."""

TERRAFORM = {".tf", ".tfvars"}

_CERTAIN = re.compile(rb"AWS::Serverless::|AWS::Lambda::|AWS::CloudFormation::Stack|\"planned_values\"")
_SERVICE = re.compile(rb"(?m)^[ \t\r\f\v{]*[\"']?service[\"']?\s*:")  # no line end, or each line is all lines
_TERRAFORM_JSON = re.compile(rb"\"aws_lambda_function\"|terraform-aws-modules/lambda/")
_PROVIDER = re.compile(rb"\bprovider[\"']?\s*:")


def certain(path: Path, workspace: Workspace) -> bool:
    """Tell whether a file can hardly be anything but a template that may declare functions.

    Raises FileRefusedError, as the next one does, for a file that may not be read.
    """
    return _CERTAIN.search(_beginning(path, workspace)) is not None


def possible(path: Path, workspace: Workspace) -> bool:
    """Tell whether a file may be a template: one of Terraform, a certain one, or a service of Serverless Framework."""
    if path.suffix in TERRAFORM:
        return True
    data = _beginning(path, workspace)
    return any(all(hint.search(data) for hint in hints) for hints in ((_CERTAIN,), (_SERVICE, _PROVIDER)))


def unread(path: Path, workspace: Workspace) -> str:
    """Return why a file is not read that declares functions, by its name and what it holds; empty for every other."""
    if path.name in {"serverless.ts", "serverless.js"}:
        hint, reason = _PROVIDER, "is a program, which is not run: give its functions in lambdabot.yml"
    elif path.name.endswith(".tf.json"):
        hint, reason = (
            _TERRAFORM_JSON,
            "is Terraform written as JSON, which is not read: give its functions in lambdabot.yml",
        )
    else:
        return ""
    try:
        return reason if hint.search(_beginning(path, workspace)) else ""
    except FileRefusedError as error:
        return str(error)


def _beginning(path: Path, workspace: Workspace) -> bytes:
    with workspace.open(path) as file:
        return file.read(MAX_BYTES + 1)
