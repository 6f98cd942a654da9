"""The main job: package both sides, deploy throw-away copies, invoke in waves, recommend, compare."""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING

from lambdabot.aws.connection import AccountLimits, Connection, connect
from lambdabot.aws.deployments import Deployments
from lambdabot.aws.identity import RunIdentity
from lambdabot.aws.prices import prices
from lambdabot.aws.threads import run_all
from lambdabot.errors import EndpointError, InterruptionError, LambdabotError
from lambdabot.github.event import Context
from lambdabot.model import Budget, FunctionResult, Prices, RunResult, Spend
from lambdabot.packaging.target import Target
from lambdabot.pipeline.pairs import pairs
from lambdabot.pipeline.verdict import overall
from lambdabot.project.base import BaseTree, NoBase, head_sha, resolve_base
from lambdabot.report.progress import Progress
from lambdabot.settings.load import Settings

if TYPE_CHECKING:
    from lambdabot.pipeline.function import FunctionJob

PREPARED_AT_ONCE = 8
"""Functions that are packaged and checked at the same time: each waits on an index and on uv's processes."""

SHARE_OF_CONCURRENCY = 2
"""Half of the account's unreserved concurrency is left to its other traffic."""


class Run:
    """One run; `execute` does it, and what is known at any moment is `result`."""

    def __init__(
        self, settings: Settings, context: Context, *, progress: Progress, save: Callable[[RunResult], None]
    ) -> None:
        """Call nothing yet; `save` is given the result of an interrupted run, before the clean-up and after it."""
        self._settings = settings
        self._context = context
        self._progress = progress
        self._save = save
        self._started = time.monotonic()
        self._created = datetime.now(UTC)
        self._root = context.workspace or settings.path.parent
        self._jobs: list[FunctionJob] = []
        self._deployments: Deployments | None = None
        self._region = settings.region or "us-east-1"
        self._base: BaseTree | NoBase = NoBase(reason="the run ended before the target branch was looked at")
        self._notes: list[str] = []

    def execute(self) -> RunResult:
        """Do the main job. Raises InterruptionError, after saving what was measured and removing what was created."""
        try:
            with tempfile.TemporaryDirectory(prefix="lambdabot-", ignore_cleanup_errors=True) as folder:
                self._main_job(Path(folder))
        except InterruptionError:
            self._save(self.result(interrupted=True))
            raise
        return self.result()

    def _main_job(self, folder: Path) -> None:
        with self._endpoint() as way:
            try:
                connection = way()
                limits = connection.verify()
            except EndpointError as error:
                connection, limits, unreachable = None, None, str(error)
            self._jobs = self._functions(folder, limits)
            self._prepare()
            if connection is None:  # the ARM64 check and the packages need no endpoint
                for job in self._jobs:
                    job.failed = unreachable
                return
            self._region = connection.region
            identity = RunIdentity(
                repository=self._context.repository,
                pull_request=self._context.pull_request,
                run=secrets.token_hex(5),
                expires=self._created + timedelta(hours=self._settings.expires_hours),
            )
            self._deployments = Deployments(connection, identity)
            try:
                with self._deployments:
                    try:
                        for job in self._jobs:
                            if job.unchanged:
                                self._progress.function_done(job.head.name, _in_short(job.result()))
                                continue
                            self._measure(job, connection, self._deployments)
                    except InterruptionError:
                        self._save(self.result(interrupted=True))  # first the report, which needs no network
                        raise
            finally:
                if self._deployments.left:  # a signal met the removal itself
                    self._deployments.remove(hurried=True)

    @contextmanager
    def _endpoint(self) -> Iterator[Callable[[], Connection]]:
        """Start the embedded endpoint, if that is the one; yield the way to the endpoint that the settings name."""
        match self._settings.endpoint:
            case "local":
                from lambdabot.local.endpoint import serve  # noqa: PLC0415  # only this run needs a server

                with serve() as endpoint:
                    self._notes.append(endpoint.machine)
                    yield partial(connect, endpoint=endpoint.url, region=self._region, access_key=endpoint.access_key)
            case "aws":
                yield partial(connect, endpoint=None, region=self._settings.region)
            case url:
                yield partial(connect, endpoint=url, region=self._settings.region)

    def _functions(self, folder: Path, limits: AccountLimits | None) -> "list[FunctionJob]":
        """Pair every function with its base side."""
        # numpy's 0.25 s of CPU time come after the first API call, which shows what is wrong with the settings.
        from lambdabot.pipeline.function import FunctionJob, Place  # noqa: PLC0415

        settings, local = self._settings, self._settings.endpoint == "local"
        share = max(1, (limits.unreserved_concurrency if limits else 1) // SHARE_OF_CONCURRENCY)
        place = Place(
            machine=Target.local() if local else None,
            prices=self._prices,
            concurrency=min(share, len(os.sched_getaffinity(0))) if local else share,
            gate=settings.gate,
            seed=settings.seed,
            folder=folder / "packages",
            cache=cache_folder(os.environ),
        )
        self._base = resolve_base(
            settings.base, root=self._root, pull_request=self._context.pull_request is not None, workdir=folder / "base"
        )
        return [
            FunctionJob(pair.head, pair.base, no_base=pair.no_base, place=place)
            for pair in pairs(settings, self._base, self._root)
        ]

    def _prepare(self) -> None:
        """Package and check all functions, some at a time."""
        turns = Semaphore(PREPARED_AT_ONCE)

        def prepare(job: "FunctionJob") -> None:
            with turns:
                job.prepare()

        run_all(partial(prepare, job) for job in self._jobs)

    def _measure(self, job: "FunctionJob", connection: Connection, deployments: Deployments) -> None:
        """Measure one function within what is left of the run's budget; whatever happens to it costs no other."""
        limits, own = self._settings.budget, job.head.budget
        budget = Budget(
            invocations=own.invocations,
            usd=max(Decimal(0), min(own.usd, limits.usd - self._usd)),
            minutes=max(0.0, min(own.minutes, limits.minutes - (time.monotonic() - self._started) / 60)),
        )
        try:
            job.measure(connection, deployments, budget=budget, progress=self._progress)
        except InterruptionError:
            raise
        except LambdabotError as error:
            job.failed = str(error)
        except Exception as error:  # noqa: BLE001  # a defect of ours met by one function must not lose the others'
            job.failed = f"lambdabot failed: {type(error).__name__}: {error}"
        self._progress.function_done(job.head.name, _in_short(job.result()))

    @property
    def _prices(self) -> Prices:
        return prices(self._region)

    @property
    def _usd(self) -> Decimal:
        return sum((job.usd for job in self._jobs), Decimal(0))

    def result(self, *, interrupted: bool = False) -> RunResult:
        """Return what is known now."""
        functions = tuple(job.result() for job in self._jobs)
        deployments, context, settings = self._deployments, self._context, self._settings
        verdict, reason = overall(functions)
        return RunResult(
            created=self._created.isoformat(timespec="seconds"),
            repository=context.repository,
            pull_request=context.pull_request,
            head_sha=context.head_sha or head_sha(self._root),
            base_sha=self._base.sha if isinstance(self._base, BaseTree) else None,
            endpoint=settings.endpoint if settings.endpoint in {"aws", "local"} else "custom",
            seed=settings.seed,
            settings=settings.effective,
            prices=self._prices,
            spend=Spend(
                invocations=sum(len(job.seen) for job in self._jobs),
                usd=self._usd,
                seconds=time.monotonic() - self._started,
                deployments_created=deployments.created if deployments else 0,
                deployments_removed=deployments.removed if deployments else 0,
            ),
            verdict=verdict,
            verdict_reason=reason,
            functions=functions,
            comment_key=settings.comment_key,
            interrupted=interrupted,
            notes=(
                *self._notes,
                *settings.notes,
                *(f"{name} is not measured: {reason}" for name, reason in settings.left_out.items()),
                *(_notes(deployments) if deployments else ()),
            ),
        )


def _in_short(result: FunctionResult) -> str:
    """Return a function's answer as one line of progress."""
    advice = result.recommendation_reason
    if result.recommendation is not None:
        advice = f"recommended is {result.recommendation.configuration}"
    return result.error or f"{advice}; against base: {result.comparison.verdict}"


def _notes(deployments: Deployments) -> tuple[str, ...]:
    """Return what to know of set-up and clean-up; a report that is written before it names what is to be removed."""
    return (*deployments.notes, *(f"still there: {name}" for name in deployments.left))


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where downloads are kept between runs: the runner's temporary folder, or the user's cache."""
    if "RUNNER_TEMP" in environ:
        return Path(environ["RUNNER_TEMP"], "lambdabot-cache")
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "lambdabot")
