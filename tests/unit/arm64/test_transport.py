"""HTTP to indexes: credentials stay with their host, a host that is down is left alone, failures have words."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest
import requests
from requests.exceptions import ProxyError, SSLError
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

from lambdabot.arm64 import transport as module
from lambdabot.arm64.transport import Transport, UnreachableError, cause, redacted, status


def response(code):
    made = requests.Response()
    made.status_code, made.url = code, "https://user:secret@x.invalid/simple/alpha/"
    return made


def test_credentials_are_sent_to_their_own_host_alone(package_index, private_index):
    package_index.credentials = private_index.credentials = "user:secret"
    package_index.wheel("alpha", "1.0")
    private_index.wheel("alpha", "1.0")
    address = package_index.url.replace("://", "://user:secret@")
    with contextlib.closing(Transport((address,), timeout=5)) as transport:
        assert transport.get(package_index.url + "alpha/", {}).status_code == 200
        assert transport.get(private_index.url + "alpha/", {}).status_code == 401


def test_host_that_refuses_is_not_tried_again(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    with contextlib.closing(Transport((), timeout=5)) as transport:
        with pytest.raises(UnreachableError, match=f"^{host}: no connection$"):
            transport.get(f"http://{host}/a", {})
        monkeypatch.setattr(transport._session, "get", lambda *_, **__: pytest.fail("asked again"))
        with pytest.raises(UnreachableError, match=f"^{host}: no connection$"):
            transport.get(f"http://{host}/b", {})


def test_silent_host_is_given_up_after_some_patience(package_index, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 2)
    package_index.hang = threading.Event()
    with contextlib.closing(Transport((), timeout=0.05)) as transport:
        for _ in range(3):
            with pytest.raises(UnreachableError, match="no answer in time"):
                transport.get(package_index.url + "alpha/", {})
        assert list(transport._silent.values()) == [2]  # the third was not sent
    package_index.hang.set()


def test_busy_host_is_asked_again(package_index):
    package_index.statuses["/simple/alpha/"] = 503
    with contextlib.closing(Transport((), timeout=5)) as transport:
        assert transport.get(package_index.url + "alpha/", {}).status_code == 503
    assert package_index.asked == ["/simple/alpha/"] * 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SSLError(), "its certificate could not be verified"),
        (ProxyError(), "the proxy did not answer"),
        (requests.ReadTimeout(), "no answer in time"),
        (
            requests.ConnectionError(MaxRetryError(None, "/", ReadTimeoutError(None, "/", "late"))),
            "no answer in time",
        ),
        (requests.ConnectTimeout(), "no connection"),
        (requests.ConnectionError("http://user:secret@x"), "no connection"),
        (requests.TooManyRedirects(), "no usable answer (TooManyRedirects)"),
    ],
)
def test_failures_have_words(error, words):
    assert cause(error) == words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (401, "x.invalid asks for credentials (HTTP 401)"),
        (403, "x.invalid refuses the credentials (HTTP 403)"),
        (407, "x.invalid is behind a proxy that asks for credentials (HTTP 407)"),
        (500, "x.invalid answers (HTTP 500)"),
    ],
)
def test_statuses_have_words_without_credentials(code, words):
    assert status(response(code)) == words


def test_address_is_shown_without_credentials_query_and_fragment():
    assert redacted("https://user:pa@ss@x.invalid:8/simple/?token=1#a") == "https://x.invalid:8/simple/"


@pytest.mark.parametrize("folder", [False, True])
def test_authorities_are_loaded_once_for_all_connections(tmp_path, folder):
    bundle = str(tmp_path) if folder else requests.certs.where()
    adapter = module._Adapter()
    request = requests.Request("GET", "https://x.invalid/").prepare()
    first = adapter.build_connection_pool_key_attributes(request, bundle)[1]
    second = adapter.build_connection_pool_key_attributes(request, bundle)[1]
    assert isinstance(first["ssl_context"], ssl.SSLContext)
    assert first["ssl_context"] is second["ssl_context"]
    assert first["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert bool(first["ssl_context"].get_ca_certs()) is not folder


@pytest.mark.parametrize(("scheme", "verify"), [("http", "bundle"), ("https", True)])
def test_other_connections_are_made_as_requests_makes_them(scheme, verify):
    request = requests.Request("GET", f"{scheme}://x.invalid/").prepare()
    own = module._Adapter().build_connection_pool_key_attributes(request, verify)
    assert own == requests.adapters.HTTPAdapter().build_connection_pool_key_attributes(request, verify)


def test_unnamed_bundle_is_verified_as_requests_does():
    class Connection:  # what urllib3 keeps of a pool's settings, and no more
        cert_reqs = ca_certs = ca_cert_dir = None

    named, plain = Connection(), Connection()
    module._Adapter().cert_verify(named, "https://x.invalid/", str(Path("bundle")), None)
    module._Adapter().cert_verify(plain, "https://x.invalid/", False, None)  # noqa: FBT003  # requests' own signature
    assert named.cert_reqs is None
    assert plain.cert_reqs == "CERT_NONE"
