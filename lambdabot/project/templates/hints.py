"""What a file may hold, told from its bytes: what is no template is never parsed, and no parser is loaded for it."""

import re
from pathlib import Path

from lambdabot.project.templates.source_text import MAX_BYTES

GENERATED = "cdk.out"
"""The folder that CDK synthesizes into."""

TERRAFORM = {".tf", ".tfvars"}

_CERTAIN = re.compile(rb"AWS::Serverless::|AWS::Lambda::|AWS::CloudFormation::Stack|\"planned_values\"")
_SERVICE = re.compile(rb"(?m)^[\s{]*[\"']?service[\"']?\s*:")
_PROVIDER = re.compile(rb"\bprovider[\"']?\s*:")


def certain(path: Path) -> bool:
    """Tell whether a file can hardly be anything but a template that may declare functions."""
    return _holds(path, _CERTAIN)


def possible(path: Path) -> bool:
    """Tell whether a file may be a template: one of Terraform, a certain one, or a service of Serverless Framework."""
    return path.suffix in TERRAFORM or certain(path) or (_holds(path, _SERVICE) and has_provider(path))


def has_provider(path: Path) -> bool:
    """Tell whether a file says `provider:`, as every service of Serverless Framework does."""
    return _holds(path, _PROVIDER)


def _holds(path: Path, hint: re.Pattern[bytes]) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return hint.search(file.read(MAX_BYTES + 1)) is not None
    except OSError:
        return False
