"""The least that AWS must allow for the settings in force: IAM documents for the job's role and the copies' role.

Actions, resources and condition keys: AWS Service Authorization Reference (Lambda, CloudWatch Logs, S3, IAM, ECR);
trust of GitHub's OIDC provider: GitHub Docs, "Configuring OpenID Connect in Amazon Web Services".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lambdabot.aws.copies.identity import NO_REPOSITORY, name_prefix
from lambdabot.aws.existing import parse
from lambdabot.aws.recorded import place as place_in_s3
from lambdabot.errors import Mistake, UsageError
from lambdabot.model import Form, Function, Layer

PASSING = "PassExecutionRole"
OIDC = "token.actions.githubusercontent.com"
_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/")
_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^:@]+)[:@]"
)
Document = dict[str, Any]

NOBODY = "name the repository: lambdabot policy --repository OWNER/NAME --template"
"""Who is trusted where the repository is not known: no principal that IAM takes, so the role cannot be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArnScope:
    """Whose account and Region; a part that is not known is `*`."""

    partition: str
    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in this account and Region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


STACK = ArnScope(partition="${AWS::Partition}", account="${AWS::AccountId}", region="${AWS::Region}")
"""Wherever a CloudFormation template is deployed."""


def place_of(functions: Iterable[Function], *, account: str | None, region: str | None) -> ArnScope:
    """Return the account and partition that the settings' roles lie in, unless an account is named.

    Raises UsageError when the roles lie in several accounts.
    """
    found = {match.groups() for one in functions if one.setup.role and (match := _ROLE.match(one.setup.role))}
    partitions, accounts = {partition for partition, _ in found}, {account_of for _, account_of in found}
    if len(accounts) > 1 and account is None:
        message = f"the functions' roles lie in {len(accounts)} accounts"
        raise UsageError([Mistake(message=message)], advice="Name the one with `--account`, or the function.")
    return ArnScope(
        partition=next(iter(partitions), "aws"),
        account=account or next(iter(accounts), "*"),
        region=region or "*",
    )


def permissions(
    functions: Sequence[Function], *, repository: str | None, bucket: str | None, place: ArnScope
) -> Document:
    """Return the policy of the role that the job assumes: what a run with these settings and `clean` call."""
    prefix = name_prefix(repository)
    copies = place.arn("lambda", f"function:{prefix}*")
    groups = place.arn("logs", f"log-group:/aws/lambda/{prefix}*")
    tagged = {"StringEquals": {"aws:RequestTag/lambdabot:repository": repository or NO_REPOSITORY}}
    update = (
        ["lambda:PublishVersion"] if any(one.setup.snap_start or _open(one, "snap_start") for one in functions) else []
    )
    statements = [
        _allow("Account", ["lambda:GetAccountSettings"], ["*"]),
        _allow("CreateCopies", ["lambda:CreateFunction", "lambda:TagResource"], [copies], tagged),
        _allow(
            "UseCopies",
            [
                "lambda:DeleteFunction",
                "lambda:GetFunction",
                "lambda:InvokeFunction",
                "lambda:UpdateFunctionConfiguration",
                *update,
            ],
            [copies],
        ),
        _allow(
            PASSING,
            ["iam:PassRole"],
            sorted(
                {one.setup.role or _unknown_role(one, place) for one in functions if one.setup.role or one.origin.like}
            ),
            {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
        _allow("CreateLogGroup", ["logs:CreateLogGroup", "logs:TagResource"], [groups]),
        _allow("UseLogGroup", ["logs:DeleteLogGroup", "logs:FilterLogEvents"], [groups]),
        _allow("FindOrphans", ["lambda:ListFunctions", "lambda:ListLayers", "logs:DescribeLogGroups"], ["*"]),
        _allow("ReadTags", ["lambda:ListTags", "logs:ListTagsForResource"], [copies, groups]),
        *_of_bucket(prefix, bucket, place),
        *_of_existing(functions, place),
        *_of_layers(functions, prefix, place),
        *_of_images(functions, place),
        *_of_recorded(functions, place),
        *_of_preparers(functions),
    ]
    return _document(statements)


def execution_permissions(functions: Sequence[Function], *, repository: str | None, place: ArnScope) -> Document:
    """Return what the copies' role needs of lambdabot's own: logs. What the code itself calls comes on top."""
    groups = place.arn("logs", f"log-group:/aws/lambda/{name_prefix(repository)}*")
    statements = [_allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [groups])]
    if any(one.setup.tracing or _open(one, "tracing") for one in functions):
        statements.append(_allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]))
    return _document(statements)


def execution_trust() -> Document:
    """Return who may use the copies' role: Lambda."""
    principal = {"Service": "lambda.amazonaws.com"}
    return _document([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}])


def trust(*, repository: str | None, environment: str | None, place: ArnScope) -> Document:
    """Return who may assume the job's role: this repository's pull requests, or its jobs in one environment.

    A merge queue's run is that of a branch which GitHub makes (GitHub Docs, "OpenID Connect reference", `sub`).
    """
    subjects = [f"environment:{environment}"] if environment else ["pull_request", "ref:refs/heads/gh-readonly-queue/*"]
    provider = f"arn:{place.partition}:iam::{place.account}:oidc-provider/{OIDC}" if repository else NOBODY
    return _document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{OIDC}:aud": "sts.amazonaws.com"},
                    "StringLike": {f"{OIDC}:sub": [f"repo:{repository or NO_REPOSITORY}:{one}" for one in subjects]},
                },
            }
        ]
    )


def roles(
    functions: Sequence[Function],
    *,
    repository: str | None,
    environment: str | None,
    bucket: str | None,
    place: ArnScope,
) -> dict[str, Document]:
    """Return the four documents of the job's role and of the copies' role, by name."""
    return {
        "policy": permissions(functions, repository=repository, bucket=bucket, place=place),
        "trust": trust(repository=repository, environment=environment, place=place),
        "execution_policy": execution_permissions(functions, repository=repository, place=place),
        "execution_trust": execution_trust(),
    }


def template(documents: dict[str, Document], *, boundary: str | None) -> Document:
    """Return a CloudFormation template of both roles, under a permissions boundary where there is one.

    The job may pass the copies' role that the template makes, beside those of the settings.
    """
    limit = {"PermissionsBoundary": boundary} if boundary else {}
    passed = {
        **documents["policy"],
        "Statement": [
            {**one, "Resource": [*one["Resource"], {"Fn::GetAtt": ["ExecutionRole", "Arn"]}]}
            if one["Sid"] == PASSING
            else one
            for one in documents["policy"]["Statement"]
        ],
    }

    def role(name: str, trusted: Document, permitted: Document) -> Document:
        policy = {"PolicyName": name, "PolicyDocument": _substituted(permitted)}
        properties = {"AssumeRolePolicyDocument": _substituted(trusted), "Policies": [policy], **limit}
        return {"Type": "AWS::IAM::Role", "Properties": properties}

    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Roles of lambdabot: the job's, and that of its throw-away copies",
        "Resources": {
            "JobRole": role("lambdabot", documents["trust"], passed),
            "ExecutionRole": role("lambdabot-copies", documents["execution_trust"], documents["execution_policy"]),
        },
        "Outputs": {
            "Job": _output("JobRole", "for the repository's variable LAMBDABOT_ROLE"),
            "Copies": _output("ExecutionRole", "for `role` in lambdabot.yml"),
        },
    }


def _output(role: str, text: str) -> Document:
    return {"Value": {"Fn::GetAtt": [role, "Arn"]}, "Description": text}


def _substituted(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Have CloudFormation fill in where it is deployed."""
    match value:
        case str() if "${AWS::" in value:
            return {"Fn::Sub": value}
        case dict():
            return {key: _substituted(item) for key, item in value.items()}
        case list():
            return [_substituted(item) for item in value]
    return value


def _of_bucket(prefix: str, bucket: str | None, place: ArnScope) -> list[Document]:
    if bucket is None:
        return []
    objects = f"arn:{place.partition}:s3:::{bucket}/{prefix}*"
    # Lambda itself reads the package with the caller's permission.
    actions = ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"]
    below = {"StringLike": {"s3:prefix": f"{prefix}*"}}
    return [
        _allow("Packages", actions, [objects]),
        _allow("FindPackages", ["s3:ListBucket"], [f"arn:{place.partition}:s3:::{bucket}"], below),
    ]


def _of_existing(functions: Sequence[Function], place: ArnScope) -> list[Document]:
    likes = sorted({parse(one.origin.like)[0] for one in functions if one.origin.like})
    arns = [like if like.startswith("arn:") else place.arn("lambda", f"function:{like}") for like in likes]
    statements = []
    if arns:
        both = [one for arn in arns for one in (arn, f"{arn}:*")]
        groups = [place.arn("logs", f"log-group:/aws/lambda/{arn.rpartition(':')[2]}:*") for arn in arns]
        actions = ["lambda:GetAlias", "lambda:GetFunction", "lambda:GetProvisionedConcurrencyConfig"]
        statements.append(_allow("ReadExisting", actions, both))
        statements.append(_allow("ReadColdStarts", ["logs:FilterLogEvents"], groups))
    if any(one.origin.like and one.question.monthly_invocations is None for one in functions):
        statements.append(_allow("ReadTraffic", ["cloudwatch:GetMetricStatistics"], ["*"]))
    if any(one.origin.side_effects_accepted for one in functions):
        actions = ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
        statements.append(_allow("JoinNetwork", actions, ["*"]))
    return statements


def _of_layers(functions: Sequence[Function], prefix: str, place: ArnScope) -> list[Document]:
    """Return what layers take: to read those that the copies get, and to publish those that the repository holds."""
    layers = [layer for one in functions for layers in one.code.layers.values() for layer in layers]
    read = {layer for layer in layers if isinstance(layer, str)}
    if any(_open(one, "layers") for one in functions):
        read.add(f"arn:{place.partition}:lambda:{place.region}:*:layer:*")  # of any account: many are public
    statements = [_allow("Layers", ["lambda:GetLayerVersion"], sorted(read))] if read else []
    if any(isinstance(layer, Layer) for layer in layers):
        # AWS's pages disagree on whether listing a layer's versions can be limited to that layer.
        own = place.arn("lambda", f"layer:{prefix}*")
        statements += [
            _allow("PublishLayers", ["lambda:PublishLayerVersion"], [own]),
            _allow("UseOwnLayers", ["lambda:DeleteLayerVersion", "lambda:GetLayerVersion"], [f"{own}:*"]),
            _allow("ListOwnLayers", ["lambda:ListLayerVersions"], ["*"]),
        ]
    return statements


def _of_images(functions: Sequence[Function], place: ArnScope) -> list[Document]:
    repositories = {
        f"arn:{place.partition}:ecr:{match['region']}:{match['account']}:repository/{match['name']}"
        for one in functions
        if isinstance(one.code.source, str) and (match := _IMAGE.match(one.code.source))
    }
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return [_allow("Images", actions, sorted(repositories))] if repositories else []


def _of_recorded(functions: Sequence[Function], place: ArnScope) -> list[Document]:
    """Return what events in S3 take: to read exactly what the payloads name."""
    located = [payload for one in functions for payload in one.question.payloads if payload.location]
    if not located:
        return []
    samples = [place_in_s3(one.location or "") for one in located if one.form is Form.SAMPLE]
    single = [place_in_s3(one.location or "") for one in located if one.form is not Form.SAMPLE]
    s3 = f"arn:{place.partition}:s3:::"
    objects = {f"{s3}{bucket}/{key}" for bucket, key in single} | {f"{s3}{bucket}/{key}*" for bucket, key in samples}
    statements = [_allow("ReadEvents", ["s3:GetObject"], sorted(objects))]
    if samples:
        prefixes = {"StringLike": {"s3:prefix": sorted({f"{key}*" for _, key in samples})}}
        buckets = sorted({f"{s3}{bucket}" for bucket, _ in samples})
        statements.append(_allow("ListEvents", ["s3:ListBucket"], buckets, prefixes))
    return statements


def _of_preparers(functions: Sequence[Function]) -> list[Document]:
    """Return what `before` and `after` take that invoke existing functions, which the settings accept."""
    named = {each.function for one in functions for each in one.question.preparations if each.exists}
    arns = sorted({arn for one in named if one for arn in ([one] if parse(one)[1] else [one, f"{one}:$LATEST"])})
    actions = ["lambda:GetFunction", "lambda:InvokeFunction"]
    return [_allow("SetUpAndTearDown", actions, arns)] if arns else []


def _open(function: Function, key: str) -> bool:
    """Tell whether an existing function decides over a key, so that its value is not known here."""
    return function.origin.like is not None and key not in function.origin.given


def _unknown_role(function: Function, place: ArnScope) -> str:
    name = parse(function.origin.like or "")[0].rpartition(":")[2]
    return f"arn:{place.partition}:iam::{place.account}:role/ROLE-OF-{name}"


def _allow(sid: str, actions: list[str], resources: list[str], condition: Document | None = None) -> Document:
    statement: Document = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
    return statement if condition is None else {**statement, "Condition": condition}


def _document(statements: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}
