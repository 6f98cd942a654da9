"""One HTTP request and its response, as the endpoint's protocols see them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CREDENTIAL = re.compile(
    r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The scope of a Signature Version 4: who calls, where, and which service."""

    access_key: str
    region: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request, read to its end; the path is still percent-encoded, header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def credential(self) -> Credential | None:
        """The credential scope of the Authorization header; None without a Signature Version 4."""
        found = _CREDENTIAL.search(self.headers.get("authorization", ""))
        if found is None:
            return None
        return Credential(access_key=found["key"], region=found["region"], service=found["service"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The operation that a request asks for, and what its path says of the parameters, still percent-encoded."""

    operation: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a response reaches the client: with a pause in the middle of its body, and no further than its share."""

    kept: float = 1.0  # of the body; its length says that this is all
    share: float = 1.0  # of what is kept, after which the connection is reset; 0: not even the head is sent
    pause_seconds: float = 0.0


WHOLE = Delivery()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response; its length is added where it is written."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delivery: Delivery = WHOLE
