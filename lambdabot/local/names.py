"""The ways to name a function: its name, a partial ARN, an ARN, each with or without a qualifier."""

import re
from dataclasses import dataclass

from lambdabot.local.api_error import invalid, not_found

ACCOUNT = "123456789012"  # the account id of AWS's own examples
_NAME = re.compile(
    r"(?:(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>\d{12}):(?:function:)?|(?:function:)?)"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionName:
    """A function as a request names it; qualifier None is `$LATEST` where the operation wants a version."""

    name: str
    qualifier: str | None


def function_arn(region: str, name: str, qualifier: str | None = None) -> str:
    """Return a function's ARN."""
    arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
    return arn if qualifier is None else f"{arn}:{qualifier}"


def parse_name(text: str, region: str, qualifier: str | None = None) -> FunctionName:
    """Take name and qualifier from `FunctionName` and `Qualifier`; another Region or account has no functions."""
    found = _NAME.fullmatch(text)
    if found is None:
        raise invalid(message=f"{text} is not a function's name or ARN")
    name, inner = found["name"], found["qualifier"]
    if len(name) > _NAME_LENGTH:
        constraint = f"Member must have length less than or equal to {_NAME_LENGTH}"
        value = f"Value '{name}' at 'functionName' failed to satisfy constraint: {constraint}"
        raise invalid(message=f"1 validation error detected: {value}")
    if inner is not None and qualifier is not None and inner != qualifier:
        raise invalid(message="The derived qualifier from the function name does not match the specified qualifier.")
    if (found["region"] or region) != region or (found["account"] or ACCOUNT) != ACCOUNT:
        raise not_found(message=f"Function not found: {text}")
    return FunctionName(name=name, qualifier=inner or qualifier)
