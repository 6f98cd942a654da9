"""The kill matrix: a run dies right before and right after each of its calls, and nothing of it may be left."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import boto3

from benchmarks.hostile_lambda.place import Account, Traffic, account, mutates, project
from lambdabot.local.api_error import ApiError
from lambdabot.local.call import Call

SETTINGS = """version: 1
functions:
  thumbnail:
    source: src
    handler: app.handler
    memory_mb: [128, 512, 1769, 3008]
    current: {memory_mb: 512, architecture: x86_64}
    budget: {invocations: 60}
"""
CHAOS = {
    "consistency": {"get_function_seconds": 0.2, "tags_seconds": 3},  # tags alone do not tell what was just created
    "canned": [{"cpu_ms": 40, "wait_ms": 5, "noise": 0.02, "takes_seconds": 0.002}],
}
AT_ONCE = 4  # most of a trial waits for the pace of the control plane
LONGEST_SECONDS = 120
UNKNOWN = 255  # multiprocessing's, of a process whose end it could not read
PRELOADED = [
    "lambdabot.cli",
    "lambdabot.pipeline.job",
    "lambdabot.pipeline.function",
    "lambdabot.pipeline.waves",
    "lambdabot.aws.copies.clean",
    "lambdabot.report.comment",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """When a run is to be ended: at the n-th call (from 1) of those that change something, or of the others."""

    number: int
    mutating: bool
    moment: str  # before or after
    signal: signal.Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a trial ended."""

    trial: Trial
    struck: bool  # the run came as far as that call
    exit_code: int | None
    left: tuple[str, ...]

    @property
    def right(self) -> bool:
        """True when nothing is left and the run ended as its signal says."""
        expected = {0}
        if self.struck:
            # How a killed process ended is not its own to say; now and then its fork server does not learn it.
            killed = self.trial.signal is signal.SIGKILL
            expected = {-signal.SIGKILL, UNKNOWN} if killed else {128 + signal.SIGTERM}
        return not self.left and self.exit_code in expected


class Killer:
    """Ends a process at one of its calls."""

    def __init__(self) -> None:
        """Aim at nobody."""
        self._lock = threading.Lock()
        self.aim(None, 0)

    def aim(self, trial: Trial | None, pid: int) -> None:
        """End this process as the trial says; calls are counted from here."""
        with self._lock:
            self._trial, self._pid, self._seen, self.struck = trial, pid, 0, False
            self._target: Call | None = None

    def __call__(self, moment: str, operation: str, call: Call) -> None:
        """See a call; the one that is meant does not happen when a SIGKILL came before it."""
        trial = self._trial
        if trial is None:
            return
        with self._lock:
            if moment == "before" and mutates(operation) is trial.mutating:
                self._seen += 1
                if self._seen == trial.number:
                    self._target = call
            if self._target is not call or trial.moment != moment:
                return
            self.struck = True
        os.kill(self._pid, trial.signal)
        if moment == "before" and trial.signal is signal.SIGKILL:
            raise ApiError(code="ServiceException", message="nobody is there to read this", status=500)


class Runner:
    """Runs `lambdabot` as processes of their own, forked from one that has its imports done."""

    def __init__(self, folder: Path) -> None:
        """Prepare a project in the folder."""
        self._folder = folder
        self._config = project(folder, SETTINGS)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)

    def run(self, owner: Account, state: Path) -> multiprocessing.process.BaseProcess:
        """Start `lambdabot run`."""
        arguments = ["run", "--config", str(self._config), "--base", str(self._folder / "base")]
        return self._start([*arguments, "--endpoint", owner.url, "--out", str(state / "out")], state)

    def clean(self, owner: Account, state: Path) -> None:
        """Do `lambdabot clean --all`, to its end."""
        process = self._start(["clean", "--all", "--endpoint", owner.url, "--region", "us-east-1"], state)
        process.join(LONGEST_SECONDS)
        if process.exitcode != 0:
            message = f"lambdabot clean ended with {process.exitcode}: {(state / 'log').read_text()}"
            raise AssertionError(message)

    def _start(self, arguments: Sequence[str], state: Path) -> multiprocessing.process.BaseProcess:
        environment = {"PATH": os.environ["PATH"], "HOME": str(state), "RUNNER_TEMP": str(state / "temp")}
        process = self._context.Process(target=_lambdabot, args=(arguments, environment, state / "log"))
        process.start()
        return process


def _lambdabot(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Be `lambdabot` with these arguments in this environment."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    from lambdabot.cli import main  # noqa: PLC0415  # in the new process

    code = main(arguments)
    sys.stdout.flush()
    os._exit(code)  # as the interpreter ends: threads that still wait are not waited for


def matrix(mutating: int, others: int) -> Iterator[Trial]:
    """Give the trials: each signal, before and after each call, of those that change something and of the others."""
    for number in (signal.SIGKILL, signal.SIGTERM):
        for changes, calls in ((True, mutating), (False, others)):
            for at in range(1, calls + 1):
                for moment in ("before", "after"):
                    yield Trial(number=at, mutating=changes, moment=moment, signal=number)


def kill(chosen: Callable[[Sequence[Trial]], Sequence[Trial]] = tuple) -> tuple[Result, ...]:
    """Run the matrix, or those of its trials that are chosen."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kill-matrix-")))
        session = boto3.Session(aws_access_key_id="owner", aws_secret_access_key="any")  # noqa: S106
        runner = Runner(folder / "project")
        places: SimpleQueue[tuple[Account, Killer]] = SimpleQueue()
        for _ in range(AT_ONCE):
            killer = Killer()
            places.put((stack.enter_context(account(session, CHAOS, Traffic(hook=killer))), killer))
        mutating, others = _reference(runner, places, folder / "reference")
        trials = chosen(tuple(matrix(mutating, others)))

        def one(numbered: tuple[int, Trial]) -> Result:
            place = places.get()
            try:
                return _try(runner, *place, numbered[1], folder / str(numbered[0]))
            finally:
                places.put(place)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return tuple(pool.map(one, enumerate(trials)))


def _reference(runner: Runner, places: "SimpleQueue[tuple[Account, Killer]]", state: Path) -> tuple[int, int]:
    """Count the calls of a run that nobody ends: those that change something, and the others."""
    place = places.get()
    owner, _ = place
    state.mkdir()
    owner.traffic.calls.clear()
    process = runner.run(owner, state)
    process.join(LONGEST_SECONDS)
    calls = dict(owner.traffic.calls)
    if process.exitcode != 0 or owner.left():
        message = f"the run that nobody ends ended with {process.exitcode}: {(state / 'log').read_text()}"
        raise AssertionError(message)
    places.put(place)
    mutating = sum(count for operation, count in calls.items() if mutates(operation))
    return mutating, sum(calls.values()) - mutating


def _try(runner: Runner, owner: Account, killer: Killer, trial: Trial, state: Path) -> Result:
    state.mkdir()
    owner.faults.active = True
    process = runner.run(owner, state)
    assert process.pid is not None  # noqa: S101  # it was started
    killer.aim(trial, process.pid)
    process.join(LONGEST_SECONDS)
    struck = killer.struck
    killer.aim(None, 0)
    owner.traffic.wait()
    if process.exitcode is None:
        process.kill()
    if struck and trial.signal is signal.SIGKILL:
        runner.clean(owner, state)
    owner.faults.active = False
    return Result(trial=trial, struck=struck, exit_code=process.exitcode, left=tuple(owner.left()))
