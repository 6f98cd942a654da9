from dataclasses import replace

import pytest

from lambdabot.measurement.spared_work import spared_work
from lambdabot.model import Configuration, Outcome, Side


@pytest.fixture
def calls(invoked):
    """Calls of some environments: the first of each, and two later ones."""

    def of(first_ms: float, later_ms: float, *, environments: int = 4, **changes):
        cold = [
            invoked(cold=True, init_ms=80.0, duration_ms=first_ms, environment=str(number), **changes)
            for number in range(environments)
        ]
        warm = [replace(one, cold=False, init_ms=None, duration_ms=later_ms) for one in cold for _ in range(2)]
        return [*cold, *warm]

    return of


def test_first_calls_that_do_the_work_of_later_ones_stand_out(calls, head):
    found = spared_work(calls(600.0, 3.0), "usual")
    assert (found.variant, found.first_ms, found.later_ms, found.times) == (head, 600.0, 3.0, 200.0)


def test_a_later_call_counts_for_a_millisecond(calls):
    assert spared_work(calls(200.0, 0.1), "usual").times == 200.0


@pytest.mark.parametrize(
    ("first_ms", "later_ms"),
    [
        (250.0, 30.0),  # a connection, or an import
        (95.0, 2.0),  # the same at a fast function
        (3000.0, 400.0),
        (40.0, 40.0),
    ],
)
def test_ordinary_warm_ups_are_not_told(calls, first_ms, later_ms):
    assert spared_work(calls(first_ms, later_ms), "usual") is None


def test_one_environment_that_is_quick_at_once_says_that_it_is_none(calls):
    assert spared_work([*calls(600.0, 3.0), *calls(20.0, 3.0, environments=1)], "usual") is None


def test_a_few_environments_say_nothing(calls):
    assert spared_work(calls(600.0, 3.0, environments=2), "usual") is None


def test_init_that_was_done_again_within_the_call_is_no_work_of_the_handler(calls):
    again = [replace(one, init_ms=None) if one.cold else one for one in calls(12_000.0, 3.0)]
    assert spared_work(again, "usual") is None


def test_other_payloads_failures_and_the_base_do_not_count(calls, base):
    assert spared_work(calls(600.0, 3.0, payload="rare"), "usual") is None
    assert spared_work(calls(600.0, 3.0, outcome=Outcome.ERROR), "usual") is None
    assert spared_work(calls(600.0, 3.0, variant=base), "usual") is None


def test_it_is_told_of_the_largest_size_where_all_sizes_show_it(calls, head):
    larger = replace(head, configuration=Configuration(memory_mb=1769, architecture=head.configuration.architecture))
    assert larger.side is Side.HEAD

    both = [*calls(600.0, 3.0), *calls(300.0, 3.0, variant=larger)]
    assert spared_work(both, "usual").variant == larger
    assert spared_work([*calls(600.0, 3.0), *calls(80.0, 3.0, variant=larger)], "usual") is None
