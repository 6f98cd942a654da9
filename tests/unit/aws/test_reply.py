"""Replies that did not arrive whole: of every operation, against botocore's own models."""

import ast
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel

import lambdabot.aws
from lambdabot.aws.calls.connection import connect
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.reply import NEEDED, IncompleteReplyError

ARN = "arn:aws:lambda:us-east-1:123456789012:function:one"
NOTHING_READ = {  # but, of Invoke, what stands in its head and the payload as it is
    "lambda.DeleteFunction",
    "lambda.DeleteLayerVersion",
    "lambda.Invoke",
    "lambda.ListTags",  # what has no tags may come without their map
    "logs.CreateLogGroup",
    "logs.DeleteLogGroup",
    "logs.ListTagsForResource",  # likewise
    "s3.DeleteObject",
    "s3.GetObject",  # its body is held to the length that its head states, when it is read
    "s3.PutObject",
}
CALLS = {
    "lambda.GetAccountSettings": lambda at: at.control.get_account_settings(),
    "lambda.CreateFunction": lambda at: at.control.create_function(FunctionName="one", Role=ARN, Code={"ZipFile": b""}),
    "lambda.GetFunction": lambda at: at.control.get_function(FunctionName="one"),
    "lambda.UpdateFunctionConfiguration": lambda at: at.control.update_function_configuration(FunctionName="one"),
    "lambda.PublishVersion": lambda at: at.control.publish_version(FunctionName="one"),
    "lambda.GetAlias": lambda at: at.control.get_alias(FunctionName="one", Name="live"),
    "lambda.GetProvisionedConcurrencyConfig": lambda at: at.control.get_provisioned_concurrency_config(
        FunctionName="one", Qualifier="1"
    ),
    "lambda.ListFunctions": lambda at: at.control.list_functions(),
    "lambda.ListTags": lambda at: at.control.list_tags(Resource=ARN),
    "lambda.PublishLayerVersion": lambda at: at.control.publish_layer_version(
        LayerName="one", Content={"ZipFile": b"zip"}
    ),
    "lambda.ListLayers": lambda at: at.control.list_layers(),
    "lambda.ListLayerVersions": lambda at: at.control.list_layer_versions(LayerName="one"),
    "lambda.GetLayerVersionByArn": lambda at: at.control.get_layer_version_by_arn(Arn=f"{ARN}:1"),
    "logs.DescribeLogGroups": lambda at: at.logs.describe_log_groups(),
    "logs.ListTagsForResource": lambda at: at.logs.list_tags_for_resource(resourceArn=ARN),
    "logs.FilterLogEvents": lambda at: at.logs.filter_log_events(logGroupName="one"),
    "cloudwatch.GetMetricStatistics": lambda at: at.metrics.get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="Errors", StartTime=0, EndTime=1, Period=60
    ),
    "sts.GetCallerIdentity": lambda at: at.identity.get_caller_identity(),
    "s3.ListObjectsV2": lambda at: at.objects.list_objects_v2(Bucket="bucket"),
    "s3.GetObjectTagging": lambda at: at.objects.get_object_tagging(Bucket="bucket", Key="key"),
}


def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@pytest.fixture(scope="module")
def models() -> dict[str, ServiceModel]:
    return {service: model(service) for service in ("lambda", "logs", "cloudwatch", "sts", "s3")}


def nodes() -> Iterator[ast.AST]:
    for path in Path(lambdabot.aws.__file__).parent.rglob("*.py"):
        yield from ast.walk(ast.parse(path.read_text()))


def named() -> dict[str, ast.expr]:
    """Return every operation that lambdabot/aws names, with what sends it."""
    found = {}
    for node in nodes():
        pair = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
        match pair:
            case [ast.Constant(value=str(name)), sends, *_] if re.fullmatch(r"[a-z0-9]+\.[A-Z]\w+", name):
                found[name] = sends
    return found


def test_every_operation_is_called_by_its_name(models):
    operations = named()
    assert len(operations) > 15
    for name, sends in operations.items():
        service, _, operation = name.partition(".")
        assert operation in models[service].operation_names
        if not isinstance(sends, ast.Name):
            called = {one.attr for one in ast.walk(sends) if isinstance(one, ast.Attribute)}
            assert xform_name(operation) in called, name


def test_no_operation_is_sent_but_by_its_name(models):
    known = {xform_name(name) for one in models.values() for name in one.operation_names}
    sent = {node.attr for node in nodes() if isinstance(node, ast.Attribute)} & known
    assert sent == {xform_name(name.partition(".")[2]) for name in named()}


def test_what_every_operation_must_hold_is_named():
    assert named().keys() - NOTHING_READ == NEEDED.keys()


def test_what_is_needed_is_in_botocores_models(models):
    for name, paths in NEEDED.items():
        service, _, operation = name.partition(".")
        for path in paths:
            found = models[service].operation_model(operation).output_shape
            for member in path.split("."):
                found = (found.member if isinstance(found, ListShape) else found).members[member]


@pytest.fixture
def answer():
    """Let whatever is asked be answered with this status and body."""

    class Handler(BaseHTTPRequestHandler):
        status, body, stated = 200, b"", 0

        def _serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(self.status)
            self.send_header("Content-Length", str(self.stated or len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)
            self.close_connection = self.stated > 0

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server looks these names up

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Handler.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield Handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(answer, session, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.calls.connection.boto3.Session", lambda **_: session)
    return connect(endpoint=answer.url, region="us-east-1", access_key="LOCAL")


CUT_OFF = "could not ask: the (answer was cut off on its way|endpoint failed to the last attempt .500)"  # S3's is a 500
BODIES = [b"", b"{", b'{"Configuration": {"Fun', b"<Result><Cont", b'{"Description": "\xc3', b"{}"]


@pytest.mark.parametrize("operation", NEEDED)
def test_no_reply_is_returned_that_is_not_whole(answer, place, operation):
    for body in BODIES:
        answer.body = body
        with pytest.raises(CallError, match=CUT_OFF) as caught:
            place.call(operation, lambda: CALLS[operation](place), doing="ask", attempts=2)
        assert caught.value.advice == "A fault of AWS or of the network: run again later."
        assert place.calls.total() % 2 == 0  # it was asked for again


@pytest.mark.parametrize(
    ("operation", "body", "member"),
    [
        (
            "lambda.ListFunctions",
            b'{"Functions": [{"FunctionName": "a", "FunctionArn": "b"}, {"FunctionName": "c"}]}',
            "Arn",
        ),
        ("lambda.GetFunction", b'{"Configuration": {"FunctionName": "a"}}', "Configuration.FunctionArn"),
        ("logs.DescribeLogGroups", b'{"logGroups": [{"arn": "a"}]}', "logGroups.logGroupName"),
        (
            "s3.ListObjectsV2",
            b"<R><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents></R>",
            "Contents.Key",
        ),
        ("s3.GetObjectTagging", b"<Tagging></Tagging>", "TagSet"),
    ],
)
def test_what_is_read_of_members_is_held_to(answer, place, operation, body, member):
    answer.body = body
    with pytest.raises(IncompleteReplyError, match=f"the reply of {operation.partition('.')[2]} lacks .*{member}"):
        CALLS[operation](place)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("lambda.ListFunctions", b'{"Functions": []}'),
        ("lambda.ListTags", b'{"Tags": {}}'),
        ("s3.ListObjectsV2", b"<R><IsTruncated>false</IsTruncated></R>"),
        ("s3.GetObjectTagging", b"<Tagging><TagSet/></Tagging>"),
    ],
)
def test_a_reply_may_hold_nothing_of_a_kind(answer, place, operation, body):
    answer.body = body
    CALLS[operation](place)


@pytest.mark.parametrize("status", [200, 404, 409])
@pytest.mark.parametrize("operation", ["lambda.ListTags", "lambda.DeleteFunction", "sts.GetCallerIdentity"])
def test_a_body_that_is_shorter_than_its_length_did_not_arrive(answer, place, operation, status):
    answer.status, answer.body, answer.stated = status, b'{"Tags": {}}', 100  # as it is, it would do
    calls = CALLS | {"lambda.DeleteFunction": lambda at: at.remover.delete_function(FunctionName="one")}
    with pytest.raises(CallError, match=CUT_OFF):
        place.call(operation, lambda: calls[operation](place), doing="ask", attempts=2)
    assert place.calls.total() == 2


def test_an_error_that_lost_its_name_is_asked_for_again(answer, place):
    answer.status, answer.body = 400, b'{"__type": "Thrott'
    with pytest.raises(CallError, match="the reply of FilterLogEvents lacks its error code"):
        place.call("logs.FilterLogEvents", lambda: CALLS["logs.FilterLogEvents"](place), doing="ask", attempts=3)
    assert place.calls.total() == 3
