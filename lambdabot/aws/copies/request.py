"""What a throw-away function is created from: the parameters of CreateFunction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lambdabot.model import Build, Function, ImageConfig, Variant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from types_boto3_lambda.type_defs import CreateFunctionRequestTypeDef, ImageConfigTypeDef

# Any change of a function's environment variables makes Lambda replace its execution environments.
GENERATION = "LAMBDABOT_GENERATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A Variant to deploy: the settings of its side's function, and the package of its side and architecture."""

    function: Function
    build: Build
    variant: Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """Where a package was put in S3."""

    bucket: str
    key: str


def create_parameters(
    copy: Copy,
    *,
    name: str,
    role: str,
    log_group: str,
    tags: dict[str, str],
    layers: Sequence[str] = (),
    uploaded: Uploaded | None = None,
) -> CreateFunctionRequestTypeDef:
    """Return the parameters of CreateFunction; `Architectures` always, as Lambda's default would be x86_64.

    `layers` are the ARNs of the versions that stand for the package's. The log format is text without a level, which
    the REPORT line is read in, and the group is the run's own.
    """
    function, build, configuration = copy.function, copy.build, copy.variant.configuration
    parameters: CreateFunctionRequestTypeDef = {
        "FunctionName": name,
        "Role": role,
        "Code": {},
        "Description": f"Throw-away copy of {function.name}, measured by lambdabot"[:256],
        "Timeout": function.setup.timeout_seconds,
        "MemorySize": configuration.memory_mb,
        "Architectures": [configuration.architecture.value],
        "Environment": {"Variables": environment(function, generation=0)},
        "TracingConfig": {"Mode": "Active" if function.setup.tracing else "PassThrough"},
        "EphemeralStorage": {"Size": function.setup.ephemeral_storage_mb},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": log_group},
        "Tags": tags,
    }
    if layers:
        parameters["Layers"] = layers
    if function.setup.snap_start:
        parameters["SnapStart"] = {"ApplyOn": "PublishedVersions"}
        parameters["Publish"] = True
    if function.setup.attachments:
        parameters |= function.setup.attachments  # type: ignore[typeddict-item]  # as Lambda itself gave them
    if build.zip_path is None:
        parameters["PackageType"] = "Image"
        parameters["Code"] = {"ImageUri": build.image_uri or ""}
        if function.code.image_config is not None:
            parameters["ImageConfig"] = _image_config(function.code.image_config)
    else:
        parameters["PackageType"] = "Zip"
        parameters["Code"] = (
            {"ZipFile": _read(build.zip_path, build.code_sha256)}
            if uploaded is None
            else {"S3Bucket": uploaded.bucket, "S3Key": uploaded.key}
        )
        parameters["Runtime"] = function.code.runtime  # type: ignore[typeddict-item]  # any string: AWS knows its newest
        parameters["Handler"] = function.code.handler or ""
    return parameters


def environment(function: Function, *, generation: int) -> dict[str, str]:
    """Return a function's environment variables and the one whose change replaces its execution environments."""
    return {**function.setup.environment, GENERATION: str(generation)}


def _image_config(config: ImageConfig) -> ImageConfigTypeDef:
    """Return what the settings say of an image; what they leave out is the image's own."""
    parameters: ImageConfigTypeDef = {}
    if config.entry_point:
        parameters["EntryPoint"] = config.entry_point
    if config.command:
        parameters["Command"] = config.command
    if config.working_directory is not None:
        parameters["WorkingDirectory"] = config.working_directory
    return parameters


@cache
def _read(path: Path, code_sha256: str) -> bytes:  # noqa: ARG001 - the hash tells one package from the next at its path
    """Read a package once for all the Variants that it is uploaded for."""
    return path.read_bytes()
