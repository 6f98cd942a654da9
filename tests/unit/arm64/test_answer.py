"""Answers as documents, and the fingerprint of what they depend on."""

import json

import pytest

from lambdabot.arm64.target import Target
from lambdabot.arm64.verdict_json import fingerprint, of_document, to_document
from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict

PACKAGE = PackageCheck(
    name="a",
    version=None,
    requested_by=("r.txt:1", "b"),
    verdict=PackageVerdict.SDIST_ONLY,
    evidence="e",
    fix="f",
    x86_64_verdict=PackageVerdict.WHEEL,
)
ANSWER = Arm64Check(
    path="r.txt",
    verdict=Arm64Verdict.BLOCKED,
    reason="why",
    packages=(PACKAGE,),
    native_files=("n",),
    layers=("l",),
    drift=("d",),
)


@pytest.mark.parametrize("answer", [ANSWER, Arm64Check(path="p", verdict=Arm64Verdict.READY)])
def test_answer_survives_json(answer):
    assert of_document(json.loads(json.dumps(to_document(answer)))) == answer


@pytest.mark.parametrize(
    "change", [{"verdict": "perhaps"}, {"packages": [{"name": "a"}]}, {"packages": 5}, {"drift": None}]
)
def test_damaged_document_is_refused(change):
    with pytest.raises((KeyError, TypeError, ValueError)):
        of_document(to_document(ANSWER) | change)


def test_fingerprint_is_of_values_and_not_of_order_in_sets_or_mappings():
    assert fingerprint({"b", "a"}, {"x": 1, "y": None}) == fingerprint(frozenset("ab"), {"y": None, "x": 1})
    assert fingerprint(Target("3.12", "2.34")) == fingerprint(Target("3.12", "2.34"))
    assert fingerprint(("a",)) == fingerprint(["a"])


def test_fingerprint_tells_different_values_apart():
    values = [(), (1,), ("1",), (True,), (None,), (["a", "b"],), (["b", "a"],), (Target,), (Target("3.12", "2.34"),)]
    values += [(Target("3.13", "2.34"),), (ANSWER,), (1.5,)]
    assert len({fingerprint(*value) for value in values}) == len(values)
