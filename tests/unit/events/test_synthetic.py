"""Every trigger's synthetic event is AWS's own shape: by AWS's own models, and by handlers that use what is in it."""

import json
import textwrap

import aws_lambda_powertools.utilities.parser.models as powertools
import pytest
from moto.events.models import EventPattern

from lambdabot.events.choice import body
from lambdabot.events.shapes import ANY_SHAPE, triggers_of
from lambdabot.events.synthetic import MOST_EVENTS, NOT_MEASURED, SHAPES, of_all, synthetic
from lambdabot.model import EventSource, Place, Sent, Stated, Trigger
from lambdabot.project.discovery import discover
from tests.unit.events.corpus import declarations, handler

DECLARATIONS = declarations()
MADE = {
    f"{name}-{number}": (one, made)
    for name, one in DECLARATIONS.items()
    for number, made in enumerate(of_all(one.events))
}
WITHOUT = {"cloudformation-Header", "cloudformation-Mystery", "cloudformation-Loner", "serverless-edge"}

MODELS = {
    Trigger.REST_API: powertools.APIGatewayProxyEventModel,
    Trigger.HTTP_API: powertools.APIGatewayProxyEventV2Model,
    Trigger.FUNCTION_URL: powertools.LambdaFunctionUrlModel,
    Trigger.LOAD_BALANCER: powertools.AlbModel,
    Trigger.SQS: powertools.SqsModel,
    Trigger.SNS: powertools.SnsModel,
    Trigger.S3: powertools.S3Model,
    Trigger.EVENTBRIDGE: powertools.EventBridgeModel,
    Trigger.DYNAMODB: powertools.DynamoDBStreamModel,
    Trigger.KINESIS: powertools.KinesisDataStreamModel,
    Trigger.LOGS: powertools.CloudWatchLogsModel,
}
COGNITO = {
    "PreSignUp": powertools.CognitoPreSignupTriggerModel,
    "PostConfirmation": powertools.CognitoPostConfirmationTriggerModel,
    "PreAuthentication": powertools.CognitoPreAuthenticationTriggerModel,
    "PostAuthentication": powertools.CognitoPostAuthenticationTriggerModel,
    "PreTokenGeneration": powertools.CognitoPreTokenGenerationTriggerModelV1,
    "PreTokenGenerationConfig": powertools.CognitoPreTokenGenerationTriggerModelV2AndV3,
    "UserMigration": powertools.CognitoMigrateUserTriggerModel,
    "CustomMessage": powertools.CognitoCustomMessageTriggerModel,
    "DefineAuthChallenge": powertools.CognitoDefineAuthChallengeTriggerModel,
    "CreateAuthChallenge": powertools.CognitoCreateAuthChallengeTriggerModel,
    "VerifyAuthChallengeResponse": powertools.CognitoVerifyAuthChallengeTriggerModel,
    "CustomEmailSender": powertools.CognitoCustomEmailSenderTriggerModel,
    "CustomSMSSender": powertools.CognitoCustomSMSSenderTriggerModel,
}


def source(kind, *, batch=None, **sent):
    place = Place(path=DECLARATIONS["sam-Worker"].place.path, line=1)
    size = None if batch is None else Stated(value=batch, place=place)
    return EventSource(name="Source", kind=kind, place=place, batch_size=size, sent=Sent(**sent))


def event(kind, **sent):
    (made,) = synthetic(source(kind, **sent))
    return json.loads(body(made))


def model_of(trigger, event):
    version, kind = event.get("version"), event.get("type")
    special = {
        (Trigger.HTTP_API, version == "1.0"): powertools.APIGatewayProxyEventModel,
        (Trigger.AUTHORIZER, kind == "TOKEN"): powertools.ApiGatewayAuthorizerToken,
        (Trigger.AUTHORIZER, version == "2.0"): powertools.ApiGatewayAuthorizerRequestV2,
        (Trigger.AUTHORIZER, kind == "REQUEST" and version != "2.0"): powertools.ApiGatewayAuthorizerRequest,
        (Trigger.KAFKA, event.get("eventSource") == "aws:kafka"): powertools.KafkaMskEventModel,
        (Trigger.KAFKA, event.get("eventSource") == "SelfManagedKafka"): powertools.KafkaSelfManagedEventModel,
        (Trigger.SCHEDULE, event.get("source") == "aws.events"): powertools.EventBridgeModel,
    }
    if trigger is Trigger.WEBSOCKET_API:
        return getattr(powertools, f"APIGatewayWebSocket{event['requestContext']['eventType'].title()}EventModel")
    if trigger is Trigger.COGNITO:
        its = event["triggerSource"].partition("_")[0]
        return COGNITO["PreTokenGeneration" if its == "TokenGeneration" else its]
    return special.get((trigger, True), MODELS.get(trigger))


def test_the_corpus_has_functions_of_every_trigger_and_family():
    triggers = {one.trigger for each in DECLARATIONS.values() for one in each.events}
    assert len(DECLARATIONS) >= 40
    assert triggers - {None} == set(SHAPES) | set(NOT_MEASURED)


def test_only_what_sends_something_unknown_has_no_event():
    assert {name for name, one in DECLARATIONS.items() if not of_all(one.events)} == WITHOUT


@pytest.mark.parametrize("name", MADE)
def test_the_handler_of_a_trigger_takes_its_event(name):
    declaration, made = MADE[name]

    json.dumps(handler(declaration)(json.loads(body(made)), None))


@pytest.mark.parametrize("name", [name for name in DECLARATIONS if name not in WITHOUT])
def test_the_handler_refuses_the_empty_event_and_another_triggers(name):
    """Else its taking the right one would show nothing."""
    declaration = DECLARATIONS[name]
    used = handler(declaration)
    triggers = {one.trigger for one in declaration.events}
    other = event("sns") if Trigger.SQS in triggers else event("sqs")
    if triggers == {Trigger.STEP_FUNCTIONS}:
        return  # which takes any

    for wrong in ({}, other):
        with pytest.raises((KeyError, AssertionError, ValueError, TypeError)):
            used(wrong, None)


MODELLED = {}
UNMODELLED = set()
for _name, (_declaration, _made) in MADE.items():
    (_trigger,) = {one.trigger for one in _declaration.events}
    _model = model_of(_trigger, json.loads(body(_made)))
    if _model is None:
        UNMODELLED.add(_made.name)
    else:
        MODELLED[_name] = _model


@pytest.mark.parametrize("name", MODELLED)
def test_an_event_is_what_awss_own_model_of_it_takes(name):
    MODELLED[name].model_validate(json.loads(body(MADE[name][1])))


def test_aws_has_a_model_of_all_but_a_few():
    """Whose keys are held below, or which send what their own definition makes."""
    assert {"ActiveMQ", "RabbitMQ", "DocumentDB", "IoT", "Alexa", "Step Functions", "schedule"} == UNMODELLED
    assert len(MODELLED) >= 60


@pytest.mark.parametrize("name", COGNITO)
def test_every_trigger_of_a_user_pool_has_its_request_and_its_response(name):
    data = event("cognito", names=(name,))

    COGNITO[name].model_validate(data)


@pytest.mark.parametrize("name", ["PreSignUp", "pre_sign_up", "preSignUp"])
def test_a_user_pools_trigger_has_one_event_however_a_format_writes_its_name(name):
    assert event("cognito", names=(name,))["triggerSource"] == "PreSignUp_SignUp"


@pytest.mark.parametrize("name", MADE)
def test_an_event_is_recognised_as_its_triggers(name):
    declaration, made = MADE[name]
    triggers = {one.trigger for one in declaration.events}
    constant = any(one.sent.input for one in declaration.events)
    v1 = Trigger.REST_API if any(one.sent.form == "1.0" for one in declaration.events) else None

    found = triggers_of(json.loads(body(made)))

    assert triggers & ANY_SHAPE or constant or triggers & found or v1 in found


@pytest.mark.parametrize(
    ("pattern", "also"),
    [
        ({"source": ["aws.ec2"], "detail": {"state": ["terminated"]}}, {}),
        ({"source": [{"prefix": "shop."}], "detail-type": [{"suffix": "Placed"}]}, {}),
        ({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100, "<=", 500]}]}}, {}),
        ({"source": ["shop"], "detail": {"total": [{"numeric": ["=", 7]}], "note": [{"exists": True}]}}, {}),
        ({"source": ["shop"], "detail": {"note": [{"exists": False}]}}, {}),
        ({"source": ["aws.s3"], "detail": {"reason": [{"exists": False}]}}, {}),
        ({"resources": ["arn:aws:s3:::photos"]}, {}),
        ({"detail": {"state": [{"anything-but": ["running", "value"]}]}}, {"detail": {"state": "other"}}),
        ({"detail": {"state": [{"anything-but": {"prefix": "val"}}]}}, {"detail": {"state": "other"}}),
        ({"detail": {"state": [{"anything-but": ["value", "other"]}]}}, {"detail": {"state": "~value~"}}),
        ({"detail": {"size": [{"anything-but": [1, 2]}]}}, {"detail": {"size": 3}}),
        ({"detail": {"name": [{"equals-ignore-case": "Anna"}]}}, {"detail": {"name": "Anna"}}),
        ({"detail": {"key": [{"wildcard": "images/*.png"}]}}, {"detail": {"key": "images/.png"}}),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, {"detail": {"ip": "10.0.0.0"}}),
        ({"$or": [{"source": ["one"]}, {"source": ["two"]}]}, {"source": "one"}),
    ],
    ids=str,
)
def test_a_rules_event_is_one_that_its_pattern_matches(pattern, also):
    """By moto's matcher, a second opinion; what that does not know is held by what is expected."""
    made = event("eventbridgerule", pattern=json.dumps(pattern))

    unknown = any(word in json.dumps(pattern) for word in ("anything-but", "ignore-case", "wildcard", "cidr", "$or"))
    assert unknown or EventPattern.load(json.dumps(pattern)).matches_event(made)
    assert {**made, **also} == made


@pytest.mark.parametrize(
    ("batch", "count"), [(None, 10), (1, 1), (7, 7), (10, 10), (10_000, 10)], ids=["unsaid", "1", "7", "10", "10000"]
)
@pytest.mark.parametrize("kind", ["sqs", "kinesis", "dynamodb"])
def test_a_batch_has_as_many_records_as_the_template_says_and_ten_at_most(kind, batch, count):
    (made,) = synthetic(source(kind, batch=batch))

    assert len(made.event["Records"]) == count
    assert made.words.endswith(f"of {count} record{'s' if count > 1 else ''}")


def test_a_request_has_its_routes_method_path_and_parameters():
    made = event("api", method="POST", path="/shops/{shop}/items/{proxy+}")

    assert (made["httpMethod"], made["path"], made["resource"]) == (
        "POST",
        "/shops/1/items/path",
        "/shops/{shop}/items/{proxy+}",
    )
    assert made["pathParameters"] == {"shop": "1", "proxy": "path"}
    assert made["body"] == "{}"


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", ""])
def test_a_method_that_has_no_body_sends_none(method):
    assert event("api", method=method, path="/")["body"] is None
    assert "body" not in event("httpapi", method=method, path="/")


@pytest.mark.parametrize(
    ("kind", "sent", "keys"),
    [
        (
            "mq",
            {},
            """messageID messageType timestamp deliveryMode correlationID replyTo destination redelivered type
            expiration priority data brokerInTime brokerOutTime properties""",
        ),
        ("rabbitmq", {"form": "rabbitmq"}, "basicProperties redelivered data"),
        ("documentdb", {}, "_id clusterTime documentKey fullDocument ns operationType"),
    ],
)
def test_what_aws_has_no_model_of_has_the_keys_of_its_documentation(kind, sent, keys):
    data = event(kind, **sent)
    record = {
        "mq": lambda: data["messages"][0],
        "rabbitmq": lambda: data["rmqMessagesByQueue"]["queue::/"][0],
        "documentdb": lambda: data["events"][0]["event"],
    }[kind]()

    assert record.keys() == set(keys.split())
    assert data["eventSourceArn"].startswith("arn:aws:")


def test_a_schedule_sends_what_its_own_service_sends_without_an_input():
    assert event("schedule")["source"] == "aws.events"
    assert event("schedulev2")["source"] == "aws.scheduler"
    assert event("schedulev2")["detail"] == "{}"


def test_a_constant_input_is_the_event_whatever_its_type():
    assert event("schedule", input='["a", 1]') == ["a", 1]
    assert event("eventbridgerule", input='{"a": 1}') == {"a": 1}


def test_no_event_is_made_of_what_a_rule_transforms():
    assert synthetic(source("eventbridgerule", transformed=True)) == ()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            "template.yaml",
            """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Report:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: .
                  Events: {Week: {Type: Schedule, Properties: {Schedule: rate(7 days), Input: GIVEN}}}
            """,
        ),
        (
            "stack.yaml",
            """
            Resources:
              Report: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: a.b, Runtime: python3.13, Role: r}}
              Week:
                Type: AWS::Events::Rule
                Properties: {ScheduleExpression: rate(7 days), Targets: [{Arn: !GetAtt Report.Arn, Input: GIVEN}]}
            """,
        ),
    ],
)
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("'{\"a\": 1}'", [{"a": 1}]),
        ('!Sub \'{"a": "${Table}", "b": "${AWS::Region}"}\'', [{"a": "table", "b": "region"}]),
        ("!ImportValue input", []),
    ],
    ids=["a constant", "a constant with names in it", "known when deployed"],
)
def test_an_input_that_only_aws_knows_is_no_schedules_event(tmp_path, template, text, given, sent):
    (tmp_path / template).write_text(textwrap.dedent(text).lstrip().replace("GIVEN", given))
    (declaration,) = discover(tmp_path).functions

    assert [one.event for one in of_all(declaration.events)] == sent


def test_a_function_of_many_routes_gets_an_event_of_every_service_and_a_few_routes():
    routes = [source("api", method="GET", path=f"/{number}") for number in range(40)]

    made = of_all([*routes, source("sqs")])

    assert [one.name for one in made] == ["GET /0", "SQS", "GET /1", "GET /2", "GET /3"]
    assert len(made) == MOST_EVENTS


def test_events_are_the_same_bytes_each_time():
    again = {name: of_all(one.events) for name, one in DECLARATIONS.items()}
    assert {name: [body(one) for one in made] for name, made in again.items()} == {
        name: [body(one) for one in of_all(each.events)] for name, each in DECLARATIONS.items()
    }
