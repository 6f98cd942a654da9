"""The documents of `lambdabot policy`; moto's IAM has a validator of policies, which is asked about each."""

import ast
import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambdabot.aws import policy
from lambdabot.aws.policy import ArnScope, place_of
from lambdabot.cli import main
from lambdabot.errors import UsageError
from lambdabot.model import Architecture, Form, Layer, Payload, Preparation

REPOSITORY = "octo/shop"
HERE = ArnScope(partition="aws", account="123456789012", region="eu-west-1")
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"
ROLE = "arn:aws:iam::123456789012:role/copies"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13}
"""


@pytest.fixture
def function(make_copy):
    return make_copy().function


@pytest.fixture
def permissions(monkeypatch):
    """Return the policy by the Sid of its statements, once IAM takes it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    def of(*functions, bucket=None):
        document = policy.permissions(functions, repository=REPOSITORY, bucket=bucket, place=HERE)
        with mock_aws():
            boto3.client("iam").create_policy(PolicyName="p", PolicyDocument=json.dumps(document))
        return {statement["Sid"]: statement for statement in document["Statement"]}

    return of


def test_everything_that_is_written_carries_the_repositorys_name(permissions, function):
    statements = permissions(function, bucket="packages")
    reads = {"Account", "FindOrphans", "PassExecutionRole", "FindPackages"}
    for sid in statements.keys() - reads:
        assert all("lambdabot-3041f38b-*" in arn for arn in statements[sid]["Resource"]), sid
    assert statements["CreateCopies"]["Condition"]["StringEquals"] == {
        "aws:RequestTag/lambdabot:repository": REPOSITORY
    }
    assert statements["FindPackages"]["Condition"] == {"StringLike": {"s3:prefix": "lambdabot-3041f38b-*"}}


def test_only_the_roles_of_the_settings_may_be_passed_and_only_to_lambda(permissions, function):
    statement = permissions(function)["PassExecutionRole"]
    assert statement["Resource"] == [function.setup.role]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_a_plain_function_needs_no_more_than_that(permissions, function):
    plain = {
        "Account",
        "CreateCopies",
        "UseCopies",
        "PassExecutionRole",
        "CreateLogGroup",
        "UseLogGroup",
        "FindOrphans",
        "ReadTags",
    }
    assert permissions(function).keys() == plain
    assert "lambda:PublishVersion" not in permissions(function)["UseCopies"]["Action"]


def test_what_the_settings_have_more_needs_more(permissions, function):
    def more(**fields):
        return permissions(function.changed(**fields))

    assert "lambda:PublishVersion" in more(snap_start=True)["UseCopies"]["Action"]
    assert more(layers={Architecture.ARM64: (LAYER,)})["Layers"]["Resource"] == [LAYER]
    own = Layer(name="Common", source=Path("layer"), workspace=function.code.workspace)
    its = more(layers={Architecture.ARM64: (LAYER, own)})
    assert its["Layers"]["Resource"] == [LAYER]
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:lambdabot-3041f38b-*"
    assert (its["PublishLayers"]["Action"], its["PublishLayers"]["Resource"]) == (["lambda:PublishLayerVersion"], [arn])
    assert its["UseOwnLayers"]["Resource"] == [f"{arn}:*"]
    assert "PublishLayers" not in more(layers={Architecture.ARM64: (LAYER,)})
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders@sha256:00"
    assert more(source=image)["Images"]["Resource"] == ["arn:aws:ecr:eu-west-1:123456789012:repository/shop/orders"]
    assert "Images" not in more(source="ghcr.io/shop/orders:1")
    assert permissions(function, bucket="b")["Packages"]["Resource"] == ["arn:aws:s3:::b/lambdabot-3041f38b-*"]


def test_an_existing_function_is_read_and_nothing_else(permissions, function):
    statements = permissions(function.changed(like="orders:live", given=frozenset({"role"})))
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    assert [sid for sid, one in statements.items() if any(arn in resource for resource in one["Resource"])] == [
        "ReadExisting"
    ]
    assert statements["ReadExisting"]["Action"] == [
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetProvisionedConcurrencyConfig",
    ]
    assert statements["ReadExisting"]["Resource"] == [arn, f"{arn}:*"]
    groups = ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:*"]
    assert (statements["ReadColdStarts"]["Action"], statements["ReadColdStarts"]["Resource"]) == (
        ["logs:FilterLogEvents"],
        groups,
    )
    assert statements["ReadTraffic"]["Action"] == ["cloudwatch:GetMetricStatistics"]
    assert statements["Layers"]["Resource"] == ["arn:aws:lambda:eu-west-1:*:layer:*"]
    whole = permissions(function.changed(like=f"{arn}:live", monthly_invocations=9))
    assert whole["ReadExisting"]["Resource"] == [arn, f"{arn}:*"]
    assert "ReadTraffic" not in whole


def test_accepted_side_effects_want_the_network_and_name_the_role_to_fill_in(permissions, function):
    statements = permissions(function.changed(role=None, like="orders", side_effects_accepted=True))
    assert statements["PassExecutionRole"]["Resource"] == ["arn:aws:iam::123456789012:role/ROLE-OF-orders"]
    assert "ec2:DescribeSubnets" in statements["JoinNetwork"]["Action"]


def test_the_account_is_that_of_the_roles(function):
    assert place_of([function], account=None, region=None) == ArnScope(
        partition="aws", account="123456789012", region="*"
    )
    other = function.changed(role="arn:aws-cn:iam::210987654321:role/copies")
    with pytest.raises(UsageError, match="2 accounts"):
        place_of([function, other], account=None, region=None)
    assert place_of([function, other], account="1", region="x").account == "1"
    assert place_of([other], account=None, region="cn-north-1").arn("lambda", "x") == (
        "arn:aws-cn:lambda:cn-north-1:210987654321:x"
    )


def test_the_role_is_trusted_by_one_repository_and_its_environment():
    def subject(environment):
        (statement,) = policy.trust(repository=REPOSITORY, environment=environment, place=HERE)["Statement"]
        return statement["Condition"]["StringLike"][f"{policy.OIDC}:sub"]

    assert subject("aws") == ["repo:octo/shop:environment:aws"]
    assert subject(None) == ["repo:octo/shop:pull_request", "repo:octo/shop:ref:refs/heads/gh-readonly-queue/*"]


def test_copies_write_logs_and_traces_where_the_settings_say_so(function):
    def actions(one):
        document = policy.execution_permissions([one], repository=REPOSITORY, place=HERE)
        return {action for statement in document["Statement"] for action in statement["Action"]}

    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert actions(function) == logs
    assert actions(function.changed(tracing=True)) == logs | {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    (tmp_path / "lambdabot.yml").write_text(
        "version: 1\nfunctions:\n  orders: {like: orders, side_effects: accepted}\n"
    )
    return str(tmp_path / "lambdabot.yml")


def test_the_command_prints_documents_or_one_of_them_or_a_template(project, capsys):
    def printed(*arguments):
        assert main(["policy", "--config", project, "--repository", REPOSITORY, *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    documents = printed()
    assert documents.keys() == {"policy", "trust", "execution_policy", "execution_trust"}
    assert printed("--only", "trust") == documents["trust"]
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    template = printed("--template", "--boundary", boundary)
    roles = [resource["Properties"] for resource in template["Resources"].values()]
    assert [role["PermissionsBoundary"] for role in roles] == [boundary, boundary]
    (passing,) = (one for one in documents["policy"]["Statement"] if one["Sid"] == "PassExecutionRole")
    passing["Resource"].append({"Fn::GetAtt": ["ExecutionRole", "Arn"]})
    assert roles[0]["Policies"][0]["PolicyDocument"] == documents["policy"]
    assert "PermissionsBoundary" not in json.dumps(printed("--template"))


def test_a_template_of_the_stacks_own_place_can_be_deployed_anywhere(function):
    documents = policy.roles([function], repository=REPOSITORY, environment=None, bucket="packages", place=policy.STACK)
    body = json.dumps(policy.template(documents, boundary=None))
    with mock_aws():
        client = boto3.client("cloudformation", region_name="eu-west-1")
        client.create_stack(StackName="roles", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        (stack,) = client.describe_stacks(StackName="roles")["Stacks"]
        made = {one["OutputKey"]: one["OutputValue"].rpartition("/")[2] for one in stack["Outputs"]}
        iam = boto3.client("iam")
        document = iam.get_role_policy(RoleName=made["Job"], PolicyName="lambdabot")["PolicyDocument"]

    statements = {one["Sid"]: one for one in ast.literal_eval(document)["Statement"]}  # moto gives Python's own form
    account = "123456789012"
    copies = f"arn:aws:lambda:eu-west-1:{account}:function:lambdabot-3041f38b-*"
    assert statements["UseCopies"]["Resource"] == [copies]
    assert any(one.endswith(f":role/{made['Copies']}") for one in statements["PassExecutionRole"]["Resource"])


def test_a_repository_that_is_not_known_trusts_nobody():
    document = policy.trust(repository=None, environment=None, place=HERE)

    assert document["Statement"][0]["Principal"] == {"Federated": policy.NOBODY}
    assert not policy.NOBODY.startswith("arn:")
    assert " " in policy.NOBODY  # no domain name, and IAM takes no other


def test_the_command_reads_the_templates_too(tmp_path, capsys):
    (tmp_path / "app.py").touch()
    (tmp_path / "template.yaml").write_text(SAM)
    (tmp_path / "lambdabot.yml").write_text(f"version: 1\ndefaults: {{role: {ROLE}}}\n")

    assert main(["policy", "--config", str(tmp_path / "lambdabot.yml"), "--repository", REPOSITORY]) == 0
    assert ROLE in capsys.readouterr().out


def test_the_command_says_what_is_to_be_filled_in_and_wants_a_repository(project, capsys):
    assert main(["policy", "--config", project]) == 2
    assert "--repository owner/name" in capsys.readouterr().err
    assert main(["policy", "--config", project, "--repository", REPOSITORY]) == 0
    assert "put the role of orders" in capsys.readouterr().err


def test_events_in_s3_are_read_exactly_where_they_are_named(permissions, function):
    assert "ReadEvents" not in permissions(function)
    payloads = [Payload(name=form, body=b"", weight=1, form=form, location=f"s3://events/{form}/one") for form in Form]
    statements = permissions(function.changed(payloads=tuple(payloads)))

    assert statements["ReadEvents"]["Resource"] == [
        "arn:aws:s3:::events/event/one",
        "arn:aws:s3:::events/lines/one",
        "arn:aws:s3:::events/sample/one*",
    ]
    assert statements["ListEvents"]["Resource"] == ["arn:aws:s3:::events"]
    assert statements["ListEvents"]["Condition"] == {"StringLike": {"s3:prefix": ["sample/one*"]}}


def test_an_existing_function_is_invoked_where_set_up_names_it(permissions, function):
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:seed"
    around = {
        "before": Preparation(function=f"{arn}:live", event=b"{}"),
        "after": Preparation(function=arn, event=b"{}"),
    }

    statement = permissions(function.changed(**around))["SetUpAndTearDown"]

    assert statement["Action"] == ["lambda:GetFunction", "lambda:InvokeFunction"]
    assert statement["Resource"] == [arn, f"{arn}:$LATEST", f"{arn}:live"]
    assert "SetUpAndTearDown" not in permissions(function.changed(before=Preparation(function="seed", event=b"{}")))
