"""Verdicts on one release, with their evidence."""

import pytest

from lambdabot.arm64.files.contents import Contents
from lambdabot.arm64.files.native import NativeFile
from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import File, Project
from lambdabot.arm64.resolution.candidates import Candidates
from lambdabot.arm64.resolution.judgement import judge, not_had
from lambdabot.arm64.rules import FileRules
from lambdabot.arm64.target import Target
from lambdabot.model import Architecture


class Held:
    """An index and a reader in one: files with one and the same contents."""

    def __init__(self, files, contents):
        self.files, self.contents = files, contents

    def project(self, name):
        return Project(name, "here", {"1.0": self.files})

    def read(self, *_):
        return self.contents


def verdict(*tags, contents=None, architecture=Architecture.ARM64, python=None, options=None, **rules):
    files = tuple(
        File(f"a-1.0-{tag}.whl" if tag else "a-1.0.tar.gz", "https://x.invalid/", "1.0", tag, python) for tag in tags
    )
    held = Held(files, contents or Contents())
    view = Candidates(held, held, Target("3.12", "2.34"), architecture, rules=FileRules(**rules))
    found = judge(view, "a", "1.0", **(options or {}))
    return str(found.verdict), found.evidence


ARM, X86 = "cp312-cp312-manylinux_2_17_aarch64", "cp312-cp312-manylinux_2_17_x86_64"


@pytest.mark.parametrize(
    ("tags", "expected", "words"),
    [
        ((ARM,), "wheel", f"a-1.0-{ARM}.whl"),
        (("py3-none-any",), "pure", "a-1.0-py3-none-any.whl"),
        (("",), "pure", "a-1.0.tar.gz (pure sdist)"),
        ((X86,), "no arm64 wheel", f"no aarch64 wheel, only a-1.0-{X86}.whl; there is no sdist"),
        ((X86, "cp311-cp311-linux_x86_64"), "no arm64 wheel", "and 1 more"),
        ((X86, ""), "no arm64 wheel", "a-1.0.tar.gz needs a compiler: its wheels are made per platform"),
        (("cp312-cp312-manylinux_2_39_aarch64",), "glibc too new", "needs glibc 2.39, and the runtime has 2.34"),
        (("cp312-cp312-musllinux_1_2_aarch64",), "no arm64 wheel", "for musl, not glibc"),
        (("cp311-cp311-musllinux_1_2_aarch64",), "no arm64 wheel", "its aarch64 wheels are for musl, not glibc"),
        (("cp311-cp311-manylinux_2_17_aarch64",), "python not supported", "no aarch64 wheel for Python 3.12, only"),
        (("cp27-none-any",), "python not supported", "no wheel for Python 3.12, only a-1.0-cp27-none-any.whl"),
        ((), "not found", "the index has no a 1.0 for Linux"),
    ],
)
def test_files_of_a_release_give_the_verdict(tags, expected, words):
    found, evidence = verdict(*tags)
    assert found == expected
    assert words in evidence


def test_of_several_wheels_the_one_that_needs_the_least_of_glibc_is_named():
    tags = [f"cp312-cp312-manylinux_2_{minor}_aarch64" for minor in (39, 36, 38)]
    assert verdict(*tags) == (
        "glibc too new",
        f"a-1.0-{tags[1]}.whl needs glibc 2.36, and the runtime has 2.34",
    )


def test_on_x86_64_a_missing_wheel_is_not_called_arm64_s():
    found, evidence = verdict(ARM, architecture=Architecture.X86_64)
    assert found == "not found"
    assert "no x86_64 wheel" in evidence


def test_contents_count():
    alone = tuple(NativeFile(f"{letter}.so", "x86_64") for letter in "abcd")
    found, evidence = verdict("py3-none-any", contents=Contents(natives=alone))
    assert found == "x86_64 native file"
    assert "a.so, b.so, c.so … for x86_64" in evidence
    assert verdict("py3-none-any", contents=Contents(natives=alone), architecture=Architecture.X86_64)[0] == "pure"
    assert verdict("py3-none-any", contents=Contents(trouble="torn")) == (
        "not checked",
        "a-1.0-py3-none-any.whl: torn",
    )
    found, evidence = verdict("", contents=Contents(compiler="a.c"))
    assert found == "sdist only"
    assert evidence == "no wheel for Linux; a-1.0.tar.gz needs a compiler: a.c"
    found, evidence = verdict("", contents=Contents(broken="no setup.py"))
    assert found == "python not supported"
    assert "does not build: no setup.py" in evidence


def test_lock_needs_no_look_into_a_platform_wheel():
    torn = Contents(trouble="torn")
    assert verdict(ARM, contents=torn)[0] == "not checked"
    assert verdict(ARM, contents=torn, options={"locked": True})[0] == "wheel"


def test_rules_count():
    assert verdict(ARM, hashes={"a": frozenset({"00"})}) == (
        "hash not listed",
        f"the hash of a-1.0-{ARM}.whl is not listed",
    )
    assert verdict(ARM, options={"hashed": True})[0] == "hash not listed"
    assert verdict("", only_binary=frozenset({"a"})) == (
        "sdist only",
        "no wheel for Linux; a-1.0.tar.gz is ruled out by --only-binary",
    )
    assert verdict(ARM, python="<3.12") == ("python not supported", "it requires Python <3.12")


@pytest.mark.parametrize(("certain", "expected"), [(True, "not found"), (False, "not checked")])
def test_what_cannot_be_had_is_not_found_only_when_that_is_certain(certain, expected):
    found = not_had(Absent("why", certain=certain))
    assert (str(found.verdict), found.evidence) == (expected, "why")
