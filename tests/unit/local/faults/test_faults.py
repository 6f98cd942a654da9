"""Each way to misbehave, as an unmodified boto3 meets it."""

import base64
import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, IncompleteReadError
from botocore.parsers import ResponseParserError

from lambdabot.local.faults.bucket import TokenBucket
from lambdabot.local.faults.consistency import Consistency
from lambdabot.local.faults.document import ConsistencySection


def code(caught) -> str:
    return caught.value.response["Error"]["Code"]


def always(operation: str, way: str, **more) -> dict:
    return {"failures": [{"share": 1, "calls": [operation], "ways": [way], **more}]}


def report(answer) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def test_what_is_not_asked_for_behaves(misbehaving):
    client = misbehaving()
    client.create(Tags={"a": "b"})
    found = client.lambdas.get_function(FunctionName="one")
    assert (found["Configuration"]["State"], found["Tags"]) == ("Active", {"a": "b"})


def test_canned_reports(misbehaving):
    client = misbehaving()
    client.create(MemorySize=3008)
    client.create("small", MemorySize=128, Architectures=["arm64"])
    first, second = report(client.invoke()), report(client.invoke())
    assert "\tDuration: 150.00 ms\tBilled Duration: 300 ms\tMemory Size: 3008 MB" in first
    assert "Init Duration: 150.00 ms" in first
    assert "\tDuration: 120.00 ms\tBilled Duration: 120 ms" in second
    assert "Init" not in second
    client.invoke("small")
    assert f"\tDuration: {20 + 50 * 1769 / 128:.2f} ms" in report(client.invoke("small"))


def test_a_canned_failure_starts_anew_within_the_next_call(misbehaving):
    client = misbehaving(canned=[{"function": "*", "cpu_ms": 100, "failing": 1}])
    client.create(MemorySize=3008)
    answers = [client.invoke() for _ in range(2)]
    assert [answer["FunctionError"] for answer in answers] == ["Unhandled"] * 2
    assert "\tDuration: 1000.00 ms" in report(answers[0])
    assert "\tDuration: 2500.00 ms" in report(answers[1])


def test_pending_lasts(misbehaving):
    client = misbehaving(transition_seconds=60)
    assert client.create()["State"] == "Pending"
    with pytest.raises(ClientError) as pending:
        client.invoke()
    assert code(pending) == "ResourceConflictException"


def test_the_control_plane_takes_so_many_requests_and_get_function_apart(misbehaving):
    client = misbehaving(
        requests={"per_second": 0.01, "burst": 2, "get_function_per_second": 30, "retry_after_seconds": 3}
    )
    client.create()
    client.lambdas.list_functions()
    with pytest.raises(ClientError) as caught:
        client.lambdas.list_functions()
    assert code(caught) == "TooManyRequestsException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert caught.value.response["Reason"] == "CallerRateLimitExceeded"
    assert caught.value.response["retryAfterSeconds"] == "3"
    for _ in range(20):
        client.lambdas.get_function(FunctionName="one")
    client.invoke()
    client.logs.describe_log_groups()


def test_a_bucket_fills_again():
    now = [0.0]
    bucket = TokenBucket(per_second=2, burst=2, clock=lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]


def test_the_account(misbehaving):
    client = misbehaving(account={"concurrency": 10, "busy": 10, "memory_mb": 3008})
    with pytest.raises(ClientError, match="Member must have value less than or equal to 3008"):
        client.create("large", MemorySize=3009)
    client.create()
    assert client.lambdas.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 10
    with pytest.raises(ClientError) as caught:
        client.invoke()
    assert caught.value.response["Reason"] == "ConcurrentInvocationLimitExceeded"


def test_a_new_function_is_seen_late(misbehaving):
    client = misbehaving(consistency={"get_function_seconds": 60, "tags_seconds": 60})
    arn = client.create(Tags={"a": "b"})["FunctionArn"]
    with pytest.raises(ClientError) as caught:
        client.lambdas.get_function(FunctionName="one")
    assert code(caught) == "ResourceNotFoundException"
    assert client.lambdas.list_functions()["Functions"] == []
    assert client.lambdas.list_tags(Resource=arn)["Tags"] == {}


def test_tags_are_seen_later_still():
    now = [0.0]
    section = ConsistencySection(get_function_seconds=1, tags_seconds=2)
    consistency = Consistency(section, clock=lambda: now[0])
    consistency.seen("lambda:CreateFunction", "one", {})
    document = {"Configuration": {}, "Tags": {"a": "b"}}
    now[0] = 1.5
    assert consistency.seen("lambda:GetFunction", "one", document) == {"Configuration": {}}
    assert consistency.seen("lambda:ListTags", "one", {"Tags": {"a": "b"}}) == {"Tags": {}}
    assert len(consistency.seen("lambda:ListFunctions", "", {"Functions": [{"FunctionName": "one"}]})["Functions"]) == 1
    now[0] = 2.0
    assert consistency.seen("lambda:GetFunction", "one", document) == document
    assert consistency.seen("lambda:ListTags", "one", {"Tags": {"a": "b"}}) == {"Tags": {"a": "b"}}


def test_credentials_expire_while_the_faults_are_active(misbehaving):
    client = misbehaving(credentials_expire_after=1)
    client.create()
    with pytest.raises(ClientError) as caught:
        client.invoke()
    assert code(caught) == "ExpiredTokenException"
    client.faults.active = False
    client.invoke()


def test_denied_operations_name_action_and_resource(misbehaving):
    client = misbehaving(denied=["lambda:Invoke"])
    client.create()
    with pytest.raises(
        ClientError, match="not authorized to perform: lambda:InvokeFunction on resource: one"
    ) as caught:
        client.invoke()
    assert code(caught) == "AccessDeniedException"


@pytest.mark.parametrize(
    ("way", "error", "created"),
    [
        ("throttled", ClientError, False),
        ("server error", ClientError, False),
        ("server error after", ClientError, True),
        ("reset", ConnectionClosedError, False),
        ("reset after", ConnectionClosedError, True),
        ("half reply", (IncompleteReadError, ResponseParserError, HTTPClientError), True),
    ],
)
def test_a_call_fails_before_or_after_it_took_effect(misbehaving, way, error, created):
    client = misbehaving(**always("lambda:CreateFunction", way))
    with pytest.raises(error):
        client.create()
    assert bool(client.lambdas.list_functions()["Functions"]) is created


@pytest.mark.parametrize("way", ["cut reply", "empty reply"])
def test_a_reply_that_is_not_whole_says_that_it_is(misbehaving, way):
    client = misbehaving(failures=[{"share": 1, "calls": ["lambda:CreateFunction", "lambda:Invoke"], "ways": [way]}])
    created = client.create()
    assert created.keys() == {"ResponseMetadata"}  # botocore takes what is no JSON for an answer without members
    answer = client.invoke()
    assert answer["Payload"].read() == (b"{" if way == "cut reply" else b"")
    assert "REPORT RequestId" in report(answer)
    assert len(client.lambdas.list_functions()["Functions"]) == 1


@pytest.mark.parametrize("way", ["cut reply", "empty reply"])
def test_xml_that_is_not_whole_is_none(misbehaving, session, way):
    url = misbehaving(**always("sts:*", way)).lambdas.meta.endpoint_url
    with pytest.raises(ResponseParserError):
        session.client("sts", endpoint_url=url, region_name="us-east-1").get_caller_identity()


def test_a_conflict_refuses_changes_only(misbehaving):
    client = misbehaving(**always("*", "conflict"))
    client.create()
    with pytest.raises(ClientError, match="An update is in progress for resource: one"):
        client.lambdas.delete_function(FunctionName="one")


def test_a_slow_body_comes_in_the_end(misbehaving):
    client = misbehaving(**always("lambda:ListFunctions", "slow body", seconds=0.3))
    begin = time.monotonic()
    assert client.lambdas.list_functions()["Functions"] == []
    assert time.monotonic() - begin >= 0.3


def test_reports_of_an_old_configuration_or_none(misbehaving):
    client = misbehaving(**always("lambda:Invoke", "old configuration"))
    client.create(MemorySize=512)
    assert "\tDuration: 3955.10 ms" in (old := report(client.invoke()))
    assert "Memory Size: 256 MB" in old
    client = misbehaving(**always("lambda:Invoke", "no report"))
    client.create()
    assert "LogResult" not in client.invoke()


def outcomes(client, names) -> list[bool]:
    found = []
    for name in names:
        try:
            client.lambdas.get_function_concurrency(FunctionName=name)
            found.append(True)
        except ClientError as error:
            found.append(error.response["Error"]["Code"] != "ServiceException")
    return found


def test_the_same_seed_strikes_the_same_calls_in_any_order(misbehaving):
    names = [f"f{number}" for number in range(40)]
    chaos = {"failures": [{"share": 0.3, "ways": ["server error"]}]}
    first, second, other = (misbehaving(seed=seed, **chaos) for seed in (1, 1, 2))
    found = outcomes(first, names)
    assert found == outcomes(second, names[::-1])[::-1]
    assert found != outcomes(other, names)
    assert 4 <= found.count(False) <= 24


class Watcher:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def before(self, operation, call) -> None:
        self.seen.append(("before", operation))

    def after(self, operation, call) -> None:
        self.seen.append(("after", operation))


def test_a_watch_sees_calls_before_and_after(misbehaving):
    watch = Watcher()
    client = misbehaving(watch, denied=["lambda:ListFunctions"])
    with pytest.raises(ClientError):
        client.lambdas.list_functions()
    assert watch.seen == [("before", "lambda:ListFunctions"), ("after", "lambda:ListFunctions")]
