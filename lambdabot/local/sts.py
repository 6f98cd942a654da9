"""The one operation of STS that a client asks of every endpoint: who am I?"""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs

from lambdabot.local.api_error import ApiError
from lambdabot.local.call import Call, Operation
from lambdabot.local.exchange import Request, Response, Route
from lambdabot.local.names import ACCOUNT

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


class QueryProtocol:
    """The awsQuery protocol, as far as operations without parameters need it."""

    def route(self, request: Request) -> Route:
        """Return the form's `Action`."""
        action = parse_qs(request.body.decode(errors="replace")).get("Action", [""])[0]
        return Route(operation=action, labels={})

    def parameters(self, _route: Route, _request: Request) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def respond(self, name: str, document: Mapping[str, Any], request_id: str) -> Response:
        """Return the document's members as elements."""
        members = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in document.items())
        result = f"<{name}Result>{members}</{name}Result>"
        return _xml(200, f"{name}Response", f"{result}<ResponseMetadata>{_request_id(request_id)}</ResponseMetadata>")

    def fail(self, error: ApiError, request_id: str) -> Response:
        """Return an error's answer."""
        inner = f"<Type>Sender</Type><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        return _xml(error.status or 400, "ErrorResponse", f"<Error>{inner}</Error>{_request_id(request_id)}")


def _caller(_call: Call) -> Mapping[str, Any]:
    return {"UserId": "AIDALAMBDABOTLOCAL", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/local"}


OPERATIONS: dict[str, Operation] = {"GetCallerIdentity": _caller}


def _request_id(request_id: str) -> str:
    return f"<RequestId>{escape(request_id)}</RequestId>"


def _xml(status: int, root: str, inner: str) -> Response:
    body = f'<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'.encode()
    return Response(status=status, headers={"Content-Type": "text/xml"}, body=body)
