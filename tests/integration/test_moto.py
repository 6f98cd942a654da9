"""A second opinion: moto's server takes the control plane's requests as lambdabot sends them, with no error of its own.

Invocations are left out: moto's need Docker, or write no REPORT.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from benchmarks.hostile_lambda.setup import copies
from lambdabot.aws.clean import clean
from lambdabot.aws.connection import Connection, connect
from lambdabot.aws.deployments import Deployments
from lambdabot.aws.identity import RunIdentity
from lambdabot.model import Architecture, Configuration, Deployment, Side

NOW = datetime.now(UTC)
IDENTITY = RunIdentity(repository="octo/shop", pull_request=7, run="0123456789", expires=NOW - timedelta(hours=1))
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "any", "aws_secret_access_key": "any"}
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    iam = boto3.client("iam", endpoint_url=f"http://{host}:{port}", **CREDENTIALS)
    iam.create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(TRUST))
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def connection(url) -> Connection:
    return connect(endpoint=url, region="us-east-1")


def deployed(deployments: Deployments, folder: Path) -> list[Deployment]:
    sizes = [Configuration(memory_mb=memory, architecture=one) for memory in (128, 512) for one in Architecture]
    made = list(deployments.create(copies(folder, sizes, list(Side))).values())
    assert all(isinstance(one, Deployment) for one in made), made
    return made


def functions(url: str) -> dict[str, dict]:
    client = boto3.client("lambda", endpoint_url=url, **CREDENTIALS)
    return {one["FunctionName"]: one for one in client.list_functions()["Functions"]}


def test_copies_are_created_refreshed_and_removed(url, connection, tmp_path):
    with Deployments(connection, IDENTITY) as deployments:
        made = deployed(deployments, tmp_path)
        found = functions(url)
        for one in made:
            function, asked = found[one.function_name], one.variant.configuration
            assert (function["MemorySize"], function["Architectures"]) == (asked.memory_mb, [asked.architecture])
        deployments.refresh(*made)
        assert functions(url)[made[0].function_name]["Environment"]["Variables"] == {"LAMBDABOT_GENERATION": "1"}
    assert (deployments.left, deployments.notes, functions(url)) == ((), (), {})


def test_orphans_are_found_by_their_tags(url, connection, tmp_path):
    deployed(Deployments(connection, IDENTITY), tmp_path)
    theirs = RunIdentity(repository="octo/other", pull_request=None, run="0123456789", expires=IDENTITY.expires)
    others = deployed(Deployments(connection, theirs), tmp_path)

    cleaned = clean(connection, "octo/shop", tmp_path, now=NOW, unexpired=False, dry_run=False)

    assert (len(cleaned.removed), cleaned.kept, cleaned.left, cleaned.notes) == (9, (), (), ())
    assert functions(url).keys() == {one.function_name for one in others}
