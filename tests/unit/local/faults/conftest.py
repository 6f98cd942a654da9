"""A misbehaving endpoint for each test, and an unmodified boto3 that tries nothing twice."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import boto3
import pytest
from botocore.config import Config

from lambdabot.local.endpoint import serve
from lambdabot.local.faults.document import Chaos
from lambdabot.local.faults.faults import Faults, Watch

CANNED = [{"cpu_ms": 100, "wait_ms": 20, "arm64_factor": 0.5, "init_ms": 150, "cold_ms": 30}]


class Client:
    """Lambda and CloudWatch Logs of one endpoint."""

    def __init__(self, url: str, session: boto3.Session) -> None:
        options = {"endpoint_url": url, "region_name": "us-east-1"}
        config = Config(retries={"total_max_attempts": 1}, read_timeout=5)
        self.lambdas = session.client("lambda", config=config, **options)
        self.logs = session.client("logs", config=config, **options)

    def create(self, name: str = "one", **options):
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", "")
        return self.lambdas.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role="arn:aws:iam::123456789012:role/any",
            Handler="app.handler",
            Code={"ZipFile": package.getvalue()},
            **options,
        )

    def invoke(self, name: str = "one"):
        return self.lambdas.invoke(FunctionName=name, LogType="Tail")


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")


@pytest.fixture
def misbehaving(session) -> Iterator[Callable[..., Client]]:
    """Start an endpoint with this chaos; invocations are canned."""
    with ExitStack() as stack:

        def start(watch: Watch | None = None, **chaos) -> Client:
            document = Chaos.model_validate({"version": 1, "canned": CANNED, **chaos})
            faults = Faults(document, watch)
            client = Client(stack.enter_context(serve(anyone=True, faults=faults)).url, session)
            client.faults = faults
            return client

        yield start
