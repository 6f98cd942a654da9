"""Throw-away copies on the embedded endpoint: created, invoked, refreshed, removed, by an unmodified boto3."""

import hashlib
import os
import signal
import threading
import time
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from lambdabot.aws.calls.connection import Connection, connect
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.request import Copy
from lambdabot.aws.invoking.environments import Environments
from lambdabot.aws.invoking.invocation import invoke_wave
from lambdabot.errors import InterruptionError
from lambdabot.interruption import interruptible
from lambdabot.local.endpoint import serve
from lambdabot.model import (
    AnswerRule,
    Architecture,
    Build,
    Configuration,
    Invocation,
    Outcome,
    Side,
    Variant,
    Wave,
)
from tests.sample import function as sample

CODE = """
import os, sys, time
print("imported")
def handler(event, context):
    if event.get("print"):
        fields = ["Duration: 0.01 ms", "Billed Duration: 1 ms", "Memory Size: 128 MB", "Max Memory Used: 1 MB"]
        print("\\t".join([f"REPORT RequestId: {context.aws_request_id}", *fields]))
    if event.get("noise"):
        print("x" * event["noise"])
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("raise"):
        raise ValueError("no such order")
    if event.get("exit"):
        sys.exit(3)
    if event.get("allocate"):
        hold = bytearray(event["allocate"] << 20)
        hold[::4096] = b"x" * len(hold[::4096])
    return {"stage": os.environ["STAGE"]}
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[object]:
    with serve() as endpoint:
        yield endpoint


@pytest.fixture
def connection(endpoint) -> Connection:
    return connect(endpoint=endpoint.url, region=None, access_key=endpoint.access_key)


@pytest.fixture
def identity(request) -> RunIdentity:
    return RunIdentity(
        repository="octo/shop",
        pull_request=7,
        run=hashlib.sha256(request.node.name.encode()).hexdigest()[:10],
        expires=datetime.now(UTC) + timedelta(hours=2),
    )


@pytest.fixture
def make_copy(tmp_path: Path) -> Callable[..., Copy]:
    def make(
        memory_mb: int = 256,
        *,
        side: Side = Side.HEAD,
        code: str = CODE,
        runtime: str = "python3.13",
        timeout_seconds: int = 10,
    ) -> Copy:
        package = tmp_path / f"{hashlib.sha256(code.encode()).hexdigest()}.zip"
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", code)
        configuration = Configuration(memory_mb=memory_mb, architecture=Architecture.X86_64)
        function = sample(
            tmp_path,
            name="orders",
            side=side,
            runtime=runtime,
            timeout_seconds=timeout_seconds,
            environment={"STAGE": "test"},
            memory_mb=(memory_mb,),
            current=configuration,
        )
        build = Build(
            function="orders",
            side=side,
            architecture=Architecture.X86_64,
            zip_path=package,
            image_uri=None,
            code_sha256=b64encode(hashlib.sha256(package.read_bytes()).digest()).decode(),
            zip_bytes=package.stat().st_size,
            unzipped_bytes=len(code),
            target="this machine",
        )
        return Copy(function=function, build=build, variant=Variant(side=side, configuration=configuration))

    return make


@pytest.fixture
def invoke(connection):
    environments: dict[Deployments, Environments] = {}

    def run(deployments: Deployments, deployment, payload: bytes = b"{}", concurrency: int = 1, timeout: int = 10):
        answers = invoke_wave(
            connection,
            deployment,
            lambda _: payload,
            rule=AnswerRule(),
            wave=Wave(variant=deployment.variant, payload="default", concurrency=concurrency),
            round_number=1,
            wave_number=0,
            timeout_seconds=timeout,
            clock=time.monotonic,
        )
        known = environments.setdefault(deployments, Environments(connection, deployments.log_group))
        return known.identify(answers)

    return run


def nothing_is_left(connection: Connection) -> bool:
    functions = connection.control.list_functions()["Functions"]
    groups = connection.logs.describe_log_groups()["logGroups"]
    return not functions and not groups


def test_the_account_is_asked_first(connection):
    limits = connection.verify()
    assert limits.concurrency >= limits.unreserved_concurrency > 0


def test_copies_live_are_invoked_and_are_gone(connection, identity, make_copy, invoke):
    copies = [make_copy(memory, side=side) for memory in (128, 256) for side in Side]
    with Deployments(connection, identity) as deployments:
        made = deployments.create(copies)
        listed = connection.control.list_functions()["Functions"]
        assert {function["FunctionName"] for function in listed} == {one.function_name for one in made.values()}
        for variant, deployment in made.items():
            tags = connection.control.list_tags(Resource=deployment.arn.removesuffix(":$LATEST"))["Tags"]
            assert tags == identity.tags
            cold, warm = (invoke(deployments, deployment)[0] for _ in range(2))
            assert (cold.outcome, warm.outcome) == (Outcome.OK, Outcome.OK), (cold, warm)
            assert (cold.cold, warm.cold) == (True, False)
            assert cold.init_ms is not None
            assert cold.variant == variant
            assert cold.environment_known
            assert cold.environment == warm.environment
    assert nothing_is_left(connection)
    assert (deployments.created, deployments.removed, deployments.left, deployments.notes) == (4, 4, (), ())


def test_a_refresh_replaces_the_environments(connection, identity, make_copy, invoke):
    copy = make_copy()
    with Deployments(connection, identity) as deployments:
        deployment = deployments.create([copy])[copy.variant]
        before = invoke(deployments, deployment)[0]
        assert deployments.refresh(deployment) == {deployment.variant: deployment}
        after = invoke(deployments, deployment)[0]
    assert (before.cold, after.cold) == (True, True)
    assert before.environment != after.environment


def test_a_wave_meets_as_many_environments_as_it_is_wide(connection, identity, make_copy, invoke):
    copy = make_copy()
    with Deployments(connection, identity) as deployments:
        deployment = deployments.create([copy])[copy.variant]
        invocations = invoke(deployments, deployment, b'{"sleep": 0.5}', concurrency=3)
    assert len({invocation.environment for invocation in invocations}) == 3


FAILURES = [
    (b'{"raise": 1}', 10, Outcome.ERROR, "ValueError: no such order"),
    (b'{"exit": 1}', 10, Outcome.ERROR, "exit"),
    (b'{"sleep": 5}', 1, Outcome.TIMEOUT, "Task timed out after 1.00 seconds"),
    (b'{"allocate": 300}', 60, Outcome.OUT_OF_MEMORY, "signal: killed"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=["raises", "exits", "times out", "out of memory"])
def test_failures_are_results(connection, identity, make_copy, invoke, failure):
    payload, timeout, outcome, words = failure
    copy = make_copy(128, timeout_seconds=timeout)
    with Deployments(connection, identity) as deployments:
        deployment = deployments.create([copy])[copy.variant]
        invocation: Invocation = invoke(deployments, deployment, payload)[0]
    assert invocation.outcome is outcome, invocation
    assert words in invocation.reason


def test_a_module_that_is_missing_is_an_error(connection, identity, make_copy, invoke):
    copy = make_copy(code="import nowhere_to_be_found")
    with Deployments(connection, identity) as deployments:
        deployment = deployments.create([copy])[copy.variant]
        invocation = invoke(deployments, deployment)[0]
    assert invocation.outcome is Outcome.ERROR
    assert "nowhere_to_be_found" in invocation.reason


def test_neither_a_forged_report_nor_long_output_is_taken_for_the_report(connection, identity, make_copy, invoke):
    copy = make_copy()
    with Deployments(connection, identity) as deployments:
        deployment = deployments.create([copy])[copy.variant]
        invocation = invoke(deployments, deployment, b'{"print": 1, "noise": 100000, "sleep": 0.1}')[0]
    assert invocation.outcome is Outcome.OK, invocation
    assert invocation.duration_ms > 99


def test_a_runtime_that_is_not_supported_costs_no_other(connection, identity, make_copy):
    good, bad = make_copy(), make_copy(512, runtime="java21")
    with Deployments(connection, identity) as deployments:
        made = deployments.create([bad, good])
        assert isinstance(made[bad.variant], NotDeployed)
        assert "java21" in made[bad.variant].reason
        assert not isinstance(made[good.variant], NotDeployed)
    assert nothing_is_left(connection)


def test_what_was_made_is_removed_when_the_body_fails(connection, identity, make_copy):
    deployments = Deployments(connection, identity)
    with pytest.raises(ZeroDivisionError), deployments:
        assert len(deployments.create([make_copy()])) / 0
    assert nothing_is_left(connection)
    assert deployments.left == ()


def test_a_signal_at_any_moment_leaves_nothing(connection, endpoint, make_copy):
    copies = [make_copy(memory, side=side) for memory in (128, 256, 512) for side in Side]
    moments = Random(1)  # noqa: S311 - moments, no secrets
    for number in range(10):
        expires = datetime.now(UTC) + timedelta(hours=2)
        identity = RunIdentity(repository=None, pull_request=None, run=f"signal-{number}", expires=expires)
        one = connect(endpoint=endpoint.url, region=None, access_key=endpoint.access_key)
        deployments = Deployments(one, identity)
        kill = threading.Timer(moments.uniform(0, 0.3), os.kill, (os.getpid(), signal.SIGTERM))
        with pytest.raises(InterruptionError), interruptible():
            use_until_interrupted(one, deployments, copies, kill)
        assert deployments.left == ()
        assert deployments.created == deployments.removed
        assert nothing_is_left(connection)


def use_until_interrupted(connection, deployments, copies, kill) -> None:
    with deployments:
        kill.start()
        made = deployments.create(copies)
        while True:
            for variant, deployment in made.items():
                invoke_wave(
                    connection,
                    deployment,
                    lambda _: b'{"sleep": 0.05}',
                    rule=AnswerRule(),
                    wave=Wave(variant=variant, payload="default", concurrency=2),
                    round_number=1,
                    wave_number=0,
                    timeout_seconds=10,
                    clock=time.monotonic,
                )
