"""The awsJson1.1 protocol, driven by botocore's service model."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import ServiceModel

from lambdabot.local.api_error import ApiError
from lambdabot.local.constraints import Constraints
from lambdabot.local.exchange import Request, Response, Route
from lambdabot.local.rest_json import json_document, parse_json, to_json

_CONTENT_TYPE = "application/x-amz-json-1.1"


class JsonRpc:
    """Turns requests into an operation and its parameters, and documents into responses.

    Source: "AWS JSON 1.1 protocol" of the Smithy specification.
    """

    def __init__(self, model: ServiceModel, constraints: Constraints) -> None:
        """Keep the model."""
        self._model = model
        self._constraints = constraints

    def route(self, request: Request) -> Route:
        """Return the operation that X-Amz-Target names; UnknownOperationException (404) for none."""
        name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if name not in self._model.operation_names:
            raise ApiError(code="UnknownOperationException", message=f"There is no operation {name!r}", status=404)
        return Route(operation=name, labels={})

    def parameters(self, route: Route, request: Request) -> dict[str, Any]:
        """Return the checked parameters by the model's member names."""
        shape = self._model.operation_model(route.operation).input_shape
        if shape is None:
            return {}
        parameters: dict[str, Any] = parse_json(shape, json_document(request.body), route.operation)
        self._constraints.check(shape, parameters)
        return parameters

    def respond(self, name: str, document: Mapping[str, Any], request_id: str) -> Response:
        """Return an operation's answer; a member that the model does not have is a KeyError."""
        shape = self._model.operation_model(name).output_shape
        body = b"" if shape is None else json.dumps(to_json(shape, document)).encode()
        return Response(status=200, headers={"x-amzn-RequestId": request_id, "Content-Type": _CONTENT_TYPE}, body=body)

    def fail(self, error: ApiError, request_id: str) -> Response:
        """Return an error's answer: its code in `__type`."""
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        headers = {"x-amzn-RequestId": request_id, "Content-Type": _CONTENT_TYPE}
        return Response(status=error.status or 400, headers=headers, body=body)
