import json
from dataclasses import replace
from decimal import Decimal

import pytest

from lambdabot.measurement.record import read, written
from lambdabot.model import Constraints, Payload, Side, Strategy, Variant


def test_a_plan_comes_back_as_it_was(sweeping, comparing, here):
    lost = {Variant(side=Side.BASE, configuration=here): "memory is capped"}
    for plan in (
        sweeping(refine=True, constraints=Constraints(p95_ms=12.5), strategy=Strategy.BALANCED),
        comparing(unavailable=lost, threshold_usd_monthly=3.1, monthly_invocations=7),
    ):
        bare = replace(plan, payloads=tuple(replace(one, body=b"") for one in plan.payloads))
        assert read(json.loads(json.dumps(written(plan)))) == bare


def test_prices_are_exact_after_the_way_through_json(sweeping):
    plan = sweeping()
    assert read(json.loads(json.dumps(written(plan)))).prices == plan.prices


def test_what_is_sent_to_the_function_is_not_written_down(sweeping):
    secret = (Payload(name="usual", body=b'{"token": "s3cret"}', weight=Decimal("0.1")),)
    assert "s3cret" not in json.dumps(written(sweeping(payloads=secret)))


def test_what_is_no_plan_is_refused(sweeping):
    with pytest.raises(ValueError, match="budget"):
        read({**written(sweeping()), "budget": "much"})
