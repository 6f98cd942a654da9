"""Where no lambdabot.yml names an event: what the repository holds, else what the trigger sends, else `{}`."""

import json

import pytest

from lambdabot.events import found, http
from lambdabot.events.choice import Asked, Events
from lambdabot.model import PayloadOrigin
from lambdabot.project.discovery import discover
from lambdabot.workspace import Workspace

SQS = {"Records": [{"messageId": "1", "body": "{}", "eventSource": "aws:sqs"}]}
SNS = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "hello"}}]}
REST = {"httpMethod": "POST", "path": "/items", "resource": "/items", "body": "{}", "requestContext": {"stage": "prod"}}
V2 = {"version": "2.0", "rawPath": "/items", "requestContext": {"http": {"method": "GET"}}}


def api(path, method="get"):
    return f'{{Web: {{Type: Api, Properties: {{Path: "{path}", Method: {method}}}}}}}'


QUEUE = '{Q: {Type: SQS, Properties: {Queue: "arn:aws:sqs:us-east-1:123456789012:jobs", BatchSize: 2}}}'
TOPIC = '{T: {Type: SNS, Properties: {Topic: "arn:aws:sns:us-east-1:123456789012:news"}}}'


@pytest.fixture
def chosen(tmp_path):
    """Write a SAM template of functions and their `Events`, and files; return each function's choice."""

    def chosen(functions, files=None):
        lines = ["Transform: AWS::Serverless-2016-10-31", "Resources:"]
        for name, events in functions.items():
            folder = tmp_path / "src" / name.lower()
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "app.py").touch()
            properties = f"CodeUri: src/{name.lower()}, Handler: app.handler, Runtime: python3.13"
            properties += f", Events: {events}" if events else ""
            lines.append(f"  {name}: {{Type: AWS::Serverless::Function, Properties: {{{properties}}}}}")
        (tmp_path / "template.yaml").write_text("\n".join(lines))
        for path, event in (files or {}).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(event if isinstance(event, str) else json.dumps(event))
        asked = [
            Asked(name=one.name, code=one.code.value, handler=one.handler.value, declaration=one)
            for one in discover(tmp_path).functions
        ]
        events = Events(asked, tmp_path, Workspace(tmp_path))
        return {one.name: events.of(one.name) for one in asked}

    return chosen


def files_of(choice, root):
    return [str(path.relative_to(root)) for path in choice.files]


def test_an_event_is_given_to_the_function_whose_name_and_trigger_it_has(chosen, tmp_path):
    both = chosen(
        {"Orders": QUEUE, "Items": api("/items", "post")},
        {"events/orders.json": SQS, "events/items.json": REST, "events/readme.txt": "no event"},
    )

    assert files_of(both["Orders"], tmp_path) == ["events/orders.json"]
    assert files_of(both["Items"], tmp_path) == ["events/items.json"]
    (payload,) = both["Orders"].payloads
    assert (payload.name, json.loads(payload.body), payload.origin) == ("orders", SQS, PayloadOrigin.FOUND)
    assert payload.described == "`events/orders.json`, found in the repository"


@pytest.mark.parametrize(
    "path",
    [
        "events/event.json",
        "event.json",
        "tests/events/anything.json",
        "data/queue.json",
        "__events__/a/b.json",
        "src/orders/events/one.json",
        "src/orders/event.json",
        "events/lambdabot/Orders.json",
    ],
)
def test_an_event_is_found_wherever_people_keep_them(chosen, tmp_path, path):
    assert files_of(chosen({"Orders": QUEUE}, {path: SQS})["Orders"], tmp_path) == [path]


@pytest.mark.parametrize(
    "path", ["other/events/a.json", "node_modules/x/events/a.json", "events/a.txt", "events/a/b/c/d.json"]
)
def test_an_event_is_not_looked_for_elsewhere(chosen, path):
    assert chosen({"Orders": QUEUE}, {path: SQS})["Orders"].files == ()


def test_an_event_of_another_shape_is_not_taken_whatever_its_name(chosen):
    choice = chosen({"Orders": QUEUE}, {"events/orders.json": SNS})["Orders"]

    assert choice.files == ()
    assert [one.origin for one in choice.payloads] == [PayloadOrigin.SYNTHETIC]


def test_a_function_gets_no_event_that_is_named_for_another(chosen, tmp_path):
    both = chosen({"Orders": QUEUE, "Returns": QUEUE}, {"events/orders.json": SQS})

    assert files_of(both["Orders"], tmp_path) == ["events/orders.json"]
    assert both["Returns"].payloads[0].origin is PayloadOrigin.SYNTHETIC


def test_an_event_that_is_named_for_a_function_that_cannot_take_it_is_nobodys(chosen):
    both = chosen({"Orders": api("/a"), "Returns": QUEUE}, {"events/orders.json": SQS})

    assert both["Returns"].payloads[0].origin is PayloadOrigin.SYNTHETIC


def test_an_event_of_a_queue_is_its_functions_and_no_other_queues(chosen, tmp_path):
    other = QUEUE.replace(":jobs", ":mails")
    of_jobs = {"Records": [{"body": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:1:jobs"}]}

    both = chosen({"A": QUEUE, "B": other}, {"events/sample.json": of_jobs})

    assert files_of(both["A"], tmp_path) == ["events/sample.json"]
    assert both["B"].payloads[0].origin is PayloadOrigin.SYNTHETIC


def test_the_longest_name_is_the_one_that_is_meant(chosen, tmp_path):
    both = chosen(
        {"Orders": QUEUE, "OrdersReport": QUEUE}, {"events/orders.json": SQS, "events/event-orders-report.json": SQS}
    )

    assert files_of(both["Orders"], tmp_path) == ["events/orders.json"]
    assert files_of(both["OrdersReport"], tmp_path) == ["events/event-orders-report.json"]


def test_an_event_that_names_nobody_is_everybodys_whose_trigger_it_has(chosen, tmp_path):
    three = chosen({"Orders": QUEUE, "Returns": QUEUE, "Web": api("/a")}, {"events/sample.json": SQS})

    assert files_of(three["Orders"], tmp_path) == files_of(three["Returns"], tmp_path) == ["events/sample.json"]
    assert three["Web"].files == ()


def test_a_request_belongs_to_the_function_of_its_route(chosen, tmp_path):
    three = chosen(
        {"A": api("/items", "post"), "B": api("/items"), "C": api("/users/{id}")}, {"events/sample.json": REST}
    )

    assert files_of(three["A"], tmp_path) == ["events/sample.json"]
    assert [one.name for one in three["B"].payloads] == ["GET /items"]
    assert [one.name for one in three["C"].payloads] == ["GET /users/{id}"]


def test_the_only_function_gets_the_request_that_lies_there_whatever_its_path(chosen, tmp_path):
    other = {**REST, "path": "/path/to/resource", "resource": "/{proxy+}"}

    assert files_of(chosen({"Hello": api("/hello")}, {"events/event.json": other})["Hello"], tmp_path)


def test_an_event_beside_the_code_comes_before_one_that_anybody_may_have(chosen, tmp_path):
    both = chosen({"Orders": QUEUE, "Returns": QUEUE}, {"events/a.json": SQS, "src/orders/events/b.json": SQS})

    assert files_of(both["Orders"], tmp_path) == ["src/orders/events/b.json"]
    assert files_of(both["Returns"], tmp_path) == ["events/a.json"]


def test_a_function_without_a_trigger_gets_what_is_named_for_it_or_lies_beside_it(chosen, tmp_path):
    three = chosen(
        {"Resize": "", "Crop": "", "Blur": ""}, {"events/resize.json": {"n": 1}, "src/crop/events/a.json": {"n": 2}}
    )

    assert files_of(three["Resize"], tmp_path) == ["events/resize.json"]
    assert files_of(three["Crop"], tmp_path) == ["src/crop/events/a.json"]
    (payload,) = three["Blur"].payloads
    assert (payload.body, payload.origin) == (b"{}", PayloadOrigin.EMPTY)
    assert payload.described == "the empty event `{}`: no event was given, and no template tells what invokes it"


@pytest.mark.parametrize(
    ("broken", "why"), [("{", "is not valid JSON (line 1)"), ("[" * 100_000, "is nested too deeply"), ("\xff", "")]
)
def test_a_broken_event_is_skipped_and_told_where_it_would_have_been_the_one(chosen, broken, why):
    both = chosen({"Orders": QUEUE, "Returns": QUEUE}, {"events/orders.json": broken})

    (told,), (other,) = both["Orders"].payloads, both["Returns"].payloads
    assert told.described.startswith("a synthetic SQS event of 2 records: no event was given; `events/orders.json` is ")
    assert told.described.endswith(why)
    assert other.described == "a synthetic SQS event of 2 records: no event was given"


def test_a_broken_event_beside_a_whole_one_is_told_too(chosen):
    (told,) = chosen({"Orders": QUEUE}, {"events/orders.json": SQS, "events/orders-2.json": "{"})["Orders"].payloads

    assert "found in the repository; `events/orders-2.json` is not valid JSON" in told.described


def test_an_event_outside_the_workspace_is_not_read(chosen, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}-outside.json"
    outside.write_text(json.dumps(SQS))
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "orders.json").symlink_to(outside)

    assert chosen({"Orders": QUEUE})["Orders"].files == ()


def test_a_huge_event_and_a_folder_of_thousands_are_bounded(chosen, tmp_path, monkeypatch):
    monkeypatch.setattr(found, "LARGEST", 100)
    monkeypatch.setattr(found, "MOST_FILES", 3)
    many = {f"events/{number}.json": SQS for number in range(9)}

    choice = chosen({"Orders": QUEUE}, {**many, "events/0.json": {**SQS, "padding": "x" * 200}})["Orders"]

    assert files_of(choice, tmp_path) == ["events/1.json", "events/2.json"]


def test_all_files_together_are_bounded_too(chosen, tmp_path, monkeypatch):
    monkeypatch.setattr(found, "MOST_BYTES", 2 * found.LEAST_BYTES)

    choice = chosen({"Orders": QUEUE}, {f"events/{number}.json": SQS for number in range(4)})["Orders"]

    assert files_of(choice, tmp_path) == ["events/0.json", "events/1.json"]


def test_five_events_are_taken_and_the_others_counted(chosen):
    choice = chosen({"Orders": QUEUE}, {f"events/{number}.json": SQS for number in range(8)})["Orders"]

    assert [one.name for one in choice.payloads] == ["0", "1", "2", "3", "4"]
    assert choice.payloads[0].described.endswith("found in the repository (3 more fit as well)")


def test_events_of_one_name_are_told_apart_by_their_folders(chosen):
    choice = chosen({"Orders": QUEUE}, {"events/a/one.json": SQS, "events/b/one.json": SQS})["Orders"]

    assert [one.name for one in choice.payloads] == ["events/a/one", "events/b/one"]


def test_an_edge_function_is_not_measured_without_an_event_that_somebody_wrote(tmp_path):
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws, runtime: python3.13}\n"
        "functions: {edge: {handler: a.b, events: [{cloudFront: {eventType: viewer-request}}]}}\n"
    )
    (one,) = discover(tmp_path).functions

    choice = Events([Asked(name="edge", declaration=one)], tmp_path, Workspace(tmp_path)).of("edge")

    assert "Lambda@Edge" in choice.refused
    assert "`payloads`" in choice.refused


def test_an_unknown_source_gets_the_empty_event_which_is_told(chosen):
    (payload,) = chosen({"Orders": "{X: {Type: AppSync}}"})["Orders"].payloads

    assert payload.origin is PayloadOrigin.EMPTY
    assert payload.described.endswith("and what `X` (appsync) sends is not known")


def test_short_events_of_tests_are_known_by_their_shape(chosen, tmp_path):
    both = chosen(
        {"Orders": QUEUE, "Web": api("/items", "post")},
        {"events/a.json": {"Records": [{"body": "{}"}]}, "events/b.json": {"httpMethod": "POST", "path": "/items"}},
    )

    assert files_of(both["Orders"], tmp_path) == ["events/a.json"]
    assert files_of(both["Web"], tmp_path) == ["events/b.json"]


@pytest.mark.parametrize(
    ("events", "right", "wrong"),
    [
        (
            "{P: {Type: Cognito, Properties: {UserPool: p, Trigger: PreSignUp}}}",
            "PreSignUp_SignUp",
            "PostConfirmation_A",
        ),
        ("{P: {Type: Cognito, Properties: {UserPool: p, Trigger: [PreSignUp]}}}", "PreSignUp_AdminCreateUser", "A_B"),
    ],
)
def test_an_event_of_another_of_a_user_pools_triggers_is_not_taken(chosen, tmp_path, events, right, wrong):
    right, wrong = ({"triggerSource": one, "userPoolId": "p", "request": {}} for one in (right, wrong))

    choice = chosen({"Welcome": events}, {"events/a.json": wrong, "events/b.json": right})["Welcome"]

    assert files_of(choice, tmp_path) == ["events/b.json"]


@pytest.mark.parametrize("kind", ["ObjectCreated", "ObjectRemoved"])
def test_an_object_that_is_removed_is_none_that_is_put(chosen, tmp_path, kind):
    events = f'{{B: {{Type: S3, Properties: {{Bucket: !Ref B, Events: "s3:{kind}:*"}}}}}}'
    files = {
        f"events/{name}.json": {"Records": [{"eventSource": "aws:s3", "eventName": f"{name}:Put", "s3": {}}]}
        for name in ("ObjectCreated", "ObjectRemoved")
    }

    assert files_of(chosen({"Photos": events}, files)["Photos"], tmp_path) == [f"events/{kind}.json"]


@pytest.mark.parametrize(
    ("path", "route", "fit"),
    [
        ("/items", "/items", True),
        ("/items/", "/items", True),
        ("/items/1", "/items/{id}", True),
        ("/items/1/2", "/items/{id}", False),
        ("/items", "/items/{id}", False),
        ("/a/b/c", "/a/{proxy+}", True),
        ("/a", "/a/{proxy+}", False),
        ("/b/b", "/a/{proxy+}", False),
        ("/", "/", True),
        ("/a/b", "/{one}{two}/b", True),
    ],
)
def test_a_path_fits_its_route(path, route, fit):
    assert http.fits(path, route) is fit
