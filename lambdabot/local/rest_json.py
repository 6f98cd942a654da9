"""The rest-json protocol, driven by botocore's service model: router, parser and serialiser in one."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from lambdabot.local.api_error import ApiError
from lambdabot.local.constraints import Constraints
from lambdabot.local.exchange import Request, Response, Route

_SCALARS = {"string": str, "integer": int, "long": int, "float": (int, float), "double": (int, float), "boolean": bool}


class RestJson:
    """Turns requests into an operation and its parameters, and documents into responses.

    Source: "AWS restJson1 protocol" of the Smithy specification.
    """

    def __init__(self, model: ServiceModel, constraints: Constraints) -> None:
        """Compile the routes once: the literal part of a path chooses, the pattern takes the labels."""
        self._model = model
        self._constraints = constraints
        self._routes: dict[str, list[tuple[re.Pattern[str], dict[str, list[str]], str]]] = {}
        for name in model.operation_names:
            operation = model.operation_model(name)
            path, _, query = operation.http["requestUri"].partition("?")
            parts = (
                _label(part) if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", path)
            )
            routes = self._routes.setdefault(operation.http["method"], [])
            routes.append((re.compile("".join(parts) + "/?"), parse_qs(query, keep_blank_values=True), name))
        for routes in self._routes.values():
            routes.sort(key=lambda route: len(route[1]), reverse=True)  # `?find=…` before the same path without it

    def route(self, request: Request) -> Route:
        """Return the operation that a request asks for; UnknownOperationException (404) for none."""
        query = parse_qs(request.query, keep_blank_values=True)
        for pattern, literals, operation in self._routes.get(request.method, ()):
            found = pattern.fullmatch(request.path)
            if found and all(query.get(key) == values for key, values in literals.items()):
                return Route(operation=operation, labels=found.groupdict())
        message = f"There is no operation at {request.method} {request.path}"
        raise ApiError(code="UnknownOperationException", message=message, status=404)

    def parameters(self, route: Route, request: Request) -> dict[str, Any]:
        """Return the checked parameters by the model's member names."""
        shape = self._model.operation_model(route.operation).input_shape
        if shape is None:
            return {}
        query = parse_qs(request.query, keep_blank_values=True)
        payload = shape.serialization.get("payload")
        body: Any = {} if payload else json_document(request.body)
        parameters: dict[str, Any] = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            value: Any = None
            match member.serialization.get("location"):
                case "uri":
                    value = _from_text(member, [unquote(route.labels[wire])])
                case "querystring":
                    value = _from_text(member, query.get(wire))
                case "header":
                    header = request.headers.get(wire.lower())
                    value = _from_text(member, None if header is None else [header])
                case _ if name == payload:
                    value = request.body
                case _:
                    value = parse_json(member, body.get(wire), name)
            if value is not None:
                parameters[name] = value
        self._constraints.check(shape, parameters)
        return parameters

    def respond(self, name: str, document: Mapping[str, Any], request_id: str) -> Response:
        """Return an operation's answer; a member that the model does not have is a KeyError."""
        operation = self._model.operation_model(name)
        headers = {"x-amzn-RequestId": request_id}
        status = operation.http.get("responseCode", 200)
        body = b""
        shape = operation.output_shape
        if shape is not None:
            members = {}
            payload = shape.serialization.get("payload")
            for key, value in document.items():
                member = shape.members[key]
                match member.serialization.get("location"):
                    case "header":
                        headers[member.serialization["name"]] = str(value)
                    case "statusCode":
                        status = value
                    case _ if key == payload:
                        body = value
                    case _:
                        members[member.serialization.get("name", key)] = to_json(member, value)
            if not payload and status != 204:  # noqa: PLR2004  # No Content
                body = json.dumps(members).encode()
        headers["Content-Type"] = "application/json"
        return Response(status=status, headers=headers, body=body)

    def fail(self, error: ApiError, request_id: str) -> Response:
        """Return an error's answer: type in x-amzn-ErrorType, message under the name that its shape gives it."""
        headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code, "Content-Type": "application/json"}
        status, members, message_name = error.status or 400, {}, "message"
        if error.code in self._model.shape_names:
            shape = cast("StructureShape", self._model.shape_for(error.code))
            status = error.status or shape.metadata.get("error", {}).get("httpStatusCode", 400)
            for name, member in shape.members.items():
                if name.lower() == "message":
                    message_name = name
                elif name in error.members and member.serialization.get("location") == "header":
                    headers[member.serialization["name"]] = error.members[name]
                elif name in error.members:
                    members[name] = error.members[name]
        body = json.dumps({**members, message_name: error.message}).encode()
        return Response(status=status, headers=headers, body=body)


def parse_json(shape: Shape, value: Any, place: str) -> Any:  # noqa: ANN401  # JSON in, values of the model's types out
    """Return a JSON value as the shape has it, blobs decoded; SerializationException for a value of a wrong type."""
    if value is None:
        return None
    match shape:
        case StructureShape():
            document = _typed(value, dict, place)
            members = {
                name: parse_json(member, document.get(member.serialization.get("name", name)), f"{place}.{name}")
                for name, member in shape.members.items()
            }
            return {name: member for name, member in members.items() if member is not None}
        case ListShape():
            return [parse_json(shape.member, item, place) for item in _typed(value, list, place)]
        case MapShape():
            return {key: parse_json(shape.value, item, place) for key, item in _typed(value, dict, place).items()}
        case _ if shape.type_name == "blob":
            return _blob(_typed(value, str, place), place)
    return _typed(value, _SCALARS[shape.type_name], place)


def _blob(text: str, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # a character that is none of base64's, or not even ASCII
        raise _serialization(place) from error


def to_json(shape: Shape, value: Any) -> Any:  # noqa: ANN401  # Python values of the model's types in, JSON out
    """Return a document as JSON has it; a member that the model does not have is a KeyError."""
    match shape:
        case StructureShape():
            members = shape.members
            return {
                members[key].serialization.get("name", key): to_json(members[key], item) for key, item in value.items()
            }
        case ListShape():
            return [to_json(shape.member, item) for item in value]
        case MapShape():
            return {key: to_json(shape.value, item) for key, item in value.items()}
    return value


def json_document(body: bytes) -> dict[str, Any]:
    """Return a request's JSON object; an empty body is an empty object."""
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(
            code="SerializationException", message=f"The request body is no JSON: {error}", status=400
        ) from error
    return dict(_typed(document, dict, "body"))


def _label(part: str) -> str:
    name = part[1:-1]
    return f"(?P<{name[:-1]}>.+)" if name.endswith("+") else f"(?P<{name}>[^/]+)"


def _from_text(shape: Shape, values: list[str] | None) -> Any:  # noqa: ANN401  # of the type that the model says
    if not values:
        return None
    if isinstance(shape, ListShape):
        return values
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(values[0])
            case "boolean":
                return {"true": True, "false": False}[values[0].lower()]
            case _:
                return values[0]
    except (ValueError, KeyError) as error:
        raise _serialization(values[0]) from error


def _typed(value: Any, kind: Any, place: str) -> Any:  # noqa: ANN401  # narrows any JSON value
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _serialization(place)
    return value


def _serialization(place: str) -> ApiError:
    return ApiError(
        code="SerializationException",
        message=f"The value at '{place}' is not of the type that the model has",
        status=400,
    )
