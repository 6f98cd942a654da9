"""What machines read: JSON, and workflow commands that nothing can break out of."""

import json

import pytest

from lambdabot.arm64.presentation import annotations, document
from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict


def package(name="alpha", verdict=PackageVerdict.NO_ARM64_WHEEL, **options):
    values = {"version": "1.0", "requested_by": ("r.txt:3",), "evidence": "e", "x86_64_verdict": PackageVerdict.WHEEL}
    return PackageCheck(name=name, verdict=verdict, **values | options)


def answer(*packages, verdict=Arm64Verdict.BLOCKED, path="r.txt", **options):
    return Arm64Check(path=path, verdict=verdict, packages=packages, **options)


@pytest.fixture(autouse=True)
def _workspace(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_document_is_a_list_with_an_object_each():
    found = json.loads(document([answer(package()), answer(verdict=Arm64Verdict.READY)]))
    assert [each["verdict"] for each in found] == ["blocked", "ready"]
    assert found[0]["packages"][0]["verdict"] == "no arm64 wheel"


def test_blocker_is_an_error_on_its_line_and_the_unchecked_a_warning(tmp_path):
    unknown = package("beta", PackageVerdict.NOT_CHECKED, version=None, requested_by=("r.txt:4", "alpha", "mid"))
    fine = package("gamma", PackageVerdict.PURE)
    path = str(tmp_path / "app" / "r.txt")
    assert list(annotations([answer(package(fix="use 2"), unknown, fine, path=path)])) == [
        "::error file=app/r.txt,line=3,title=alpha on ARM64::alpha 1.0: no arm64 wheel. e%0AFix: use 2",
        "::warning file=app/r.txt,line=4,title=beta on ARM64::beta (by alpha > mid): not checked. e",
    ]


def test_place_without_a_line_annotates_the_path(tmp_path):
    (tmp_path / "folder").mkdir()
    found = list(
        annotations(
            [
                answer(package(requested_by=("a.dist-info",)), package(requested_by=()), path="a.zip"),
                answer(package(), path="folder"),
            ]
        )
    )
    assert [line.split(",title")[0] for line in found] == [
        "::error file=a.zip",
        "::error file=a.zip",
        "::error file=folder/r.txt,line=3",
    ]


def test_files_and_drift_and_what_could_not_be_checked_are_annotated():
    found = list(
        annotations(
            [
                answer(native_files=("n.so",), drift=("other",)),
                answer(verdict=Arm64Verdict.READY, native_files=("m.so",)),
                answer(verdict=Arm64Verdict.UNKNOWN, reason="no index"),
            ]
        )
    )
    assert found == [
        "::error file=r.txt,title=Machine code and ARM64::n.so",
        "::warning file=r.txt,title=Another version on ARM64::other",
        "::warning file=r.txt,title=Machine code and ARM64::m.so",
        "::warning file=r.txt,title=ARM64 not checked::no index",
    ]


def test_every_part_of_a_command_is_escaped():
    evil = "a,line=1::x%\r\n::error::evil"
    (line,) = annotations([answer(package(evil, evidence=evil), path=f"{evil}.txt")])
    assert "\n" not in line
    assert "\r" not in line
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert properties.count(",") == 2
    assert "a%2Cline=1%3A%3Ax%25%0D%0A%3A%3Aerror" in properties
    assert message.startswith("a,line=1::x%25%0D%0A::error::evil 1.0: no arm64 wheel")


def test_message_is_kept_under_githubs_limit():
    (line,) = annotations([answer(package(evidence="e" * 9000))])
    assert len(line.rpartition("::")[2]) == 4096


@pytest.mark.parametrize(("count", "shown"), [(10, 10), (11, 10), (25, 10)])
def test_no_more_annotations_than_github_shows(count, shown):
    found = list(annotations([answer(*(package(f"p{number}") for number in range(count)))]))
    assert len(found) == shown
    assert (found[-1] == f"::error::and {count - 9} more, in the table above") is (count > 10)


def test_without_a_workspace_paths_are_relative_to_here(monkeypatch, tmp_path):
    monkeypatch.delenv("GITHUB_WORKSPACE")
    (line,) = annotations([answer(package(), path=str(tmp_path / "r.txt"))])
    assert line.startswith("::error file=r.txt,line=3,")
