"""What runs around the calls that are measured: set-up, tear-down and pauses, in no figure and inside the budget."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.copies.request import Copy
from lambdabot.aws.invoking.invocation import Answer, invoke_wave
from lambdabot.measurement.budget import LONGEST_INIT_SECONDS
from lambdabot.model import AnswerRule, Deployment, Each, Outcome, Side, Variant, Wave
from lambdabot.pipeline.event_series import EventSeries
from lambdabot.pipeline.lineup import Lineup
from lambdabot.pipeline.preparers import Preparer

_PATIENCE = 3  # failures in a row: what is set up wrong does not come right by being invoked again
_FAILED = {Outcome.ERROR, Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a preparation took, and how it failed, in words; empty when it did not."""

    ms: float = 0.0
    usd: Decimal = Decimal(0)
    failure: str = ""

    def then(self, other: "Ran") -> "Ran":
        """Return both together."""
        return Ran(ms=self.ms + other.ms, usd=self.usd + other.usd, failure=self.failure or other.failure)


class Around:
    """Runs one function's preparations; `failure` says why none is run any more."""

    def __init__(self, lineup: Lineup, connection: Connection, deployments: Deployments, series: EventSeries) -> None:
        """Deploy nothing yet."""
        self.failure = ""
        self._lineup = lineup
        self._preparers = {one.key: one for one in lineup.preparers}
        self._connection = connection
        self._deployments = deployments
        self._series = series
        self._deployed: dict[str, Deployment] = {}
        self._failures = 0
        self._paused = False

    @property
    def alone(self) -> bool:
        """Tell whether waves run one after another: what one sets up, another one's tear-down would undo."""
        return bool(self._preparers or self._lineup.pair.head.question.pause_ms)

    @property
    def renews(self) -> bool:
        """Tell whether set-up invokes the measured copy itself, whose environments are to be replaced after it."""
        return "before" in self._preparers and self._target("before") is None

    def deploy(self) -> None:
        """Deploy the copies that are invoked; one that cannot be ends it all, with its reason."""
        for key, preparer in self._preparers.items():
            if preparer.function is None or preparer.build is None:
                continue
            variant = Variant(side=Side.HEAD, configuration=preparer.function.setup.current)
            copy = Copy(function=preparer.function, build=preparer.build, variant=variant)
            made = self._deployments.create([copy])[variant]
            if isinstance(made, NotDeployed):
                self.failure = self.failure or f"{preparer.name}: {made.reason}"
            else:
                self._deployed[key] = made

    def pause(self) -> Ran:
        """Wait as long as the settings say between one call and the next; the first is not waited for."""
        pause_ms, self._paused = self._lineup.pair.head.question.pause_ms if self._paused else 0.0, True
        if not pause_ms:
            return Ran()
        began = time.monotonic()
        self._connection.ending.wait(pause_ms / 1000)
        return Ran(ms=(time.monotonic() - began) * 1000)

    def run(self, key: str, wave: Wave, measured: Deployment, numbers: Sequence[int]) -> Ran:
        """Invoke what runs `before` or `after` a wave's calls, all at once, and wait for it."""
        preparer = self._preparers.get(key)
        if preparer is None:
            return Ran()
        lanes = numbers if preparer.preparation.each is Each.CALL else numbers[:1]
        target = self._target(key) or measured
        event, copy, began = preparer.preparation.event, measured.function_name, time.monotonic()
        try:
            answers = invoke_wave(
                self._connection,
                target,
                lambda lane: self._series.around(event, wave.payload, lanes[lane], copy),
                rule=AnswerRule(),
                wave=Wave(variant=target.variant, payload=key, concurrency=len(lanes)),
                round_number=0,
                wave_number=0,
                timeout_seconds=preparer.timeout_seconds,
                clock=lambda: 0.0,
            )
            failure = next((_words(one) for one in answers if _failed(one)), "")
        except CallError as error:
            answers, failure = (), error.what
        self._failures = self._failures + 1 if failure else 0
        failure = f"{preparer.name} failed: {failure}" if failure else ""
        if self._failures >= _PATIENCE:
            self.failure = f"{failure} ({_PATIENCE} times in a row)"
        usd = sum((self._usd(preparer, target, one) for one in answers), Decimal(0))
        return Ran(ms=(time.monotonic() - began) * 1000, usd=usd, failure=failure)

    def _target(self, key: str) -> Deployment | None:
        """Return whom a preparation invokes; None: the measured copy itself."""
        return self._preparers[key].existing or self._deployed.get(key)

    def _usd(self, preparer: Preparer, target: Deployment, answer: Answer) -> Decimal:
        """Return what a call cost at list prices; where no REPORT says it, what it can have cost at most."""
        if answer.request_id is None:
            return Decimal(0)
        billed = answer.report.billed_ms if answer.report else (preparer.timeout_seconds + LONGEST_INIT_SECONDS) * 1000
        function = preparer.function or self._lineup.pair.head
        storage_mb = 512 if preparer.existing else function.setup.ephemeral_storage_mb
        prices = self._lineup.bench.prices
        return prices.cost(target.variant.configuration, billed, ephemeral_storage_mb=storage_mb)


def _failed(answer: Answer) -> bool:
    return answer.request_id is None or answer.invocation.outcome in _FAILED


def _words(answer: Answer) -> str:
    one = answer.invocation
    return one.reason if one.outcome is Outcome.DISCARDED else f"{one.outcome}: {one.reason}"
