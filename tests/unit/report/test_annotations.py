from dataclasses import replace
from pathlib import Path

import pytest

from lambdabot.model import Annotation, Place
from lambdabot.report.annotations import annotations
from lambdabot.report.document import document
from tests.unit.report import runs

ROOT = Path("/repository")


def said(run, workspace=None):
    return annotations(document(run, root=ROOT), workspace=workspace)


def located(run, line=12):
    handler = Place(path=ROOT / "src/thumbnail/app.py", line=line)
    return replace(run, functions=tuple(replace(one, location=handler) for one in run.functions))


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "src" / "thumbnail"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("fasttext\n")
    return tmp_path


def test_a_comparison_that_was_refused_fails_and_what_is_left_behind_is_a_warning():
    failure, warning = said(runs.credentials_expired())

    assert (failure.level, failure.message) == ("failure", f"thumbnail: not compared: {runs.EXPIRED}")
    assert (warning.level, warning.path) == ("warning", None)
    assert warning.message.startswith(f"left behind: {runs.LEFT[0]}, {runs.LEFT[1]}: `lambdabot clean --all` removes")
    assert "could not remove the function lambdabot-1-2-thumbnail-512: the AWS credentials have" in warning.message


def test_a_regression_stands_on_the_handlers_line():
    (remark,) = said(located(runs.regression()))

    assert (remark.level, remark.path, remark.line) == ("failure", "src/thumbnail/app.py", 12)
    assert remark.message.startswith("thumbnail costs 18 % more")


def test_without_a_known_handler_it_has_no_line():
    (remark,) = said(runs.regression())

    assert (remark.path, remark.line) == (None, 1)


def test_a_handler_outside_the_repository_is_not_told():
    run = runs.regression()
    outside = replace(run.functions[0], location=Place(path=Path("/etc/app.py"), line=1))

    assert said(replace(run, functions=(outside,)))[0].path is None


def test_what_is_undecided_is_a_warning_there():
    (remark,) = said(located(runs.inconclusive()))

    assert (remark.level, remark.path) == ("warning", "src/thumbnail/app.py")


def test_a_requirement_that_blocks_arm64_is_marked_on_its_line(workspace):
    blocking = said(runs.blocked(), workspace)

    assert [(one.level, one.path, one.line) for one in blocking] == [
        ("warning", "src/thumbnail/requirements.txt", 3),
        ("warning", "src/thumbnail/requirements.txt", 5),
    ]
    assert "fasttext 0.9.3 blocks arm64: sdist only: fasttext-0.9.3.tar.gz has C++ sources. fasttext-wheel" in (
        blocking[0].message
    )
    assert "chromedriver-py 131.0.6778.85 (through selenium-kit 2.0) blocks" in blocking[1].message


def test_a_checked_folder_holds_the_file_that_is_named(workspace):
    run = runs.blocked()
    folder = replace(run.functions[0], arm64=replace(run.functions[0].arm64, path="/repository/src/thumbnail"))

    assert {one.path for one in said(replace(run, functions=(folder,)), workspace)} == {
        "src/thumbnail/requirements.txt"
    }


def test_a_file_that_is_not_there_is_not_marked(tmp_path):
    assert said(runs.blocked(), tmp_path) == ()
    assert said(runs.blocked(), None) == ()


def test_failures_come_first_and_nothing_twice(workspace):
    blocked, slower = runs.blocked().functions[0], runs.regression().functions[0]
    remarks = said(runs.run(blocked, blocked, slower), workspace)

    assert [one.level for one in remarks] == ["failure", "warning", "warning"]


def test_what_failed_of_all_is_told_once():
    lost = runs.not_reached().functions[0]

    (remark,) = said(runs.run(lost, lost))
    assert isinstance(remark, Annotation)
    assert remark.path is None


def test_a_head_that_fails_more_often_is_told_so_and_not_by_its_cost():
    (remark,) = said(located(runs.head_fails()))

    assert remark.level == "failure"
    assert remark.message.startswith("thumbnail fails more often than that of the target branch: head failed 10 of 10")
