"""What the endpoint's unit tests share: packages, a clock that the test moves, a registry."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.validate import ParamValidator

from lambdabot.local.code import Code, CodeStore
from lambdabot.local.constraints import Constraints
from lambdabot.local.endpoint import Endpoint, serve
from lambdabot.local.region import Limits
from lambdabot.local.registry import Registry

ROLE = "arn:aws:iam::123456789012:role/any"


def zip_of(**files: str) -> bytes:
    """Return a zip; `app` becomes app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.py"), text)
    return buffer.getvalue()


@pytest.fixture
def package() -> Callable[..., bytes]:
    return zip_of


@pytest.fixture
def zipped() -> bytes:
    return zip_of(app="def handler(event, context):\n    return event\n")


@pytest.fixture
def codes(tmp_path: Path) -> CodeStore:
    return CodeStore(tmp_path)


@pytest.fixture
def code(codes: CodeStore, zipped: bytes) -> Code:
    return codes.unpack(zipped)


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self) -> None:
        self.now = 1_795_478_400.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def retired() -> list:
    return []


@pytest.fixture
def registry(clock: Clock, retired: list) -> Registry:
    return Registry("eu-west-1", clock=clock, transition_seconds=2, retire=retired.append)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    """One endpoint for all tests that only speak to it; each test makes functions of its own."""
    with serve(limits=Limits(concurrency=200)) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def client(endpoint: Endpoint) -> Callable:
    """Return a maker of unmodified boto3 clients whose every answer is held against botocore's model."""
    return cache(lambda service, **options: connect(endpoint, service, **options))


def connect(endpoint: Endpoint, service: str, *, access_key: str | None = None, region: str = "eu-west-1"):
    session = boto3.session.Session()
    client = session.client(
        service,
        endpoint_url=endpoint.url,
        region_name=region,
        aws_access_key_id=access_key or endpoint.access_key,
        aws_secret_access_key="anything",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("after-call", check)
    return client


def check(http_response, parsed, model, **_) -> None:
    """Fail when an answer breaks the model: an unknown member, a wrong type, a missing one, a value out of bounds."""
    if http_response.status_code >= 300 or model.output_shape is None:
        return
    document = {key: value for key, value in parsed.items() if key not in {"ResponseMetadata", "Payload"}}
    report = ParamValidator().validate(document, model.output_shape)
    assert not report.has_errors(), report.generate_report()
    Constraints().check(model.output_shape, document)
    if model.metadata["protocol"] != "query" and model.name != "Invoke" and http_response.content:
        assert set(json.loads(http_response.content)) <= set(model.output_shape.members)


@pytest.fixture
def lambdas(client):
    """A Lambda client."""
    return client("lambda")


@pytest.fixture
def create(lambdas, request) -> Iterator[Callable[..., dict]]:
    """Return a maker of active functions, named after the test, which are removed with it."""
    names = []

    def make(name: str = "", **options) -> dict:
        names.append(name or re.sub(r"\W", "-", f"{request.node.name}-{len(names)}")[-60:])
        created = lambdas.create_function(
            FunctionName=names[-1],
            **{
                "Runtime": "python3.13",
                "Role": ROLE,
                "Handler": "app.handler",
                "Code": {"ZipFile": zip_of(app="def handler(event, context):\n    return event\n")},
                **options,
            },
        )
        lambdas.get_waiter("function_active_v2").wait(FunctionName=names[-1], WaiterConfig={"Delay": 0.01})
        return created

    yield make
    for name in names:
        with suppress(lambdas.exceptions.ResourceNotFoundException):
            lambdas.delete_function(FunctionName=name)
