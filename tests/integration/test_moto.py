"""A second opinion: moto's server takes the control plane's requests as lambdabot sends them, with no error of its own.

Invocations are left out: moto's need Docker, or write no REPORT.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import boto3
import pytest
from moto.server import ThreadedMotoServer

from benchmarks.hostile_lambda.setup import copies
from lambdabot.aws.calls.connection import Connection, connect
from lambdabot.aws.copies.clean import Cleaned, clean
from lambdabot.aws.copies.deployments import Deployments
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.journal import Journal
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

    found = cleaned(connection, tmp_path, None)

    assert (len(found.removed), found.kept, found.left, found.notes) == (9, (), (), ())
    assert functions(url).keys() == {one.function_name for one in others}


@pytest.fixture
def s3(url):
    client = boto3.client("s3", endpoint_url=url, **CREDENTIALS)
    client.create_bucket(Bucket="packages")
    yield client
    for key in keys(client):
        client.delete_object(Bucket="packages", Key=key)
    client.delete_bucket(Bucket="packages")


def keys(s3) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="packages")
    return {one["Key"] for page in pages for one in page.get("Contents", [])}


def put(s3, key: str, tags: dict[str, str]) -> str:
    s3.put_object(Bucket="packages", Key=key, Body=b"code", Tagging=urlencode(tags))
    return key


def cleaned(connection, folder, bucket: str | None, **options) -> Cleaned:
    options = {"now": NOW, "unexpired": False, "dry_run": False} | options
    return clean(connection, "octo/shop", folder, bucket=bucket, **options)


def test_packages_in_s3_are_found_by_their_tags_on_all_pages(connection, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    theirs = replace(IDENTITY, repository="octo/other")
    fresh = replace(IDENTITY, run="bbbbbbbbbb", expires=NOW + timedelta(hours=1))
    gone = {put(s3, f"{IDENTITY.object_prefix}{number}.zip", IDENTITY.tags) for number in range(7)}
    kept = {
        put(s3, f"{theirs.object_prefix}1.zip", theirs.tags),
        put(s3, f"{fresh.object_prefix}1.zip", fresh.tags),
        put(s3, f"{IDENTITY.object_prefix}not-tagged.zip", {}),
        put(s3, "lambdabot.zip", IDENTITY.tags),
    }

    assert cleaned(connection, tmp_path, "packages", dry_run=True).left == ()
    assert keys(s3) == gone | kept
    found = cleaned(connection, tmp_path, "packages")
    assert {one.removeprefix("S3 object packages/") for one in found.removed} == gone
    assert len(found.kept) == 2
    assert keys(s3) == kept


def test_a_journal_tells_which_bucket_holds_packages(connection, s3, tmp_path):
    key = put(s3, f"{IDENTITY.object_prefix}1.zip", {})
    journal = Journal.begin(tmp_path, IDENTITY, endpoint=connection.endpoint, region=connection.region)
    journal.planned("S3 object", f"packages/{key}")
    journal.planned("S3 object", "packages/of-somebody-else.zip")
    journal.end(nothing_left=False)
    other = put(s3, "of-somebody-else.zip", {})

    assert cleaned(connection, tmp_path, None).removed == (f"S3 object packages/{key}",)
    assert keys(s3) == {other}


def test_a_bucket_that_is_not_there_costs_nothing_of_the_rest(url, connection, tmp_path):
    deployed(Deployments(connection, IDENTITY), tmp_path)
    found = cleaned(connection, tmp_path, "no-such-bucket")
    assert len(found.removed) == 9
    assert [failure.what for failure in found.failures] == [
        "could not list the objects of the bucket no-such-bucket: The specified bucket does not exist (NoSuchBucket)"
    ]
    assert not any(name.startswith(IDENTITY.name) for name in functions(url))
