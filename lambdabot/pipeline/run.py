"""The main job: package both sides, deploy throw-away copies, invoke in waves, recommend, compare."""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING

from lambdabot import output
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.aws.calls.caller import warning
from lambdabot.aws.calls.connection import AccountLimits, Connection, connect
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.threads import run_all, start
from lambdabot.aws.copies.deployments import Deployments
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.journal import Journal, journal_folder
from lambdabot.aws.layers import Layers
from lambdabot.aws.price_list import latest
from lambdabot.aws.prices import prices
from lambdabot.errors import EndpointError, InterruptionError, UsageError, reason
from lambdabot.folders import cache_folder
from lambdabot.github.event import Context
from lambdabot.interruption import leaving
from lambdabot.model import Budget, FunctionResult, Prices, RunResult, Spend
from lambdabot.packaging.layers import LayerBuilds
from lambdabot.packaging.target import Target
from lambdabot.pipeline.completion import Completion
from lambdabot.pipeline.limits import require_budget
from lambdabot.pipeline.pairs import pair_all
from lambdabot.pipeline.terms import Terms
from lambdabot.pipeline.verdict import overall
from lambdabot.project.base import BaseTree, head_sha
from lambdabot.report.progress import Progress
from lambdabot.sandbox.folder import PrivateFolder
from lambdabot.settings.declared import not_measured
from lambdabot.settings.schema import RunBudgetSection

if TYPE_CHECKING:
    from lambdabot.local.runtimes.available import Runtimes
    from lambdabot.local.stand_ins.stand_ins import StandIns
    from lambdabot.pipeline.engine import Engine
    from lambdabot.pipeline.function import FunctionJob

ARM64_TIMEOUT_SECONDS = 15.0
"""How long one request to a package index may take."""

PREPARED_AT_ONCE = 8
"""Functions that are packaged and checked at the same time: each waits on an index and on uv's processes."""

CALLER_SECONDS = 2.0
"""A warning about the credentials is not waited for longer, once the prices are there."""

SHARE_OF_CONCURRENCY = 2
"""Half of the account's unreserved concurrency is left to its other traffic."""


class Run:
    """One run; `execute` does it, and what is known at any moment is `result`."""

    def __init__(
        self, terms: Terms, context: Context, *, progress: Progress, save: Callable[[RunResult], object]
    ) -> None:
        """Call nothing yet; `save` is given the result of an interrupted run, before the clean-up and after it."""
        self._terms = terms
        self._settings = settings = terms.settings
        self._context = context
        self._progress = progress
        self._save = save
        self._started = time.monotonic()
        self._created = datetime.now(UTC)
        self._jobs: list[FunctionJob] = []
        self._connection: Connection | None = None
        self._deployments: Deployments | None = None
        self._stand_ins: StandIns | None = None
        self._region = settings.region or "us-east-1"
        self._prices = prices(self._region)
        self._notes = [*terms.notes]
        self._cache = cache_folder(os.environ)
        self._runtimes: Runtimes | None = None  # of the embedded endpoint

    def execute(self) -> RunResult:
        """Do the main job. Raises InterruptionError, after saving what was measured and removing what was created.

        Raises UsageError, before anything is done, where a link would lead the run's own files elsewhere.
        """
        if self._settings.endpoint != "local":
            output.check(journal_folder(os.environ), self._settings.workspace)
        try:
            with PrivateFolder(prefix="lambdabot-run-", mode=0o700) as folder:
                self._choose_cache(folder.path)
                self._main_job(folder.path)
        except InterruptionError:
            self._save(self.result(interrupted=True))
            raise
        return self.result()

    def _choose_cache(self, folder: Path) -> None:
        """Keep downloads for this run alone where the cache lies in the workspace: a pull request was there first."""
        if self._settings.workspace.covers(self._cache):
            self._notes.append(f"Nothing is kept in {self._cache}: a cache in the workspace could be anybody's.")
            self._cache = folder / "cache"

    def _main_job(self, folder: Path) -> None:
        asked: Future[tuple[Prices, str]] | None = None
        with self._endpoint() as way:
            try:
                connection = self._connection = way()
                self._prices = prices(connection.region)
                limits = connection.verify()
                if self._settings.endpoint == "aws":
                    asked = start(partial(ask_aws, connection, self._cache))
            except EndpointError as error:
                connection, limits, unreachable = None, None, str(error)
            self._jobs = self._functions(folder, connection, limits, asked)
            self._prepare()
            if self._settings.endpoint == "local":
                from lambdabot.pipeline.runnable import unrunnable  # noqa: PLC0415  # as in `_endpoint`

                for job in self._ready:  # the check for ARM64 is made all the same
                    here = job.lineup.built_for(job.lineup.current[0])
                    job.failed = "" if job.lineup.unchanged else unrunnable(job.head, here)
            if connection is None:  # the ARM64 check and the packages need no endpoint
                for job in self._jobs:
                    job.failed = unreachable
                return
            require_budget((job.lineup for job in self._ready), settings=self._settings)
            self._region = connection.region
            identity = RunIdentity(
                repository=self._context.repository,
                pull_request=self._context.pull_request,
                run=secrets.token_hex(5),
                expires=self._created + timedelta(hours=self._settings.expires_hours),
            )
            self._deployments = deployments = Deployments(
                connection, identity, self._journal(connection, identity), bucket=self._settings.bucket
            )
            from lambdabot.pipeline.waves import WaveEngine  # noqa: PLC0415  # numpy, as in `_functions`

            engine = WaveEngine(
                connection,
                deployments,
                folder=folder / "copies",
                progress=self._progress,
                stand_ins=self._stand_ins,
            )
            with leaving(lambda: deployments.left):
                try:
                    with deployments:
                        try:
                            measure_all(
                                self._ready,
                                engine,
                                self._settings.budget,
                                started=self._started,
                                progress=self._progress,
                            )
                        except InterruptionError:
                            self._save(self.result(interrupted=True))  # first the report, which needs no network
                            raise
                finally:
                    if deployments.left:  # a signal met the removal itself
                        deployments.remove(hurried=True)

    def _journal(self, connection: Connection, identity: RunIdentity) -> Journal | None:
        """Begin the run's journal; where none can be written, tags alone tell what a killed run left."""
        if self._settings.endpoint == "local":
            return None  # the embedded endpoint ends with the run, and all that is on it
        try:
            return Journal.begin(
                journal_folder(os.environ),
                identity,
                endpoint=connection.endpoint,
                region=connection.region,
                workspace=self._settings.workspace,
            )
        except UsageError as error:
            self._notes.append(f"No journal is written, so after a kill only tags tell: {error.mistakes[0]}.")
        except OSError as error:
            self._notes.append(f"No journal is written, so after a kill only tags tell: {error.strerror}.")
        return None

    @contextmanager
    def _endpoint(self) -> Iterator[Callable[[], Connection]]:
        """Start the embedded endpoint, if that is the one; yield the way to the endpoint that the settings name."""
        match self._settings.endpoint:
            case "local":
                from lambdabot.local.endpoint import serve  # noqa: PLC0415  # only this run needs a server

                with serve() as endpoint:
                    self._notes.append(endpoint.machine)
                    self._runtimes = endpoint.runtimes
                    self._stand_ins = endpoint.stand_ins
                    yield partial(connect, endpoint=endpoint.url, region=self._region, access_key=endpoint.access_key)
            case "aws":
                yield partial(connect, endpoint=None, region=self._settings.region)
            case url:
                yield partial(connect, endpoint=url, region=self._settings.region)

    @property
    def _ready(self) -> "list[FunctionJob]":
        return [job for job in self._jobs if job.ready]

    def _functions(
        self,
        folder: Path,
        connection: Connection | None,
        limits: AccountLimits | None,
        asked: Future[tuple[Prices, str]] | None,
    ) -> "list[FunctionJob]":
        """Pair every function with its base side. Raises UsageError where `like` needs more to be said."""
        # numpy's 0.25 s of CPU time come after the first API call, which shows what is wrong with the settings.
        from lambdabot.pipeline.function import FunctionJob, Workshop  # noqa: PLC0415
        from lambdabot.pipeline.lineup import Bench  # noqa: PLC0415

        local = self._settings.endpoint == "local"
        share = max(1, (limits.unreserved_concurrency if limits else 1) // SHARE_OF_CONCURRENCY)
        settings = self._settings
        if asked is not None:
            self._prices, caller = asked.result()
            self._notes += filter(None, [caller])
        bench = Bench(
            machine=Target.local() if local else None,
            prices=self._prices,
            concurrency=min(share, len(os.sched_getaffinity(0))) if local else share,
            gate=settings.gate,
            seed=settings.seed,
        )
        through_bucket = settings.bucket is not None and not local
        workshop = Workshop(
            folder=folder / "packages",
            cache=self._cache,
            access=IndexAccess(self._cache, ARM64_TIMEOUT_SECONDS),
            layers=LayerBuilds(folder / "layers", direct=not through_bucket, stand_ins=settings.endpoint != "aws"),
            through_bucket=through_bucket,
            layer_client=None if local or connection is None else Layers(connection),
            runtimes=self._runtimes,
        )
        completion = Completion(self._terms, connection, folder=folder / "existing", region=self._region)
        complete_pairs = run_all(partial(completion.complete, pair) for pair in pair_all(self._terms))
        if completion.mistakes:
            raise UsageError(completion.mistakes)
        return [FunctionJob(pair, bench=bench, workshop=workshop) for pair in complete_pairs]

    def _prepare(self) -> None:
        """Package and check all functions, some at a time."""
        turns = Semaphore(PREPARED_AT_ONCE)

        def prepare(job: "FunctionJob") -> None:
            with turns:
                try:
                    job.prepare()
                except Exception as error:  # noqa: BLE001  # whatever happens to one function costs no other
                    job.failed = reason(error)

        run_all(partial(prepare, job) for job in self._ready)

    def result(self, *, interrupted: bool = False) -> RunResult:
        """Return what is known now."""
        functions = tuple(job.result() for job in self._jobs)
        deployments, context, settings, tree = self._deployments, self._context, self._settings, self._terms.tree
        verdict, reason = overall(functions)
        return RunResult(
            created=self._created.isoformat(timespec="seconds"),
            repository=context.repository,
            pull_request=context.pull_request,
            head_sha=context.head_sha or head_sha(self._terms.root),
            base_sha=tree.sha if isinstance(tree, BaseTree) else None,
            endpoint=settings.endpoint if settings.endpoint in {"aws", "local"} else "custom",
            seed=settings.seed,
            settings=settings.effective,
            prices=self._prices,
            spend=Spend(
                invocations=sum(not each.refused for one in functions for each in one.invocations),
                usd=sum((job.evidence.usd for job in self._jobs), Decimal(0)),
                seconds=time.monotonic() - self._started,
                deployments_created=deployments.created if deployments else 0,
                deployments_removed=deployments.removed if deployments else 0,
                control_plane_calls=self._connection.control_plane_calls if self._connection else 0,
            ),
            verdict=verdict,
            verdict_reason=reason,
            functions=functions,
            comment_key=settings.comment_key,
            interrupted=interrupted,
            run_url=context.run_url,
            left_behind=deployments.left if deployments else (),
            left_behind_reason=deployments.left_because if deployments else "",
            notes=(
                *self._notes,
                *not_measured(settings.notes, settings.left_out),
                *(deployments.notes if deployments else ()),
            ),
        )


def measure_all(
    jobs: "Iterable[FunctionJob]", engine: "Engine", limits: RunBudgetSection, *, started: float, progress: Progress
) -> None:
    """Measure one function after another, each within what the others left of the run's limits.

    Whatever happens to one costs no other its result, but where the run's credentials hold no more: then nothing is
    asked for the others. `started` is when the run began, of the monotonic clock.
    """
    left_usd, lost = limits.usd, ""
    for job in jobs:
        if job.lineup.unchanged:
            pass
        elif lost:
            job.cut_short(lost)
        else:
            own = job.head.question.budget
            left_minutes = limits.minutes - (time.monotonic() - started) / 60
            budget = Budget(
                invocations=own.invocations,
                usd=max(Decimal(0), min(own.usd, left_usd)),
                minutes=max(0.0, min(own.minutes, left_minutes)),
            )
            try:
                job.measure(engine, budget)
            except Exception as error:  # noqa: BLE001  # as in `Run._prepare`
                job.cut_short(reason(error))
                if isinstance(error, CallError) and error.ends_run:
                    lost = reason(error)
            left_usd -= job.evidence.usd + job.evidence.unsettled_usd
        progress.function_done(job.head.name, _in_short(job.result()))


def ask_aws(connection: Connection, cache: Path) -> tuple[Prices, str]:
    """Return today's prices, and what is worth a warning about the credentials, both asked at once."""
    caller = start(partial(warning, connection))
    found = latest(connection.region, cache=cache)
    wait([caller], timeout=CALLER_SECONDS)
    return found, caller.result() if caller.done() else ""


def _in_short(result: FunctionResult) -> str:
    """Return a function's answer as one line of progress."""
    advice = result.recommendation_reason
    if result.recommendation is not None:
        advice = f"recommended is {result.recommendation.configuration}"
    return result.error or f"{advice}; against base: {result.comparison.verdict}"
