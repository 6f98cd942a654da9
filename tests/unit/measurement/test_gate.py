from dataclasses import replace

import pytest

from benchmarks.lambda_simulator.hosts import HOMOGENEOUS, MIXED
from benchmarks.lambda_simulator.simulator import Account
from lambdabot.aws.prices import prices
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.gate import LOCAL_LOOKS, LOOKS, standing, tails
from lambdabot.measurement.samples import cells
from lambdabot.model import Extras, Outcome, Side, Verdict


def compare(plan, seen):
    return conclude(plan, seen).comparison


def test_looks_spend_one_percent_together() -> None:
    for planned in (LOOKS, LOCAL_LOOKS):
        assert sum(tails(planned)) == pytest.approx(0.01)
        assert list(tails(planned)) == sorted(tails(planned))


@pytest.mark.parametrize("account", [Account(), Account(cpu_known=False, hosts=HOMOGENEOUS)])
@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.0, (Verdict.NO_CHANGE, 1)), (2.0, (Verdict.REGRESSION, 2)), (0.6, (Verdict.IMPROVEMENT, 1))],
)
def test_the_gate_sees_what_is_there(comparing, simulate, account, factor, expected) -> None:
    plan = comparing()
    seen, _ = simulate(plan, factor=factor, account=account)
    found = compare(plan, seen)
    assert (found.verdict, found.rounds) == expected
    assert found.cost_ratio.low < factor < found.cost_ratio.high
    assert found.cost_ratio.environments == found.environments <= 80


@pytest.mark.parametrize("known", [True, False])
def test_storage_that_the_head_adds_is_part_of_its_cost(comparing, simulate, known) -> None:
    plan = comparing(extras=Extras(ephemeral_storage_mb=10_240))
    seen, _ = simulate(plan, account=Account(environments_known=known, cpu_known=False))
    same = compare(plan, seen).cost_ratio
    grown = compare(replace(plan, base_extras=Extras(ephemeral_storage_mb=512)), seen).cost_ratio
    rates = plan.rate(plan.current) / replace(plan, extras=Extras(ephemeral_storage_mb=512)).rate(plan.current)
    assert grown.value / same.value == pytest.approx(rates, abs=2e-3)  # the request fee is on both sides


@pytest.mark.parametrize("known", [True, False])
def test_environments_that_the_head_keeps_ready_are_part_of_its_cost(comparing, simulate, known) -> None:
    ready = {"extras": Extras(provisioned_concurrency=5), "monthly_invocations": 1_000_000}
    plan = comparing(base_extras=Extras(), prices=prices("us-east-1"), **ready)
    seen, _ = simulate(plan, account=Account(environments_known=known, cpu_known=False))
    found = compare(plan, seen)
    assert found.verdict is Verdict.REGRESSION
    share = plan.fee(plan.current) - plan.fee(plan.current, Side.BASE)
    assert share == pytest.approx(5 * 0.5 * 730 * 3600 * 0.0000041667 / 1_000_000)
    without = compare(replace(plan, monthly_invocations=None), seen).cost_ratio
    assert found.cost_ratio.low > 1.5
    assert without.value < 1  # the rate of a duration is lower where it was kept ready


def test_lanes_are_enough_to_see_twice_the_cost(comparing, simulate) -> None:
    plan = comparing()
    seen, _ = simulate(plan, factor=2.0, account=Account(environments_known=False, cpu_known=False))
    assert compare(plan, seen).verdict is Verdict.REGRESSION


def test_one_machine_decides_with_few_environments(comparing, simulate) -> None:
    plan = comparing(local=True, concurrency=2)
    account = Account(hosts=replace(HOMOGENEOUS, spread=0.03))
    for factor, verdict in ((1.0, Verdict.NO_CHANGE), (2.0, Verdict.REGRESSION)):
        seen, _ = simulate(plan, factor=factor, account=account)
        found = compare(plan, seen)
        assert found.verdict is verdict
        assert found.environments <= 12


def test_a_slow_machine_does_not_pass_for_a_slow_head(comparing, invoked, base, head) -> None:
    plan = comparing(local=True, concurrency=4)
    seen = []
    for number, (slowness, bases, heads) in enumerate([(1.0, 3, 1), (1.5, 1, 3)], start=2):
        for variant, count in ((base, bases), (head, heads)):
            for environment in range(count):
                time = 100 * slowness * (1 + 0.01 * environment)
                name = f"{variant.side}-{number}-{environment}"
                seen += [invoked(variant=variant, round=number, environment=name, billed_ms=time) for _ in range(2)]
    found = standing(plan, cells(plan.variants, plan.weights, seen))
    assert found.environments == 3
    assert float(found.ratio.bounds(0.5 - 1e-9)[0]) == pytest.approx(1.0, abs=0.02)


def test_a_regression_that_a_second_round_does_not_confirm_is_inconclusive(comparing, invoked, base, head) -> None:
    plan = comparing()
    seen = []
    for number, factor in ((2, 2.0), (3, 1.0)):
        for variant in (base, head):
            slow = factor if variant is head else 1.0
            for place in range(40):
                name = f"{variant.side}-{number}-{place}"
                time = 100 * slow * (1 + 0.002 * (place % 7))
                seen.append(invoked(variant=variant, round=number, environment=name, billed_ms=time, cpu_model="x"))
    found = compare(plan, [one for one in seen if one.round == 2 and one.environment.split("-")[2] in "01234"])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "not yet confirmed" in found.reason
    first_five = [one for one in seen if one.round == 2 and one.environment.split("-")[2] in "01234"]
    found = compare(plan, [*first_five, *(one for one in seen if one.round == 3)])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "does not confirm it" in found.reason
    assert found.rounds == 2


def test_exactly_at_the_threshold_stays_undecided(comparing, simulate) -> None:
    plan = comparing()
    seen, stop = simulate(plan, factor=1.1, account=Account(hosts=MIXED, cpu_known=False))
    found = compare(plan, seen)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "too wide to say" in found.reason
    assert found.environments == 40
    assert stop.reason == "decided"


def test_nothing_to_compare_says_why(comparing, base) -> None:
    plan = comparing()
    cases = [
        (replace(plan, identical=True), Verdict.NO_CHANGE, "same package and settings"),
        (replace(plan, no_comparison="no base branch here"), Verdict.NOT_MEASURED, "no base branch here"),
        (replace(plan, base=None), Verdict.NOT_MEASURED, "no base to compare with"),
        (
            replace(plan, variants=plan.variants[:1], unavailable={base: "quota"}),
            Verdict.NOT_MEASURED,
            "base at 512 MB x86_64: quota",
        ),
        (replace(plan, variants=plan.variants[:1]), Verdict.NOT_MEASURED, "not deployed"),
    ]
    for changed, verdict, words in cases:
        found = compare(changed, [])
        assert found.verdict is verdict
        assert words in found.reason
        assert found.cost_ratio is None


def test_a_side_that_fails_is_not_measured(comparing, simulate, here) -> None:
    plan = comparing()
    seen, _ = simulate(plan, failures={here: (Outcome.OUT_OF_MEMORY, 1.0)})
    found = compare(plan, seen)
    assert found.verdict is Verdict.NOT_MEASURED
    assert "simulated failure" in found.reason


@pytest.mark.parametrize(
    ("factor", "limits", "verdict"),
    [
        (2.0, (1e6, 1_000_000), Verdict.NO_CHANGE),  # twice as dear, and still below the dollars
        (2.0, (0.5, 1_000_000), Verdict.REGRESSION),
        (2.0, (1e6, None), Verdict.REGRESSION),  # without traffic the dollars cannot be told
        (0.5, (1e6, 1_000_000), Verdict.NO_CHANGE),
        (0.5, (0.1, 1_000_000), Verdict.IMPROVEMENT),
    ],
)
def test_both_thresholds_must_be_exceeded(comparing, simulate, factor, limits, verdict) -> None:
    plan = comparing(threshold_usd_monthly=limits[0], monthly_invocations=limits[1])
    seen, _ = simulate(plan, factor=factor)
    assert compare(plan, seen).verdict is verdict
