"""Functions that exist already: read, never written to, so that throw-away copies can be like them."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.errors import DeploymentError
from lambdabot.model import Architecture, Configuration, Deployment, Function, ImageConfig, Side, Variant

_DOWNLOAD_SECONDS = (5, 30)  # to connect, and between two pieces
_MOST_BYTES = 250 * 1024 * 1024  # a zip is never larger than what it unpacks to (Lambda quotas)
_PIECE = 1 << 20
_NOT_MODELLED = {
    "CapacityProviderConfig": "runs on managed instances, which are paid by the instance and not by the invocation",
    "DurableConfig": "is a durable function, whose executions span invocations",
    "TenancyConfig": "isolates tenants, so that its environments are not shared as those of other functions",
    "AcceleratorConfig": "has an accelerator, whose price is not that of memory",
}
_LATEST = "$LATEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What GetFunction says of a function, at the version or alias that was asked for."""

    like: str  # as the settings name it
    name: str
    qualifier: str | None
    configuration: Mapping[str, Any] = field(repr=False)  # with the values of variables
    code: Mapping[str, Any] = field(repr=False)  # with an address that lets anyone download it
    provisioned_concurrency: int | None = 0  # of the version or alias; None: it may not be read
    shares: Mapping[str, float] | None = field(default_factory=dict)  # of an alias's traffic, that other versions get

    @property
    def alias(self) -> str | None:
        """The alias that `like` names; None when it names a version, or none."""
        qualifier = self.qualifier
        return None if qualifier is None or qualifier == _LATEST or qualifier.isdecimal() else qualifier

    @property
    def current(self) -> Configuration:
        """The configuration that it has."""
        return Configuration(
            memory_mb=self.configuration["MemorySize"],
            architecture=Architecture(self.configuration.get("Architectures", ["x86_64"])[0]),
        )

    @property
    def description(self) -> str:
        """Return it as a reader says it: `orders:live (version 12)`."""
        version = self.configuration.get("Version", _LATEST)
        return f"{self.like} (version {version})" if self.alias else self.like

    @property
    def needs_acceptance(self) -> tuple[str, ...]:
        """What of it reaches into production beside its role, in words; nothing of the values."""
        environment = self.configuration.get("Environment", {})
        names = sorted(environment.get("Variables", {}))
        reasons = (
            [f"environment variables ({', '.join(names) or 'encrypted'})"] if names or "Error" in environment else []
        )
        reasons += ["a VPC"] if self.configuration.get("VpcConfig", {}).get("SubnetIds") else []
        reasons += ["a file system"] if self.configuration.get("FileSystemConfigs") else []
        return tuple(reasons)


def parse(like: str) -> tuple[str, str | None]:
    """Return the name (or unqualified ARN) and the qualifier of `name[:qualifier]` or of an ARN."""
    prefix, mark, rest = like.rpartition(":function:")
    name, _, qualifier = rest.partition(":")
    return f"{prefix}{mark}{name}", qualifier or None


def read(connection: Connection, like: str) -> Existing:
    """Read an existing function. CallError: it cannot be read; DeploymentError: it cannot be copied."""
    name, qualifier = parse(like)
    request = {"FunctionName": name} if qualifier is None else {"FunctionName": name, "Qualifier": qualifier}
    answer = connection.call(
        "lambda.GetFunction",
        lambda: connection.control.get_function(**request),
        doing=f"read the function {like}",
        attempts=5,
    )
    configuration = answer["Configuration"]
    for member, reason in _NOT_MODELLED.items():
        if configuration.get(member):
            what = f"{like} {reason}: lambdabot has no figures for that"
            raise DeploymentError(what, advice="Measure a function without it.")
    existing = Existing(
        like=like,
        name=name,
        qualifier=qualifier,
        configuration=configuration,
        code=answer.get("Code", {}),
        provisioned_concurrency=_provisioned(connection, name, qualifier),
    )
    return existing if existing.alias is None else replace(existing, shares=_shares(connection, name, existing.alias))


def called(connection: Connection, arn: str, *, doing: str) -> tuple[Deployment, int]:
    """Return what invokes an existing function as its ARN names it, and its timeout in seconds. Raises CallError."""
    name, qualifier = parse(arn)
    request = {"FunctionName": name} if qualifier is None else {"FunctionName": name, "Qualifier": qualifier}
    answer = connection.call(
        "lambda.GetFunction",
        lambda: connection.control.get_function(**request),
        doing=f"{doing}, {arn}",
        attempts=5,
    )
    its = answer["Configuration"]
    variant = Variant(
        side=Side.HEAD,
        configuration=Configuration(
            memory_mb=its["MemorySize"], architecture=Architecture(its.get("Architectures", ["x86_64"])[0])
        ),
    )
    return Deployment(variant=variant, function_name=name, arn=f"{name}:{qualifier or _LATEST}"), its["Timeout"]


def _shares(connection: Connection, name: str, alias: str) -> Mapping[str, float] | None:
    """Return what part of an alias's traffic goes to another version than its own; None where it may not be read."""
    try:
        answer = connection.call(
            "lambda.GetAlias",
            lambda: connection.control.get_alias(FunctionName=name, Name=alias),
            doing=f"read how the traffic of {name}:{alias} is shared",
            attempts=5,
        )
    except CallError:
        return None
    return answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def _provisioned(connection: Connection, name: str, qualifier: str | None) -> int | None:
    """Return how many environments a version or an alias keeps ready: only these can."""
    if qualifier is None or qualifier == _LATEST:
        return 0
    try:
        answer = connection.call(
            "lambda.GetProvisionedConcurrencyConfig",
            lambda: connection.control.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier),
            doing=f"read how many environments {name}:{qualifier} keeps ready",
            attempts=5,
        )
    except CallError as error:
        return 0 if error.code == "ProvisionedConcurrencyConfigNotFoundException" else None
    return answer["RequestedProvisionedConcurrentExecutions"]


def completed(function: Function, existing: Existing) -> Function:
    """Return the function with what its settings leave open taken from the existing one; the code is not touched.

    Role, variables, VPC, file systems and the key of the variables are taken only when side effects are accepted.
    Raises DeploymentError when the variables are encrypted with a key that may not be used.
    """
    its = existing.configuration
    image = its.get("ImageConfigResponse", {}).get("ImageConfig", {})
    layers = tuple(layer["Arn"] for layer in its.get("Layers", []))
    copied: dict[str, Any] = {
        "handler": its.get("Handler"),
        "runtime": its.get("Runtime", function.code.runtime),
        "layers": {architecture: layers for architecture in Architecture if layers},
        "timeout_seconds": its["Timeout"],
        "tracing": its.get("TracingConfig", {}).get("Mode") == "Active",
        "ephemeral_storage_mb": its.get("EphemeralStorage", {}).get("Size", 512),
        "provisioned_concurrency": existing.provisioned_concurrency or 0,
        "snap_start": its.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions",
        "image_config": ImageConfig(
            entry_point=tuple(image.get("EntryPoint", ())),
            command=tuple(image.get("Command", ())),
            working_directory=image.get("WorkingDirectory"),
        )
        if image
        else None,
        "current": existing.current,
    }
    if function.origin.side_effects_accepted:
        copied["role"] = its["Role"]
        copied["environment"] = its.get("Environment", {}).get("Variables", {})
        if "Error" in its.get("Environment", {}) and "environment" not in function.origin.given:
            what = f"the environment variables of {existing.like} cannot be read"
            raise DeploymentError(what, advice="The role that lambdabot uses needs kms:Decrypt on the function's key.")
    changes = {name: value for name, value in copied.items() if name not in function.origin.given}
    if "current" in changes:
        changes["current_assumed"] = False
    if function.origin.side_effects_accepted:
        changes["attachments"] = _attachments(its)
    return function.changed(**changes)


def _attachments(its: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ties a function to its surroundings, as CreateFunction takes it."""
    network = its.get("VpcConfig", {})
    found: dict[str, Any] = {}
    if network.get("SubnetIds"):
        kept = ("SubnetIds", "SecurityGroupIds", "Ipv6AllowedForDualStack")
        found["VpcConfig"] = {name: network[name] for name in kept if name in network}
    if its.get("FileSystemConfigs"):
        found["FileSystemConfigs"] = its["FileSystemConfigs"]
    if its.get("KMSKeyArn"):
        found["KMSKeyArn"] = its["KMSKeyArn"]
    return found


def code_of(connection: Connection, existing: Existing, folder: Path) -> Path | str:
    """Return the code behind an existing function: its zip, downloaded below the folder, or its image's digest.

    Raises DeploymentError when there is none to be had.
    """
    import requests  # noqa: PLC0415 - only where code is downloaded

    image = existing.code.get("ResolvedImageUri") or existing.code.get("ImageUri")
    if image:
        return str(image)
    location = existing.code.get("Location")
    if not location:
        reason = existing.code.get("Error", {}).get("Message", "Lambda gives no address of it")
        raise _no_code(existing, reason, advice="Name the code in `source`.")
    folder.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=folder), f"{existing.name.rpartition(':')[2]}.zip")
    digest = sha256()
    proxies = {"no_proxy": "*"} if connection.loopback else None  # no proxy knows this machine's own loopback
    try:
        with (
            requests.get(location, stream=True, timeout=_DOWNLOAD_SECONDS, proxies=proxies) as response,
            path.open("wb") as file,
        ):
            response.raise_for_status()
            for piece in response.iter_content(_PIECE):
                digest.update(piece)
                file.write(piece)
                if connection.ending.is_set() or file.tell() > _MOST_BYTES:
                    raise _no_code(existing, "it does not end", advice="Name the code in `source`.")
    except (requests.RequestException, OSError) as error:
        # Never the error's own words: they hold the address, which lets anyone download the code for ten minutes.
        status = getattr(getattr(error, "response", None), "status_code", None)
        advice = "Lambda keeps it in an S3 bucket of AWS: let this machine reach S3, or name the code in `source`."
        reason = f"HTTP {status}" if status else type(error).__name__
        raise _no_code(existing, reason, advice=advice) from error
    if b64encode(digest.digest()).decode() != existing.configuration["CodeSha256"]:
        raise _no_code(existing, "it arrived damaged", advice="Run again.")
    return path


def _no_code(existing: Existing, reason: str, *, advice: str) -> DeploymentError:
    return DeploymentError(f"could not download the code of {existing.like}: {reason}", advice=advice)
