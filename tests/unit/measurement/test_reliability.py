from dataclasses import replace

import numpy as np
import pytest

from lambdabot.measurement.first_calls import SURE, FirstCalls, first_calls
from lambdabot.measurement.gate import known
from lambdabot.measurement.reliability import (
    ERROR,
    LOOKS,
    doubtful_sizes,
    fails_with_its_size,
    judge,
    p_value,
    reliability,
)
from lambdabot.measurement.samples import Answered
from lambdabot.model import Failures, Outcome


def calls(*failed, payload="usual"):
    return [Answered(payload=payload, failed=bool(one)) for one in failed]


@pytest.mark.parametrize(
    ("strata", "expected"),
    [
        ([(3, 4, 1, 4)], 17 / 70),  # the lady who tastes tea (Fisher, The Design of Experiments, 1935)
        ([(10, 10, 0, 10)], 1 / 184_756),
        ([(0, 10, 0, 10)], 1.0),
        ([(0, 10, 5, 10)], 1.0),
        ([(2, 4, 0, 4), (0, 9, 0, 9)], 3 / 14),  # a stratum without failures says nothing
        ([(1, 1, 0, 1), (1, 1, 0, 1)], 1 / 4),
        ([(5, 5, 2, 2)], 1.0),  # nor one in which all fail
        ([], 1.0),
    ],
)
def test_the_test_is_exact(strata, expected):
    assert p_value(strata) == pytest.approx(expected, rel=1e-12)


def test_a_payload_that_fails_on_both_sides_is_no_difference_however_often_either_was_called_with_it():
    good, bad = calls(*[0] * 9), calls(*[1] * 9, payload="rare")
    head = [*good[:1], *bad]
    base = [*good, *bad[:1]]

    assert not judge([base, head]).worse
    assert judge([calls(*[0] * 10), calls(*[1] * 10)]).worse


def test_a_look_counts_the_first_calls_of_each_side_alone():
    late = [0] * 10 + [1] * 9

    assert judge([calls(*[0] * 30), calls(*late)]).p_value == 1.0


def test_more_calls_are_wanted_while_head_fails_more_often_and_no_longer():
    ten = calls(*[0] * 10)

    assert judge([calls(0, 0), calls(0, 1)]).wanted == LOOKS[0]
    assert judge([calls(0, 1), calls(0, 0)]).wanted == 0
    assert judge([ten, calls(1, *[0] * 9)]).wanted == LOOKS[1]
    assert judge([ten * 2, calls(1, *[0] * 19)]).wanted == 0
    assert judge([ten * 2, calls(1, 1, 1, *[0] * 17)]).wanted == LOOKS[2]
    assert judge([ten * 8, calls(*[1] * 3, *[0] * 77)]).wanted == 0


@pytest.mark.parametrize("rate", [0.1, 0.3, 1.0])
def test_sides_that_fail_alike_are_hardly_ever_told_apart(rate):
    generator = np.random.default_rng(7)
    drawn = generator.random((1_000, 2, LOOKS[-1])) < rate
    worse = sum(judge([calls(*side) for side in trial]).worse for trial in drawn)

    assert worse / len(drawn) <= 4 * ERROR


def test_an_earlier_versions_plan_does_not_look_at_failures(comparing, simulate):
    plan = comparing()
    seen, _ = simulate(plan)
    cells = known(plan, seen)

    assert reliability(plan, cells) == (None, 0)
    assert first_calls(plan, cells) == FirstCalls()
    assert doubtful_sizes(plan, cells) == {}
    assert reliability(replace(plan, failures="fail"), cells)[0].head.answered > 0


def test_calls_that_give_no_answer_are_not_asked_for_for_ever(comparing, invoked, head):
    plan = comparing(failures="fail")
    seen = [invoked(variant=variant, wave=1) for variant in plan.pair]
    lost = [invoked(variant=head, wave=2, outcome=Outcome.ERROR, error_type="KeyError")]
    lost += [invoked(variant=head, wave=3 + wave, outcome=Outcome.DISCARDED, duration_ms=None) for wave in range(40)]
    start = first_calls(plan, known(plan, [*seen, *lost]))

    assert not start.calls
    assert not start.hopeless


@pytest.mark.parametrize(("outcome", "hopeless"), [(Outcome.ERROR, True), (Outcome.OUT_OF_MEMORY, False)])
def test_what_fails_for_want_of_memory_or_time_may_work_at_another_size(comparing, invoked, head, outcome, hopeless):
    plan = comparing(failures="fail")
    seen = [invoked(variant=plan.pair[0])]
    seen += [invoked(variant=head, wave=wave, outcome=outcome, error_type="KeyError") for wave in range(SURE)]

    assert first_calls(plan, known(plan, seen)).hopeless is hopeless


def test_a_size_is_judged_against_the_others_together(sweeping):
    small, *others = sweeping().swept[:4]
    never = {one: Failures(answered=20) for one in others}

    assert fails_with_its_size(small, {small: Failures(failed=4, answered=20), **never})
    assert not fails_with_its_size(small, {small: Failures(failed=1, answered=20), **never})
    alike = {one: Failures(failed=4, answered=20) for one in others}
    assert not fails_with_its_size(small, {small: Failures(failed=5, answered=20), **alike})
    assert not fails_with_its_size(small, {small: Failures(failed=5, answered=20)})
