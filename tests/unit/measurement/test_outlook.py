from dataclasses import replace
from decimal import Decimal

from lambdabot.measurement.outlook import outlook
from lambdabot.model import Extras, Form


def test_the_first_answer_takes_two_environments_of_every_variant(sweeping):
    plan = sweeping()
    found = outlook(plan)
    assert found.variants == len(plan.swept) == 16
    # a cold and a warm call in each, and one warm call more where environments are alike
    large = sum(variant.configuration.memory_mb >= 1536 for variant in plan.swept)
    assert found.least_invocations == 2 * (2 * 16 + large)
    assert found.usual_invocations == 2 * found.least_invocations


def test_the_gate_takes_five_environments_a_side(comparing):
    assert outlook(comparing()).least_invocations == 2 * 5 * 2


def test_money_is_that_of_the_calls_and_the_worst_of_one_wave(comparing):
    plan = comparing(timeout_seconds=20, concurrency=5)
    found = outlook(plan)
    variant = plan.pair[0]
    assert found.least_usd == 5 * plan.price(variant, 30_000)
    assert found.usual_usd[100] == found.usual_invocations * plan.price(variant, 100)
    assert outlook(replace(plan, extras=Extras(ephemeral_storage_mb=10_240))).least_usd > found.least_usd


def test_a_plan_without_variants_takes_nothing(comparing):
    found = outlook(replace(comparing(), variants=()))
    assert (found.variants, found.least_invocations, found.least_usd) == (0, 0, Decimal(0))


def test_what_is_least_is_enough_for_a_first_answer(sweeping, simulate):
    plan = sweeping()
    seen, _ = simulate(plan)
    assert outlook(plan).least_invocations <= len(seen)


def test_an_environment_serves_more_calls_where_each_gets_another_event(comparing):
    plan = comparing()
    several = replace(plan, payloads=tuple(replace(payload, form=Form.LINES) for payload in plan.payloads))
    assert outlook(several).least_invocations == 2 * 5 * (1 + 4)
