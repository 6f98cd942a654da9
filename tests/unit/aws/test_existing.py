"""What an existing function leaves to its copies: botocore's stub answers GetFunction, downloads are real ones."""

import base64
import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.stub import Stubber
from botocore.validate import ParamValidator

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.existing import Existing, code_of, completed, parse, read
from lambdabot.aws.traffic import cold_start_share, log_group, monthly_invocations
from lambdabot.errors import DeploymentError
from lambdabot.model import Architecture, Configuration, ImageConfig

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"
CODE = b"the package"
ITS = {
    "FunctionName": "orders",
    "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:live",
    "Version": "12",
    "Role": "arn:aws:iam::123456789012:role/orders",
    "Runtime": "python3.12",
    "Handler": "shop.orders",
    "Timeout": 9,
    "MemorySize": 768,
    "Architectures": ["arm64"],
    "CodeSha256": base64.b64encode(hashlib.sha256(CODE).digest()).decode(),
    "Layers": [{"Arn": LAYER, "CodeSize": 10}],
    "TracingConfig": {"Mode": "Active"},
    "EphemeralStorage": {"Size": 1024},
    "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"},
    "Environment": {"Variables": {"TABLE": "orders", "SECRET": "s3cret"}},
    "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcId": "vpc-1"},
    "FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:x", "LocalMountPath": "/mnt/x"}],
    "KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
}


@pytest.fixture
def answers(connection):
    """Let GetFunction answer so, in the shape that botocore's model gives it."""

    def give(configuration, code=None, qualifier=None):
        stub = Stubber(connection.control)
        expected = {"FunctionName": "orders", **({"Qualifier": qualifier} if qualifier else {})}
        stub.add_response("get_function", {"Configuration": configuration, "Code": code or {}}, expected)
        if qualifier:
            stub.add_client_error("get_provisioned_concurrency_config", "ProvisionedConcurrencyConfigNotFoundException")
        stub.activate()
        return connection

    return give


def existing(like="orders:live", code=None, **changes) -> Existing:
    name, qualifier = parse(like)
    return Existing(like=like, name=name, qualifier=qualifier, configuration={**ITS, **changes}, code=code or {})


@pytest.mark.parametrize(
    ("like", "name", "qualifier"),
    [
        ("orders", "orders", None),
        ("orders:live", "orders", "live"),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:orders",
            "arn:aws:lambda:us-east-1:123456789012:function:orders",
            None,
        ),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:orders:12",
            "arn:aws:lambda:us-east-1:123456789012:function:orders",
            "12",
        ),
    ],
)
def test_names_and_arns_have_qualifiers(like, name, qualifier):
    assert parse(like) == (name, qualifier)


@pytest.mark.parametrize(("qualifier", "alias"), [("live", "live"), ("12", None), ("$LATEST", None)])
def test_only_an_alias_names_what_is_live(qualifier, alias):
    assert existing(f"orders:{qualifier}").alias == alias


def test_what_the_settings_leave_open_is_taken(make_copy):
    function = make_copy().function.changed(like="orders:live", given=frozenset({"role", "environment"}))

    made = completed(function, existing())

    assert (made.code.handler, made.code.runtime, made.setup.timeout_seconds) == ("shop.orders", "python3.12", 9)
    assert made.code.layers_for(Architecture.X86_64) == made.code.layers_for(Architecture.ARM64) == (LAYER,)
    assert (made.setup.tracing, made.setup.ephemeral_storage_mb, made.setup.snap_start) == (True, 1024, True)
    assert made.setup.current == Configuration(memory_mb=768, architecture=Architecture.ARM64)
    assert not made.setup.current_assumed
    assert (made.setup.role, made.setup.environment, made.setup.attachments) == (
        function.setup.role,
        function.setup.environment,
        {},
    )


def test_what_the_settings_name_stays(make_copy):
    given = frozenset({"role", "environment", "handler", "timeout_seconds", "layers", "current"})
    function = make_copy().function.changed(like="orders", given=given, current_assumed=False)

    made = completed(function, existing())

    assert (made.code.handler, made.setup.timeout_seconds, made.code.layers) == (
        function.code.handler,
        function.setup.timeout_seconds,
        {},
    )
    assert made.setup.current == function.setup.current
    assert made.code.runtime == "python3.12"


def test_what_reaches_production_is_taken_when_accepted(make_copy):
    function = make_copy(role=None).function.changed(like="orders", side_effects_accepted=True)

    made = completed(function, existing())

    assert made.setup.role == ITS["Role"]
    assert made.setup.environment == ITS["Environment"]["Variables"]
    assert made.setup.attachments == {
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "FileSystemConfigs": ITS["FileSystemConfigs"],
        "KMSKeyArn": ITS["KMSKeyArn"],
    }


def test_what_would_reach_production_is_named_without_its_values():
    reasons = existing().needs_acceptance
    assert reasons == ("environment variables (SECRET, TABLE)", "a VPC", "a file system")
    assert existing(Environment={}, VpcConfig={"SubnetIds": []}, FileSystemConfigs=[]).needs_acceptance == ()
    encrypted = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt"}}
    assert existing(Environment=encrypted).needs_acceptance[0] == "environment variables (encrypted)"


def test_encrypted_variables_that_are_wanted_are_a_reason(make_copy):
    function = make_copy().function.changed(like="orders", side_effects_accepted=True)
    encrypted = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}
    with pytest.raises(DeploymentError, match="kms:Decrypt"):
        completed(function, existing(Environment=encrypted))
    own = function.changed(given=frozenset({"environment"}))
    assert completed(own, existing(Environment=encrypted)).setup.environment == function.setup.environment


def test_an_image_runs_what_the_existing_one_runs(make_copy):
    image = {"ImageConfig": {"Command": ["app.handler"], "EntryPoint": ["/run"], "WorkingDirectory": "/app"}}
    its = {name: value for name, value in ITS.items() if name not in {"Runtime", "Handler"}}
    one = replace(existing(), configuration={**its, "PackageType": "Image", "ImageConfigResponse": image})
    made = completed(make_copy().function, one)
    assert made.code.image_config == ImageConfig(
        entry_point=("/run",), command=("app.handler",), working_directory="/app"
    )


def test_it_is_read_at_the_alias(answers):
    one = read(answers(ITS, qualifier="live"), "orders:live")
    assert one.description == "orders:live (version 12)"
    assert one.current.memory_mb == 768


@pytest.mark.parametrize(
    ("code", "found"),
    [("", 4), ("ProvisionedConcurrencyConfigNotFoundException", 0), ("AccessDeniedException", None)],
)
def test_environments_that_are_kept_ready_are_read_at_the_alias(connection, make_copy, code, found):
    with Stubber(connection.control) as stub:
        stub.add_response("get_function", {"Configuration": ITS, "Code": {}})
        if code:
            stub.add_client_error("get_provisioned_concurrency_config", code)
        else:
            answer = {"RequestedProvisionedConcurrentExecutions": 4, "Status": "IN_PROGRESS"}
            stub.add_response(
                "get_provisioned_concurrency_config", answer, {"FunctionName": "orders", "Qualifier": "live"}
            )
        one = read(connection, "orders:live")
        stub.assert_no_pending_responses()
    assert one.provisioned_concurrency == found
    own = make_copy().function.changed(given=frozenset())
    assert completed(own, one).setup.provisioned_concurrency == (found or 0)


def test_without_an_alias_it_is_the_latest_version(answers):
    assert read(answers(ITS), "orders").description == "orders"


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        (
            "CapacityProviderConfig",
            {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn:aws:lambda:x"}},
            "managed instances",
        ),
        ("DurableConfig", {"RetentionPeriodInDays": 3}, "durable function"),
        ("TenancyConfig", {"TenantIsolationMode": "PER_TENANT"}, "isolates tenants"),
        ("AcceleratorConfig", {"AcceleratorMemorySize": 1}, "has an accelerator"),
    ],
)
def test_what_is_not_modelled_is_refused(answers, member, value, words):
    shape = boto3.client("lambda", region_name="us-east-1").meta.service_model.shape_for("FunctionConfiguration")
    assert member in shape.members  # the name is Lambda's
    with pytest.raises(DeploymentError, match=words):
        read(answers({**ITS, member: value}), "orders")


def test_a_function_that_may_not_be_read_says_what_to_allow(connection):
    words = (
        "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: lambda:GetFunction on "
        "resource: arn:aws:lambda:us-east-1:123456789012:function:orders because no identity-based policy allows it"
    )
    stub = Stubber(connection.control)
    stub.add_client_error("get_function", "AccessDeniedException", words, 403)
    with stub, pytest.raises(CallError, match="lambda:GetFunction is not allowed") as caught:
        read(connection, "orders")
    assert '"Action": "lambda:GetFunction"' in caught.value.advice


@pytest.fixture
def location():
    """Serve the package as from a presigned address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/code" else 403)
            self.end_headers()
            self.wfile.write(CODE)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/code"
    server.shutdown()
    server.server_close()


def test_the_code_is_downloaded_and_held_to_its_hash(connection, location, tmp_path):
    path = code_of(connection, existing(code={"Location": location}), tmp_path)
    assert (path.read_bytes(), path.name) == (CODE, "orders.zip")

    with pytest.raises(DeploymentError, match="it arrived damaged"):
        code_of(connection, existing(code={"Location": location}, CodeSha256="other"), tmp_path)


def test_code_that_cannot_be_had_says_why_and_never_where(connection, location, tmp_path, monkeypatch):
    secret = "?X-Amz-Signature=abc"
    for code, words in (
        ({"Location": f"{location}{secret}"}, "HTTP 403"),
        ({"Location": f"http://127.0.0.1:1/{secret}"}, "ConnectionError"),
        ({"Error": {"ErrorCode": "NoSuchKey", "Message": "the object is gone"}}, "the object is gone"),
        ({}, "no address"),
    ):
        with pytest.raises(DeploymentError, match=words) as caught:
            code_of(connection, existing(code=code), tmp_path)
        assert "abc" not in str(caught.value)
    monkeypatch.setattr("lambdabot.aws.existing._MOST_BYTES", 3)
    with pytest.raises(DeploymentError, match="does not end"):
        code_of(connection, existing(code={"Location": location}), tmp_path)


def test_an_image_is_taken_by_its_digest(connection, tmp_path):
    code = {"ImageUri": "1.dkr.ecr.x/shop:1", "ResolvedImageUri": "1.dkr.ecr.x/shop@sha256:00"}
    assert code_of(connection, existing(code=code), tmp_path) == "1.dkr.ecr.x/shop@sha256:00"


@pytest.mark.parametrize(
    ("like", "dimensions"),
    [
        ("orders", [{"Name": "FunctionName", "Value": "orders"}]),
        ("orders:live", [{"Name": "FunctionName", "Value": "orders"}, {"Name": "Resource", "Value": "orders:live"}]),
    ],
)
def test_traffic_is_the_sum_of_thirty_days(connection, like, dimensions):
    asked = []
    client = connection.metrics
    client.meta.events.register("provide-client-params.cloudwatch.*", lambda params, **_: asked.append(params))
    stub = Stubber(client)
    stub.add_response("get_metric_statistics", {"Datapoints": [{"Sum": 3.0}, {"Sum": 4.0}]})
    with stub:
        assert monthly_invocations(connection, existing(like)) == 7
    (params,) = asked
    shape = client.meta.service_model.operation_model("GetMetricStatistics").input_shape
    assert not ParamValidator().validate(params, shape).has_errors()
    assert params["Dimensions"] == dimensions
    assert (params["EndTime"] - params["StartTime"]).days == 30


def test_traffic_that_may_not_be_read_is_no_figure(connection):
    stub = Stubber(connection.metrics)
    stub.add_client_error("get_metric_statistics", "AccessDenied", "no", 403)
    with stub, pytest.raises(CallError, match="could not read the traffic of orders:live: access denied"):
        monthly_invocations(connection, existing())


@pytest.fixture
def logged(fake, connection):
    """Let the function's own log hold so many REPORT lines, some of them of cold starts."""

    def log(warm: int, cold: int, restored: int = 0) -> float | None:
        kinds = [""] * warm + ["\tInit Duration: 120.00 ms"] * cold + ["\tRestore Duration: 80.00 ms"] * restored
        fake.log_events = [
            {
                "timestamp": 2_000_000_000_000,
                "message": fake.report_line(f"{number}", more=more).split("\n")[2],
                "logStreamName": "a",
            }
            for number, more in enumerate(kinds)
        ]
        fake.page_size = 1000
        return cold_start_share(connection, existing())

    return log


def test_the_share_of_cold_starts_is_that_of_the_functions_own_log(fake, logged):
    assert logged(190, 8, restored=2) == 0.05
    assert logged(99, 0) is None
    assert log_group(existing()) == "/aws/lambda/orders"
    assert log_group(existing(LoggingConfig={"LogGroup": "/shop"})) == "/shop"


def test_no_more_than_three_pages_of_the_log_are_read(fake, logged):
    assert logged(4000, 0) == 0
    assert fake.count("FilterLogEvents") == 3


def test_a_log_that_may_not_be_read_gives_no_share(fake, connection):
    fake.fail("FilterLogEvents", status=400, code="AccessDeniedException", message="no")
    assert cold_start_share(connection, existing()) is None
