import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lambdabot.aws.calls.caller import warning
from lambdabot.aws.calls.connection import AccountLimits, connect
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.pace import Pace
from lambdabot.aws.calls.retry import StoppedError
from lambdabot.errors import EndpointError, ExitCode


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_the_accounts_limits_are_read(connection):
    assert connection.verify() == AccountLimits(concurrency=1000, unreserved_concurrency=900)


def test_passing_faults_of_the_first_call_are_tried_again(fake, connection):
    fake.fail("GetAccountSettings", status=429, code="TooManyRequestsException", message="Rate exceeded")
    fake.fail("GetAccountSettings", reset="before")
    assert connection.verify().concurrency == 1000


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredTokenException", "have expired"),
        ("AccessDeniedException", "access denied"),
        ("UnrecognizedClientException", "does not know these credentials"),
    ],
)
def test_what_is_wrong_shows_at_the_first_call(fake, connection, code, words):
    fake.fail("GetAccountSettings", status=403, code=code, message="no")
    with pytest.raises(EndpointError) as caught:
        connection.verify()
    assert words in caught.value.what
    assert caught.value.what.startswith("could not reach Lambda at http://127.0.0.1:")
    assert caught.value.advice
    assert caught.value.exit_code is ExitCode.NOT_MEASURED


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_REGION": "eu west"}, "eu west"),
        ({"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAX"}, "Partial credentials"),
    ],
)
def test_what_boto3_refuses_before_the_first_call_is_told_as_well(monkeypatch, variables, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    connection = connect(endpoint=None, region=None)
    with pytest.raises(EndpointError, match=words):
        connection.verify()
    assert warning(connection) == ""


def test_nobody_at_home(monkeypatch):
    with pytest.raises(EndpointError, match="Could not connect"):
        connect(endpoint=refused(), region=None).verify()


def test_something_else_at_home(fake, connection):
    fake._get_account_settings = lambda *_: (200, {"hello": "world"}, {})
    with pytest.raises(EndpointError, match="does not speak the Lambda API"):
        connection.verify()


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_first_reply_that_is_not_whole_is_asked_for_again(fake, connection, kept):
    for _ in range(3):
        fake.fail("GetAccountSettings", kept=kept)
    assert connection.verify().concurrency == 1000


def test_a_web_page_at_home():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.end_headers()
            self.wfile.write(b"<html>Not found</html>")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.raises(EndpointError, match="could not reach Lambda at"):
            connect(endpoint=f"http://127.0.0.1:{server.server_address[1]}", region=None).verify()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_without_credentials_the_workflow_to_paste_is_shown():
    with pytest.raises(EndpointError) as caught:
        connect(endpoint=None, region="us-east-1").verify()
    assert "could not reach AWS Lambda in us-east-1: no usable AWS credentials" in caught.value.what
    assert "aws-actions/configure-aws-credentials@" in caught.value.advice
    assert "--endpoint local" in caught.value.advice


def test_without_a_region_nothing_is_tried():
    with pytest.raises(EndpointError, match="no AWS Region is set"):
        connect(endpoint=None, region=None)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_of_the_environment_is_taken(monkeypatch, name):
    monkeypatch.setenv(name, "eu-north-1")
    assert connect(endpoint=None, region=None).region == "eu-north-1"
    assert connect(endpoint=None, region="eu-west-1").region == "eu-west-1"


def test_a_profile_that_does_not_exist_is_told(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(EndpointError, match="nobody"):
        connect(endpoint=None, region="us-east-1")


@pytest.mark.parametrize(
    "endpoint", ["", "localhost:4566", "ftp://x", "http://", "http://[::1", "http://x:0", "http://x:y"]
)
def test_what_is_no_url_is_told(endpoint):
    with pytest.raises(EndpointError, match="is not the URL of a Lambda endpoint"):
        connect(endpoint=endpoint, region=None)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_the_users_credentials_never_reach_a_loopback_address(monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    connection = connect(endpoint=endpoint, region=None)
    credentials = connection.control._request_signer._credentials
    assert (credentials.access_key, credentials.token) == ("lambdabot", None)
    assert connection.region == "us-east-1"


def test_another_hosts_url_gets_the_users_credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    connection = connect(endpoint="https://vpce-1.lambda.us-east-1.vpce.amazonaws.com", region="us-east-1")
    assert connection.control._request_signer._credentials.access_key == "AKIDREAL"


def test_a_proxy_is_not_asked_for_a_loopback_address(fake, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", refused())
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert connect(endpoint=fake.url, region=None).verify().concurrency == 1000


def test_clients_are_made_once_and_never_try_again_by_themselves(connection):
    clients = [connection.control, connection.remover, connection.invoker(3), connection.logs]
    assert clients == [connection.control, connection.remover, connection.invoker(3), connection.logs]
    assert all(client.meta.config.retries["total_max_attempts"] == 1 for client in clients)
    assert connection.invoker(3).meta.config.read_timeout > 3
    assert connection.invoker(900).meta.config.read_timeout > 900


def test_an_invocation_on_aws_is_given_little_more_than_its_timeout():
    connection = connect(endpoint=None, region="us-east-1")
    assert connection.invoker(900).meta.config.read_timeout == 960


@pytest.mark.parametrize(
    ("operation", "waits"),
    [
        ("lambda.CreateFunction", (1, 0)),
        ("lambda.GetFunction", (0, 1)),  # which has a quota of its own
        ("lambda.Invoke", (0, 0)),
        ("logs.FilterLogEvents", (0, 0)),
    ],
)
def test_a_call_keeps_to_the_pace_of_its_operation(operation, waits):
    class Counting(Pace):
        count = 0

        def wait(self, stop) -> None:
            self.count += 1

    connection = connect(endpoint="http://127.0.0.1:1", region=None)
    connection.pace, connection.read_pace = (Counting(per_second=1, burst=1) for _ in range(2))
    assert connection.call(operation, lambda: "answer", doing="ask") == "answer"
    assert (connection.pace.count, connection.read_pace.count) == waits


def test_a_call_that_fails_for_good_keeps_awss_own_error(fake, connection):
    fake.fail("GetAccountSettings", status=403, code="ExpiredTokenException", message="no")
    with pytest.raises(CallError, match="could not ask: the AWS credentials have expired") as caught:
        connection.call("lambda.GetAccountSettings", connection.control.get_account_settings, doing="ask")
    assert (caught.value.code, caught.value.fatal) == ("ExpiredTokenException", True)
    assert caught.value.error is caught.value.__cause__


def test_nothing_is_asked_once_the_run_ends_but_what_says_otherwise(fake, connection):
    connection.ending.set()
    ask = partial(connection.call, "lambda.GetAccountSettings", connection.control.get_account_settings, doing="ask")
    with pytest.raises(StoppedError):
        ask()
    assert fake.calls == []
    assert ask(stop=threading.Event())


def test_only_the_embedded_endpoint_is_asked_without_a_pace():
    assert connect(endpoint="http://127.0.0.1:1", region=None, access_key="LOCAL").pace is None
    assert connect(endpoint="http://127.0.0.1:1", region=None).pace is not None
    assert connect(endpoint=None, region="us-east-1").pace is not None
