"""Which operation of which service a request asks for, whatever AWS protocol it speaks.

Sources: the protocols of the Smithy specification ("AWS JSON", "AWS query", "AWS restJson1", "AWS restXml",
"Smithy RPC v2 CBOR"), and botocore's service models for the paths of the two REST ones.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import parse_qs

from botocore.loaders import Loader
from botocore.model import ServiceModel

from lambdabot.local.api_error import ApiError
from lambdabot.local.constraints import Constraints
from lambdabot.local.exchange import Request
from lambdabot.local.rest_json import RestJson

Protocol = Literal["json", "query", "ec2", "rest-json", "rest-xml", "cbor"]

_CBOR_PATH = re.compile(r"/service/\w+/operation/(\w+)")
_NAME = re.compile(r"[A-Za-z0-9-]{1,80}")
_IN_POLICIES = {"monitoring": "cloudwatch", "email": "ses"}
"""Services that sign by another name than policies have for them (Service Authorization Reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for; `operation` is its HTTP method where no service model knows more."""

    service: str
    operation: str
    protocol: Protocol

    def __str__(self) -> str:
        """Return it as a policy names an action: `dynamodb:GetItem`."""
        return f"{self.service}:{self.operation}"


def recognise(request: Request, signed_for: str) -> Asked:
    """Return what a request asks of the service that it is signed for; names that are no names are `unknown`."""
    operation, protocol = _operation(request, signed_for)
    service = _IN_POLICIES.get(signed_for, signed_for)
    service, operation = (one if _NAME.fullmatch(one) else "unknown" for one in (service, operation))
    return Asked(service=service, operation=operation, protocol=protocol)


def _operation(request: Request, service: str) -> tuple[str, Protocol]:
    if target := request.headers.get("x-amz-target", ""):
        return target.rpartition(".")[2], "json"
    if found := _CBOR_PATH.search(request.path):
        return found[1], "cbor"
    form = request.body.decode(errors="replace") if "form" in request.headers.get("content-type", "") else ""
    action = parse_qs(form or request.query).get("Action", [""])[0]
    if action:
        return action, "ec2" if service == "ec2" else "query"
    for protocol, router in _routers(service):
        try:
            return router.route(request).operation, protocol
        except ApiError:
            continue
    return request.method, "rest-json"


@cache
def _services() -> tuple[str, ...]:
    return tuple(Loader().list_available_services("service-2"))


@cache
def _routers(signed_for: str) -> tuple[tuple[Protocol, RestJson], ...]:
    return tuple(_models(signed_for))


def _models(signed_for: str) -> Iterator[tuple[Protocol, RestJson]]:
    """Yield the REST services that sign by a name: mostly one of the same name, or several that begin with it."""
    if not _NAME.fullmatch(signed_for):
        return
    for name in sorted(one for one in _services() if one == signed_for or one.startswith(f"{signed_for}-")):
        model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
        if model.metadata["protocol"] == "rest-xml":
            yield "rest-xml", RestJson(model, Constraints())
        elif model.metadata["protocol"] == "rest-json":
            yield "rest-json", RestJson(model, Constraints())
