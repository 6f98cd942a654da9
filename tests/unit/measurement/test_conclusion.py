import json
from dataclasses import asdict, replace
from decimal import Decimal

import pytest

from benchmarks.lambda_simulator.simulator import Account
from lambdabot.aws.prices import prices
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.decision import next_step
from lambdabot.model import (
    Architecture,
    Configuration,
    Constraints,
    Extras,
    Invocation,
    Outcome,
    Payload,
    Side,
    Status,
    Variant,
)


def row(conclusion, configuration):
    return next(one for one in conclusion.measurements if one.variant.configuration == configuration)


def test_a_measured_row(sweeping, invoked, head, here) -> None:
    seen = [invoked(cold=True, init_ms=time, environment=name) for time, name in ((180.0, "a"), (220.0, "b"))]
    seen += [
        invoked(wave=2 + call, environment=name, duration_ms=time, billed_ms=100, cpu_model="x")
        for call in range(60)
        for name, time in (("a", 95.0), ("b", 99.0 if call % 10 else 300.0))
    ]
    found = row(conclude(sweeping(variants=(head,)), seen), here)
    assert (found.status, found.environments, found.invocations) == (Status.MEASURED, 2, 122)
    assert found.mean_duration_ms == pytest.approx((95 + (0.9 * 99 + 0.1 * 300)) / 2)
    assert (found.p50_duration_ms, found.p95_duration_ms, found.p99_duration_ms) == (95, 99, 300)
    assert found.mean_init_ms == 200
    assert found.max_memory_used_mb == 60
    cost = found.cost_per_million
    assert cost.value == pytest.approx(1e6 * (0.5 * 0.1 * 0.0000166667 + 0.0000002))
    assert cost.low < cost.value < cost.high
    assert (cost.confidence, cost.environments, cost.invocations) == (0.99, 2, 120)


def test_too_few_samples_give_no_percentile(sweeping, invoked, head, here) -> None:
    seen = [invoked(environment=str(place)) for place in range(19)]
    found = row(conclude(sweeping(variants=(head,)), seen), here)
    assert found.p50_duration_ms is not None
    assert found.p95_duration_ms is None
    more = [*seen, *(invoked(environment=f"more {place}") for place in range(81))]
    assert row(conclude(sweeping(variants=(head,)), more[:20]), here).p95_duration_ms is not None
    assert row(conclude(sweeping(variants=(head,)), more[:99]), here).p99_duration_ms is None
    assert row(conclude(sweeping(variants=(head,)), more), here).p99_duration_ms is not None


def test_a_slow_payload_of_low_weight_stays_in_the_estimate(sweeping, simulate, here) -> None:
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(w)) for name, w in (("usual", 9), ("rare", 1)))
    plan = sweeping(payloads=payloads)
    seen, _ = simulate(plan, cpu_ms=20, waiting_ms=20, payloads={"rare": 20.0}, account=Account())
    found = row(conclude(plan, seen), here).cost_per_million
    usual = 20 / 512 * 1769 + 20
    assert found.low < 1e6 * plan.cost(here, 2.9 * usual) < found.high


def test_estimated_rows_are_priced_at_the_same_duration(sweeping, invoked, head, here) -> None:
    twin = Configuration(memory_mb=512, architecture=Architecture.ARM64)
    lost = Configuration(memory_mb=1024, architecture=Architecture.ARM64)
    plan = replace(sweeping(), variants=(head,), sweep=(here,), current=here, estimated=(twin, lost), local=True)
    conclusion = conclude(plan, [invoked(environment=name) for name in "abc"])
    found, measured = row(conclusion, twin), row(conclusion, here)
    assert (found.status, found.mean_duration_ms) == (Status.ESTIMATED, measured.mean_duration_ms)
    assert found.cost_per_million.value == pytest.approx(1e6 * plan.cost(twin, 100))
    assert row(conclusion, lost).status is Status.NOT_MEASURED
    assert conclusion.recommendation.configuration == here
    assert conclusion.recommendation.estimated
    assert "every figure is an estimate" in conclusion.notes[0]


def test_estimated_rows_have_their_own_share_of_what_is_kept_ready(sweeping, invoked, head, here) -> None:
    (other,) = set(Architecture) - {here.architecture}
    twin = Configuration(memory_mb=here.memory_mb, architecture=other)
    ready = {"extras": Extras(provisioned_concurrency=2), "monthly_invocations": 10_000}
    plan = sweeping(prices=prices("us-east-1"), **ready)
    plan = replace(plan, variants=(head,), sweep=(here,), current=here, estimated=(twin,), local=True)
    found = row(conclude(plan, [invoked(environment=name) for name in "abc"]), twin)
    assert found.cost_per_million.value == pytest.approx(1e6 * plan.cost(twin, 100))


def test_what_could_not_be_deployed_has_its_reason(sweeping, here) -> None:
    lost = Variant(side=Side.HEAD, configuration=here)
    plan = replace(sweeping(), variants=(), unavailable={lost: "memory is capped at 256 MB"})
    found = row(conclude(plan, []), here)
    assert (found.status, found.reason) == (Status.NOT_MEASURED, "memory is capped at 256 MB")


def test_live_and_never_warm_is_not_measured(sweeping, invoked, head, here) -> None:
    found = row(conclude(sweeping(variants=(head,)), [invoked(cold=True)]), here)
    assert (found.status, found.reason, found.invocations) == (Status.NOT_MEASURED, "no call met a warm environment", 1)


def test_notes_tell_of_lanes_and_throttling(sweeping, invoked, head) -> None:
    seen = [invoked(environment="lane-0", environment_known=False), invoked(outcome=Outcome.DISCARDED)]
    first, second = conclude(sweeping(variants=(head,)), seen).notes
    assert "could not be told apart" in first
    assert second.startswith("1 invocations gave no result")


def test_notes_tell_of_drift(sweeping, invoked, head) -> None:
    def seen(slope):
        return [
            invoked(
                environment=str(place), billed_ms=round(1000 * (1 + slope * place) + place % 3), at_seconds=10.0 * place
            )
            for place in range(20)
        ]

    assert "drifted by +19%" in conclude(sweeping(variants=(head,)), seen(0.01)).notes[0]
    assert conclude(sweeping(variants=(head,)), seen(0.0)).notes == ()


def test_the_decision_replays_from_what_was_written_down(comparing, sweeping, simulate) -> None:
    for plan in (comparing(), sweeping(constraints=Constraints(mean_ms=2000))):
        seen, stop = simulate(plan, factor=1.3, account=Account())
        lines = [json.dumps(asdict(one), default=str) for one in seen]
        read = [invocation(json.loads(line)) for line in lines]
        assert read == seen
        assert next_step(plan, read) == stop
        assert conclude(plan, read) == conclude(plan, seen)


def invocation(fields) -> Invocation:
    variant = fields["variant"]
    configuration = variant["configuration"]
    return Invocation(
        **{
            **fields,
            "outcome": Outcome(fields["outcome"]),
            "aside_usd": Decimal(fields["aside_usd"]),
            "variant": Variant(
                side=Side(variant["side"]),
                configuration=Configuration(
                    memory_mb=configuration["memory_mb"], architecture=Architecture(configuration["architecture"])
                ),
            ),
        }
    )
