"""What a file may hold, told from its bytes: what is no template is never parsed, and no parser is loaded for it."""

import re
from pathlib import Path

from lambdabot.project.templates.source_text import MAX_BYTES

GENERATED = "cdk.out"
"""The folder that CDK synthesizes into."""

TERRAFORM = {".tf", ".tfvars"}

_CERTAIN = re.compile(rb"AWS::Serverless::|AWS::Lambda::|AWS::CloudFormation::Stack|\"planned_values\"")
_SERVICE = re.compile(rb"(?m)^[\s{]*[\"']?service[\"']?\s*:")
_TERRAFORM_JSON = re.compile(rb"\"aws_lambda_function\"|terraform-aws-modules/lambda/")
_PROVIDER = re.compile(rb"\bprovider[\"']?\s*:")


def certain(path: Path) -> bool:
    """Tell whether a file can hardly be anything but a template that may declare functions."""
    return _holds(path, _CERTAIN)


def possible(path: Path) -> bool:
    """Tell whether a file may be a template: one of Terraform, a certain one, or a service of Serverless Framework."""
    return path.suffix in TERRAFORM or certain(path) or (_holds(path, _SERVICE) and _holds(path, _PROVIDER))


def unread(path: Path) -> str:
    """Return why a file is not read that declares functions, by its name and what it holds; empty for every other."""
    if path.name in {"serverless.ts", "serverless.js"} and _holds(path, _PROVIDER):
        return "is a program, which is not run: give its functions in lambdabot.yml"
    if path.name.endswith(".tf.json") and _holds(path, _TERRAFORM_JSON):
        return "is Terraform written as JSON, which is not read: give its functions in lambdabot.yml"
    return ""


def _holds(path: Path, hint: re.Pattern[bytes]) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return hint.search(file.read(MAX_BYTES + 1)) is not None
    except OSError:
        return False
