from dataclasses import replace
from decimal import Decimal

import pytest

from lambdabot.model import Architecture, Configuration, Payload, Side, Variant


def test_weights_add_up_to_one(sweeping) -> None:
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(weight)) for name, weight in (("a", 3), ("b", 1)))
    assert sweeping(payloads=payloads).weights == {"a": 0.75, "b": 0.25}


def test_weights_of_nothing_are_equal(sweeping) -> None:
    payloads = tuple(Payload(name=name, body=b"", weight=Decimal(0)) for name in "ab")
    assert sweeping(payloads=payloads).weights == {"a": 0.5, "b": 0.5}


def test_the_rate_has_compute_and_the_storage_above_512_mb(sweeping) -> None:
    plan = sweeping(ephemeral_storage_mb=1536)
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
    plan = comparing(ephemeral_storage_mb=1536)
    base, head = plan.pair
    assert plan.rate(plan.current, Side.BASE) == plan.rate(plan.current)
    plan = replace(plan, base_ephemeral_storage_mb=512)
    assert plan.rate(plan.current, Side.BASE) < plan.rate(plan.current)
    assert plan.price(base, 1000) < plan.price(head, 1000)
