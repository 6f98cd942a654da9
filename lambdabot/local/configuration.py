"""A function's configuration: defaults, limits and refusals, in Lambda's own words."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdabot.local.api_error import invalid
from lambdabot.model.variables import RESERVED_VARIABLES

MEMORY_LIMIT = 10_240  # MB; the model's 32,768 is for managed instances
TIMEOUT_LIMIT = 900  # s; the model's 5,400 is for managed instances
_ENVIRONMENT_LIMIT = 4096  # bytes of all keys and values
_LEVELS = frozenset({"ApplicationLogLevel", "SystemLogLevel"})
_UNSUPPORTED = {
    "VpcConfig": "SubnetIds",
    "FileSystemConfigs": "",
    "ImageConfig": "",
    "CodeSigningConfigArn": "",
    "KMSKeyArn": "",
    "DeadLetterConfig": "TargetArn",
    "TenancyConfig": "",
    "CapacityProviderConfig": "",
    "DurableConfig": "",
    "AcceleratorConfig": "",
    "RuntimeConfig": "",
    "PublishTo": "",
}  # member: what in it asks for something; "" is the member itself
_KEPT = (
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "Environment",
    "TracingConfig",
    "EphemeralStorage",
    "SnapStart",
    "LoggingConfig",
)
_DEFAULTS = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "TracingConfig": {"Mode": "PassThrough"},
    "EphemeralStorage": {"Size": 512},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRules:
    """What this endpoint accepts: the service's runtimes, this machine's memory sizes, the account's memory limit.

    `runs` and `supports` give the reason why this machine cannot run a runtime and a memory size, "" when it can.
    """

    runtimes: Sequence[str]
    runs: Callable[[str], str]
    supports: Callable[[int], str]
    memory_limit_mb: int

    def apply(self, name: str, current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration of a function after a change; `current` is empty for a new function.

        Raises InvalidParameterValueException.
        """
        for member, inner in _UNSUPPORTED.items():
            asked = change.get(member)
            if asked and (not inner or asked.get(inner)):
                raise invalid(message=f"{member} is not supported locally")
        self._check_runtime(change.get("Runtime"))
        self._check_memory(change.get("MemorySize", 128))
        _check_environment(change.get("Environment", {}).get("Variables", {}))
        if change.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions":
            raise invalid(message="SnapStart is not supported locally")
        settings = {**_DEFAULTS, **current, **{member: change[member] for member in _KEPT if member in change}}
        settings["LoggingConfig"] = _logging(current.get("LoggingConfig", {}), change.get("LoggingConfig", {}), name)
        settings["SnapStart"] = {"ApplyOn": "None", "OptimizationStatus": "Off"}
        if not settings.get("Runtime") or not settings.get("Handler"):
            raise invalid(
                message="Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        return settings

    def _check_runtime(self, runtime: str | None) -> None:
        if runtime is None:
            return
        if runtime not in self.runtimes:
            allowed = f"Member must satisfy enum value set: [{', '.join(self.runtimes)}] or be a valid ARN"
            raise invalid(message=f"Value {runtime} at 'runtime' failed to satisfy constraint: {allowed}")
        if reason := self.runs(runtime):
            raise invalid(message=reason)

    def _check_memory(self, memory_mb: int) -> None:
        if memory_mb > self.memory_limit_mb:
            limit = f"Member must have value less than or equal to {self.memory_limit_mb}"
            raise invalid(message=f"'MemorySize' value failed to satisfy constraint: {limit}")
        if reason := self.supports(memory_mb):
            raise invalid(message=f"MemorySize {memory_mb} is not supported locally: {reason}")


def check_code_source(code: Mapping[str, Any]) -> bytes:
    """Return the zip of a `Code` (or of UpdateFunctionCode's own members); the other sources are refused."""
    for member, what in (("S3Bucket", "Code from S3"), ("S3Key", "Code from S3"), ("ImageUri", "A container image")):
        if code.get(member):
            raise invalid(message=f"{what} is not supported locally; send the package as ZipFile")
    if not code.get("ZipFile"):
        raise invalid(message="Please provide a source for function code.")
    return bytes(code["ZipFile"])


def _check_environment(variables: Mapping[str, str]) -> None:
    unable = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    reserved = sorted(RESERVED_VARIABLES & variables.keys())
    if reserved:
        request = f"Reserved keys used in this request: {', '.join(reserved)}"
        raise invalid(
            message=f"{unable} contains reserved keys that are currently not supported for modification. {request}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _ENVIRONMENT_LIMIT:
        raise invalid(message=f"{unable} exceeded the 4KB limit. String measured: {measured}")


def _logging(current: Mapping[str, str], change: Mapping[str, str], name: str) -> dict[str, str]:
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **current, **change}
    if logging["LogFormat"] == "JSON":
        return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **logging}
    if not _LEVELS.isdisjoint(change):
        message = (
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change'
        )
        raise invalid(message=f'{message} the LogFormat to "Json" and try again.')
    return {key: value for key, value in logging.items() if key not in _LEVELS}
