"""What a reply must hold: botocore takes a JSON body that was cut off on its way for one without any members.

It does so even where the connection broke and less arrived than Content-Length says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSResponse
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

# Members that lambdabot reads, beside those that the service's model calls required: Lambda's names none. A member of a
# list or of another member is held to where that is there, so `Contents.Key` allows for a bucket without objects.
NEEDED = {
    "lambda.GetAccountSettings": (
        "AccountLimit",
        "AccountLimit.ConcurrentExecutions",
        "AccountLimit.UnreservedConcurrentExecutions",
    ),
    "lambda.CreateFunction": ("FunctionArn",),
    "lambda.GetFunction": (
        "Configuration",
        "Configuration.FunctionName",
        "Configuration.FunctionArn",
        "Configuration.MemorySize",
        "Configuration.CodeSha256",
        "Configuration.Timeout",
        "Configuration.Role",
        "Configuration.Layers.Arn",
    ),
    "lambda.UpdateFunctionConfiguration": ("FunctionArn",),
    "lambda.PublishVersion": ("FunctionArn", "Version"),
    "lambda.GetAlias": ("FunctionVersion",),
    "lambda.GetProvisionedConcurrencyConfig": ("RequestedProvisionedConcurrentExecutions",),
    "lambda.ListFunctions": ("Functions", "Functions.FunctionName", "Functions.FunctionArn"),
    "lambda.PublishLayerVersion": ("LayerVersionArn",),
    "lambda.ListLayers": ("Layers", "Layers.LayerName", "Layers.LatestMatchingVersion"),
    "lambda.ListLayerVersions": ("LayerVersions", "LayerVersions.Version"),
    "lambda.GetLayerVersionByArn": ("Content", "Content.Location"),
    "logs.DescribeLogGroups": ("logGroups", "logGroups.logGroupName", "logGroups.arn"),
    "logs.FilterLogEvents": ("events",),
    "cloudwatch.GetMetricStatistics": ("Datapoints", "Datapoints.Sum"),
    "sts.GetCallerIdentity": ("Arn",),
    "s3.ListObjectsV2": ("IsTruncated", "Contents.Key", "Contents.Size"),
    "s3.GetObjectTagging": ("TagSet", "TagSet.Key", "TagSet.Value"),
}
_SUCCESSFUL = range(200, 300)
_BAD_REQUEST = 400  # the status that says least: what is wrong stands in the body


class IncompleteReplyError(BotoCoreError):
    """A reply that lacks what it must hold."""

    fmt = "the reply of {operation} lacks {member}"


def hold_to(events: BaseEventHooks) -> None:
    """Let every reply of a client raise IncompleteReplyError where it is not whole; `events` are the client's own."""
    events.register("after-call", _check)
    events.register("after-call-error", _unreadable)


def _check(*, http_response: AWSResponse, parsed: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    if missing := _missing(http_response, parsed, model):
        raise IncompleteReplyError(operation=model.name, member=missing)


def _missing(http_response: AWSResponse, parsed: Mapping[str, Any], model: OperationModel) -> str:
    """Return what a reply lacks; that of Invoke says all in its head but the payload, which is held to its length."""
    stated = http_response.headers.get("Content-Length", "")
    if stated.isdecimal() and not model.has_streaming_output and len(http_response.content) < int(stated):
        return "its end"
    if http_response.status_code not in _SUCCESSFUL:
        nameless = parsed.get("Error", {}).get("Code") in {None, "", str(_BAD_REQUEST)}
        return "its error code" if http_response.status_code == _BAD_REQUEST and nameless else ""
    required = model.output_shape.required_members if model.output_shape else ()
    ours = NEEDED.get(f"{model.service_model.service_name}.{model.name}", ())
    return next((path for path in (*required, *ours) if _lacks(parsed, path)), "")


def _lacks(value: Any, path: str) -> bool:  # noqa: ANN401  # a reply as botocore gives it
    if isinstance(value, list):
        return any(_lacks(one, path) for one in value)
    name, _, rest = path.partition(".")
    if name not in value:
        return not rest
    return bool(rest) and _lacks(value[name], rest)


def _unreadable(*, exception: Exception, event_name: str, **_: object) -> None:
    """Tell a body that ends within a character from a mistake: botocore decodes it outside of its own errors."""
    if isinstance(exception, UnicodeDecodeError):
        operation = event_name.rpartition(".")[2]
        raise IncompleteReplyError(operation=operation, member="a readable body") from exception
