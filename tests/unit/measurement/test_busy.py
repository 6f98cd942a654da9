from dataclasses import replace

import pytest

from lambdabot.measurement.busy import too_busy, waited_share
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.samples import Cell, cells


@pytest.fixture
def busy(invoked, head):
    """Every call of two environments took 10 ms, and waited so long before."""

    def make(waited_ms):
        return [
            invoked(wave=2 + call, environment=name, duration_ms=10.0, billed_ms=10, waited_ms=waited_ms)
            for call in range(3)
            for name in "ab"
        ]

    return make


@pytest.mark.parametrize(("waited_ms", "share"), [(None, 0), (0.0, 0), (30.0, 0.75)])
def test_a_cell_knows_what_share_of_the_clock_its_calls_waited(busy, head, waited_ms, share) -> None:
    assert cells([head], ["usual"], busy(waited_ms))[head].waited_share == share


def test_the_variant_that_waited_most_stands_for_all(head) -> None:
    calm, busy = Cell(variant=head, waited_share=0.02), Cell(variant=head, waited_share=0.7)
    assert waited_share([calm, busy]) == 0.7
    assert waited_share([]) == 0
    assert too_busy([calm, busy]) == ""


def test_what_hardly_ran_at_all_is_recommended_nothing_from(sweeping, busy, head, here) -> None:
    plan = replace(sweeping(), variants=(head,), sweep=(here,), current=here, local=True, waiting_counted=True)
    assert conclude(plan, busy(30.0)).recommendation is not None
    found = conclude(plan, busy(290.0))
    assert found.recommendation is None
    assert found.recommendation_reason == (
        "this machine was too busy: calls waited 97% of their time for its other work"
    )
    assert found.waited_share == pytest.approx(29 / 30)
