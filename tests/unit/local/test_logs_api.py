import pytest
from botocore.exceptions import ClientError

from lambdabot.local.api_error import ApiError
from lambdabot.local.call import Call
from lambdabot.local.log_store import LogStore
from lambdabot.local.logs_api import LogsApi

PREFIX = "arn:aws:logs:eu-west-1:123456789012:log-group:"


@pytest.fixture
def store() -> LogStore:
    return LogStore(PREFIX)


@pytest.fixture
def call(store):
    operations = LogsApi(store).operations
    return lambda name, **parameters: operations[name](Call(parameters=parameters, request_id="id"))


def messages(document) -> list[str]:
    return [event["message"] for event in document["events"]]


def test_writing_makes_group_and_stream(store, call):
    store.write("g", "s", [(5, "one"), (7, "two")])
    group = call("DescribeLogGroups")["logGroups"][0]
    assert (group["logGroupName"], group["storedBytes"], group["arn"]) == ("g", 6, f"{PREFIX}g:*")
    stream = call("DescribeLogStreams", logGroupName="g")["logStreams"][0]
    assert (stream["logStreamName"], stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == ("s", 5, 7)


def test_events_are_filtered(store, call):
    store.write("g", "a1", [(1, "START 1"), (2, "REPORT 1")])
    store.write("g", "a2", [(3, "REPORT 2")])
    store.write("g", "b", [(4, "REPORT 3")])
    assert messages(call("FilterLogEvents", logGroupName="g")) == ["START 1", "REPORT 1", "REPORT 2", "REPORT 3"]
    assert messages(call("FilterLogEvents", logGroupName="g", filterPattern="REPORT -3")) == ["REPORT 1", "REPORT 2"]
    assert messages(call("FilterLogEvents", logGroupName="g", logStreamNames=["a2", "b"])) == ["REPORT 2", "REPORT 3"]
    assert messages(call("FilterLogEvents", logGroupName="g", logStreamNamePrefix="a", startTime=2)) == [
        "REPORT 1",
        "REPORT 2",
    ]
    assert messages(call("FilterLogEvents", logGroupIdentifier=f"{PREFIX}g:*", endTime=1)) == ["START 1"]


def test_filtered_events_come_in_pages(store, call):
    store.write("g", "s", [(number, str(number)) for number in range(5)])
    page = call("FilterLogEvents", logGroupName="g", limit=2)
    found = messages(page)
    while "nextToken" in page:
        page = call("FilterLogEvents", logGroupName="g", limit=2, nextToken=page["nextToken"])
        found += messages(page)
    assert found == ["0", "1", "2", "3", "4"]
    with pytest.raises(ApiError, match="nextToken"):
        call("FilterLogEvents", logGroupName="g", nextToken="x")


def test_a_stream_is_read_from_its_head_and_from_its_tail(store, call):
    store.write("g", "s", [(number, str(number)) for number in range(5)])
    store.write("g", "other", [(9, "other")])
    first = call("GetLogEvents", logGroupName="g", logStreamName="s", startFromHead=True, limit=2)
    assert messages(first) == ["0", "1"]
    token = first["nextForwardToken"]
    assert messages(call("GetLogEvents", logGroupName="g", logStreamName="s", nextToken=token)) == ["2", "3", "4"]
    last = call("GetLogEvents", logGroupName="g", logStreamName="s", limit=2)
    assert messages(last) == ["3", "4"]
    token = last["nextBackwardToken"]
    assert messages(call("GetLogEvents", logGroupName="g", logStreamName="s", nextToken=token)) == ["0", "1", "2"]
    token = last["nextForwardToken"]
    end = call("GetLogEvents", logGroupName="g", logStreamName="s", nextToken=token)
    assert (messages(end), end["nextForwardToken"]) == ([], token)


def test_streams_are_sorted_and_chosen(store, call):
    for name, moment in (("b", 3), ("a", 2), ("c", 1)):
        store.write("g", name, [(moment, "x")])

    def names(**asked):
        return [
            stream["logStreamName"] for stream in call("DescribeLogStreams", logGroupName="g", **asked)["logStreams"]
        ]

    assert names() == ["a", "b", "c"]
    assert names(orderBy="LastEventTime", descending=True) == ["b", "a", "c"]
    assert names(logStreamNamePrefix="b") == ["b"]
    page = call("DescribeLogStreams", logGroupName="g", limit=2)
    assert names(nextToken=page["nextToken"]) == ["c"]


def test_a_group_keeps_its_newest_events(call):
    store = LogStore(PREFIX, group_bytes=10)
    store.write("g", "s", [(number, "xxxx") for number in range(4)])
    with store.group("g") as group:
        assert [event.timestamp for event in group.events] == [2, 3]
        assert group.stored == 8


def test_groups_are_made_tagged_and_deleted_by_boto3(client):
    logs = client("logs")
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/lambdabot/run"
    logs.create_log_group(logGroupName="/lambdabot/run", tags={"lambdabot:run": "1"})
    logs.tag_resource(resourceArn=arn, tags={"b": "2"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"lambdabot:run": "1", "b": "2"}
    logs.untag_resource(resourceArn=arn, tagKeys=["b"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"lambdabot:run": "1"}
    logs.put_retention_policy(logGroupName="/lambdabot/run", retentionInDays=1)
    group = logs.describe_log_groups(logGroupNamePrefix="/lambdabot/")["logGroups"][0]
    assert (group["logGroupArn"], group["retentionInDays"]) == (arn, 1)
    assert logs.filter_log_events(logGroupName="/lambdabot/run")["events"] == []
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName="/lambdabot/run")
    logs.delete_log_group(logGroupName="/lambdabot/run")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName="/lambdabot/run")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName="/lambdabot/run", logStreamName="s")


def test_mistakes_are_named(client, store, call):
    store.create("g", {})
    with pytest.raises(ApiError, match="log stream does not exist"):
        call("GetLogEvents", logGroupName="g", logStreamName="none")
    with pytest.raises(ApiError, match="Either logGroupName or logGroupIdentifier"):
        call("FilterLogEvents")
    logs = client("logs")
    with pytest.raises(ClientError, match="'logGroupName' failed to satisfy constraint"):
        logs.create_log_group(logGroupName="no spaces please")
    with pytest.raises(ClientError, match="DescribeQueries of logs is not supported"):
        logs.describe_queries()
