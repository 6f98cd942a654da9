"""Events of HTTP: API Gateway's REST, HTTP and WebSocket APIs, their authorizers, function URLs, load balancers.

Sources: API Gateway Developer Guide, "Input format of a Lambda function for proxy integration", "Create AWS Lambda
proxy integrations for HTTP APIs in API Gateway", "Input to an API Gateway Lambda authorizer", "Control access to HTTP
APIs with AWS Lambda authorizers", and of WebSocket APIs "$context variables"; Lambda Developer Guide, "Invoking Lambda
function URLs" and "Process Application Load Balancer requests with Lambda".
"""

import re
from typing import Any

from lambdabot.events.fixed import (
    ACCOUNT,
    CLIENT,
    EPOCH_MS,
    REGION,
    REQUEST_ID,
    REQUEST_TIME,
    USER_AGENT,
    Event,
    Made,
    arn,
)
from lambdabot.model import EventSource, Sent

API = "a1b2c3d4e5"
API_HOST = f"{API}.execute-api.{REGION}.amazonaws.com"
URL_HOST = f"a1b2c3d4e5f6g7h8i9j0.lambda-url.{REGION}.on.aws"
BALANCER_HOST = f"lambdabot-1234567890.{REGION}.elb.amazonaws.com"

_PARAMETER = re.compile(r"\{([^{}+]+)(\+?)\}")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_ANY = frozenset({"", "ANY", "*", "X-AMAZON-APIGATEWAY-ANY-METHOD"})
_DEFAULT = "$default"


def method_of(sent: Sent) -> str:
    """Return the method of a request: the route's, and GET where that takes any."""
    return "GET" if takes_any(sent) else sent.method.upper()


def takes_any(sent: Sent) -> bool:
    """Tell whether a route takes any method."""
    return sent.method.upper() in _ANY


def parameters(path: str) -> dict[str, str]:
    """Return a value for each parameter of a path: `1` for `{id}`, `path` for `{proxy+}`."""
    return {name: "path" if greedy else "1" for name, greedy in _PARAMETER.findall(path)}


def filled(path: str) -> str:
    """Return a path with the values of its parameters."""
    return _PARAMETER.sub(lambda found: "path" if found[2] else "1", path)


def fits(path: str, route: str) -> bool:
    """Tell whether a request's path is one of a route, step by step: patterns of a stranger's make slow expressions."""
    asked, steps = path.strip("/").split("/"), route.strip("/").split("/")
    if steps[-1].endswith("+}"):
        asked, steps = asked[: len(steps)], [*steps[:-1], "{}"]
    return len(asked) == len(steps) and all(
        bool(one) if "{" in step else one == step for one, step in zip(asked, steps, strict=True)
    )


def rest(source: EventSource) -> tuple[Made, ...]:
    """Return a request of a REST API's proxy integration."""
    return (_made(_rest(source.sent), source.sent, "API Gateway REST API"),)


def http_api(source: EventSource) -> tuple[Made, ...]:
    """Return a request of an HTTP API, in the format of its integration: 2.0 unless the template says 1.0."""
    sent = source.sent
    if sent.form == "1.0":
        return (_made({"version": "1.0", **_rest(sent)}, sent, "API Gateway HTTP API"),)
    key = f"{_verb(sent)} {sent.path}" if sent.path and sent.path != _DEFAULT else _DEFAULT
    return (_made(_v2(sent, host=API_HOST, api=API, key=key), sent, "API Gateway HTTP API"),)


def function_url(source: EventSource) -> tuple[Made, ...]:
    """Return a request of a function URL."""
    event = _v2(source.sent, host=URL_HOST, api=URL_HOST.partition(".")[0], key=_DEFAULT)
    return (_made(event, source.sent, "function URL"),)


def load_balancer(source: EventSource) -> tuple[Made, ...]:
    """Return a request of an Application Load Balancer, whose rules write a path with `*`."""
    method, path = method_of(source.sent), source.sent.path.replace("*", "path").replace("?", "x") or "/"
    body = "{}" if method in _WITH_BODY else ""
    event = {
        "requestContext": {
            "elb": {"targetGroupArn": arn("elasticloadbalancing", "targetgroup/lambdabot/6d0ecf831eec9f09")}
        },
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {**_headers(BALANCER_HOST, body), "x-amzn-trace-id": "Root=1-67752d40-0123456789abcdef01234567"},
        "body": body,
        "isBase64Encoded": False,
    }
    return (_made(event, source.sent, "Application Load Balancer"),)


def websocket(source: EventSource) -> tuple[Made, ...]:
    """Return what a WebSocket API sends for a route: a connection that opens or closes, or a message."""
    key = source.sent.path or _DEFAULT
    kind = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(key, "MESSAGE")
    context: dict[str, Any] = {
        "routeKey": key,
        "eventType": kind,
        "extendedRequestId": "Dm9ixHGSoAMFTeA=",
        "requestTime": REQUEST_TIME,
        "messageDirection": "IN",
        "stage": "prod",
        "connectedAt": EPOCH_MS,
        "requestTimeEpoch": EPOCH_MS,
        "identity": {"sourceIp": CLIENT, "userAgent": USER_AGENT},
        "requestId": "Dm9ixHGSoAMFTeA=",
        "domainName": API_HOST,
        "connectionId": "Dm9ixcuDoAMCJqw=",
        "apiId": API,
    }
    event: dict[str, Any] = {"requestContext": context, "isBase64Encoded": False}
    if kind == "MESSAGE":
        context["messageId"] = "Dm9izeOeIAMCJqw="
        event["body"] = '{"action":"%s"}' % (key if key != _DEFAULT else "message")
    else:
        headers = {
            "Host": API_HOST,
            "User-Agent": USER_AGENT,
            "X-Forwarded-For": CLIENT,
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        }
        event = {"headers": headers, "multiValueHeaders": {name: [one] for name, one in headers.items()}, **event}
    if kind == "DISCONNECT":
        context |= {"disconnectStatusCode": 1000, "disconnectReason": ""}
    return (Made(name=key.strip("$"), event=event, words=f"an API Gateway WebSocket API event of the route {key}"),)


def authorizer(source: EventSource) -> tuple[Made, ...]:
    """Return what API Gateway asks an authorizer: of its TOKEN or REQUEST kind, or of an HTTP API's format."""
    sent, words = source.sent, "an API Gateway authorizer event"
    method, path = method_of(sent), sent.path or "/"
    request_arn = arn("execute-api", f"{API}/prod/{method}{filled(path)}")
    token = "Bearer lambdabot"  # noqa: S105  # nobody's
    if sent.form in {"", "TOKEN"}:
        event: Event = {"type": "TOKEN", "methodArn": request_arn, "authorizationToken": token}
        return (Made(name="token", event=event, words=f"{words} (TOKEN)"),)
    if sent.form == "2.0":
        asked = _v2(Sent(method=method, path=path), host=API_HOST, api=API, key=f"{method} {path}")
        event = {
            **{name: one for name, one in asked.items() if name not in {"body", "isBase64Encoded"}},
            "type": "REQUEST",
            "routeArn": request_arn.replace("/prod/", f"/{_DEFAULT}/"),
            "identitySource": [token],
            "headers": {**asked["headers"], "authorization": token},
        }
        return (Made(name="request", event=event, words=f"{words} (HTTP API, 2.0)"),)
    asked = _rest(Sent(method=method, path=path))
    event = {
        **{name: one for name, one in asked.items() if name not in {"body", "isBase64Encoded"}},
        "type": "REQUEST",
        "methodArn": request_arn,
        "headers": {**asked["headers"], "Authorization": token},
        "multiValueHeaders": {**asked["multiValueHeaders"], "Authorization": [token]},
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "pathParameters": asked["pathParameters"] or {},
        "stageVariables": {},
    }
    if sent.form == "1.0":
        event = {"version": "1.0", "identitySource": token, "authorizationToken": token, **event}
    return (
        Made(name="request", event=event, words=f"{words} ({'HTTP API, 1.0' if sent.form == '1.0' else 'REQUEST'})"),
    )


def _verb(sent: Sent) -> str:
    return "ANY" if takes_any(sent) else sent.method.upper()


def _made(event: Event, sent: Sent, service: str) -> Made:
    method = method_of(sent)
    path = str(event.get("path", event.get("rawPath")))
    article = "a" if service.startswith("function") else "an"
    return Made(name=f"{method} {sent.path or '/'}", event=event, words=f"{article} {service} request, {method} {path}")


def _headers(host: str, body: str | None) -> dict[str, str]:
    headers = {
        "accept": "application/json",
        "host": host,
        "user-agent": USER_AGENT,
        "x-forwarded-for": CLIENT,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    return {**headers, "content-type": "application/json", "content-length": str(len(body))} if body else headers


def _rest(sent: Sent) -> dict[str, Any]:
    """Return a request as a REST API, and an HTTP API's format 1.0, have it."""
    resource = sent.path if sent.path.startswith("/") else "/"
    method, path = method_of(sent), filled(resource)
    body = "{}" if method in _WITH_BODY else None
    headers = {name.title(): value for name, value in _headers(API_HOST, body).items()}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters(resource) or None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "extendedRequestId": "Dm9ixHGSoAMFTeA=",
            "requestTime": REQUEST_TIME,
            "path": f"/prod{path}",
            "accountId": ACCOUNT,
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "domainPrefix": API,
            "requestTimeEpoch": EPOCH_MS,
            "requestId": REQUEST_ID,
            "identity": {
                "cognitoIdentityPoolId": None,
                "accountId": None,
                "cognitoIdentityId": None,
                "caller": None,
                "sourceIp": CLIENT,
                "principalOrgId": None,
                "accessKey": None,
                "cognitoAuthenticationType": None,
                "cognitoAuthenticationProvider": None,
                "userArn": None,
                "userAgent": USER_AGENT,
                "user": None,
            },
            "domainName": API_HOST,
            "apiId": API,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _v2(sent: Sent, *, host: str, api: str, key: str) -> dict[str, Any]:
    """Return a request in payload format 2.0, which leaves out what a request does not have."""
    route = sent.path if sent.path.startswith("/") else "/"
    method, path = method_of(sent), filled(route)
    body = "{}" if method in _WITH_BODY else None
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": _headers(host, body),
        "requestContext": {
            "accountId": ACCOUNT if api == API else "anonymous",
            "apiId": api,
            "domainName": host,
            "domainPrefix": api,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": CLIENT,
                "userAgent": USER_AGENT,
            },
            "requestId": REQUEST_ID,
            "routeKey": key,
            "stage": _DEFAULT,
            "time": REQUEST_TIME,
            "timeEpoch": EPOCH_MS,
        },
        "isBase64Encoded": False,
    }
    if found := parameters(route):
        event["pathParameters"] = found
    return event if body is None else {**event, "body": body}
