"""What a reply must hold: botocore takes a JSON body that was cut off on its way for one without any members."""

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
    "GetAccountSettings": (
        "AccountLimit",
        "AccountLimit.ConcurrentExecutions",
        "AccountLimit.UnreservedConcurrentExecutions",
    ),
    "CreateFunction": ("FunctionArn",),
    "GetFunction": (
        "Configuration",
        "Configuration.FunctionName",
        "Configuration.FunctionArn",
        "Configuration.MemorySize",
        "Configuration.CodeSha256",
    ),
    "UpdateFunctionConfiguration": ("FunctionArn",),
    "PublishVersion": ("FunctionArn", "Version"),
    "GetProvisionedConcurrencyConfig": ("RequestedProvisionedConcurrentExecutions",),
    "ListFunctions": ("Functions", "Functions.FunctionName", "Functions.FunctionArn"),
    "ListTags": ("Tags",),
    "GetLayerVersionByArn": ("Content", "Content.Location"),
    "DescribeLogGroups": ("logGroups", "logGroups.logGroupName", "logGroups.arn"),
    "ListTagsForResource": ("tags",),
    "FilterLogEvents": ("events",),
    "GetMetricStatistics": ("Datapoints", "Datapoints.Sum"),
    "GetCallerIdentity": ("Arn",),
    "ListObjectsV2": ("IsTruncated", "Contents.Key"),
    "GetObjectTagging": ("TagSet", "TagSet.Key", "TagSet.Value"),
}
_SUCCESSFUL = range(200, 300)
_BAD_REQUEST = 400  # the status that says least: what is wrong stands in the body


class IncompleteReplyError(BotoCoreError):
    """A reply that lacks what it must hold."""

    fmt = "the reply of {operation} has no {member}"


def hold_to(events: BaseEventHooks) -> None:
    """Let every reply of a client raise IncompleteReplyError where it is not whole; `events` are the client's own."""
    events.register("after-call", _check)
    events.register("after-call-error", _unreadable)


def _check(*, http_response: AWSResponse, parsed: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    if http_response.status_code in _SUCCESSFUL:
        required = model.output_shape.required_members if model.output_shape else ()
        missing = [path for path in (*required, *NEEDED.get(model.name, ())) if _lacks(parsed, path)]
    else:
        nameless = parsed.get("Error", {}).get("Code") in {None, "", str(_BAD_REQUEST)}
        missing = ["error code"] if http_response.status_code == _BAD_REQUEST and nameless else []
    if missing:
        raise IncompleteReplyError(operation=model.name, member=missing[0])


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
        raise IncompleteReplyError(operation=operation, member="readable body") from exception
