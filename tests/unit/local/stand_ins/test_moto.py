"""moto, as the embedded endpoint starts it: seeded once, a server for each copy, confined, and gone at the end."""

import importlib.util
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lambdabot.errors import EndpointError
from lambdabot.local.stand_ins import moto_program
from lambdabot.local.stand_ins.moto import Moto, missing, version
from lambdabot.local.stand_ins.stand_ins import StandIns
from lambdabot.model import Place, SeedCall, StandIn
from lambdabot.sandbox import processes
from lambdabot.sandbox.isolation import Means
from tests import open_interpreter

PLACE = Place(path=Path("seed.json"), line=3)
SCHEMA = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def call(service: str, operation: str, **parameters: object) -> SeedCall:
    return SeedCall(service=service, operation=operation, parameters=json.dumps(parameters), place=PLACE)


SEED = (
    call("dynamodb", "CreateTable", **SCHEMA),
    call("dynamodb", "PutItem", TableName="orders", Item={"id": {"S": "1"}}),
    call("s3", "CreateBucket", Bucket="receipts"),
    call("s3", "PutObject", Bucket="receipts", Key="old", Body="text"),
)


def connect(url: str, key: str, service: str = "dynamodb"):
    session = boto3.session.Session(key, "secret", "token", region_name="us-east-1")
    return session.client(service, endpoint_url=url)


def programs() -> list[Path]:
    """Return the /proc entries of moto's processes that this one has started."""
    found = []
    for pid in processes.descendants(os.getpid()):
        with suppress(OSError):  # it has just ended
            if moto_program.__file__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(Path(f"/proc/{pid}"))
    return found


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "the-jobs-own")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "the-jobs-own")
        found = Moto(SEED, "us-east-1")
    with found:
        yield found


@pytest.fixture(scope="module")
def servers(moto) -> Iterator[dict[str, str]]:
    """Return the addresses of two copies' servers, by their access key ids."""
    made = {key: moto.server(key) for key in ("ASIAFAKE00000000000A", "ASIAFAKE00000000000B")}
    yield {key: one.url for key, one in made.items()}
    for one in made.values():
        one.line.close()


def test_each_copy_begins_with_the_seed_and_keeps_what_it_writes(servers):
    (mine, mine_url), (theirs, theirs_url) = servers.items()
    connect(mine_url, mine).put_item(TableName="orders", Item={"id": {"S": "2"}})

    assert connect(mine_url, mine).scan(TableName="orders")["Count"] == 2
    assert connect(theirs_url, theirs).scan(TableName="orders")["Count"] == 1
    assert connect(theirs_url, theirs, "s3").get_object(Bucket="receipts", Key="old")["Body"].read() == b"text"


def test_a_presigned_address_is_its_makers(servers):
    key, url = next(iter(servers.items()))
    address = connect(url, key, "s3").generate_presigned_url("get_object", Params={"Bucket": "receipts", "Key": "old"})
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"text"


def test_a_copy_reaches_no_other_copys_tables(servers):
    (mine, _), (_, theirs_url) = servers.items()
    with pytest.raises(ClientError, match="another throw-away copy's"):
        connect(theirs_url, mine).scan(TableName="orders")


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json"])
def test_nobody_resets_what_is_measured(servers, path):
    key, url = next(iter(servers.items()))
    request = urllib.request.Request(url + path, method="POST", headers={"Authorization": f"Credential={key}/"})
    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        urllib.request.urlopen(request)
    caught.value.close()


@pytest.mark.usefixtures("servers")
def test_its_processes_hold_nothing_of_the_job():
    found = programs()

    assert len(found) >= 3  # the one that is seeded, and a server for each copy
    for process in found:
        variables = dict(one.split("=", 1) for one in (process / "environ").read_text().split("\0") if one)
        assert set(variables) == {"PATH", "LANG", "HOME", "TMPDIR"}
        if os.geteuid() == 0:
            users = {line for line in (process / "status").read_text().splitlines() if line.startswith("Uid:")}
            assert users.pop().split()[1] != "0"


def test_it_runs_where_the_kernel_gives_no_view_of_files(monkeypatch):
    """As in a docker action."""
    means = replace(Means.find(), namespaces="none")
    open_interpreter.use(monkeypatch)
    monkeypatch.setattr(Means, "find", classmethod(lambda _: means))
    with Moto(SEED, "us-east-1") as plain:
        server = plain.server("KEY")
        assert connect(server.url, "KEY").scan(TableName="orders")["Count"] == 1
        server.line.close()


def test_a_copys_server_ends_with_the_copy(moto):
    stand_ins = StandIns()
    stand_ins._motos["us-east-1", SEED] = moto
    try:
        stand_ins.give("copy", "us-east-1", StandIn(seed=SEED))
        variables = stand_ins.variables("copy", "us-east-1")
        client = connect(variables["AWS_ENDPOINT_URL"], variables["AWS_ACCESS_KEY_ID"])
        assert client.scan(TableName="orders")["Count"] == 1
        running = {path.name for path in programs()}
        stand_ins.take_back(["copy"])
        while running == {path.name for path in programs()}:
            pass
        with pytest.raises(EndpointConnectionError):
            client.scan(TableName="orders")
    finally:
        stand_ins.close()


def test_a_call_that_moto_refuses_is_told_with_its_place_and_leaves_nothing():
    before = {path.name for path in programs()}
    with pytest.raises(EndpointError, match=r"dynamodb:CreateTable \(seed.json:3\).*already exists"):
        Moto((SEED[0], SEED[0]), "us-east-1")
    assert {path.name for path in programs()} <= before


def test_without_moto_is_said_what_to_install(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "moto" else found(name))

    assert missing() == ("moto",)
    with pytest.raises(EndpointError, match="needs moto's server, and moto is not installed here") as caught:
        Moto((), "us-east-1")
    assert "`pip install 'lambdabot[moto]'`" in caught.value.advice


def test_a_moto_that_cannot_start_is_tried_once(monkeypatch):
    tried = []

    def refuse(*_: object) -> Moto:
        tried.append(1)
        raise EndpointError("moto refuses a call of the seed")

    monkeypatch.setattr("lambdabot.local.stand_ins.stand_ins.Moto", refuse)
    stand_ins = StandIns()
    try:
        for name in ("head", "base"):
            with pytest.raises(EndpointError, match="refuses a call"):
                stand_ins.give(name, "us-east-1", StandIn(seed=SEED))
    finally:
        stand_ins.close()
    assert tried == [1]


def test_the_program_tells_which_call_failed_and_guards_its_application():
    """What runs confined, in this process: its seed and its guard."""
    application = moto_program.server_application()
    calls = [{"service": "sqs", "operation": "GetQueueUrl", "parameters": '{"QueueName": "q"}', "name": "sqs (s:1)"}]
    assert moto_program.seed(application, calls, "us-east-1").startswith("sqs (s:1): ")
    made = [{"service": "sqs", "operation": "CreateQueue", "parameters": '{"QueueName": "q"}', "name": "sqs"}]
    assert moto_program.seed(application, made, "us-east-1") == ""

    answered = moto_program.guarded(lambda _environ, _start: [b"answered"], "KEY")
    statuses: list[str] = []
    for environ in ({}, {"HTTP_AUTHORIZATION": "Credential=KEY/2026", "PATH_INFO": "/moto-api/"}):
        assert b"AccessDenied" in b"".join(answered(environ, lambda status, _headers: statuses.append(status)))
    assert statuses == ["403 Forbidden", "403 Forbidden"]
    assert list(answered({"QUERY_STRING": "AWSAccessKeyId=KEY"}, lambda *_: None)) == [b"answered"]


def test_the_version_is_the_installed_ones():
    assert version() == __import__("moto").__version__
