"""What a function that is like an existing one is told beside its figures; the existing one is made up."""

from pathlib import Path

import pytest

from lambdabot.aws.existing import Existing
from lambdabot.model import Place
from lambdabot.pipeline.likeness import Likeness
from lambdabot.pipeline.pairs import Pair


@pytest.mark.parametrize(
    ("found", "given", "expected"),
    [(4, set(), (4, False)), (None, set(), (0, True)), (None, {"provisioned_concurrency"}, (2, False))],
)
def test_environments_that_are_kept_ready_are_known_or_said_not_to_be(function, monkeypatch, found, given, expected):
    configuration = {"FunctionName": "orders", "Version": "12", "Timeout": 3, "MemorySize": 512}
    existing = Existing(
        like="orders:12",
        name="orders",
        qualifier="12",
        configuration=configuration,
        code={},
        provisioned_concurrency=found,
    )
    monkeypatch.setattr("lambdabot.pipeline.likeness.read", lambda *_: existing)
    monkeypatch.setattr("lambdabot.pipeline.likeness.cold_start_share", lambda *_: None)
    head = function.changed(
        like="orders:12", given=frozenset(given), provisioned_concurrency=2 if given else 0, monthly_invocations=1
    )
    likeness = Likeness(connection=object(), folder=Path(), base_named=True)

    sides = likeness.complete(Pair(head=head, base=None, no_base="none"), Place(path=Path("lambdabot.yml"), line=1))

    told = any("keeps environments ready could not be read" in note for note in sides.notes)
    assert (sides.head.setup.provisioned_concurrency, told) == expected
