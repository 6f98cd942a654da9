"""The simulated endpoint: Rounds in, Invocations out, in virtual time."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from benchmarks.lambda_simulator.hosts import MIXED, Hosts, within
from benchmarks.lambda_simulator.workload import Work
from lambdabot.model import Invocation, Outcome, Round, Side, Variant, Wave

_INVOKE_SECONDS = 0.05  # a call's own way there and back
_UPDATE_SECONDS = 3.0  # a configuration update, waited for: what `fresh` costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the function runs, and what may be known of it: log streams, CPU models."""

    hosts: Hosts = MIXED
    concurrency: int = 1000
    environments_known: bool = True
    cpu_known: bool = True
    timeout_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class _Environment:
    name: str
    model: str
    log_effect: float


class Simulator:
    """One account with one function on both sides; environments are reused while they are warm, in no fixed order."""

    def __init__(self, workloads: Mapping[Side, Work], account: Account, *, seed: int) -> None:
        """Start with no environment anywhere."""
        self._workloads = workloads
        self._account = account
        self._generator = np.random.default_rng(seed)
        self._pools: dict[Variant, list[_Environment]] = {}
        self._started = 0
        self._wave = 0
        self._seconds = 0.0

    def run(self, round_: Round) -> list[Invocation]:
        """Run the waves of a round, one after the other."""
        return [one for wave in round_.waves for one in self._run(round_.number, wave)]

    def _run(self, number: int, wave: Wave) -> list[Invocation]:
        if wave.fresh:
            self._pools[wave.variant] = []
            self._seconds += _UPDATE_SECONDS
        pool = self._pools.setdefault(wave.variant, [])
        admitted = min(wave.concurrency, self._account.concurrency)
        order = self._generator.permutation(len(pool))[:admitted]
        served = [(pool[place], False) for place in order]
        served += [(self._start(wave.variant), True) for _ in range(admitted - len(served))]
        pool += [environment for environment, cold in served if cold]
        self._wave += 1
        results = [self._call(number, wave, lane, *one) for lane, one in enumerate(served)]
        slowest = max((result.duration_ms or 0.0) + (result.init_ms or 0.0) for result in results)
        self._seconds += slowest / 1000 + _INVOKE_SECONDS
        results += [self._throttled(number, wave, lane) for lane in range(admitted, wave.concurrency)]
        return results

    def _start(self, variant: Variant) -> _Environment:
        models, logs = self._account.hosts.draw(self._generator, 1)
        self._started += 1
        name = f"{variant.side}-{variant.configuration}-{self._started}"
        return _Environment(name, self._account.hosts.models[int(models[0])], float(logs[0]))

    def _call(self, number: int, wave: Wave, lane: int, environment: _Environment, cold: bool) -> Invocation:
        configuration = wave.variant.configuration
        workload = self._workloads[wave.variant.side]
        outcome, probability = workload.failures.get(configuration, (Outcome.OK, 0.0))
        failed = self._generator.random() < probability
        spread = within(configuration.memory_mb)
        noise = float(np.exp(self._generator.normal(-(spread**2) / 2, spread)))
        effect = float(self._account.hosts.effect(np.array(environment.log_effect), configuration.memory_mb))
        duration = min(
            workload.duration_ms(configuration, wave.payload) * effect * noise, self._account.timeout_seconds * 1000
        )
        init = workload.init_ms * float(np.exp(self._generator.normal(0, 0.1))) if cold else None
        at_seconds = self._seconds + (duration + (init or 0.0)) / 1000 + _INVOKE_SECONDS
        return Invocation(
            variant=wave.variant,
            payload=wave.payload,
            round=number,
            wave=self._wave,
            environment=environment.name if self._account.environments_known else f"lane-{lane}",
            environment_known=self._account.environments_known,
            cpu_model=environment.model if self._account.cpu_known else None,
            cold=cold,
            outcome=outcome if failed else Outcome.OK,
            reason="simulated failure" if failed else "",
            survived=failed and outcome in {Outcome.ERROR, Outcome.FAILING_ANSWER},
            duration_ms=round(duration, 2),
            billed_ms=ceil(duration + (init or 0.0)),
            init_ms=init,
            max_memory_used_mb=workload.memory_mb,
            at_seconds=at_seconds,
        )

    def _throttled(self, number: int, wave: Wave, lane: int) -> Invocation:
        return Invocation(
            variant=wave.variant,
            payload=wave.payload,
            round=number,
            wave=self._wave,
            environment=f"lane-{lane}",
            environment_known=False,
            cold=False,
            outcome=Outcome.DISCARDED,
            reason="TooManyRequestsException: Rate Exceeded.",
            duration_ms=None,
            billed_ms=None,
            max_memory_used_mb=None,
            at_seconds=self._seconds,
        )
