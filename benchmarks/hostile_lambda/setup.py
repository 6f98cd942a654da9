"""How long it takes until all Variants are ready, beside the textbook loop and another tool's serial publisher."""

import io
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from benchmarks.hostile_lambda.place import ROLE, Traffic, project
from lambdabot.aws.calls.connection import connect
from lambdabot.aws.calls.threads import run_all
from lambdabot.aws.copies.deployments import Deployments
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.request import Copy
from lambdabot.local.endpoint import serve
from lambdabot.local.faults.document import Chaos
from lambdabot.local.faults.faults import Faults
from lambdabot.model import Architecture, Build, Configuration, Deployment, Side, Variant
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load

SIZES = (128, 256, 512, 1024, 1536, 1769, 2048, 3008)
CONFIGURATIONS = tuple(
    Configuration(memory_mb=size, architecture=architecture) for size in SIZES for architecture in Architecture
)
SETTINGS = f"""version: 1
functions:
  thumbnail: {{source: src, handler: app.handler, role: "{ROLE}"}}
"""
SETTLED_SECONDS = 2.0  # per state transition
REQUESTS = {"per_second": 15, "burst": 15, "get_function_per_second": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """One set-up and its clean-up."""

    variants: int
    seconds: float
    removal_seconds: float
    calls: int  # of the control plane, from the first to the last
    refused: int  # of them, for coming too fast


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An endpoint, and what is known of its calls."""

    url: str
    faults: Faults
    traffic: Traffic


@contextmanager
def control_plane() -> Iterator[Place]:
    """Serve a control plane of the usual rate, where every transition takes its time."""
    chaos = Chaos.model_validate(
        {"version": 1, "transition_seconds": SETTLED_SECONDS, "requests": REQUESTS, "canned": [{}]}
    )
    traffic = Traffic()
    faults = Faults(chaos, traffic)
    with serve(anyone=True, faults=faults) as served:
        yield Place(url=served.url, faults=faults, traffic=traffic)


def lambdabot(place: Place, folder: Path, configurations: Sequence[Configuration], sides: Sequence[Side]) -> SetUp:
    """Deploy these sizes for each side, then remove all of it."""
    wanted = copies(folder, configurations, sides)
    connection = connect(endpoint=place.url, region="us-east-1")
    place.traffic.calls.clear()
    place.faults.performed.clear()
    identity = RunIdentity(
        repository="octo/shop",
        pull_request=7,
        run=f"bench{len(wanted)}",
        expires=datetime.now(UTC) + timedelta(hours=1),
    )
    begin = time.monotonic()
    with Deployments(connection, identity) as deployments:
        made = deployments.create(wanted)
        ready = time.monotonic()
    removed = time.monotonic()
    failed = [one for one in made.values() if not isinstance(one, Deployment)]
    if failed or deployments.left:
        message = f"not ready: {failed}, not removed: {deployments.left}"
        raise RuntimeError(message)
    return SetUp(
        variants=len(wanted),
        seconds=ready - begin,
        removal_seconds=removed - ready,
        calls=connection.control_plane_calls,
        refused=place.traffic.calls.total() - place.faults.performed.total(),
    )


def textbook(client: Any) -> float:  # noqa: ANN401
    """Create, wait, then size after size: update, wait, publish, wait. Architectures need functions of their own."""
    begin = time.monotonic()
    for architecture in Architecture:
        name = f"textbook-{architecture}"
        _create(client, name, architecture)
        for size in SIZES:
            client.update_function_configuration(FunctionName=name, MemorySize=size)
            client.get_waiter("function_updated_v2").wait(FunctionName=name)
            version = client.publish_version(FunctionName=name)["Version"]
            client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
    return time.monotonic() - begin


def power_tuning(client: Any) -> float:  # noqa: ANN401
    """Do what aws-lambda-power-tuning does for its power values, one state machine per architecture, side by side.

    Source: its lambda/publisher.js, which the state machine runs once for each value, one after the other, and
    `createPowerConfiguration` of its lambda/utils.js. Its executors then wait for their aliases all at once.
    """

    def one(architecture: Architecture) -> None:
        name = f"tuned-{architecture}"
        _create(client, name, architecture)
        for size in SIZES:
            client.get_function_configuration(FunctionName=name)
            client.update_function_configuration(FunctionName=name, MemorySize=size)
            client.get_waiter("function_updated_v2").wait(FunctionName=name)
            version = client.publish_version(FunctionName=name)["Version"]
            with suppress(client.exceptions.ResourceNotFoundException):
                client.get_alias(FunctionName=name, Name=f"RAM{size}")
            client.create_alias(FunctionName=name, Name=f"RAM{size}", FunctionVersion=version)
        client.get_waiter("function_active_v2").wait(FunctionName=name, Qualifier=f"RAM{SIZES[-1]}")

    begin = time.monotonic()
    run_all(partial(one, architecture) for architecture in Architecture)
    return time.monotonic() - begin


def client_of(url: str) -> Any:  # noqa: ANN401  # boto3 makes its clients at run time
    """Return an unmodified boto3 client."""
    return boto3.client(
        "lambda",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="owner",
        aws_secret_access_key="any",  # noqa: S106
    )


def peers(url: str) -> tuple[float, float]:
    """Return the seconds of the textbook loop and of the serial publisher, side by side on one control plane."""
    first, second = run_all(partial(peer, client_of(url)) for peer in (textbook, power_tuning))
    return first, second


def _create(client: Any, name: str, architecture: Architecture) -> None:  # noqa: ANN401
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="app.handler",
        Architectures=[architecture.value],
        Code={"ZipFile": _package()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    return buffer.getvalue()


def copies(folder: Path, configurations: Sequence[Configuration], sides: Sequence[Side]) -> list[Copy]:
    """Return what deploys one tiny package at these Configurations, for each side."""
    (function,) = load(
        Inputs(config=project(folder, SETTINGS), endpoint="http://127.0.0.1:9001"), discover=discover
    ).functions
    package = folder / "package.zip"
    package.write_bytes(_package())
    return [
        Copy(
            function=replace(function, side=side),
            build=Build(
                function=function.name,
                side=side,
                architecture=configuration.architecture,
                zip_path=package,
                image_uri=None,
                code_sha256="",
                zip_bytes=package.stat().st_size,
                unzipped_bytes=50,
                target="",
            ),
            variant=Variant(side=side, configuration=configuration),
        )
        for configuration in configurations
        for side in sides
    ]
