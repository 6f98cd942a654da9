"""The roles that a run needs on AWS, as the CloudFormation template of `lambdabot policy`, for a first set-up."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lambdabot.aws import policy
from lambdabot.errors import UsageError
from lambdabot.model import Discovery, Function, Side
from lambdabot.settings.declared import complete
from lambdabot.settings.document import validate
from lambdabot.settings.functions import functions
from lambdabot.settings.yaml_source import YamlSource
from lambdabot.workspace import Workspace

_PART = re.compile(r"[\w.-]+")


def template(config: Path, discovery: Discovery, repository: str | None) -> dict[str, Any]:
    """Return the template for the functions that the repository's templates declare.

    It is deployed in whatever account and Region; where the `repository` is not known, IAM refuses it.
    """
    documents = policy.roles(
        _declared(config, discovery), repository=repository, environment=None, bucket=None, place=policy.STACK
    )
    return policy.template(documents, boundary=None)


def repository_of(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the workflow's repository, or that of the remote `origin`, as owner/name; None when neither is known."""
    return environ.get("GITHUB_REPOSITORY") or _of_remote(folder)


def _declared(config: Path, discovery: Discovery) -> Sequence[Function]:
    """Return the functions of the templates; none where they do not hold, which `lambdabot run` tells."""
    try:
        declared = complete(YamlSource(path=config, data={"version": 1}), discovery, Workspace.around(config))
        return functions(validate(declared.source), declared, Side.HEAD)
    except UsageError:
        return ()


def _of_remote(folder: Path) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-c", "safe.bareRepository=explicit", "remote", "get-url", "origin"],  # noqa: S607  # the user's own
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    *before, owner, name = [
        "",
        "",
        *done.stdout.strip().removesuffix("/").removesuffix(".git").replace(":", "/").split("/"),
    ]
    return f"{owner}/{name}" if any(before) and _PART.fullmatch(owner) and _PART.fullmatch(name) else None
