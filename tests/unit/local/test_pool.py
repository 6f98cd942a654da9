"""The environments here are hand-made stubs: real ones cannot be held at work to the instant that a test needs."""

import re
import threading
import time
from dataclasses import replace

import pytest

from lambdabot.local.api_error import ApiError
from lambdabot.local.function import FunctionVersion
from lambdabot.local.pool import EnvironmentPool, Share, available_mb

EVERYONE = Share(function="", limit=3)


class Environment:
    def __init__(self, spec):
        self.spec = spec
        self.stopped = 0

    def stop(self):
        self.stopped += 1


class Machine:
    """Records what was started, and has as much free memory as the test says."""

    def __init__(self):
        self.started = []
        self.free_mb = 10_000.0

    def start(self, spec):
        self.started.append(Environment(spec))
        return self.started[-1]

    @property
    def live(self):
        return [environment for environment in self.started if not environment.stopped]


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def pool(machine):
    pool = EnvironmentPool("eu-west-1", start=machine.start, idle_seconds=1000, available_mb=lambda: machine.free_mb)
    yield pool
    pool.close()
    assert machine.live == []


@pytest.fixture
def version(code) -> FunctionVersion:
    settings = {
        "Handler": "app.handler",
        "Runtime": "python3.13",
        "MemorySize": 512,
        "Timeout": 3,
        "EphemeralStorage": {"Size": 512},
        "Environment": {"Variables": {"A": "b"}},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
    }
    return FunctionVersion(
        name="f",
        arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
        version="$LATEST",
        code=code,
        settings=settings,
        architecture="x86_64",
        last_modified="",
        revision_id="",
        ready_at=0,
        is_update=False,
    )


def acquire(pool, version, share=EVERYONE, **options):
    return pool.acquire(version, lambda: share, **options)


def test_the_last_used_is_used_again(pool, version, machine):
    first, second = acquire(pool, version), acquire(pool, version)
    pool.release(first, usable=True)
    pool.release(second, usable=True)
    assert acquire(pool, version) is second
    assert acquire(pool, version) is first
    assert len(machine.started) == len(pool) == 2


def test_another_version_gets_its_own(pool, version, machine):
    pool.release(acquire(pool, version), usable=True)
    other = acquire(pool, replace(version, version="1"))
    assert other.environment.spec.version == "1"
    assert len(machine.started) == 2


def test_the_environment_is_told_all_about_its_function(pool, version, code):
    pooled = acquire(pool, version)
    spec = pooled.environment.spec
    assert (spec.code, spec.handler, spec.runtime) == (code.folder, "app.handler", "python3.13")
    assert (spec.memory_mb, spec.timeout_seconds, spec.environment) == (512, 3, {"A": "b"})
    assert (spec.function_name, spec.version, spec.region) == ("f", "$LATEST", "eu-west-1")
    assert spec.function_arn == "arn:aws:lambda:eu-west-1:123456789012:function:f"
    assert spec.log_group == "/aws/lambda/f"
    assert spec.log_stream == pooled.log_stream


def test_streams_are_named_as_lambda_names_them(pool, version):
    day = r"\d{4}/\d\d/\d\d/"
    assert_match(acquire(pool, version).log_stream, day + r"\[\$LATEST\][0-9a-f]{32}")
    own = replace(version, settings={**version.settings, "LoggingConfig": {"LogFormat": "Text", "LogGroup": "mine"}})
    assert_match(acquire(pool, own).log_stream, day + r"f\[\$LATEST\][0-9a-f]{32}")


def assert_match(text, pattern):
    assert re.fullmatch(pattern, text), text


def test_json_logging_reaches_the_runtime(pool, version):
    logging = {"LogFormat": "JSON", "LogGroup": "/aws/lambda/f", "ApplicationLogLevel": "DEBUG"}
    spec = acquire(pool, replace(version, settings={**version.settings, "LoggingConfig": logging})).environment.spec
    assert spec.environment == {"A": "b", "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}


def test_more_than_the_limit_is_throttled(pool, version):
    held = [acquire(pool, version) for _ in range(3)]
    with pytest.raises(ApiError) as error:
        acquire(pool, version)
    assert error.value.code == "TooManyRequestsException"
    assert error.value.message == "Rate Exceeded."
    members = {"Type": "User", "Reason": "ConcurrentInvocationLimitExceeded", "retryAfterSeconds": "1"}
    assert error.value.members == members
    pool.release(held[0], usable=True)
    assert acquire(pool, version) is held[0]


def test_a_reservation_counts_apart(pool, version):
    for _ in range(3):
        acquire(pool, version)
    reserved = Share(function="f", limit=1)
    acquire(pool, version, reserved)
    with pytest.raises(ApiError) as error:
        acquire(pool, version, reserved)
    assert error.value.members["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_one_who_waits_gets_the_next_place(pool, version):
    held = [acquire(pool, version) for _ in range(3)]
    got = []
    asked = threading.Event()

    def share():
        asked.set()
        return EVERYONE

    waiter = threading.Thread(target=lambda: got.append(pool.acquire(version, share, wait=True)))
    waiter.start()
    asked.wait()
    assert got == []
    pool.release(held[0], usable=True)
    waiter.join()
    assert got == [held[0]]


def test_one_who_waits_is_told_of_the_end(pool, version):
    for _ in range(3):
        acquire(pool, version)
    errors = []
    asked = threading.Event()

    def share():
        asked.set()
        return EVERYONE

    def wait():
        with pytest.raises(ApiError) as error:
            pool.acquire(version, share, wait=True)
        errors.append(error.value.code)

    waiter = threading.Thread(target=wait)
    waiter.start()
    asked.wait()
    pool.close()
    waiter.join()
    assert errors == ["ServiceException"]


def test_a_broken_environment_is_stopped(pool, version, machine):
    pool.release(acquire(pool, version), usable=False)
    assert machine.live == []
    assert len(pool) == 0


def test_a_retired_versions_environments_end_when_they_are_done(pool, version, machine):
    idle, busy = acquire(pool, version), acquire(pool, version)
    pool.release(idle, usable=True)
    pool.retire(version)
    assert machine.live == [busy.environment]
    pool.release(busy, usable=True)
    assert machine.live == []


def test_the_least_recently_used_make_room_when_memory_is_short(pool, version, machine):
    old, middle, young = (acquire(pool, version) for _ in range(3))
    for pooled in (old, middle, young):
        pool.release(pooled, usable=True)
    machine.free_mb = 100.0  # 668 MB short for 512 and the spare 256: two idle ones go
    acquire(pool, replace(version, version="1"))
    assert [pooled.environment.stopped for pooled in (old, middle, young)] == [1, 1, 0]
    assert acquire(pool, version) is young


def test_idle_environments_end_after_a_while(machine, version):
    pool = EnvironmentPool("eu-west-1", start=machine.start, idle_seconds=0.01, available_mb=lambda: 1e6)
    busy, idle = acquire(pool, version), acquire(pool, version)
    pool.release(idle, usable=True)
    while idle.environment.stopped == 0:
        time.sleep(0.005)
    assert busy.environment.stopped == 0
    assert len(pool) == 1
    pool.close()
    assert busy.environment.stopped == 1


def test_nothing_is_started_after_the_end(pool, version, machine):
    held = acquire(pool, version)
    pool.close()
    with pytest.raises(ApiError):
        acquire(pool, version)
    pool.release(held, usable=True)
    assert len(pool) == 0


def test_free_memory_is_read_from_the_machine():
    assert 0 < available_mb() < 1e7


def test_limits_are_asked_for_while_others_may_go_on(pool, version):
    others = []

    def share():
        other = threading.Thread(target=pool.retire, args=(version,))
        other.start()
        other.join(10)
        others.append(other.is_alive())
        return EVERYONE

    pool.acquire(version, share)
    assert others == [False]
