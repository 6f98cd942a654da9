import http.client
import json
import socket
import threading

import pytest
from botocore.exceptions import ClientError

from lambdabot.local.code import CodeStore
from lambdabot.local.exchange import Request
from lambdabot.local.host import WorkerHost
from lambdabot.local.region import Limits
from lambdabot.local.rest_json import RestJson
from lambdabot.local.server import LARGEST_BODY, Server
from lambdabot.local.services import Services
from lambdabot.local.sts import QueryProtocol


@pytest.fixture
def connection(endpoint):
    connection = http.client.HTTPConnection(endpoint.url.removeprefix("http://"))
    yield connection
    connection.close()


def signed(endpoint, service: str = "lambda") -> dict[str, str]:
    scope = f"{endpoint.access_key}/20261123/eu-west-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def answer(connection, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def test_a_client_learns_who_it_is(client):
    caller = client("sts").get_caller_identity()
    assert caller["Account"] == "123456789012"
    with pytest.raises(ClientError, match="GetSessionToken of sts is not supported by the embedded endpoint"):
        client("sts").get_session_token()


def test_only_the_owner_of_the_key_is_served(client, connection):
    with pytest.raises(ClientError, match="security token included in the request is invalid") as error:
        client("lambda", access_key="guessed").list_functions()
    assert error.value.response["Error"]["Code"] == "UnrecognizedClientException"
    status, headers, _ = answer(connection, "GET", "/2015-03-31/functions")
    assert (status, headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")
    assert answer(connection, "GET", "/package/guessed")[0] == 403


def test_what_is_not_there_is_named(client):
    with pytest.raises(ClientError, match="GetPolicy of lambda is not supported by the embedded endpoint") as error:
        client("lambda").get_policy(FunctionName="f")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError, match="The service dynamodb is not supported by the embedded endpoint"):
        client("dynamodb").list_tables()


def test_unknown_paths_and_targets_are_unknown_operations(endpoint, connection):
    status, headers, _ = answer(connection, "GET", "/none", headers=signed(endpoint))
    assert (status, headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")
    target = {**signed(endpoint, "logs"), "X-Amz-Target": "Logs_20140328.Nothing"}
    status, _, body = answer(connection, "POST", "/", b"{}", target)
    assert (status, json.loads(body)["__type"]) == (404, "UnknownOperationException")


def test_a_connection_is_used_again(endpoint, connection):
    for _ in range(3):
        assert answer(connection, "GET", "/2015-03-31/functions", headers=signed(endpoint))[0] == 200
        address = connection.sock.getsockname()
    assert connection.sock.getsockname() == address


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(LARGEST_BODY + 1)}, 413),
        ({"Content-Length": "many"}, 411),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_a_body_that_is_too_long_or_of_unknown_length_is_refused(endpoint, connection, headers, status):
    connection.putrequest("POST", "/2015-03-31/functions")
    for name, value in {**signed(endpoint), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (status, "close")
    assert response.read()


def test_a_client_that_goes_away_harms_nobody(endpoint, connection):
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /2015-03-31/functions HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
    with socket.create_connection((host, int(port))) as noise:
        noise.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        assert noise.recv(1000).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer(connection, "GET", "/2015-03-31/functions", headers=signed(endpoint))[0] == 200


@pytest.mark.parametrize(
    "head", [b"x" * 70_000, b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(102))]
)
def test_endless_headers_are_refused(endpoint, head):
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_a_client_that_asks_first_is_told_to_go_on(endpoint):
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = "GET /2015-03-31/functions HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        connection.sendall(f"{head}Authorization: {signed(endpoint)['Authorization']}\r\n\r\n".encode())
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_client_that_wants_to_go_is_let_go(endpoint):
    host, port = endpoint.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection, connection.makefile("rb") as answer:
        connection.sendall(b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n")
        assert answer.read().startswith(b"HTTP/1.1 403 Forbidden\r\n")


def test_it_listens_on_loopback_alone(endpoint):
    assert endpoint.url.startswith("http://127.0.0.1:")


def test_many_at_once_are_served(client):
    lambdas = client("lambda")
    found = []
    threads = [threading.Thread(target=lambda: found.append(lambdas.get_account_settings())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20


def test_an_sts_error_is_xml():
    protocol = QueryProtocol()
    request = Request(method="POST", path="/", query="", headers={}, body=b"Action=A%3CB")
    assert protocol.route(request).operation == "A<B"
    assert protocol.parameters(protocol.route(request), request) == {}


@pytest.fixture
def services(tmp_path):
    with WorkerHost() as host:
        services = Services(url="http://x", access_key=None, host=host, codes=CodeStore(tmp_path), limits=Limits())
        yield services
        services.close()


LIST = Request(
    method="GET",
    path="/2015-03-31/functions",
    query="",
    headers={"authorization": "AWS4-HMAC-SHA256 Credential=any/20261123/eu-west-1/lambda/aws4_request"},
    body=b"",
)


def test_a_mistake_of_ours_is_an_answer_and_is_logged(services, monkeypatch, caplog):
    def mistaken(*_):
        raise KeyError

    monkeypatch.setattr(RestJson, "respond", mistaken)
    answer = services.answer(LIST)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (500, "ServiceException")
    assert "GET /2015-03-31/functions failed" in caplog.text


def test_nobody_is_served_after_the_end(services):
    assert services.answer(LIST).status == 200
    services.close()
    assert services.answer(LIST).status == 503


def test_a_key_of_other_letters_is_refused_as_well(endpoint, connection):
    headers = {"Authorization": signed(endpoint)["Authorization"].replace("LOCAL", "\u00e9")}
    assert answer(connection, "GET", "/2015-03-31/functions", headers=headers)[0] == 403
    connection.putrequest("GET", "/package/x", skip_host=True)
    connection.endheaders()
    assert connection.getresponse().status == 403


def test_without_a_thread_to_be_had_the_next_is_served_all_the_same(endpoint, monkeypatch):
    address = endpoint.url.removeprefix("http://")

    def no_thread(*_):
        monkeypatch.undo()
        raise RuntimeError

    monkeypatch.setattr(Server, "process_request", no_thread)
    turned_away = http.client.HTTPConnection(address)
    with pytest.raises(OSError, match=r"closed|reset"):
        answer(turned_away, "GET", "/2015-03-31/functions", headers=signed(endpoint))
    turned_away.close()
    served = http.client.HTTPConnection(address)
    assert answer(served, "GET", "/2015-03-31/functions", headers=signed(endpoint))[0] == 200
    served.close()
