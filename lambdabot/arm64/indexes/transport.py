"""HTTP to package indexes: pooled, bounded in time, credentials for their own host only, words for failures."""

import os
import ssl
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import Retry
from urllib3.exceptions import ReadTimeoutError

from lambdabot.arm64.indexes.access import IndexAccess

THREADS = 8  # that read pages, and as many that read files
_CONNECT_SECONDS = 4.0  # a host that is there answers in a fraction of it
_STATUS = {
    401: "asks for credentials",
    403: "refuses the credentials",
    407: "is behind a proxy that asks for credentials",
}


class _Adapter(HTTPAdapter):
    """requests' adapter with one TLS context for all connections: to load the authorities takes 30 ms of CPU."""

    def __init__(self) -> None:
        """Keep a connection for every thread that reads pages and every one that reads files."""
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None
        retry = Retry(
            total=2,
            connect=0,
            read=0,
            backoff_factor=0.2,
            status_forcelist=(429, 502, 503, 504),
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        super().__init__(pool_maxsize=2 * THREADS, max_retries=retry)

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: Any,  # noqa: ANN401, ARG002  # requests' own types are private; one bundle is for all hosts
        cert: Any = None,  # noqa: ANN401, ARG002  # as above
    ) -> Any:  # noqa: ANN401  # as above
        """Return the pool's key with the shared context in place of the name of a bundle."""
        host, pool = super().build_connection_pool_key_attributes(request, verify=True)
        return host, {**pool, "ssl_context": self._shared_context()} if host["scheme"] == "https" else pool

    def cert_verify(self, conn: object, url: str, verify: bool | str, cert: object) -> None:
        """Leave the connection as it is: its context has the authorities already."""

    def _shared_context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
                bundle = named or DEFAULT_CA_BUNDLE_PATH
                folder = Path(bundle).is_dir()
                self._context = ssl.create_default_context(
                    cafile=None if folder else bundle, capath=bundle if folder else None
                )
            return self._context


class UnreachableError(Exception):
    """A host did not give what was asked for; the message says why, without credentials."""

    def __init__(self, *, why: str) -> None:
        """Say why in words for the user."""
        super().__init__(why)


class Transport:
    """GET requests on kept connections; a host that could not be reached is not tried again for some time."""

    def __init__(self, addresses: Iterable[str], access: IndexAccess, *, own: Iterable[str] = ()) -> None:
        """Take addresses with their credentials, and how they are asked; `own` are those of the job's environment."""
        named = list(map(urlsplit, own))
        self._own = set(map(_origin, named))
        self._credentials = {
            _origin(parts): parts.netloc.rpartition("@")[0]
            for parts in (*map(urlsplit, addresses), *named)
            if "@" in parts.netloc
        }
        self._timeout = (min(access.timeout, _CONNECT_SECONDS), access.timeout)
        self._outages = access.outages
        self._surroundings: dict[tuple[str, str], dict[str, Any]] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # it is read once per host, where requests reads it for each request
        adapter = _Adapter()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def get(self, url: str, headers: dict[str, str]) -> requests.Response:
        """Open an address; raise UnreachableError when there is no answer at all."""
        try:
            parts = urlsplit(url)
            origin = _origin(parts)
        except ValueError as error:
            raise UnreachableError(why="it has an address that cannot be read") from error
        host = parts.netloc.rpartition("@")[2]
        if (known := self._outages.of(host)) is not None:
            raise UnreachableError(why=known)
        user = self._credentials.get(origin)
        try:
            address = url if user is None else urlunsplit(parts._replace(netloc=f"{user}@{host}"))
            surroundings = self._surroundings.get(origin)
            if surroundings is None:
                netrc = self._may_log_in(parts)
                surroundings = self._surroundings[origin] = _surroundings(address, netrc=netrc)
            answer = self._session.get(address, headers=headers, timeout=self._timeout, stream=True, **surroundings)
        except requests.RequestException as error:
            why = f"{host}: {cause(error)}"
            self._outages.failed(host, why, silent=_timed_out(error))
            raise UnreachableError(why=why) from error
        except OSError as error:  # requests' own are caught above
            why = "the bundle of authorities that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names cannot be read"
            raise UnreachableError(why=why) from error
        self._outages.answered(host)
        return answer

    def _may_log_in(self, parts: SplitResult) -> bool:
        """Tell whether netrc's user may be sent: over https, or where the job's environment itself says http."""
        return parts.scheme == "https" or _origin(parts) in self._own


def _origin(parts: SplitResult) -> tuple[str, str]:
    """Return scheme, host and port, which credentials belong to; raise ValueError for a port that is none."""
    standard = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, f"{parts.hostname}:{parts.port or standard}"


def _surroundings(address: str, *, netrc: bool) -> dict[str, Any]:
    """Return what the environment says of a host: proxies, and `netrc`'s user where the address has none."""
    auth = requests.utils.get_netrc_auth(address) if netrc and "@" not in urlsplit(address).netloc else None
    return {"proxies": requests.utils.get_environ_proxies(address), "auth": auth}


def status(response: requests.Response) -> str:
    """Say what a status other than 200 means."""
    host = urlsplit(response.url).netloc.rpartition("@")[2]
    return f"{host} {_STATUS.get(response.status_code, 'answers')} (HTTP {response.status_code})"


def cause(error: requests.RequestException) -> str:
    """Say what went wrong, never where in full: an address may carry credentials."""
    match error:
        case requests.exceptions.SSLError():
            return "its certificate could not be verified"
        case requests.exceptions.ProxyError():
            return "the proxy did not answer"
        case _ if _timed_out(error):
            return "no answer in time"
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return "the answer broke off"
        case requests.ConnectTimeout() | requests.ConnectionError():
            return "no connection"
        case _:
            return f"no usable answer ({type(error).__name__})"


def _timed_out(error: requests.RequestException) -> bool:
    """Tell a silent server from an absent one; behind a retry, requests calls both a connection error."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ReadTimeout) or isinstance(reason, ReadTimeoutError)


def redacted(address: str) -> str:
    """Return an address without credentials and query, for people to read."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
