from dataclasses import replace
from decimal import Decimal

import pytest

from lambdabot.aws.prices import prices
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.recommendation import _not_dearer
from lambdabot.model import Architecture, Configuration, Constraints, Extras, Strategy, Variant


@pytest.fixture
def concluded(sweeping, invoked):
    """Conclude from environments of so many milliseconds by memory size, all on x86_64."""

    def make(times, *, used=60, inits=None, **changes):
        sweep = tuple(Configuration(memory_mb=size, architecture=Architecture.X86_64) for size in times)
        variants = tuple(Variant(side="head", configuration=one) for one in sweep)
        plan = replace(sweeping(), **{"sweep": sweep, "variants": variants, "current": sweep[0], **changes})
        seen = [
            invoked(
                variant=variant,
                environment=f"{variant.configuration.memory_mb}-{place}",
                billed_ms=times[variant.configuration.memory_mb],
                cpu_model="x",
                max_memory_used_mb=used,
                duration_ms=float(times[variant.configuration.memory_mb]),
            )
            for variant in variants
            for place in range(30)
        ]
        seen += [
            invoked(
                variant=variant,
                cold=True,
                init_ms=float(inits[variant.configuration.memory_mb]),
                environment=f"{variant.configuration.memory_mb}-0",
                max_memory_used_mb=used,
            )
            for variant in (variants if inits else ())
        ]
        return conclude(plan, seen)

    return make


@pytest.fixture
def recommended(concluded):
    """Return the recommendation, and why there is none."""

    def make(times, **changes):
        conclusion = concluded(times, **changes)
        return conclusion.recommendation, conclusion.recommendation_reason

    return make


def test_the_cheapest_with_its_reason_and_its_saving(recommended) -> None:
    found, _ = recommended({128: 4100, 512: 1000, 1769: 900}, monthly_invocations=1_000_000)
    assert found.configuration.memory_mb == 512
    assert found.ties == ()
    assert found.saving_percent == pytest.approx(2.4, abs=0.5)
    assert found.saving_monthly_usd == pytest.approx(Decimal("0.21"), abs=Decimal("0.05"))
    assert found.reason.startswith("cheapest at $8.5")
    assert found.reason.endswith("; the next is 128 MB x86_64 at $8.74 per million and 4.1 s")


def test_the_saving_is_of_warm_calls_and_with_cold_starts_a_figure_of_its_own(recommended, sweeping) -> None:
    times, traffic = {128: 4100, 512: 1000}, 1_000_000
    warm, _ = recommended(times, monthly_invocations=traffic)
    assumed, _ = recommended(times, monthly_invocations=traffic, inits={128: 2000, 512: 800})
    known, _ = recommended(times, monthly_invocations=traffic, inits={128: 2000, 512: 800}, cold_start_share=0.5)

    plan, inits = sweeping(), {128: 2000, 512: 800}
    sizes = [Configuration(memory_mb=one, architecture=Architecture.X86_64) for one in times]
    for share, found in ((0.01, assumed), (0.5, known)):
        before, after = (
            plan.cost(one, times[one.memory_mb]) + share * plan.rate(one) * inits[one.memory_mb] for one in sizes
        )
        assert found.saving_with_cold_starts_percent == pytest.approx(100 * (1 - after / before), abs=0.01)
    assert known.saving_percent == assumed.saving_percent == warm.saving_percent
    assert known.saving_monthly_usd == assumed.saving_monthly_usd == warm.saving_monthly_usd
    assert (warm.saving_with_cold_starts_percent, "cold starts" in warm.reason) == (None, False)
    assert "; of warm calls: with 1 % cold starts (assumed) it is " in assumed.reason
    assert "; of warm calls: with 50 % cold starts it is " in known.reason


def test_the_saving_is_the_difference_of_two_measured_costs(concluded) -> None:
    found = concluded({128: 4100, 512: 1010, 1769: 290, 3008: 170}, monthly_invocations=1_000_000)
    costs = {one.variant.configuration: one.cost_per_million.value for one in found.measurements}
    best, today = found.recommendation, min(costs)

    assert best.configuration != today
    assert best.saving_percent == pytest.approx(100 * (1 - costs[best.configuration] / costs[today]))
    assert float(best.saving_monthly_usd) == pytest.approx(costs[today] - costs[best.configuration], abs=1e-5)


def test_what_is_expected_to_be_cheaper_but_was_measured_dearer_than_today_is_not_recommended(sweeping) -> None:
    plan = sweeping()
    head = [Variant(side="head", configuration=one) for one in plan.sweep]
    places = range(len(head))
    today = next(place for place in places if head[place].configuration == plan.current)
    other = next(place for place in places if place != today)
    costs = dict.fromkeys(head, 1.0) | {head[other]: 1.03}

    assert _not_dearer(plan, [other], head, costs) == [today]
    assert _not_dearer(plan, [other, today], head, costs) == [today]
    assert _not_dearer(plan, [other], head, {**costs, head[other]: 1.01}) == [other]  # within the tolerance
    assert _not_dearer(replace(plan, strategy=Strategy.SPEED), [other], head, costs) == [other]
    assert _not_dearer(plan, [other], [head[other]], costs) == [other]  # today's does not fit


def test_a_tie_holds_with_cold_starts_where_cost_is_the_strategy(recommended) -> None:
    times, inits = {128: 401, 256: 200}, {128: 2000, 256: 2000}
    assert recommended(times)[0].configuration.memory_mb == 256
    assert recommended(times, inits={128: 2000, 256: 1000})[0].configuration.memory_mb == 256
    dear, _ = recommended({128: 400, 256: 201}, inits=inits, cold_start_share=0.01)
    assert (dear.configuration.memory_mb, dear.ties) == (128, ())
    fast, _ = recommended({128: 400, 256: 201}, inits=inits, strategy=Strategy.BALANCED)
    assert fast.configuration.memory_mb == 256


def test_what_is_kept_ready_makes_large_sizes_dear_and_has_no_cold_starts(recommended) -> None:
    times, inits = {128: 4100, 512: 1000, 1769: 280}, {128: 2000, 512: 800, 1769: 500}
    ready = {"extras": Extras(provisioned_concurrency=1), "prices": prices("us-east-1")}
    alone, _ = recommended(times, inits=inits, **ready)
    assert alone.configuration.memory_mb == 1769
    assert "cold starts" not in alone.reason
    shared, _ = recommended(times, inits=inits, monthly_invocations=1_000_000, **ready)
    assert shared.configuration.memory_mb == 128


def test_where_nothing_changes_no_cold_starts_are_spoken_of(recommended) -> None:
    found, _ = recommended({128: 100, 512: 1000}, inits={128: 2000, 512: 800})
    assert (found.saving_percent, found.configuration.memory_mb) == (0, 128)
    assert "cold starts" not in found.reason


def test_the_faster_of_ties(recommended) -> None:
    found, _ = recommended({128: 4010, 512: 1008, 1769: 900})
    assert found.configuration.memory_mb == 512
    assert [one.memory_mb for one in found.ties] == [128]
    words = "ties with the cheapest (128 MB x86_64) and faster: $8.60 per million and 1.0 s against"
    assert found.reason.startswith(words)


def test_without_traffic_no_monthly_saving_and_without_today_none_at_all(recommended) -> None:
    found, _ = recommended({128: 4000, 512: 1000})
    assert found.saving_monthly_usd is None
    elsewhere = Configuration(memory_mb=3008, architecture=Architecture.ARM64)
    found, _ = recommended({128: 4000, 512: 1000}, current=elsewhere, monthly_invocations=5)
    assert found.saving_percent is None
    assert found.saving_monthly_usd is None


def test_speed_and_balance(recommended) -> None:
    times = {128: 4000, 512: 1200, 1769: 700, 3008: 695}
    fastest, _ = recommended(times, strategy=Strategy.SPEED)
    assert fastest.configuration.memory_mb == 1769  # the cheaper of ties in speed
    balanced, _ = recommended(times, strategy=Strategy.BALANCED, balanced_weight=0.5)
    assert balanced.configuration.memory_mb == 512
    assert "best balanced" in balanced.reason


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"mean_ms": 500}, "mean duration 1000 ms is above 500 ms"),
        ({"p95_ms": 500}, "p95 duration 1000 ms is above 500 ms"),
        ({"cold_start_ms": 500}, "cold start is not known: too few samples"),
        ({"memory_headroom_percent": 90}, "used 60 of 512 MB: less than 90 % headroom"),
    ],
)
def test_nothing_meets_the_constraints(recommended, limits, words) -> None:
    found, reason = recommended({512: 1000}, constraints=Constraints(**limits))
    assert found is None
    assert words in reason


def test_what_meets_the_constraints_is_recommended_though_dearer(recommended) -> None:
    found, _ = recommended({128: 4000, 512: 1000, 1769: 600}, constraints=Constraints(mean_ms=700))
    assert found.configuration.memory_mb == 1769


def test_nothing_is_recommended_from_what_the_function_is_not_invoked_with(recommended) -> None:
    found, reason = recommended({128: 4100, 512: 1000}, no_recommendation="another event")

    assert (found, reason) == (None, "another event")


def test_nothing_measured(recommended, sweeping) -> None:
    found = conclude(sweeping(), [])
    assert found.recommendation is None
    assert found.recommendation_reason == "nothing could be measured"


def test_on_one_machine_noise_does_not_choose_between_what_cannot_be_told_apart(recommended) -> None:
    times = {512: 1000, 1024: 512}
    sure, _ = recommended(times)
    assert sure.configuration.memory_mb == 512
    doubtful, _ = recommended(times, local=True, waiting_counted=True)
    assert (doubtful.configuration.memory_mb, [tie.memory_mb for tie in doubtful.ties]) == (1024, [512])
    dearer, _ = recommended({512: 1000, 1024: 900}, local=True, waiting_counted=True)
    assert dearer.configuration.memory_mb == 512


def test_on_one_machine_nothing_costs_more_than_today_with_its_cold_starts(recommended) -> None:
    times = {512: 100, 1024: 50}
    warm, _ = recommended(times, local=True, waiting_counted=True)
    assert (warm.configuration.memory_mb, len(warm.ties)) == (1024, 1)
    whole, _ = recommended(times, local=True, waiting_counted=True, inits={512: 1000, 1024: 1400})
    assert (whole.configuration.memory_mb, whole.ties) == (512, ())
    known, _ = recommended(
        times, local=True, waiting_counted=True, inits={512: 1000, 1024: 1400}, cold_start_share=0.01
    )
    assert (known.configuration.memory_mb, known.ties) == (512, ())
