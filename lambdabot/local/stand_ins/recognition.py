"""Which operation of which service a request asks for, whatever AWS protocol it speaks.

Sources: the protocols of the Smithy specification ("AWS JSON", "AWS query", "AWS restJson1", "AWS restXml",
"Smithy RPC v2 CBOR"), and botocore's service models for the paths of the two REST ones.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import parse_qs

from botocore.loaders import Loader
from botocore.model import ServiceModel

from lambdabot.local.exchange import Request

Protocol = Literal["json", "query", "ec2", "rest-json", "rest-xml", "cbor"]

_REST: Mapping[str, Protocol] = {"rest-json": "rest-json", "rest-xml": "rest-xml"}
_FORM = 65_536  # bytes of a form that are looked at: its `Action` comes first
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
    form = request.body[:_FORM].decode(errors="replace") if "form" in request.headers.get("content-type", "") else ""
    action = parse_qs(form or request.query).get("Action", [""])[0]
    if action:
        return action, "ec2" if service == "ec2" else "query"
    query = parse_qs(request.query, keep_blank_values=True)
    for route in _routes(service):
        if route.fits(request, query):
            return route.operation, route.protocol
    return request.method, "rest-json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """A request of a REST service: its path, and what its operation asks for in query and headers besides."""

    operation: str
    protocol: Protocol
    method: str
    path: re.Pattern[str]
    literals: Mapping[str, list[str]]
    needs: frozenset[str]  # in the query
    headers: frozenset[str]

    @property
    def demands(self) -> int:
        """Return how much it asks for: of two operations at one path, the one that asks for more is meant."""
        return len(self.literals) + len(self.needs) + len(self.headers)

    def fits(self, request: Request, query: Mapping[str, list[str]]) -> bool:
        """Tell whether a request may be one."""
        return (
            request.method == self.method
            and self.path.fullmatch(request.path) is not None
            and all(query.get(key) == values for key, values in self.literals.items())
            and self.needs <= query.keys()
            and self.headers <= request.headers.keys()
        )


@cache
def _services() -> tuple[str, ...]:
    return tuple(Loader().list_available_services("service-2"))


@cache
def _routes(signed_for: str) -> tuple[_Route, ...]:
    """Return the requests of the REST services that sign by a name: one of the same name, or several that begin so."""
    names = [one for one in _services() if one == signed_for or one.startswith(f"{signed_for}-")]
    models = (ServiceModel(Loader().load_service_model(name, "service-2"), name) for name in sorted(names))
    found = [route for model in models for route in _routes_of(model)]
    return tuple(sorted(found, key=lambda route: -route.demands))


def _routes_of(model: ServiceModel) -> Iterator[_Route]:
    protocol = model.metadata["protocol"]
    if protocol not in _REST:
        return
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        parts = re.split(r"(\{[^}]+\})", path)
        pattern = "".join(
            re.escape(one) if not one.startswith("{") else ".+" if one.endswith("+}") else "[^/]+" for one in parts
        )
        shape = operation.input_shape
        asked = [] if shape is None else [shape.members[one].serialization for one in shape.required_members]
        yield _Route(
            operation=name,
            protocol=_REST[protocol],
            method=operation.http["method"],
            path=re.compile(f"{pattern}/?"),
            literals=parse_qs(query, keep_blank_values=True),
            needs=frozenset(one["name"] for one in asked if one.get("location") == "querystring"),
            headers=frozenset(one["name"].lower() for one in asked if one.get("location") == "header"),
        )
