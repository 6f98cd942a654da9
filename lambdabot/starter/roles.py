"""The roles that a run needs on AWS, as a CloudFormation template: the job's and that of its throw-away copies.

Trust of GitHub's OIDC provider: GitHub Docs, "Configuring OpenID Connect in Amazon Web Services".
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OIDC = "token.actions.githubusercontent.com"

UNKNOWN_REPOSITORY = "OWNER/NAME"

CALLS = {
    "lambda": (
        "CreateFunction",
        "DeleteFunction",
        "GetFunction",
        "InvokeFunction",
        "PublishVersion",
        "TagResource",
        "UpdateFunctionConfiguration",
    ),
    "logs": ("CreateLogGroup", "DeleteLogGroup", "FilterLogEvents", "TagResource"),
}
"""What a run calls on its own copies, whose names all begin with `lambdabot-`."""

_REMOTE = re.compile(r"[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def roles(root: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the template by its file's name; the repository is the workflow's, or the remote `origin`'s."""
    repository = environ.get("GITHUB_REPOSITORY") or _of_remote(root) or UNKNOWN_REPOSITORY
    return {"roles.json": _template(repository)}


def _of_remote(root: Path) -> str | None:
    try:
        done = subprocess.run(
            ["git", "remote", "get-url", "origin"],  # noqa: S607  # the user's own git
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _REMOTE.search(done.stdout.strip())
    return found[1] if found else None


def _template(repository: str) -> dict[str, Any]:
    provider = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{OIDC}"}
    claims = {f"{OIDC}:aud": "sts.amazonaws.com", f"{OIDC}:sub": f"repo:{repository}:pull_request"}
    job_trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }
    copies_trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    groups = _own("logs", "log-group:/aws/lambda/lambdabot-*")
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    job = [
        _allow("Account", ["lambda:GetAccountSettings", "lambda:ListFunctions", "logs:DescribeLogGroups"], "*"),
        _allow("Copies", [f"lambda:{call}" for call in CALLS["lambda"]], _own("lambda", "function:lambdabot-*")),
        _allow("Logs", [f"logs:{call}" for call in CALLS["logs"]], groups),
        {**_allow("PassRole", ["iam:PassRole"], {"Fn::GetAtt": ["CopiesRole", "Arn"]}), "Condition": to_lambda},
    ]
    copies = [_allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], groups)]
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Roles of lambdabot for {repository}",
        "Resources": {"JobRole": _role(job_trust, job), "CopiesRole": _role(copies_trust, copies)},
        "Outputs": {
            name: {"Value": {"Fn::GetAtt": [f"{name}Role", "Arn"]}, "Description": text}
            for name, text in {
                "Job": "for the repository's variable LAMBDABOT_ROLE",
                "Copies": "for `role` in lambdabot.yml",
            }.items()
        },
    }


def _own(service: str, resource: str) -> dict[str, str]:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"}


def _allow(sid: str, actions: list[str], resource: object) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _role(trust: dict[str, Any], statements: list[dict[str, Any]]) -> dict[str, Any]:
    policy = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "lambdabot", "PolicyDocument": policy}],
        },
    }
