"""`lambdabot policy` against what runs really call: every call is recorded, and held to the policy by its ARN."""

import io
import json
import zipfile
from collections import defaultdict
from fnmatch import fnmatchcase

import boto3
import pytest
from botocore.client import BaseClient
from moto.server import ThreadedMotoServer

from lambdabot.cli import main
from lambdabot.local.endpoint import serve

REPOSITORY = "octo/shop"
ACCOUNT = "000000000000"  # the roles'
ROLE = f"arn:aws:iam::{ACCOUNT}:role/copies"
PREFIX = "lambdabot-"
NAMES = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
    "s3:ListObjectsV2": "s3:ListBucket",
}
ORDERS = "arn:aws:lambda:us-east-1:123456789012:function:orders"  # as the embedded endpoint counts accounts
IMPLIED = {
    "iam:PassRole",  # by CreateFunction
    "lambda:GetLayerVersion",  # by CreateFunction
    "lambda:TagResource",  # by the tags of CreateFunction
    "logs:TagResource",  # by the tags of CreateLogGroup
    "s3:GetObject",  # by CreateFunction from S3
    "s3:PutObjectTagging",  # by the tags of PutObject
    # by `lambdabot clean`
    "lambda:ListFunctions",
    "lambda:ListLayers",
    "lambda:ListTags",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "s3:GetObjectTagging",
    "s3:ListBucket",
}
SETTINGS = f"""
    version: 1
    defaults: {{role: "{ROLE}", memory_mb: [512], architectures: [x86_64], budget: {{invocations: 160, minutes: 1}}}}
    functions:
      own:
        source: src
        handler: app.handler
        layers: [shared]
        payloads: [{{sample: "s3://events/recorded/"}}, {{file: "s3://events/one.json"}}]
        before: {{function: "{ORDERS}", each: wave}}
        side_effects: accepted
      alike: {{like: "orders:live", environment: {{}}, layers: [], snap_start: false, monthly_invocations: 9}}
"""
WORK = """
import time
def handler(event, context):
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
"""


@pytest.fixture(scope="module")
def endpoint():
    with serve(anyone=True) as endpoint:
        yield endpoint.url


@pytest.fixture
def recorded(monkeypatch):
    """Record every call of every client: action and ARN."""
    calls: dict[str, set[str]] = defaultdict(set)
    call = BaseClient._make_api_call

    def record(self, operation, parameters):
        service, region = self.meta.service_model.endpoint_prefix, self.meta.region_name
        name = f"{service}:{operation}"
        calls[NAMES.get(name, name)].add(arn_of(service, region, operation, parameters))
        if operation == "CreateFunction":
            calls["iam:PassRole"].add(parameters["Role"])
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return calls


@pytest.fixture
def orders(endpoint):
    """Create the user's own function, which is only to be read."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("app.py", WORK.format(seconds=0.01))
    credentials = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("lambda", endpoint_url=endpoint, **credentials)
    client.create_function(
        FunctionName="orders",
        Role=ROLE,
        Runtime="python3.13",
        Handler="app.handler",
        MemorySize=512,
        Code={"ZipFile": stream.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="orders")
    version = client.publish_version(FunctionName="orders")["Version"]
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)


def arn_of(service: str, region: str, operation: str, parameters: dict[str, str]) -> str:
    match service:
        case "s3":
            return "arn:aws:s3:::" + "/".join(parameters[name] for name in ("Bucket", "Key") if name in parameters)
        case "lambda" if "FunctionName" in parameters:
            qualifier = f":{parameters['Qualifier']}" if "Qualifier" in parameters else ""
            name = parameters["FunctionName"]
            arn = name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
            return f"{arn}{qualifier}"
        case "lambda" if operation == "ListLayerVersions":
            return "*"
        case "lambda" if "LayerName" in parameters:
            version = f":{parameters['VersionNumber']}" if "VersionNumber" in parameters else ""
            return f"arn:aws:lambda:{region}:{ACCOUNT}:layer:{parameters['LayerName']}{version}"
        case "logs":
            return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{parameters['logGroupName']}:*"
    return "*"


def print_policy(capsys, project, *arguments: str) -> dict:
    capsys.readouterr()
    config = str(project.folder / "lambdabot.yml")
    assert main(["policy", "--config", config, "--repository", REPOSITORY, *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def allowed(policy: dict, action: str, arn: str) -> bool:
    return any(
        action in statement["Action"] and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )


@pytest.fixture
def events(monkeypatch):
    """Have recorded events in S3, which moto plays."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket="events")
    for key, body in (("one.json", b"{}"), ("recorded/1.json", b'{"n": 1}'), ("recorded/2.json", b'{"n": 2}')):
        s3.put_object(Bucket="events", Key=key, Body=body)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    yield
    server.stop()


@pytest.mark.usefixtures("orders", "events")
def test_a_full_run_calls_what_the_policy_names_and_nothing_else(project, endpoint, recorded, capsys, monkeypatch):
    project.write("src/app.py", WORK.format(seconds=0.02))
    project.write("base/src/app.py", WORK.format(seconds=0.01))
    for folder in ("", "base/"):
        project.write(f"{folder}shared/python/common.py", "X = 1\n")
    project.write("base/lambdabot.yml", SETTINGS)
    project.settings(SETTINGS)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    recorded.clear()

    _, report = project.run("--base", str(project.folder / "base"), "--region", "us-east-1", endpoint=endpoint)

    assert report["spend"]["deployments_created"] == report["spend"]["deployments_removed"] >= 3
    policy = print_policy(capsys, project, "--region", "us-east-1", "--only", "policy")
    calls = {action: frozenset(arns) for action, arns in recorded.items()}
    for action, arns in calls.items():
        for arn in arns:
            assert allowed(policy, action, arn), f"{action} on {arn}"
    named = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert named - IMPLIED == calls.keys() - IMPLIED
    reads = {"lambda:GetAccountSettings", "lambda:GetFunction", "logs:FilterLogEvents", "iam:PassRole"}
    reads |= {"lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:ListLayerVersions"}
    reads |= {"s3:GetObject", "s3:ListBucket"}
    written = {arn for action, arns in calls.items() if action not in reads for arn in arns}
    written.remove(f"{ORDERS}:$LATEST")  # which the settings have invoked before each wave
    own = (f":function:{PREFIX}", f":layer:{PREFIX}", f":log-group:/aws/lambda/{PREFIX}")
    assert all(any(part in arn for part in own) for arn in written)
