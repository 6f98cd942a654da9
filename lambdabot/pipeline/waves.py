"""A round of waves, run as concurrently as the endpoint allows."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import partial

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.threads import run_all
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.invoking.environments import Environments
from lambdabot.aws.invoking.invocation import Answer, invoke_wave
from lambdabot.model import Deployment, Invocation, Outcome, Payload, Round, Variant, Wave


class Waves:
    """Runs the rounds of one function; waves are counted through all of them."""

    def __init__(
        self,
        connection: Connection,
        deployments: Deployments,
        deployed: MutableMapping[Variant, Deployment],
        not_deployed: Mapping[Variant, NotDeployed],
        *,
        payloads: Sequence[Payload],
        timeout_seconds: int,
        concurrency: int,
        clock: Callable[[], float],
    ) -> None:
        """Keep what every wave needs; `clock` gives the seconds since the function's first wave.

        Both mappings may grow between the rounds; what a refresh made new is put in its place in the first.
        """
        self._connection = connection
        self._deployments = deployments
        self._deployed = deployed
        self._not_deployed = not_deployed
        self._payloads = {payload.name: payload.body for payload in payloads}
        self._timeout_seconds = timeout_seconds
        self._concurrency = concurrency
        self._clock = clock
        self._environments = Environments(connection, deployments.log_group)
        self._count = 0

    def run(self, step: Round) -> tuple[Invocation, ...]:
        """Run the round's waves in their order, side by side while their concurrency fits, and return what they gave.

        A Variant that could not be deployed is not invoked, and one whose environments could not be replaced neither:
        it would meet the old ones again.
        """
        answers: list[Answer] = []
        skipped: list[Invocation] = []
        for batch in batches(step.waves, self._concurrency):
            fresh = [self._deployed[wave.variant] for wave in batch if wave.fresh and wave.variant in self._deployed]
            refreshed = self._deployments.refresh(*fresh) if fresh else {}
            known = {**self._not_deployed, **self._deployed, **refreshed}
            calls = []
            for wave in batch:
                ready = known[wave.variant]
                if isinstance(ready, NotDeployed):
                    skipped.append(self._skipped(wave, step.number, ready.reason))
                else:
                    self._deployed[wave.variant] = ready
                    calls.append(partial(self._wave, wave, step.number, self._count))
                self._count += 1
            for group in run_all(calls):
                answers += group
        return (*self._environments.identify(answers), *skipped)

    def _skipped(self, wave: Wave, round_number: int, reason: str) -> Invocation:
        """Return what stands for a wave that was not run, so that the plan does not ask for it for ever."""
        return Invocation(
            variant=wave.variant,
            payload=wave.payload,
            round=round_number,
            wave=self._count,
            environment="",
            environment_known=False,
            cold=False,
            outcome=Outcome.DISCARDED,
            reason=reason,
            duration_ms=None,
            billed_ms=None,
            max_memory_used_mb=None,
            at_seconds=self._clock(),
        )

    def _wave(self, wave: Wave, round_number: int, wave_number: int) -> tuple[Answer, ...]:
        return invoke_wave(
            self._connection,
            self._deployed[wave.variant],
            self._payloads[wave.payload],
            wave=wave,
            round_number=round_number,
            wave_number=wave_number,
            timeout_seconds=self._timeout_seconds,
            clock=self._clock,
        )


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
