"""The engine that measures on throw-away copies, invoked in waves, as concurrently as the endpoint allows."""

import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import throttled
from lambdabot.aws.calls.threads import run_all
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.invoking.environments import Environments
from lambdabot.aws.invoking.invocation import CROWDED_SECONDS, Answer, invoke_wave
from lambdabot.measurement.budget import worst_case
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.plan import Plan
from lambdabot.model import (
    AnswerRule,
    Deployment,
    Function,
    Invocation,
    Outcome,
    Round,
    Variant,
    Wave,
)
from lambdabot.pipeline.around import Around, Ran
from lambdabot.pipeline.copies import Copies
from lambdabot.pipeline.engine import Evidence
from lambdabot.pipeline.event_series import EventSeries
from lambdabot.pipeline.lineup import Lineup
from lambdabot.pipeline.notes import stand_in_notes, storage_notes, with_missing_layers
from lambdabot.report.progress import Progress

if TYPE_CHECKING:  # only a local run needs a server
    from lambdabot.local.stand_ins.stand_ins import StandIns


class WaveEngine:
    """Deploys every Variant at once, then invokes until the plan says that enough was seen."""

    def __init__(
        self,
        connection: Connection,
        deployments: Deployments,
        *,
        folder: Path,
        progress: Progress,
        stand_ins: "StandIns | None" = None,
    ) -> None:
        """Keep what every function's measurement needs; packages are written to `folder`.

        `stand_ins` are the embedded endpoint's; None: the functions call AWS itself, or what an endpoint has of it.
        """
        self._connection = connection
        self._stand_ins = stand_ins
        self._deployments = deployments
        self._folder = folder
        self._progress = progress

    def measure(self, lineup: Lineup) -> Iterator[Evidence]:
        """Yield what is known by now; see `Engine`."""
        head, progress = lineup.pair.head, self._progress
        progress.function_started(head.name, len(lineup.variants))
        copies = Copies(lineup, self._deployments, self._folder, self._give)
        copies.deploy(lineup.variants)
        progress.deployed(head.name, len(copies.deployed))
        refused = {variant: one.reason for variant, one in copies.not_deployed.items()}
        lineup = replace(lineup, refused=refused, memory_cap_mb=self._deployments.memory_cap_mb)
        plan, started = lineup.plan, time.monotonic()
        seen: tuple[Invocation, ...] = ()
        payloads = (*head.question.payloads, *head.question.gate_payloads)
        series = EventSeries(payloads, seed=plan.seed, function=head.name, began=datetime.now(UTC))
        around = Around(lineup, self._connection, self._deployments, series)
        around.deploy()
        waves = Waves(
            self._connection,
            self._deployments,
            copies.deployed,
            copies.not_deployed,
            series=series,
            around=around,
            rules=lineup.answer_rules,
            plan=plan,
            clock=lambda: time.monotonic() - started,
        )

        def known() -> Evidence:
            unanswered = self._stand_ins.unanswered(copies.names) if self._stand_ins else {}
            notes = (*stand_in_notes(head, unanswered, seen), *storage_notes(head, seen)) if self._stand_ins else ()
            advice = tuple(dict.fromkeys((*copies.advice, *waves.advice)))
            return Evidence(lineup=lineup, invocations=seen, usd=copies.usd(seen), advice=advice, notes=notes)

        yield (latest := known())
        copies.require_leave()
        while isinstance(step := next_step(plan, seen), Round):
            text = f"{len(step.waves)} waves, {len({wave.variant for wave in step.waves})} variants"
            progress.wave(head.name, step.number, text, len(seen), latest.usd)
            copies.make_ready(step, renewed=lambda wave: around.renews and series.is_cold(wave))
            at_most = (worst_case(plan, wave.variant, wave.concurrency) for wave in step.waves)
            yield replace(known(), unsettled_usd=sum(at_most, Decimal(0)))
            seen += tuple(with_missing_layers(one, lineup.side(one.variant.side)) for one in waves.run(step))
            yield (latest := known())
            if waves.fatal is not None:
                raise waves.fatal
        yield replace(latest, stop_reason=step.reason)
        if self._stand_ins:
            self._stand_ins.take_back(copies.names)

    def _give(self, name: str, function: Function) -> None:
        """Let what stands for AWS answer a copy. Raises EndpointError where it cannot."""
        wanted = function.question.stand_in
        if self._stand_ins is not None and wanted is not None:
            self._stand_ins.give(name, self._connection.region, wanted)


class Waves:
    """Runs the rounds of one function; waves are counted through all of them."""

    def __init__(
        self,
        connection: Connection,
        deployments: Deployments,
        deployed: MutableMapping[Variant, Deployment],
        not_deployed: Mapping[Variant, NotDeployed],
        *,
        series: EventSeries,
        around: Around,
        rules: Mapping[str, AnswerRule],
        plan: Plan,
        clock: Callable[[], float],
    ) -> None:
        """Keep what every wave needs; `clock` gives the seconds since the function's first wave.

        `rules` say by payload how an answer is read. Once an invocation found no room beside the account's other
        traffic, waves wait within the budget's minutes at most.

        Both mappings may grow between the rounds; what a refresh made new is put in its place in the first.
        """
        self._connection = connection
        self._deployments = deployments
        self._deployed = deployed
        self._not_deployed = not_deployed
        self._series = series
        self._around = around
        self._rules = rules
        self._timeout_seconds = plan.timeout_seconds
        self._concurrency = plan.concurrency
        self._clock = clock
        self._seconds = 60 * plan.budget.minutes
        self._environments = Environments(connection, deployments.log_group)
        self._count = 0
        self._refusals: dict[str, CallError] = {}  # the first of each kind

    def run(self, step: Round) -> tuple[Invocation, ...]:
        """Run the round's waves in their order, side by side while their concurrency fits, and return what they gave.

        A Variant that could not be deployed is not invoked, and one whose environments could not be replaced neither:
        it would meet the old ones again. Nor is one whose set-up failed. After a refusal that would meet all further
        waves, they are not run: see `fatal`.
        """
        answers: list[Answer] = []
        skipped: list[Invocation] = []
        for batch in batches(step.waves, 1 if self._around.alone else self._concurrency):
            if (reason := self._in_the_way) is not None:
                for wave in batch:
                    turn = _Turn(wave=wave, round=step.number, number=self._count, failure=reason, refused=True)
                    skipped.append(self._skipped(turn))
                    self._count += 1
                continue
            turns = [self._turn(wave, step.number) for wave in batch]
            fresh = [self._deployed[one.wave.variant] for one in turns if one.renews and not one.failure]
            refreshed = self._deployments.refresh(*fresh) if fresh else {}
            calls = []
            for turn in turns:
                ready = refreshed.get(turn.wave.variant)
                if isinstance(ready, NotDeployed):
                    self._remember(ready.refusal)
                    skipped.append(self._skipped(replace(turn, failure=ready.reason, refused=True)))
                    continue
                if turn.failure:
                    skipped.append(self._skipped(turn))
                    continue
                if isinstance(ready, Deployment):
                    self._deployed[turn.wave.variant] = ready
                calls.append(partial(self._wave, turn))
            for group in run_all(calls):
                answers += group
                for answer in group:
                    self._remember(answer.refusal)
        return (*self._environments.identify(answers), *skipped)

    def _turn(self, wave: Wave, round_number: int) -> "_Turn":
        """Number a wave and its calls; set-up that invokes the measured copy itself runs before its cold ones."""
        self._count += 1
        turn = _Turn(wave=wave, round=round_number, number=self._count - 1)
        deployment, around = self._deployed.get(wave.variant), self._around
        if deployment is None:
            missing = self._not_deployed[wave.variant]
            self._remember(missing.refusal)
            return replace(turn, failure=missing.reason, refused=True)
        if around.failure:
            return replace(turn, failure=around.failure)
        anew = self._series.is_cold(wave) and around.renews
        calls = self._series.numbers(wave)
        ran = around.run("before", wave, deployment, calls) if anew else Ran()
        return replace(turn, calls=calls, is_set_up=anew, renews=anew or wave.fresh, ran=ran, failure=ran.failure)

    @property
    def fatal(self) -> CallError | None:
        """The refusal after which nothing more can be invoked: of an invocation, or of the run's credentials."""
        return next(
            (
                one
                for one in self._refusals.values()
                if one.ends_run or (one.fatal and one.operation == "lambda.Invoke")
            ),
            None,
        )

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do about the refusals; `fatal` says it itself."""
        told = (one.advice for one in self._refusals.values() if one is not self.fatal)
        return tuple(dict.fromkeys(filter(None, told)))

    @property
    def _in_the_way(self) -> str | None:
        """Why a wave is not run, although it was planned; None where nothing is in its way."""
        if self.fatal is not None:
            return self.fatal.what
        crowded = next((one for one in self._refusals.values() if throttled(one.error)), None)
        return crowded.what if crowded is not None and self._clock() >= self._seconds else None

    def _remember(self, refusal: CallError | None) -> None:
        if refusal is not None:
            self._refusals.setdefault(f"{refusal.operation} {refusal.code}", refusal)

    def _skipped(self, turn: "_Turn") -> Invocation:
        """Return what stands for a wave that was not run, so that the plan does not ask for it for ever."""
        deployed = self._deployed.get(turn.wave.variant)
        return Invocation(
            # One object for a Variant: cells keep the order by it.
            variant=turn.wave.variant if deployed is None else deployed.variant,
            payload=turn.wave.payload,
            round=turn.round,
            wave=turn.number,
            environment="",
            environment_known=False,
            cold=False,
            outcome=Outcome.DISCARDED,
            reason=turn.failure,
            duration_ms=None,
            billed_ms=None,
            max_memory_used_mb=None,
            at_seconds=self._clock(),
            aside_ms=turn.ran.ms,
            aside_usd=turn.ran.usd,
            refused=turn.refused,
        )

    def _wave(self, turn: "_Turn") -> tuple[Answer, ...]:
        """Run one wave with what is to run around it; where that fails, its calls count for nothing."""
        wave, around = turn.wave, self._around
        deployment = self._deployed[wave.variant]
        ran = turn.ran.then(around.pause())
        if not turn.is_set_up:
            ran = ran.then(around.run("before", wave, deployment, turn.calls))
        if ran.failure:
            return (Answer(invocation=self._skipped(replace(turn, ran=ran, failure=ran.failure)), request_id=None),)
        answers = invoke_wave(
            self._connection,
            deployment,
            lambda lane: self._series.event(wave.payload, turn.calls[lane], deployment.function_name),
            rule=self._rules[wave.payload],
            wave=wave,
            round_number=turn.round,
            wave_number=turn.number,
            timeout_seconds=self._timeout_seconds,
            clock=self._clock,
            patience_seconds=max(0.0, min(CROWDED_SECONDS, self._seconds - self._clock())),
        )
        ran = ran.then(around.run("after", wave, deployment, turn.calls))
        first, *others = (_spoilt(one, ran.failure) for one in answers) if ran.failure else answers
        told = replace(first.invocation, aside_ms=ran.ms, aside_usd=ran.usd)
        return (replace(first, invocation=told), *others)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """A wave with its number and those of its calls, and what ran for it already."""

    wave: Wave
    round: int
    number: int
    calls: tuple[int, ...] = ()
    is_set_up: bool = False
    renews: bool = False  # its environments are to be replaced
    ran: Ran = field(default_factory=Ran)
    failure: str = ""  # why it is not run
    refused: bool = False  # by the endpoint, and not for set-up that failed


def _spoilt(answer: Answer, failure: str) -> Answer:
    """Return an answer whose tear-down failed: it was paid for, and it is no result."""
    return replace(answer, invocation=replace(answer.invocation, outcome=Outcome.DISCARDED, reason=failure))


def batches(waves: Sequence[Wave], concurrency: int) -> Iterator[list[Wave]]:
    """Cut the waves into batches that fit together.

    No Variant stands twice in one: its second wave would find the environments busy, and start others.
    """
    batch: list[Wave] = []
    for wave in waves:
        full = sum(other.concurrency for other in batch) + wave.concurrency > concurrency
        if batch and (full or any(other.variant == wave.variant for other in batch)):
            yield batch
            batch = []
        batch.append(wave)
    if batch:
        yield batch
