"""Packages through S3: moto's server keeps the objects, as nothing real can be had without an account."""

import base64
import hashlib
from dataclasses import replace

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.model import Deployment

BUCKET = "packages-of-the-shop"


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for name in objects(client):
        client.delete_object(Bucket=BUCKET, Key=name)
    client.delete_bucket(Bucket=BUCKET)


def objects(client) -> list[str]:
    return [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture
def make_large(make_copy):
    def make(memory_mb: int, content: bytes = b"code", zip_bytes: int = 6 * 1024 * 1024):
        copy = make_copy(memory_mb, zip_bytes=zip_bytes)
        copy.build.zip_path.write_bytes(content)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        return replace(copy, build=replace(copy.build, code_sha256=digest))

    return make


def test_a_large_package_goes_up_once_for_all_its_copies_and_is_removed(fake, connection, identity, s3, make_large):
    deployments = Deployments(connection, identity, bucket=BUCKET)
    sent = []
    connection.objects.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request))
    with deployments:
        made = deployments.create([make_large(128), make_large(256), make_large(512)])
        assert all(isinstance(one, Deployment) for one in made.values())
        (key,) = objects(s3)
        tags = {one["Key"]: one["Value"] for one in s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]}
        codes = {tuple(sorted(code.items())) for code in fake.codes}
    assert key == f"{identity.name}/{hashlib.sha256(b'code').hexdigest()}.zip"
    assert tags == identity.tags
    checksum = base64.b64encode(hashlib.sha256(b"code").digest())  # which S3 holds the package against; moto does not
    assert [request.headers["x-amz-checksum-sha256"] for request in sent] == [checksum]
    assert codes == {(("S3Bucket", BUCKET), ("S3Key", key))}
    assert objects(s3) == []
    assert deployments.left == ()


def test_only_calls_to_lambda_keep_to_lambdas_pace(fake, connection, identity, s3, make_large):
    class Counting:
        waits = 0

        def wait(self, _) -> None:
            self.waits += 1

    with Deployments(connection, identity, bucket=BUCKET) as deployments:
        deployments.create([make_large(128), make_large(256)])
        connection.pace = pace = Counting()
    assert (objects(s3), deployments.left) == ([], ())
    assert pace.waits == 2  # for the functions; not for the package, nor for the log group


def test_a_small_package_goes_straight_to_lambda(fake, connection, identity, s3, make_large):
    with Deployments(connection, identity, bucket=BUCKET) as deployments:
        deployments.create([make_large(128, zip_bytes=1000)])
        assert objects(s3) == []
    assert set(fake.codes[0]) == {"ZipFile"}


def test_a_bucket_that_is_not_there_fails_its_copies_and_says_so(fake, connection, identity, s3, make_large):
    with Deployments(connection, identity, bucket="no-such-bucket-here") as deployments:
        made = deployments.create([make_large(128), make_large(256)])
    assert all(isinstance(one, NotDeployed) for one in made.values())
    assert "bucket does not exist" in next(iter(made.values())).reason
    assert fake.functions == {}
    assert deployments.left == ()
