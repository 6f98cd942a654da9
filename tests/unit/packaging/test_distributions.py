"""What differs from one installation to the next does not reach the package."""

from pathlib import Path

import pytest

from lambdabot.packaging import distributions
from lambdabot.packaging.archive import File
from lambdabot.workspace import Workspace


def test_records_of_the_installation_stay_out(tmp_path: Path) -> None:
    for name in (
        *(".lock", "six.py", "pkg/.lock", "pkg/direct_url.json"),
        *("six-1.dist-info/METADATA", "six-1.dist-info/direct_url.json", "six-1.dist-info/uv_cache.json"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [name for name, _ in distributions.files(tmp_path)]
    assert names == ["pkg/.lock", "pkg/direct_url.json", "six-1.dist-info/METADATA", "six.py"]


@pytest.mark.parametrize(
    "head",
    [b"#!/opt/python3.13/bin/python\n", b"#!/bin/sh\n'''exec' '/opt/a b/bin/python3' \"$0\" \"$@\"\n' '''\n"],
    ids=["path", "detour"],
)
def test_scripts_name_no_interpreter_of_this_machine(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "tool").write_bytes(head + b"import sys\n")
    assert (
        distributions.reproducible("bin/tool", File(tmp_path / "tool", Workspace(tmp_path)))
        == b"#!/usr/bin/env python3\nimport sys\n"
    )


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01", b"#!/bin/sh\necho python\n", b""])
def test_other_programs_are_packaged_as_they_are(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tool").write_bytes(content)
    assert distributions.reproducible("bin/tool", File(tmp_path / "tool", Workspace(tmp_path))) is None


def test_a_record_is_sorted_and_lists_what_is_packaged(tmp_path: Path) -> None:
    (tmp_path / "RECORD").write_text(
        "six.py,sha256=a,1\nbin/tool,sha256=b,2\n__pycache__/six.cpython-313.pyc,,\n"
        'six-1.dist-info/direct_url.json,sha256=c,3\n"odd,name.py",sha256=d,4\nsix-1.dist-info/RECORD,,\n'
    )
    content = distributions.reproducible("six-1.dist-info/RECORD", File(tmp_path / "RECORD", Workspace(tmp_path)))
    assert content == b'"odd,name.py",sha256=d,4\nbin/tool,,\nsix-1.dist-info/RECORD,,\nsix.py,sha256=a,1\n'
    assert distributions.reproducible("data/RECORD", File(tmp_path / "RECORD", Workspace(tmp_path))) is None
