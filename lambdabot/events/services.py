"""Events of services that send one thing at a time: EventBridge, schedules, Cognito, Step Functions, logs, IoT, Alexa.

Sources: Amazon EventBridge User Guide, "Events in Amazon EventBridge"; EventBridge Scheduler API Reference, "Target"
(its default notification); Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers" and
the page of each trigger; Lambda Developer Guide, "Processing events from CloudWatch Logs" and "Using AWS Lambda with
AWS IoT"; Alexa Skills Kit, "Request and Response JSON Reference".
"""

import base64
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from lambdabot.events.fixed import ACCOUNT, EPOCH_MS, REGION, TIME, Made, arn, uuid
from lambdabot.events.pattern import matching
from lambdabot.model import EventSource

_GZIP = 31  # zlib's window bits for a gzip file, whose header then holds no time

_SERVICES: Mapping[str, Mapping[str, Any]] = {
    "aws.s3": {
        "detail-type": "Object Created",
        "detail": {
            "version": "0",
            "bucket": {"name": "bucket"},
            "object": {
                "key": "object",
                "size": 1024,
                "etag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "00617F08299329D189",
            },
            "request-id": "C3D13FE58DE4C810",
            "requester": ACCOUNT,
            "source-ip-address": "203.0.113.1",
            "reason": "PutObject",
        },
    },
    "aws.ec2": {
        "detail-type": "EC2 Instance State-change Notification",
        "detail": {"instance-id": "i-1234567890abcdef0", "state": "running"},
    },
}
"""What services of AWS send, where a handler reads more of it than a pattern names."""

USER = {"sub": uuid(1), "email_verified": "true", "cognito:user_status": "CONFIRMED", "email": "user@example.com"}

_CHALLENGE = {"challengeName": "PASSWORD_VERIFIER", "challengeResult": True, "challengeMetadata": ""}
_GROUPS: Mapping[str, Any] = {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}
_SIGN_UP = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
_MIGRATED = {
    "userAttributes": None,
    "forceAliasCreation": None,
    "finalUserStatus": None,
    "messageAction": None,
    "desiredDeliveryMediums": None,
}
_MESSAGE = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
_ATTRIBUTES = {"userAttributes": USER}

COGNITO: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {
    "presignup": (
        "PreSignUp_SignUp",
        {"userAttributes": {"email": "user@example.com"}, "validationData": None},
        _SIGN_UP,
    ),
    "postconfirmation": ("PostConfirmation_ConfirmSignUp", _ATTRIBUTES, {}),
    "preauthentication": ("PreAuthentication_Authentication", {**_ATTRIBUTES, "validationData": None}, {}),
    "postauthentication": ("PostAuthentication_Authentication", {**_ATTRIBUTES, "newDeviceUsed": False}, {}),
    "pretokengeneration": (
        "TokenGeneration_Authentication",
        {**_ATTRIBUTES, "groupConfiguration": _GROUPS},
        {"claimsOverrideDetails": None},
    ),
    "usermigration": (
        "UserMigration_Authentication",
        {"password": "EXAMPLE-password-1", "validationData": None, "userAttributes": None},
        _MIGRATED,
    ),
    "custommessage": (
        "CustomMessage_SignUp",
        {**_ATTRIBUTES, "codeParameter": "{####}", "linkParameter": "{##Click Here##}", "usernameParameter": None},
        _MESSAGE,
    ),
    "defineauthchallenge": (
        "DefineAuthChallenge_Authentication",
        {**_ATTRIBUTES, "session": [_CHALLENGE]},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    ),
    "createauthchallenge": (
        "CreateAuthChallenge_Authentication",
        {**_ATTRIBUTES, "challengeName": "CUSTOM_CHALLENGE", "session": [_CHALLENGE]},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    ),
    "verifyauthchallengeresponse": (
        "VerifyAuthChallengeResponse_Authentication",
        {**_ATTRIBUTES, "privateChallengeParameters": {"answer": "1"}, "challengeAnswer": "1"},
        {"answerCorrect": False},
    ),
    "customemailsender": (
        "CustomEmailSender_SignUp",
        {"type": "customEmailSenderRequestV1", "code": "RVhBTVBMRQ==", "clientMetadata": None, **_ATTRIBUTES},
        {},
    ),
    "customsmssender": (
        "CustomSMSSender_SignUp",
        {"type": "customSMSSenderRequestV1", "code": "RVhBTVBMRQ==", "clientMetadata": None, **_ATTRIBUTES},
        {},
    ),
}
"""By the trigger's name as templates write it, letters alone: its `triggerSource`, its request and its response."""


def eventbridge(source: EventSource) -> tuple[Made, ...]:
    """Return the rule's constant input, or an event that its own pattern lets through."""
    if source.sent.input:
        return (_constant(source, "EventBridge", "the rule's own input"),)
    try:
        pattern = json.loads(source.sent.pattern or "{}")
    except ValueError:
        pattern = {}
    asked = matching(pattern if isinstance(pattern, dict) else {}, {})
    service = str(asked.get("source", "custom.application"))
    event = {
        "version": "0",
        "id": uuid(1),
        "detail-type": "Event",
        "source": service,
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [],
        "detail": {},
        **_SERVICES.get(service, {}),
    }
    event = matching(pattern, event) if isinstance(pattern, dict) else event
    words = f"an EventBridge event that the rule's pattern matches ({event['source']}, {event['detail-type']})"
    if not source.sent.pattern:
        words = "an EventBridge event of no known pattern"
    return (Made(name="EventBridge", event=event, words=words),)


def schedule(source: EventSource) -> tuple[Made, ...]:
    """Return the schedule's constant input, or what a rule, or EventBridge Scheduler, sends without one."""
    if source.sent.input:
        return (_constant(source, "schedule", "the schedule's own input"),)
    by_scheduler = source.kind in {"schedulev2", "scheduler"}
    name = source.sent.origin or "lambdabot"
    event = {
        "version": "0",
        "id": uuid(1),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler" if by_scheduler else "aws.events",
        "account": ACCOUNT,
        "time": TIME,
        "region": REGION,
        "resources": [arn("scheduler", f"schedule/default/{name}") if by_scheduler else arn("events", f"rule/{name}")],
        "detail": "{}" if by_scheduler else {},
    }
    words = "an EventBridge Scheduler event" if by_scheduler else "an EventBridge scheduled event"
    return (Made(name="schedule", event=event, words=words),)


def _constant(source: EventSource, name: str, words: str) -> Made:
    return Made(name=name, event=json.loads(source.sent.input), words=words)


def cognito(source: EventSource) -> tuple[Made, ...]:
    """Return an event of each trigger that the user pool has the function for; sign-up where it names none."""
    names = [letters(name) for name in source.sent.names]
    known = dict.fromkeys(name for name in names if name in COGNITO) or ["presignup"]
    return tuple(_cognito_event(name) for name in known)


def letters(name: str) -> str:
    """Return a trigger's name as COGNITO has it: of `PreSignUp`, `pre_sign_up` and `PreTokenGenerationConfig`."""
    return re.sub("[^a-z]", "", name.lower()).removesuffix("config")


def _cognito_event(name: str) -> Made:
    trigger, request, response = COGNITO[name]
    event = {
        "version": "1",
        "triggerSource": trigger,
        "region": REGION,
        "userPoolId": f"{REGION}_EXAMPLE00",
        "userName": uuid(1),
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "EXAMPLEexample00example00x"},
        "request": request,
        "response": response,
    }
    return Made(name=trigger, event=event, words=f"a Cognito event of {trigger}")


def step_functions(source: EventSource) -> tuple[Made, ...]:
    """Return a plain input: a task gets what the state before it hands on, and no template tells what that is."""
    return (Made(name="Step Functions", event={"id": "1", "name": source.name}, words="a plain Step Functions input"),)


def logs(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of log lines, packed as CloudWatch Logs packs them: JSON, gzip, base64."""
    group = source.sent.origin or "/aws/lambda/lambdabot"
    batch = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "lambdabot",
        "subscriptionFilters": ["lambdabot"],
        "logEvents": [
            {"id": f"{number:056d}", "timestamp": EPOCH_MS + number, "message": f"[ERROR] made by lambdabot {number}"}
            for number in (1, 2)
        ],
    }
    packer = zlib.compressobj(0, zlib.DEFLATED, _GZIP)  # stored: the same bytes whatever the library's release
    packed = packer.compress(json.dumps(batch, separators=(",", ":")).encode()) + packer.flush()
    event = {"awslogs": {"data": base64.b64encode(packed).decode()}}
    return (Made(name="CloudWatch Logs", event=event, words=f"a CloudWatch Logs event of 2 lines of {group}"),)


def iot(source: EventSource) -> tuple[Made, ...]:
    """Return a message of a device; a rule's SQL may make anything of it."""
    event = {"deviceId": "lambdabot", "timestamp": EPOCH_MS, "temperature": 21.5, "status": "on"}
    return (
        Made(
            name="IoT", event=event, words=f"a plain AWS IoT message for the rule {source.sent.origin or source.name}"
        ),
    )


def alexa(source: EventSource) -> tuple[Made, ...]:
    """Return a skill's launch, or a directive of a smart home."""
    if source.kind == "alexasmarthome":
        header = {"namespace": "Alexa.Discovery", "name": "Discover", "payloadVersion": "3", "messageId": uuid(1)}
        payload = {"scope": {"type": "BearerToken", "token": "EXAMPLE"}}
        event: dict[str, Any] = {"directive": {"header": header, "payload": payload}}
        return (Made(name="Alexa", event=event, words="an Alexa smart home directive (Discover)"),)
    application, user = {"applicationId": "amzn1.ask.skill.EXAMPLE"}, {"userId": "amzn1.ask.account.EXAMPLE"}
    event = {
        "version": "1.0",
        "session": {
            "new": True,
            "sessionId": "amzn1.echo-api.session.EXAMPLE",
            "application": application,
            "attributes": {},
            "user": user,
        },
        "context": {
            "System": {
                "application": application,
                "user": user,
                "device": {"deviceId": "amzn1.ask.device.EXAMPLE", "supportedInterfaces": {}},
                "apiEndpoint": "https://api.amazonalexa.com",
                "apiAccessToken": "EXAMPLE",
            }
        },
        "request": {
            "type": "LaunchRequest",
            "requestId": f"amzn1.echo-api.request.{uuid(1)}",
            "timestamp": TIME,
            "locale": "en-US",
        },
    }
    return (Made(name="Alexa", event=event, words="an Alexa LaunchRequest"),)
