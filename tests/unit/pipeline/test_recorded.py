import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambdabot.aws.calls.connection import connect
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.recorded import read_object, read_sample
from lambdabot.errors import DeploymentError, EndpointError
from lambdabot.model import Drawn, Form, Payload
from lambdabot.pipeline.recorded import Recorded
from tests.sample import function as sample

CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "any", "aws_secret_access_key": "any"}


@pytest.fixture(scope="module")
def url():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def put(url):
    s3 = boto3.client("s3", endpoint_url=url, **CREDENTIALS)
    s3.create_bucket(Bucket="events")
    return lambda key, body: s3.put_object(Bucket="events", Key=key, Body=body)


@pytest.fixture
def connection(url):
    return connect(endpoint=url, region="us-east-1")


def payload(location: str, form: Form = Form.EVENT, **fields: object) -> Payload:
    return Payload(name="one", body=b"", weight=1, form=form, location=location, **fields)


def completed(connection, tmp_path, *payloads: Payload) -> tuple[Payload, ...]:
    recorded = Recorded(connection, region="us-east-1")
    return recorded.complete(sample(tmp_path, payloads=payloads)).question.payloads


def test_an_object_is_an_event_or_a_list_of_them(put, connection, tmp_path):
    put("one.json", b'{"id": "{{uuid}}"}')
    put("all.jsonl", b"1\n2\n1\n")

    one, several = completed(
        connection, tmp_path, payload("s3://events/one.json"), payload("s3://events/all.jsonl", Form.LINES)
    )

    assert (one.body, one.location) == (b'{"id": "{{uuid}}"}', None)
    assert (several.events, several.location) == ((Drawn(b"1", 2), Drawn(b"2", 1)), None)


def test_a_sample_weighs_its_events_by_how_often_they_were_recorded(put, connection, tmp_path, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.recorded.LARGEST_EVENT_BYTES", 20)
    bodies = [b'{"n": 1}', b'{"n":1}', b'{"n": "{{uuidd}}"}', b"oops", b"", b'"' + b"a" * 30 + b'"']
    for number, body in enumerate(bodies):
        put(f"real/{number}.json", body)

    (found,) = completed(connection, tmp_path, payload("s3://events/real/", Form.SAMPLE))

    assert found.events == (Drawn(b'{"n": 1}', 2), Drawn(b'{"n": "{{uuidd}}"}', 1))
    assert found.left_out == "1 larger than 6 MB, 1 no JSON"


def test_what_lies_beyond_the_first_objects_is_told(put, connection, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.recorded.MOST_RECORDED", 2)
    for number in range(3):
        put(f"many/{number}", str(number).encode())

    found = read_sample(connection, "s3://events/many/")

    assert len(found.events) == 2
    assert found.words == "1 or more beyond the first 2 objects"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            ("s3://events/none.json", Form.EVENT),
            "could not read s3://events/none.json: The specified key does not exist",
        ),
        (("s3://nowhere/a", Form.SAMPLE), "could not list s3://nowhere/a: The specified bucket does not exist"),
        (
            ("s3://events/empty/", Form.SAMPLE),
            "could not use the events of s3://events/empty/: holds no recorded event",
        ),
        (
            ("s3://events/bad.json", Form.EVENT),
            "could not use the events of s3://events/bad.json: it is not valid JSON",
        ),
        (
            ("s3://events/bad.json", Form.LINES),
            "could not use the events of s3://events/bad.json: has no event in line 1",
        ),
        (("s3://events/near.json", Form.EVENT), "`{{uuidd}}` is no placeholder"),
    ],
)
def test_what_cannot_be_used_is_told(put, connection, tmp_path, named, message):
    put("bad.json", b"oops")
    put("near.json", b'"{{uuidd}}"')
    with pytest.raises((DeploymentError, EndpointError)) as caught:
        completed(connection, tmp_path, payload(*named))
    assert message in str(caught.value)


def test_an_object_that_is_too_large_is_not_read(put, connection):
    put("large", b"1" * 2_000)
    with pytest.raises(DeploymentError, match="it is larger than 0 MB"):
        read_object(connection, "s3://events/large", largest=1_000)


def test_each_location_is_read_once(put, connection, tmp_path):
    put("once.json", b"1")
    both = [payload("s3://events/once.json"), payload("s3://events/once.json")]

    recorded = Recorded(connection, region="us-east-1")
    recorded.complete(sample(tmp_path, payloads=tuple(both)))
    recorded.complete(sample(tmp_path, payloads=(both[0],), gate_payloads=(both[1],)))

    assert connection.calls["s3.GetObject"] == 1


def test_without_credentials_it_is_told_what_is_missing(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(CallError) as caught:
        completed(None, tmp_path, payload("s3://events/one.json"))

    assert "could not read s3://events/one.json: " in str(caught.value)
    assert "credentials" in str(caught.value)
