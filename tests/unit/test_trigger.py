"""What invokes a function, whatever a template's format calls it."""

from pathlib import Path

import pytest

from lambdabot.model import EventSource, Place, Trigger


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("api", Trigger.REST_API),
        ("http", Trigger.REST_API),
        ("httpapi", Trigger.HTTP_API),
        ("url", Trigger.FUNCTION_URL),
        ("elasticloadbalancing", Trigger.LOAD_BALANCER),
        ("msk", Trigger.KAFKA),
        ("schedulev2", Trigger.SCHEDULE),
        ("permission", None),
        ("event source mapping", None),
    ],
)
def test_a_kind_stands_for_a_trigger(kind, expected):
    source = EventSource(name="Source", kind=kind, place=Place(path=Path("/template.yaml"), line=1))

    assert source.trigger is expected


def test_what_answers_a_client_takes_no_batches():
    assert [one for one in Trigger if one.answers_http and one.takes_batches] == []
