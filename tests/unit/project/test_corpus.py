"""Every template of the corpus says what its expected.json says, and takes every edit in one hunk."""

import json
from pathlib import Path

import hcl2
import pytest

from benchmarks.templates import EXPECTED, cases, check_edits, described

CLOUDFORMATION = {".yaml", ".yml", ".json", ".template"}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_template_says_what_is_expected_of_it(case):
    assert described(case.resolve()) == json.loads((case / EXPECTED).read_text())


def test_the_corpus_covers_every_family():
    assert len(cases()) >= 40
    families = {case.name.partition("-")[0] for case in cases()}
    assert {"sam", "cloudformation", "cdk", "serverless", "terraform"} <= families


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_edit_is_one_hunk_reads_back_and_is_accepted_by_another_reader(case):
    checked = check_edits(case, accept)

    assert checked.not_one_hunk == []
    assert checked.not_read_back == []


def accept(before: Path, after: Path) -> str:
    """Return what python-hcl2 has against a Terraform file that it took before."""
    for path in after.rglob("*.tf"):
        if parses(before / path.relative_to(after)) and not parses(path):
            return f"{path.name} does not parse any more"
    return ""


def parses(path: Path) -> bool:
    try:
        hcl2.loads(path.read_text())
    except Exception:  # noqa: BLE001  # lark has errors of many kinds
        return False
    return True
