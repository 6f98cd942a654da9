"""Where nothing stands for AWS, unmodified SDKs are told so at once, in each protocol, and what they asked is kept."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdabot.local.exchange import Request
from lambdabot.local.stand_ins.access import Access
from lambdabot.local.stand_ins.nowhere import _MOST, Nowhere
from lambdabot.local.stand_ins.recognition import recognise
from lambdabot.local.stand_ins.stand_ins import StandIns
from lambdabot.model import StandIn

EXAMPLES = Path(__file__).parents[4] / "examples/workflows"
TABLE = {"TableName": "t", "Key": {"id": {"S": "1"}}}
MESSAGE = {"Source": "a@b.c", "Destination": {}, "Message": {"Subject": {"Data": ""}, "Body": {}}}
CALLS = [
    ("dynamodb", "get_item", TABLE, "dynamodb:GetItem"),
    ("sqs", "send_message", {"QueueUrl": "http://127.0.0.1/1/q", "MessageBody": "x"}, "sqs:SendMessage"),
    ("stepfunctions", "start_execution", {"stateMachineArn": "arn:aws:x"}, "states:StartExecution"),
    ("sns", "publish", {"Message": "x", "TopicArn": "arn:aws:x"}, "sns:Publish"),
    ("ses", "send_email", MESSAGE, "ses:SendEmail"),
    ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity"),
    ("ec2", "describe_instances", {}, "ec2:DescribeInstances"),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}, "cloudwatch:PutMetricData"),
    ("lambda", "invoke", {"FunctionName": "f"}, "lambda:Invoke"),
    ("bedrock-runtime", "invoke_model", {"modelId": "m", "body": b"{}"}, "bedrock:InvokeModel"),
    ("s3", "get_object", {"Bucket": "bucket", "Key": "a/b"}, "s3:GetObject"),
    ("s3", "put_object", {"Bucket": "bucket", "Key": "k", "Body": b"x"}, "s3:PutObject"),
    ("s3", "copy_object", {"Bucket": "bucket", "Key": "k", "CopySource": "a/b"}, "s3:CopyObject"),
    ("s3", "create_multipart_upload", {"Bucket": "bucket", "Key": "k"}, "s3:CreateMultipartUpload"),
    ("s3", "get_object_acl", {"Bucket": "bucket", "Key": "k"}, "s3:GetObjectAcl"),
    ("s3", "list_objects_v2", {"Bucket": "bucket"}, "s3:ListObjectsV2"),
    ("s3", "list_buckets", {}, "s3:ListBuckets"),
    ("route53", "list_hosted_zones", {}, "route53:ListHostedZones"),
]


@pytest.fixture(scope="module")
def nowhere() -> Iterator[Nowhere]:
    found = Nowhere()
    yield found
    found.close()


def signed(key: str, service: str, operation: str) -> Request:
    """Return a request as a client of AWS's JSON protocol signs it."""
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20261201/us-east-1/{service}/aws4_request, Signature=x"
    headers = {"authorization": scope, "x-amz-target": f"Any_20120810.{operation}"}
    return Request(method="POST", path="/", query="", headers=headers, body=b"{}")


def client(service: str, variables: dict[str, str]):
    """Return an unmodified client, by what the workers' variables say."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
    )


@pytest.mark.parametrize(("service", "operation", "parameters", "name"), CALLS)
def test_a_call_is_named_and_refused_at_once(nowhere, service, operation, parameters, name):
    access = Access.new()
    nowhere.expect(access.key)

    with pytest.raises(ClientError) as caught:
        getattr(client(service, access.variables(nowhere.url)), operation)(**parameters)

    error = caught.value.response["Error"]
    assert error["Code"] == "NoAWSHere"
    assert error["Message"] == f"no AWS here for {name}: set `local` in lambdabot.yml"
    assert nowhere.calls(access.key) == {name: 1}  # the SDK asked once


def test_an_answer_without_a_body_is_refused_as_quickly(nowhere):
    access = Access.new()
    nowhere.expect(access.key)
    with pytest.raises(ClientError, match="403"):
        client("s3", access.variables(nowhere.url)).head_object(Bucket="bucket", Key="k")
    assert nowhere.calls(access.key) == {"s3:HeadObject": 1}


@pytest.mark.parametrize("chunks", [b"3;x=y\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n", b"0\r\n\r\n", b"zz\r\n", b"FFFFFFFF\r\n"])
def test_a_body_in_chunks_is_read_as_s3s_streams_need_it(nowhere, chunks):
    """Of the JavaScript SDK; what is no chunk ends the connection with an answer too."""
    access = Access.new()
    nowhere.expect(access.key)
    scope = signed(access.key, "s3", "").headers["authorization"]
    head = f"PUT /bucket/key HTTP/1.1\r\nAuthorization: {scope}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(nowhere.url.rpartition(":")[2])), timeout=20) as line:
        line.sendall(head.encode() + chunks)
        answer = line.recv(65_536).decode()
    whole = chunks.endswith(b"0\r\n\r\n") or b"x-sum" in chunks
    assert answer.startswith("HTTP/1.1 403" if whole else "HTTP/1.1 413")
    assert nowhere.calls(access.key) == ({"s3:PutObject": 1} if whole else {})


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_tells_who_made_it(nowhere, version):
    access = Access.new()
    nowhere.expect(access.key)
    variables = access.variables(nowhere.url)
    s3 = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=nowhere.url,
        aws_access_key_id=access.key,
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=boto3.session.Config(signature_version=version),
    )
    address = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address)
    caught.value.close()
    assert nowhere.calls(access.key) == {"s3:GetObject": 1}


def test_who_signs_as_nobody_is_nobodys_call(nowhere):
    mine, unknown = Access.new(), Access.new()
    nowhere.expect(mine.key)
    with pytest.raises(ClientError):
        client("sqs", unknown.variables(nowhere.url)).list_queues()
    assert (nowhere.calls(mine.key), nowhere.calls(unknown.key)) == ({}, {})


def test_what_a_function_makes_up_is_bounded(nowhere):
    access = Access.new()
    nowhere.expect(access.key)
    for number in range(_MOST + 5):
        nowhere._answer(signed(access.key, "dynamodb", f"Op{number}"))
    for name in ("a|b", "x" * 100, "<img>"):
        assert str(recognise(signed(access.key, "dynamodb", name), "dynamodb")) == "dynamodb:unknown"
    assert len(nowhere.calls(access.key)) == _MOST


def test_credentials_are_plainly_none():
    variables = Access.new().variables("http://127.0.0.1:1")
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIAFAKE")
    assert "no-real-credentials" in variables["AWS_SECRET_ACCESS_KEY"]
    assert "no-real-credentials" in variables["AWS_SESSION_TOKEN"]


def test_an_endpoint_of_the_users_own_knows_all_copies_as_one():
    """DynamoDB Local keeps tables by access key id, and a step of the workflow makes them."""
    stand_ins = StandIns()
    try:
        for name in ("head", "base"):
            stand_ins.give(name, "us-east-1", StandIn(url="http://dynamodb:8000"))
        found = [stand_ins.variables(name, "us-east-1") for name in ("head", "base")]
    finally:
        stand_ins.close()
    assert found[0] == found[1]
    assert found[0]["AWS_ENDPOINT_URL"] == "http://dynamodb:8000"
    assert found[0]["AWS_ACCESS_KEY_ID"] in (EXAMPLES / "aws-service.yml").read_text()


def test_a_copy_keeps_its_access_through_all_its_environments():
    stand_ins = StandIns()
    try:
        first, again = stand_ins.variables("copy", "eu-west-1"), stand_ins.variables("copy", "eu-west-1")
        other = stand_ins.variables("other", "eu-west-1")
    finally:
        stand_ins.close()
    assert first == again
    assert first["AWS_ACCESS_KEY_ID"] != other["AWS_ACCESS_KEY_ID"]


def test_a_service_that_nobody_knows_is_refused_too(nowhere):
    """As an API of the user's own behind API Gateway, whose calls are signed."""
    access = Access.new()
    nowhere.expect(access.key)
    request = replace(signed(access.key, "execute-api", ""), path="/stage/orders", headers={})
    scope = {"authorization": signed(access.key, "execute-api", "").headers["authorization"]}
    assert nowhere._answer(replace(request, headers=scope)).status == 403
    assert nowhere.calls(access.key) == {"execute-api:POST": 1}
