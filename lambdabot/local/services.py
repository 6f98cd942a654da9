"""From a request to its answer: who calls, which service, which Region, which operation."""

import hmac
import logging
import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, cached_property
from typing import Any, Protocol

from botocore.loaders import Loader
from botocore.model import ServiceModel

from lambdabot.local.api_error import ApiError
from lambdabot.local.call import Call
from lambdabot.local.code import CodeStore
from lambdabot.local.configuration import MEMORY_LIMIT, TIMEOUT_LIMIT
from lambdabot.local.constraints import Constraints
from lambdabot.local.exchange import Credential, Request, Response, Route
from lambdabot.local.faults.faults import Faults
from lambdabot.local.host import Host
from lambdabot.local.json_rpc import JsonRpc
from lambdabot.local.region import Limits, Region
from lambdabot.local.rest_json import RestJson
from lambdabot.local.sts import QueryProtocol

_DOWNLOAD = "/package/"  # GetFunction's Code.Location

_LOG = logging.getLogger(__name__)


class _WireProtocol(Protocol):
    def route(self, request: Request, /) -> Route: ...

    def parameters(self, route: Route, request: Request, /) -> dict[str, Any]: ...

    def respond(self, name: str, document: Mapping[str, Any], request_id: str) -> Response: ...

    def fail(self, error: ApiError, request_id: str) -> Response: ...


class Services:
    """Lambda, CloudWatch Logs and STS; a Region comes to be when it is first spoken to."""

    def __init__(
        self,
        *,
        url: str,
        access_key: str | None,
        host: Host,
        codes: CodeStore,
        limits: Limits,
        faults: Faults | None = None,
    ) -> None:
        """Serve at this address callers with this access key id; None serves every caller."""
        self._download = f"{url}{_DOWNLOAD}"
        self._access_key = access_key
        self._host = host
        self._codes = codes
        self._limits = limits
        self._faults = faults
        self._lock = threading.Lock()
        self._closed = False
        self._regions: dict[str, Region] = {}
        self._lambda_model = _model("lambda")
        self._lambda = RestJson(
            self._lambda_model,
            Constraints(
                maxima={"MemorySize": MEMORY_LIMIT, "Timeout": TIMEOUT_LIMIT}, unchecked=frozenset({"Runtime"})
            ),
        )

    @cached_property
    def _logs(self) -> JsonRpc:
        return JsonRpc(_model("logs"), Constraints())

    def answer(self, request: Request) -> Response:
        """Answer a request; every failure is an answer too."""
        request_id = str(uuid.uuid4())
        credential = request.credential
        protocol = self._protocol("lambda" if credential is None else credential.service)
        try:
            return self._answer(request, credential, protocol, request_id)
        except ApiError as error:
            return protocol.fail(error, request_id)
        except Exception as error:  # noqa: BLE001  # a mistake in an operation is an answer too, and is logged
            failure = ApiError(code="ServiceException", message=f"{type(error).__name__}: {error}", status=500)
            if not self._closed:
                _LOG.exception("%s %s failed", request.method, request.path)
            return protocol.fail(failure, request_id)

    def _answer(
        self, request: Request, credential: Credential | None, protocol: _WireProtocol, request_id: str
    ) -> Response:
        if credential is None and request.method == "GET" and request.path.startswith(_DOWNLOAD):
            package = self._codes.package(request.path.removeprefix(_DOWNLOAD))
            return Response(status=200, headers={"Content-Type": "application/zip"}, body=package)
        if credential is None:
            raise ApiError(
                code="MissingAuthenticationTokenException", message="Missing Authentication Token", status=403
            )
        if self._access_key is not None and not hmac.compare_digest(
            credential.access_key.encode(), self._access_key.encode()
        ):
            message = "The security token included in the request is invalid."
            raise ApiError(code="UnrecognizedClientException", message=message, status=403)
        operations = self._region(credential.region).operations.get(credential.service)
        if operations is None:
            raise _not_here(what=f"The service {credential.service}")
        route = protocol.route(request)
        operation = operations.get(route.operation)
        if operation is None:
            raise _not_here(what=f"The operation {route.operation} of {credential.service}")
        call = Call(parameters=protocol.parameters(route, request), request_id=request_id)
        if self._faults is None:
            return protocol.respond(route.operation, operation(call), request_id)
        document, delivery = self._faults.meet(f"{credential.service}:{route.operation}", call, operation)
        return replace(protocol.respond(route.operation, document, request_id), delivery=delivery)

    def close(self) -> None:
        """Stop every environment."""
        with self._lock:
            self._closed = True
            regions = list(self._regions.values())
        for region in regions:
            region.close()

    def _region(self, name: str) -> Region:
        with self._lock:
            if self._closed:
                raise ApiError(code="ServiceException", message="The endpoint is shutting down", status=503)
            if name not in self._regions:
                runtimes = list(self._lambda_model.shape_for("Runtime").metadata["enum"])
                self._regions[name] = Region(
                    name,
                    host=self._host,
                    codes=self._codes,
                    limits=self._limits,
                    runtimes=runtimes,
                    download=self._download,
                )
            return self._regions[name]

    def _protocol(self, service: str) -> _WireProtocol:
        match service:
            case "logs":
                return self._logs
            case "sts":
                return QueryProtocol()
            case _:
                return self._lambda


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _not_here(*, what: str) -> ApiError:
    return ApiError(
        code="NotImplementedException", message=f"{what} is not supported by the embedded endpoint", status=501
    )
