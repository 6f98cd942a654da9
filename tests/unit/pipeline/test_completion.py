from decimal import Decimal
from types import SimpleNamespace

import pytest

from lambdabot.model import Payload, Place, Preparation
from lambdabot.pipeline import recorded
from lambdabot.pipeline.completion import Completion
from lambdabot.pipeline.pairs import Pair

ARN = "arn:aws:lambda:us-east-1:123456789012:function:seed"
SECRET = Payload(name="key", body=b"", weight=Decimal(1), location="s3://secrets/key")


@pytest.fixture
def complete(function, tmp_path, monkeypatch):
    """Complete a function on the embedded endpoint, where S3 is asked as soon as an object is read."""
    monkeypatch.setattr(recorded, "read_object", lambda *_, **__: b'{"n": 1}')
    place = Place(path=tmp_path / "lambdabot.yml", line=2)

    def of(*, reach: frozenset[str] | None, **fields: object) -> Pair:
        head = function.changed(**fields)
        settings = SimpleNamespace(
            endpoint="local", base=None, functions=(head,), others=(), reach=reach, places={head.name: place}
        )
        terms = SimpleNamespace(settings=settings, refused={})
        completion = Completion(terms, object(), folder=tmp_path, region="us-east-1")
        return completion.complete(Pair(head=head, base=None, no_base="none was named"))

    return of


@pytest.mark.parametrize("reach", [None, frozenset({"s3://secrets/key"})])
def test_events_in_s3_are_read_where_somebody_says_so_whose_word_counts(complete, reach):
    found = complete(reach=reach, payloads=(SECRET,))

    assert (found.refused, found.head.question.payloads[0].body) == ("", b'{"n": 1}')


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"payloads": (SECRET,)}, "s3://secrets/key"),
        ({"before": Preparation(function=ARN, event=b"{}")}, "arn:aws:lambda:us-east-1:****:function:seed"),
    ],
)
def test_what_the_target_branch_does_not_name_is_neither_read_nor_invoked(complete, fields, named):
    found = complete(reach=frozenset({"s3://events/all"}), **fields)

    assert found.refused == (
        f"the target branch's lambdabot.yml does not name {named}: it can be used once that is merged"
    )
    assert found.preparers == ()


def test_an_existing_function_is_not_invoked_where_there_is_no_aws(complete):
    found = complete(reach=None, before=Preparation(function=ARN, event=b"{}"))
    assert "the embedded endpoint has no functions of an account" in found.refused


def test_a_copy_of_the_function_itself_needs_nobody_else(complete):
    (preparer,) = complete(reach=frozenset(), after=Preparation(function=None, event=b"{}")).preparers
    assert (preparer.key, preparer.function, preparer.existing, preparer.timeout_seconds) == ("after", None, None, 3)
