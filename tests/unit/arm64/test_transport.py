"""HTTP to indexes: credentials stay with their host, a host that is down is left alone, failures have words."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.exceptions import ProxyError, SSLError
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

from lambdabot.arm64.indexes import access as access_module
from lambdabot.arm64.indexes import transport as module
from lambdabot.arm64.indexes.access import IndexAccess, Outages
from lambdabot.arm64.indexes.transport import Transport, UnreachableError, cause, redacted, status


def response(code):
    made = requests.Response()
    made.status_code, made.url = code, "https://user:secret@x.invalid/simple/alpha/"
    return made


def test_credentials_are_sent_to_their_own_host_alone(package_index, private_index):
    package_index.credentials = private_index.credentials = "user:secret"
    package_index.wheel("alpha", "1.0")
    private_index.wheel("alpha", "1.0")
    address = package_index.url.replace("://", "://user:secret@")
    with contextlib.closing(Transport((address,), IndexAccess(None, 5))) as transport:
        assert transport.get(package_index.url + "alpha/", {}).status_code == 200
        assert transport.get(private_index.url + "alpha/", {}).status_code == 401


def test_credentials_of_the_job_go_before_those_of_a_manifest_and_a_port_may_be_left_out(package_index):
    package_index.credentials = "user:secret"
    package_index.wheel("alpha", "1.0")
    manifest, own = (package_index.url.replace("://", f"://{user}@") for user in ("else:where", "user:secret"))
    with contextlib.closing(Transport((manifest,), IndexAccess(None, 5), own=(own,))) as transport:
        assert transport.get(manifest + "alpha/", {}).status_code == 200
    assert module._origin(urlsplit("https://A.invalid:443/x")) == module._origin(urlsplit("https://a.invalid"))
    assert module._origin(urlsplit("http://a.invalid:443")) != module._origin(urlsplit("https://a.invalid"))


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("https://a.invalid/simple", True),
        ("http://a.invalid/simple", False),
        ("http://own.invalid/simple", True),
        ("https://me:pw@a.invalid/simple", False),
    ],
)
def test_netrc_counts_over_https_and_where_the_environment_itself_says_http(tmp_path, monkeypatch, address, sent):
    (tmp_path / "netrc").write_text("default login ci password s3cr3t\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    given = []
    with contextlib.closing(Transport((), IndexAccess(None, 5), own=("http://own.invalid/",))) as transport:
        monkeypatch.setattr(transport._session, "get", lambda *_, **options: given.append(options["auth"]))
        transport.get(address.replace("https://a.", "http://a."), {})  # what is known of http says nothing of https
        transport.get(address, {})
    assert given[-1] == (("ci", "s3cr3t") if sent else None)


def test_host_that_refuses_is_not_tried_again(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    with contextlib.closing(Transport((), IndexAccess(None, 5))) as transport:
        with pytest.raises(UnreachableError, match=f"^{host}: no connection$"):
            transport.get(f"http://{host}/a", {})
        monkeypatch.setattr(transport._session, "get", lambda *_, **__: pytest.fail("asked again"))
        with pytest.raises(UnreachableError, match=f"^{host}: no connection$"):
            transport.get(f"http://{host}/b", {})


def test_address_that_is_none_is_told():
    with (
        contextlib.closing(Transport((), IndexAccess(None, 5))) as transport,
        pytest.raises(UnreachableError, match="an address that cannot be read"),
    ):
        transport.get("https://[/alpha.whl", {})


def test_silent_host_is_given_up_after_some_patience(package_index, monkeypatch):
    monkeypatch.setattr(access_module, "_PATIENCE", 2)
    package_index.hang = threading.Event()
    access = IndexAccess(None, 0.05)
    for _ in range(3):  # each on connections of its own, as the checks of a run
        with (
            contextlib.closing(Transport((), access)) as transport,
            pytest.raises(UnreachableError, match="no answer in time"),
        ):
            transport.get(package_index.url + "alpha/", {})
    assert list(access.outages._silent.values()) == [2]  # the third was not sent
    package_index.hang.set()


def test_an_answer_ends_the_count_of_silences(package_index):
    package_index.wheel("alpha", "1.0")
    access = IndexAccess(None, 5)
    host = package_index.url.split("/")[2]
    access.outages.failed(host, "no answer in time", silent=True)
    with contextlib.closing(Transport((), access)) as transport:
        assert transport.get(package_index.url + "alpha/", {}).status_code == 200
    assert access.outages._silent == {}


def test_host_that_was_given_up_is_asked_again_after_a_minute():
    now = 0.0
    outages = Outages(lambda: now)
    outages.failed("index", "no connection", silent=False)
    assert outages.of("index") == "no connection"
    now = 59.9
    assert outages.of("index") == "no connection"
    now = 60.0
    assert outages.of("index") is None
    assert outages.of("other") is None


def test_one_answer_makes_up_for_the_silence_before_it():
    outages = Outages()
    for _ in range(3):
        for _ in range(7):
            outages.failed("index", "no answer in time", silent=True)
        assert outages.of("index") is None
        outages.answered("index")
    for _ in range(8):
        outages.failed("index", "no answer in time", silent=True)
    assert outages.of("index") == "no answer in time"


def test_busy_host_is_asked_again(package_index):
    package_index.statuses["/simple/alpha/"] = 503
    with contextlib.closing(Transport((), IndexAccess(None, 5))) as transport:
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


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("authority") / "bundle.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def secure_index(package_index, private_index, authority):
    """The private index over TLS; the public one stays as it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    private_index.secure(context)
    return private_index


def test_certificates_are_verified_by_the_bundle_that_the_environment_names(secure_index, authority, monkeypatch):
    secure_index.wheel("alpha", "1.0")
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    with contextlib.closing(Transport((), IndexAccess(None, 5))) as transport:
        assert transport.get(secure_index.url + "alpha/", {}).status_code == 200
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with (
        contextlib.closing(Transport((), IndexAccess(None, 5))) as transport,
        pytest.raises(UnreachableError, match="its certificate could not be verified"),
    ):
        transport.get(secure_index.url + "alpha/", {})
    monkeypatch.setenv("CURL_CA_BUNDLE", str(authority) + "x")
    with (
        contextlib.closing(Transport((), IndexAccess(None, 5))) as transport,
        pytest.raises(UnreachableError, match="CURL_CA_BUNDLE names cannot be read"),
    ):
        transport.get(secure_index.url + "alpha/", {})


@pytest.mark.parametrize("folder", [False, True])
def test_authorities_are_loaded_once_for_all_connections(tmp_path, folder, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path) if folder else DEFAULT_CA_BUNDLE_PATH)
    adapter = module._Adapter()
    request = requests.Request("GET", "https://x.invalid/").prepare()
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: adapter.build_connection_pool_key_attributes(request, verify=True)[1], range(8))
        )
    contexts = {id(each["ssl_context"]) for each in found}
    assert len(contexts) == 1
    assert found[0]["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert bool(found[0]["ssl_context"].get_ca_certs()) is not folder
