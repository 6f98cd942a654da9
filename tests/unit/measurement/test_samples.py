import pytest

from lambdabot.measurement.samples import Cell, cells
from lambdabot.model import Outcome, Status


@pytest.fixture
def cell(head):
    def group(seen, payloads=("usual",)) -> Cell:
        return cells([head], payloads, seen)[head]

    return group


def test_nothing_seen(cell) -> None:
    found = cell([])
    assert found.open
    assert (found.environments, found.waiting, found.invocations, found.max_memory_used_mb) == ((), 0, 0, None)


def test_warm_calls_are_grouped_by_environment_and_cold_ones_kept_apart(cell, invoked) -> None:
    found = cell(
        [
            invoked(cold=True, init_ms=200.0, wave=1),
            invoked(cold=True, init_ms=220.0, wave=1, environment="b"),
            invoked(wave=2, billed_ms=10),
            invoked(wave=2, billed_ms=20, environment="b", cpu_model="EPYC"),
            invoked(wave=3, billed_ms=12),
        ]
    )
    assert [(one.name, one.billed_ms("usual")) for one in found.environments] == [("a", [10, 12]), ("b", [20])]
    assert found.environments[1].cpu_model == "EPYC"
    assert found.inits_ms == (200.0, 220.0)
    assert (found.calls, found.invocations, found.waiting) == (3, 5, 0)


def test_environments_wait_between_their_cold_and_their_first_warm_call(cell, invoked) -> None:
    cold = [invoked(cold=True, wave=4), invoked(cold=True, wave=4, environment="b")]
    assert cell([invoked(wave=3, environment="c"), *cold]).waiting == 2
    assert cell([*cold, invoked(wave=5)]).waiting == 0
    assert cell([*cold, invoked(wave=5, outcome=Outcome.DISCARDED)]).waiting == 2


def test_the_call_after_a_failure_is_left_out(cell, invoked) -> None:
    found = cell(
        [
            invoked(wave=1, billed_ms=10),
            invoked(wave=2, outcome=Outcome.ERROR, reason="boom"),
            invoked(wave=3, billed_ms=900),
            invoked(wave=4, billed_ms=11),
            invoked(wave=4, billed_ms=50, environment="b"),
        ]
    )
    assert [one.billed_ms("usual") for one in found.environments] == [[10, 11], [50]]


def test_of_two_calls_in_the_wave_after_a_failure_either_may_have_been_the_first(cell, invoked) -> None:
    found = cell(
        [
            invoked(wave=1, cold=True, outcome=Outcome.ERROR),
            invoked(wave=2, billed_ms=11),
            invoked(wave=2, billed_ms=900),
            invoked(wave=3, billed_ms=12),
        ]
    )
    assert [one.billed_ms("usual") for one in found.environments] == [[12]]


def test_calls_beside_a_failure_in_their_environment_are_left_out_whatever_their_order(cell, invoked) -> None:
    found = cell(
        [invoked(wave=1, billed_ms=900), invoked(wave=1, outcome=Outcome.ERROR), invoked(wave=2, billed_ms=900)]
    )
    assert found.environments == ()


def test_a_lost_answer_may_have_been_a_failure_of_any_environment(cell, invoked) -> None:
    lost = {"outcome": Outcome.DISCARDED, "environment": "lane 3", "environment_known": False}
    found = cell(
        [
            invoked(wave=1, billed_ms=10),
            invoked(wave=1, billed_ms=11, environment="b"),
            invoked(wave=2, billed_ms=900),
            invoked(wave=2, **lost),
            invoked(wave=3, billed_ms=900),
            invoked(wave=4, billed_ms=12),
            invoked(wave=5, billed_ms=900, environment="b"),
            invoked(wave=6, billed_ms=13, environment="b"),
            invoked(wave=6, billed_ms=900, environment="c"),
        ]
    )
    assert [one.billed_ms("usual") for one in found.environments] == [[10, 12], [11, 13]]


def test_a_failure_in_an_unknown_environment_may_have_been_in_any(cell, invoked) -> None:
    def lane(number, **changes):
        return invoked(environment=f"lane-{number}", environment_known=False, **changes)

    found = cell(
        [
            lane(0, wave=1, cold=True),
            lane(0, wave=2, billed_ms=10),
            lane(1, wave=3, outcome=Outcome.ERROR),
            lane(0, wave=4, billed_ms=900),
            lane(0, wave=5, billed_ms=901),  # lanes cannot tell that this is not the environment that failed
            lane(0, wave=6, cold=True),
            lane(0, wave=7, billed_ms=11),
        ]
    )
    assert [one.billed_ms("usual") for one in found.environments] == [[10], [11]]


def test_throttled_calls_are_counted_and_never_timed(cell, invoked) -> None:
    found = cell([invoked(wave=1), invoked(wave=2, outcome=Outcome.DISCARDED, duration_ms=None, billed_ms=None)])
    assert (found.invocations, found.answered, found.calls) == (2, 1, 1)
    assert found.environments[0].durations_ms("usual") == [99.5]


def test_lanes_are_new_environments_after_every_cold_start(cell, invoked) -> None:
    def lane(number, **changes):
        return invoked(environment=f"lane-{number}", environment_known=False, **changes)

    found = cell(
        [lane(number, wave=1, cold=True) for number in (0, 1)]
        + [lane(number, wave=2) for number in (0, 1)]
        + [lane(number, wave=3, cold=True) for number in (0, 1)]
        + [lane(number, wave=wave) for wave in (4, 5) for number in (0, 1)]
    )
    assert [(one.name, one.calls) for one in found.environments] == [
        ("lane-0", 1),
        ("lane-1", 1),
        ("lane-0", 2),
        ("lane-1", 2),
    ]
    assert not any(one.known for one in found.environments)


def test_an_environment_counts_once_it_has_served_every_payload(cell, invoked) -> None:
    found = cell([invoked(), invoked(payload="rare"), invoked(environment="b")], ("usual", "rare"))
    assert [one.name for one in found.environments] == ["a"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.ERROR, Status.ERROR),
        (Outcome.TIMEOUT, Status.TIMEOUT),
        (Outcome.OUT_OF_MEMORY, Status.OUT_OF_MEMORY),
    ],
)
def test_what_fails_twice_and_mostly_is_a_result(cell, invoked, outcome, status) -> None:
    failure = invoked(outcome=outcome, reason="its own words")
    assert cell([failure]).open
    assert cell([failure, failure, invoked(), invoked()]).open
    found = cell([failure, failure, invoked()])
    assert (found.status, found.reason) == (status, "2 of 3 invocations: its own words")


def test_one_payload_that_always_fails_is_enough(cell, invoked) -> None:
    fine = [invoked() for _ in range(8)]
    failures = [invoked(payload="rare", outcome=Outcome.TIMEOUT) for _ in range(2)]
    found = cell([*fine, *failures], payloads=("usual", "rare"))
    assert found.status is Status.TIMEOUT
    assert "with payload rare: timeout" in found.reason


def test_three_rounds_without_a_warm_result_are_enough(cell, invoked) -> None:
    throttled = [invoked(round=number, outcome=Outcome.DISCARDED, reason="Rate Exceeded") for number in (1, 2, 3)]
    assert cell(throttled[:2]).open
    found = cell(throttled)
    assert found.status is Status.NOT_MEASURED
    assert found.reason == "no warm result in 3 rounds: Rate Exceeded"


def test_three_rounds_without_a_new_environment_exhaust_a_variant(cell, invoked) -> None:
    seen = [invoked(round=number) for number in (1, 2, 3, 4)]
    assert not cell(seen[:3]).exhausted
    assert cell(seen).exhausted
    assert cell(seen).open


def test_a_report_without_billed_duration_is_taken_at_its_duration(cell, invoked) -> None:
    found = cell([invoked(billed_ms=None, duration_ms=7.5)])
    assert found.environments[0].billed_ms("usual") == [7.5]
    assert found.billed_ms == 7.5


@pytest.mark.parametrize(
    ("failure", "kept"),
    [
        ({"outcome": Outcome.FAILING_ANSWER, "error_type": "HTTP 500", "survived": True}, [10, 12, 14]),
        ({"outcome": Outcome.ERROR, "error_type": "KeyError", "survived": True}, [10, 12, 14]),
        ({"outcome": Outcome.ERROR, "error_type": "TypeError"}, [10, 14]),  # as Node.js tells an uncaught one
        ({"outcome": Outcome.ERROR, "error_type": "Runtime.ExitError"}, [10, 14]),
        ({"outcome": Outcome.ERROR}, [10, 14]),  # as the first versions wrote it
        ({"outcome": Outcome.TIMEOUT, "error_type": "Sandbox.Timedout"}, [10, 14]),
    ],
)
def test_an_environment_goes_on_after_what_its_handler_answered_or_raised(cell, invoked, failure, kept):
    found = cell(
        [invoked(wave=1, billed_ms=10), invoked(wave=2, billed_ms=1, **failure)]
        + [invoked(wave=wave, billed_ms=billed) for wave, billed in ((3, 12), (4, 14))]
    )
    assert [one.billed_ms("usual") for one in found.environments] == [kept]


def test_failures_are_counted_with_the_reason_of_the_most_frequent_kind(cell, invoked):
    bad = {"outcome": Outcome.FAILING_ANSWER}
    seen = [
        invoked(**bad, error_type="HTTP 404", reason="HTTP 404: no item 1"),
        invoked(**bad, error_type="HTTP 500", reason="HTTP 500: away, 17"),
        invoked(**bad, error_type="HTTP 500", reason="HTTP 500: away, 18"),
        invoked(outcome=Outcome.DISCARDED),
        invoked(**bad, payload="rare"),
        invoked(),
    ]
    failures = cell(seen).failures
    assert (failures.failed, failures.answered, failures.reason) == (3, 4, "HTTP 500: away, 17")
    assert str(failures) == "3 of 4"


@pytest.mark.parametrize(
    ("failed", "of", "given_up"), [(2, 2, False), (5, 5, False), (6, 6, True), (7, 12, False), (14, 20, True)]
)
def test_a_size_is_given_up_for_more_failures_than_chance_brings(head, invoked, failed, of, given_up):
    bad = {"outcome": Outcome.FAILING_ANSWER, "error_type": "HTTP 500", "reason": "HTTP 500"}
    seen = [invoked(wave=wave, **(bad if wave < failed else {})) for wave in range(of)]
    found = cells([head], ["usual"], seen, at_once=False)[head]
    assert found.status is (Status.ERROR if given_up else Status.MEASURED)
    assert found.reason == (f"{failed} of {of} invocations: HTTP 500" if given_up else "")
