from dataclasses import replace
from decimal import Decimal

import pytest

from lambdabot.aws.prices import prices
from lambdabot.model import Architecture, Configuration, Extras, Payload, Side, Variant

PRICES = prices("us-east-1")


def test_weights_add_up_to_one(sweeping) -> None:
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(weight)) for name, weight in (("a", 3), ("b", 1)))
    assert sweeping(payloads=payloads).weights == {"a": 0.75, "b": 0.25}


def test_weights_of_nothing_are_equal(sweeping) -> None:
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(0)) for name in "ab")
    assert sweeping(payloads=payloads).weights == {"a": 0.5, "b": 0.5}


def test_the_rate_has_compute_and_the_storage_above_512_mb(sweeping) -> None:
    plan = sweeping(extras=Extras(ephemeral_storage_mb=1536))
    here = Configuration(memory_mb=1024, architecture=Architecture.ARM64)
    assert plan.rate(here) == pytest.approx((0.0000133334 + 0.0000000309) / 1000)
    assert plan.cost(here, 1000) == pytest.approx(0.0000133334 + 0.0000000309 + 0.0000002)


def test_a_pair_needs_both_sides_live_and_different(comparing, base, head) -> None:
    plan = comparing()
    assert plan.pair == (base, head)
    assert replace(plan, identical=True).pair is None
    assert replace(plan, no_comparison="no base").pair is None
    assert replace(plan, base=None).pair is None
    assert replace(plan, variants=(head,)).pair is None


def test_only_live_configurations_are_swept(sweeping) -> None:
    plan = sweeping()
    live = plan.variants[3:5]
    assert replace(plan, variants=(*live, Variant(side=Side.BASE, configuration=plan.current))).swept == live


def test_each_side_has_its_own_ephemeral_storage(comparing) -> None:
    plan = comparing(extras=Extras(ephemeral_storage_mb=1536))
    base, head = plan.pair
    assert plan.rate(plan.current, Side.BASE) == plan.rate(plan.current)
    plan = replace(plan, base_extras=Extras(ephemeral_storage_mb=512))
    assert plan.rate(plan.current, Side.BASE) < plan.rate(plan.current)
    assert plan.price(base, 1000) < plan.price(head, 1000)


def test_environments_that_are_kept_ready_have_their_rate_and_their_share_of_every_invocation(comparing) -> None:
    ready = Extras(provisioned_concurrency=3)
    here = Configuration(memory_mb=2048, architecture=Architecture.ARM64)
    plan = comparing(extras=ready, base_extras=Extras(), monthly_invocations=1_000_000, prices=PRICES)
    assert plan.rate(here) == pytest.approx(2 * 0.0000077778 / 1000)
    month = 3 * 2 * 730 * 3600 * 0.0000033334
    assert plan.fee(here) == pytest.approx(0.0000002 + month / 1_000_000)
    assert plan.cost(here, 100) == pytest.approx(100 * plan.rate(here) + plan.fee(here))
    assert plan.fee(here, Side.BASE) == pytest.approx(0.0000002)
    assert replace(plan, monthly_invocations=None).fee(here) == pytest.approx(0.0000002)
    # The copies have none, so a run is not billed for it.
    variant = Variant(side=Side.HEAD, configuration=here)
    assert plan.price(variant, 1000) == replace(plan, extras=Extras()).price(variant, 1000)


@pytest.mark.parametrize(("share", "counted"), [(0.2, 0.2), (None, 0.01)])
def test_snap_start_has_its_cache_and_its_restores(sweeping, share, counted) -> None:
    traffic = {"monthly_invocations": 1_000_000, "cold_start_share": share}
    plan = sweeping(extras=Extras(snap_start=True), prices=PRICES, **traffic)
    here = Configuration(memory_mb=1024, architecture=Architecture.ARM64)
    cache = 730 * 3600 * 0.0000015046 / 1_000_000
    assert plan.fee(here) == pytest.approx(0.0000002 + cache + counted * 0.0001397998)
    assert plan.rate(here) == replace(plan, extras=Extras()).rate(here)
