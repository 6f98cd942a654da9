"""What a resolver is shown: one file for each release that fits."""

import pytest

from lambdabot.arm64.files.contents import Contents
from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import File, Project
from lambdabot.arm64.resolution.candidates import Candidates, is_compiled, stand_in
from lambdabot.arm64.rules import FileRules
from lambdabot.arm64.target import Target
from lambdabot.model import Architecture

TARGET = Target("3.12", "2.34")
ARM_TAGS, X86_TAGS = "cp312-cp312-manylinux_2_17_aarch64", "cp312-cp312-manylinux_2_17_x86_64"


def wheel(tags, version="1", **options):
    return File(f"a-{version}-{tags}.whl", "http://h/", version, tags, **options)


def sdist(version="1", **options):
    return File(f"a-{version}.tar.gz", "http://h/", version, "", **options)


ARM, X86, PURE, SDIST = wheel(ARM_TAGS), wheel(X86_TAGS), wheel("py3-none-any"), sdist()


class Index:
    """Stands in for the index, which has tests of its own: releases as given, and how often they were asked for."""

    def __init__(self, **projects):
        self.projects, self.asked = projects, 0

    def project(self, name):
        self.asked += 1
        files = self.projects.get(name)
        return Absent("is not there") if files is None else Project(name, "http://h/", files)


class Reader:
    """Stands in for the reader: remembers what it was asked to read; every sdist needs a compiler."""

    def __init__(self):
        self.read_files = []

    def read(self, file, _name):
        self.read_files.append(file)
        return Contents(compiler="" if file.is_wheel else "it has sources")


def view(index, *, reader=None, architecture=Architecture.ARM64, rules=None, other=None):
    return Candidates(index, reader or Reader(), TARGET, architecture, rules=rules or FileRules(), other=other)


def test_page_has_the_best_file_of_each_release_that_fits():
    older = wheel(X86_TAGS, "0.9")
    index = Index(a={"1": (SDIST, PURE, X86, ARM), "0.9": (older,), "0.8": (sdist("0.8"),)})
    shown = view(index)
    assert shown.page("a", excused=False) == {"1": ARM, "0.8": sdist("0.8")}
    assert shown.page("a", excused=True) == {"1": ARM, "0.9": older, "0.8": sdist("0.8")}
    assert view(index, architecture=Architecture.X86_64).page("a", excused=False)["0.9"] == older


def test_page_is_chosen_once():
    index = Index(a={"1": (ARM,)})
    shown = view(index)
    assert shown.page("a", excused=False) is shown.page("a", excused=False)
    assert index.asked == 1


def test_absent_project_stays_absent():
    shown = view(Index())
    assert isinstance(shown.page("a", excused=False), Absent)
    assert isinstance(shown.release("a", "1"), Absent)


def test_release_has_all_its_files_and_an_unknown_one_none():
    shown = view(Index(a={"1": (X86, SDIST)}))
    assert shown.release("a", "1") == (X86, SDIST)
    assert shown.release("a", "2") == ()


def test_files_that_the_manifest_lists_replace_the_indexs():
    index = Index(a={"1": (ARM,)})
    project = view(index, rules=FileRules(files={"a": (X86, SDIST, wheel(ARM_TAGS, "2"))})).project("a")
    assert project.releases == {"1": (X86, SDIST), "2": (wheel(ARM_TAGS, "2"),)}
    assert index.asked == 0


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((X86, PURE), PURE),
        ((X86, SDIST), None),
        ((PURE._replace(requires_python=">=3.13"), SDIST), SDIST),
        ((SDIST, sdist()._replace(place="http://other/")), SDIST),
        ((), None),
    ],
)
def test_fitting_file_is_a_wheel_else_a_pure_sdist(files, expected):
    assert view(Index()).fitting("a", files) == expected


def test_rules_leave_files_out_and_the_sdist_is_still_known_to_be_compiled():
    files = (ARM, PURE, SDIST)
    assert view(Index(), rules=FileRules(no_binary=frozenset({"a"}))).fitting("a", files) is None
    assert view(Index(), rules=FileRules(no_binary=frozenset({"a"}))).fitting("a", (PURE, SDIST)) == SDIST
    hashed = (ARM._replace(sha256="1"), PURE._replace(sha256="2"))
    assert view(Index(), rules=FileRules(hashes={"a": frozenset({"2"})})).fitting("a", hashed) == hashed[1]


def test_wheel_of_the_other_architecture_is_read_where_there_is_one():
    reader, index = Reader(), Index(a={"1": (X86, ARM)}, b={"1": (ARM, SDIST)})
    other = view(index, architecture=Architecture.X86_64)
    shown = view(index, reader=reader, other=other)
    for name, file in (("a", ARM), ("b", ARM), ("gone", ARM), ("a", PURE), ("a", SDIST)):
        shown.contents(name, file)
    assert reader.read_files == [X86, ARM, ARM, PURE, SDIST]


def test_older_sdists_are_not_read_where_newer_ones_need_a_compiler():
    reader = Reader()
    shown = view(Index(), reader=reader)
    found = [shown.contents_in_turn("a", sdist(str(version))).compiler for version in range(5)]
    assert found == ["it has sources"] * 3 + ["newer releases need a compiler"] * 2
    assert len(reader.read_files) == 3
    assert shown.contents_in_turn("a", PURE).compiler == ""
    assert shown.contents_in_turn("b", SDIST).compiler == "it has sources"


def test_wheel_per_platform_says_that_the_sdist_is_compiled():
    assert is_compiled((SDIST, X86))
    assert not is_compiled((SDIST, PURE))


def test_stand_in_is_a_wheel_for_linux_else_any_else_the_sdist():
    assert stand_in((SDIST, PURE, X86)) == X86
    assert stand_in((SDIST, PURE)) == PURE
    assert stand_in((SDIST,)) == SDIST
    assert stand_in(()) is None
