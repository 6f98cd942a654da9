"""What an answer says: a function that returns an error to its caller has failed as well, and is billed for little.

Read as API Gateway, function URLs and load balancers read `statusCode` ("Lambda proxy integrations", AWS docs), event
source mappings `batchItemFailures` ("Handling errors for an SQS event source in Lambda"), and GraphQL clients `errors`
(GraphQL specification, "Response Format"), and Step Functions `Error` with its `Cause`. An answer that cannot be read
says nothing, and is no failure.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from lambdabot.aws.invoking.outcome import Failed
from lambdabot.model import AnswerRule

_LARGEST = 8 * 1024 * 1024  # characters that are parsed; Lambda's own limit of an answer is 6 MB
_LARGEST_BODY = 1024 * 1024  # of an HTTP body, which is parsed a second time
_PRELUDE_END = b"\0" * 8  # of a streamed HTTP answer ("Response streaming for Lambda functions")
_ERROR_FROM = 400
_STATUSES = range(100, 600)
_SAYING = ("message", "errorMessage", "error", "detail", "title")  # what of an error's body is quoted, in this order
_WORDS = 200  # characters of that
_OPAQUE = re.compile(r"(?=[A-Za-z+_=-]*\d)[A-Za-z0-9+_=-]{20,}")  # tokens and ids, which are not quoted
_SECRET = re.compile(r"(?i)\b(pass(?:word|wd|phrase)?|secret|token|authorization|api[-_]?key)(\W{0,2}[=:]\s*)\S.*")
_ABSENT = object()


def failed_answer(answer: bytes, rule: AnswerRule) -> Failed | None:
    """Return why an answer without FunctionError is a failure all the same; None where it is good, or cannot be read.

    Of the answer no more is quoted than its error's type, and a short message in the usual place of an error's body.
    """
    head, streamed, rest = answer.partition(_PRELUDE_END)
    value = _parsed(head)
    if streamed and isinstance(value, dict):
        value = {**value, "body": rest.decode(errors="replace")}
    return next((one for one in _failures(value, rule) if not rule.allows(one.error_type)), None) or _unexpected(
        value, rule
    )


def _failures(value: Any, rule: AnswerRule) -> Iterator[Failed]:  # noqa: ANN401  # what a function answers
    """Yield what is a failure in itself, whatever was expected."""
    if not isinstance(value, dict):
        return
    status = _status(value) if rule.answers_http else None
    if status is not None:
        if status >= _ERROR_FROM and status not in rule.expect.status:
            yield _failed(f"HTTP {status}", _said(_body(value)))
    elif isinstance(value.get("errorMessage"), str):
        yield _failed(str(value.get("errorType") or "errorMessage"), value["errorMessage"])
    elif isinstance(value.get("Error"), str) and isinstance(value.get("Cause"), str):
        yield _failed(value["Error"], value["Cause"])
    items = value.get("batchItemFailures") if rule.takes_batches else None
    if isinstance(items, list) and items:
        yield _failed("batchItemFailures", f"{len(items)} {'records' if items[1:] else 'record'}")
    if status is None or status < _ERROR_FROM:
        yield from _graphql(_body(value) if status is not None else value)


def _graphql(body: Any) -> Iterator[Failed]:  # noqa: ANN401  # what a function answers
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list) or not errors or not all(map(_graphql_error, errors)):
        return
    for error in errors:
        extensions = error.get("extensions")
        kind = extensions.get("code") if isinstance(extensions, dict) else None
        yield _failed(kind if isinstance(kind, str) and kind else "GraphQL error", error["message"])


def _graphql_error(error: object) -> bool:
    return isinstance(error, dict) and isinstance(error.get("message"), str)


def _unexpected(value: Any, rule: AnswerRule) -> Failed | None:  # noqa: ANN401  # what a function answers
    """Return in what a good answer is not as `expect` has it; values are not quoted, as they may be secret."""
    expect, status = rule.expect, _status(value) if isinstance(value, dict) else None
    if status is not None and rule.allows(f"HTTP {status}"):
        return None
    if expect.status and status not in expect.status:
        wanted = " or ".join(map(str, expect.status))
        return _failed(f"HTTP {status}" if status is not None else "no statusCode", f"{wanted} is expected")
    for pointer, wanted in expect.json.items():
        found = _at(value, pointer)
        if found is _ABSENT:
            return _failed("unexpected answer", f"there is no {pointer}")
        if found != wanted or isinstance(found, bool) is not isinstance(wanted, bool):
            return _failed("unexpected answer", f"{pointer} has another value than is expected")
    return None


def _status(value: dict[str, Any]) -> int | None:
    status = value.get("statusCode")
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status[:4])
    if isinstance(status, float) and status.is_integer():
        status = int(status)
    return status if isinstance(status, int) and not isinstance(status, bool) and status in _STATUSES else None


def _body(value: dict[str, Any]) -> Any:  # noqa: ANN401  # what a function answers
    """Return the body of an HTTP answer, parsed where it is JSON."""
    body = value.get("body")
    if not isinstance(body, str):
        return body
    if value.get("isBase64Encoded") is True:
        try:
            return _parsed(b64decode(body[: 2 * _LARGEST_BODY]), _LARGEST_BODY)
        except ValueError:
            return None
    parsed = _parsed(body, _LARGEST_BODY)
    return body if parsed is None else parsed


def _parsed(text: str | bytes, largest: int = _LARGEST) -> Any:  # noqa: ANN401  # JSON
    """Return JSON's value; None for what is none, or too large or too deep to be looked at."""
    if len(text) > largest:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _said(body: object) -> str:
    """Return what the body of an error says it is about, where it says so in the usual place, or is a short text."""
    if isinstance(body, str):
        return "" if len(body) > _WORDS or "<" in body else body
    if isinstance(body, dict):
        for name in _SAYING:
            said = body.get(name)
            if isinstance(said, dict):
                said = said.get("message")
            if isinstance(said, str) and said.strip():
                return said
    return ""


def _at(value: Any, pointer: str) -> Any:  # noqa: ANN401  # JSON
    """Follow a JSON pointer; a text that it leads through is taken for JSON, as an HTTP answer's body is one."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name == "body" and isinstance(value.get("body"), str):
            value = _body(value)
            continue
        if isinstance(value, str):
            value = _parsed(value, _LARGEST_BODY)
        if isinstance(value, dict):
            value = value.get(name, _ABSENT)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and len(name) < len(str(_LARGEST)):
            value = value[int(name)] if int(name) < len(value) else _ABSENT
        else:
            return _ABSENT
        if value is _ABSENT:
            break
    return value


def _failed(kind: str, message: str) -> Failed:
    message = _OPAQUE.sub("***", _SECRET.sub(r"\1\2***", message[:_WORDS]))
    return Failed(error_type=kind[:_WORDS], message=message, answered=True)
