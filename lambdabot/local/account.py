"""Lambda's operations on the account: settings, reserved concurrency and tags."""

from collections.abc import Mapping
from typing import Any

from lambdabot.local.api_error import invalid
from lambdabot.local.call import Call, Operation
from lambdabot.local.code import UNZIPPED_LIMIT, ZIPPED_LIMIT, CodeStore
from lambdabot.local.function import LambdaFunction
from lambdabot.local.names import FunctionName, parse_name
from lambdabot.local.pool import Share
from lambdabot.local.registry import Registry

Document = Mapping[str, Any]

_STORAGE = 80_530_636_800  # bytes; "Lambda quotas": 75 GB of packages
_LEAST_UNRESERVED = 100  # "Configuring reserved concurrency": always left to functions without a reservation


class Account:
    """What belongs to the account in one Region rather than to a function's code."""

    def __init__(self, registry: Registry, codes: CodeStore, *, concurrency: int, busy: int = 0) -> None:
        """Give the account this many concurrent invocations, of which other traffic always uses `busy`."""
        self._registry = registry
        self._codes = codes
        self._concurrency = concurrency
        self._busy = busy
        self.operations: dict[str, Operation] = {
            "GetAccountSettings": self._settings,
            "PutFunctionConcurrency": self._reserve,
            "GetFunctionConcurrency": self._reserved,
            "DeleteFunctionConcurrency": self._unreserve,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTags": self._tags,
        }

    def share(self, name: str) -> Share:
        """Return the limit that a function's invocations count against."""
        reserved = self._registry.reservations().get(name)
        return (
            Share(function="", limit=self._unreserved() - self._busy)
            if reserved is None
            else Share(function=name, limit=reserved)
        )

    def _unreserved(self, but: str = "") -> int:
        reservations = self._registry.reservations()
        return self._concurrency - sum(reserved for name, reserved in reservations.items() if name != but)

    def _settings(self, _call: Call) -> Document:
        return {
            "AccountLimit": {
                "TotalCodeSize": _STORAGE,
                "CodeSizeUnzipped": UNZIPPED_LIMIT,
                "CodeSizeZipped": ZIPPED_LIMIT,
                "ConcurrentExecutions": self._concurrency,
                "UnreservedConcurrentExecutions": self._unreserved(),
            },
            "AccountUsage": {"TotalCodeSize": self._codes.total_size, "FunctionCount": len(list(self._registry))},
        }

    def _reserve(self, call: Call) -> Document:
        wanted = call.parameters["ReservedConcurrentExecutions"]
        with self._registry.lock:
            function = self._function(call)
            least = min(_LEAST_UNRESERVED, self._concurrency)
            if wanted and self._unreserved(but=function.latest.name) - wanted < least:
                what = "Specified ReservedConcurrentExecutions for function decreases account's"
                raise invalid(message=f"{what} UnreservedConcurrentExecution below its minimum value of [{least}].")
            function.reserved_concurrency = wanted
        return {"ReservedConcurrentExecutions": wanted}

    def _reserved(self, call: Call) -> Document:
        reserved = self._function(call).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def _unreserve(self, call: Call) -> Document:
        self._function(call).reserved_concurrency = None
        return {}

    def _tag(self, call: Call) -> Document:
        with self._registry.lock:
            self._tagged(call).tags.update(call.parameters["Tags"])
        return {}

    def _untag(self, call: Call) -> Document:
        with self._registry.lock:
            function = self._tagged(call)
            for key in call.parameters["TagKeys"]:
                function.tags.pop(key, None)
        return {}

    def _tags(self, call: Call) -> Document:
        return {"Tags": dict(self._tagged(call).tags)}

    def _function(self, call: Call) -> LambdaFunction:
        name = parse_name(call.parameters["FunctionName"], self._registry.region)
        return self._registry.function(FunctionName(name=name.name, qualifier=None))

    def _tagged(self, call: Call) -> LambdaFunction:
        name = parse_name(call.parameters["Resource"], self._registry.region)
        if name.qualifier is not None:
            raise invalid(
                message="Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        return self._registry.function(name)
