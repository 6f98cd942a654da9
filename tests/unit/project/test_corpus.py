"""Every template of the corpus says what its expected.json says, and takes every edit in one hunk."""

import json
import shutil
from functools import cache
from pathlib import Path

import hcl2
import pytest

from benchmarks.templates import CORPUS, EXPECTED, cases, check_edits, described
from lambdabot.model import Architecture, Place, Stated, Undecided
from lambdabot.project.discovery import discover
from lambdabot.project.edits import edits
from lambdabot.project.working_tree import write
from tests.spot_check import spot_check

CLOUDFORMATION = {".yaml", ".yml", ".json", ".template"}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_template_says_what_is_expected_of_it(case):
    assert described(case.resolve()) == json.loads((case / EXPECTED).read_text())


def test_the_corpus_covers_every_family():
    assert len(cases()) >= 40
    families = {case.name.partition("-")[0] for case in cases()}
    assert {"sam", "cloudformation", "cdk", "serverless", "terraform"} <= families


@pytest.mark.parametrize("case", spot_check(cases(), 30), ids=lambda case: case.name)
def test_every_edit_is_one_hunk_reads_back_and_is_accepted_by_another_reader(case):
    checked = check_edits(case, accept)

    assert checked.not_one_hunk == []
    assert checked.not_read_back == []


@pytest.mark.parametrize("name", ["sam-hello-world", "cloudformation-json-refs", "serverless-basic", "terraform-basic"])
def test_a_timeout_can_be_edited_in_every_format(name, tmp_path):
    shutil.copytree(Path(CORPUS, name), tmp_path, dirs_exist_ok=True)
    functions = discover(tmp_path).functions

    made, impossible = edits(*((one.timeout_seconds, 77) for one in functions))
    write(made, tmp_path)

    assert impossible == ()
    assert {one.timeout_seconds.value for one in discover(tmp_path).functions} == {77}


def test_what_an_intrinsic_leaves_to_globals_is_written_in_its_place(tmp_path):
    shutil.copytree(Path(CORPUS, "sam-globals-no-value"), tmp_path, dirs_exist_ok=True)
    orders, _ = discover(tmp_path).functions

    made, _ = edits((orders.memory_mb, 1024))
    write(made, tmp_path)

    written = (tmp_path / "template.yaml").read_text()
    assert written.partition("Resources:")[2].count("MemorySize:") == 1
    assert [one.memory_mb.value for one in discover(tmp_path).functions] == [1024, 512]


def test_a_variable_in_a_list_gets_a_text_from_the_modules_call(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "main.tf").write_text('module "inner" {\n  source = "./inner"\n}\n')
    (tmp_path / "inner" / "main.tf").write_text(
        'variable "arch" {\n  default = "x86_64"\n}\n\n'
        'resource "aws_lambda_function" "orders" {\n  architectures = [var.arch]\n  filename      = "a.zip"\n}\n'
    )
    (orders,) = discover(tmp_path).functions

    made, impossible = edits((orders.architecture, Architecture.ARM64))
    write(made, tmp_path)

    assert impossible == ()
    assert '\n  arch   = "arm64"\n' in (tmp_path / "main.tf").read_text()
    assert discover(tmp_path).functions[0].architecture.value == "arm64"


def test_what_a_template_does_not_say_cannot_be_edited():
    nowhere = Place(path=Path("template.yaml"), line=3)
    open_ = Undecided(reason="the parameter `Memory` has no default", place=nowhere)

    assert edits((None, 512), (open_, 512), (Stated(value=256, place=nowhere), 512)) == (
        (),
        ("the template cannot be edited", "template.yaml:3: the parameter `Memory` has no default"),
    )
    assert edits((Stated(value=512, place=nowhere), 512)) == ((), ())


def accept(before: Path, after: Path) -> str:
    """Return what python-hcl2 has against a Terraform file that it took before."""
    for path in after.rglob("*.tf"):
        text, was = path.read_text(), (before / path.relative_to(after)).read_text()
        if text != was and parses(was) and not parses(text):
            return f"{path.name} does not parse any more"
    return ""


@cache
def parses(text: str) -> bool:
    try:
        hcl2.loads(text)
    except Exception:  # noqa: BLE001  # lark has errors of many kinds
        return False
    return True
