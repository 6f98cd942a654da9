"""Targets name Python, architecture and glibc, and the uv platform that asks for no newer glibc."""

import platform
import sys
from pathlib import Path

import pytest

from lambdabot.errors import PackagingError
from lambdabot.interpreters import Interpreter
from lambdabot.model import Architecture
from lambdabot.packaging.target import Target


@pytest.mark.parametrize(
    ("runtime", "architecture", "python", "glibc", "uv_platform"),
    [
        ("python3.9", Architecture.X86_64, "3.9", "2.26", "x86_64-manylinux_2_17"),
        ("python3.11", Architecture.ARM64, "3.11", "2.26", "aarch64-manylinux_2_17"),
        ("python3.12", Architecture.X86_64, "3.12", "2.34", "x86_64-manylinux_2_34"),
        ("python3.14", Architecture.ARM64, "3.14", "2.34", "aarch64-manylinux_2_34"),
    ],
)
def test_runtimes_have_the_glibc_of_their_operating_system(
    runtime: str, architecture: Architecture, python: str, glibc: str, uv_platform: str
) -> None:
    target = Target.of_runtime(runtime, architecture)
    assert (target.python, target.glibc, target.uv_platform) == (python, glibc, uv_platform)
    assert target.describe() == f"{runtime}, {architecture}, glibc {glibc}"


def test_other_runtimes_need_no_python() -> None:
    target = Target.of_runtime("nodejs22.x", Architecture.ARM64)
    assert target.python is None
    assert target.describe() == "nodejs22.x, arm64"


def test_another_python_of_this_machine_is_what_packages_have_to_fit(tmp_path: Path) -> None:
    other = Interpreter(program=tmp_path / "python3.10", version="3.10.13", parts=(tmp_path,))
    target = Target.local(other)
    assert (target.runtime, target.python, target.interpreter) == ("python3.10", "3.10", other.program)
    assert target.parts == (tmp_path,)
    assert target.describe().startswith("python3.10, ")
    assert target.describe().endswith(", this machine")


@pytest.mark.parametrize(
    ("glibc", "minor"), [("2.27", 17), ("2.28", 28), ("2.30", 28), ("2.99", 40), ("2.5", 17), (None, 17)]
)
def test_the_platform_never_asks_for_a_newer_glibc_than_uv_can_say(glibc: str | None, minor: int) -> None:
    target = Target(runtime="python3.13", python="3.13", architecture=Architecture.X86_64, glibc=glibc)
    assert target.uv_platform == f"x86_64-manylinux_2_{minor}"


def test_the_local_target_is_this_interpreter() -> None:
    target = Target.local()
    assert target.interpreter == Path(sys.executable)
    assert target.python == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert target.describe().startswith(f"python{target.python}, {target.architecture}")
    assert target.describe().endswith("this machine")


def test_a_machine_without_glibc_says_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(platform, "machine", lambda: "AARCH64")
    target = Target.local()
    assert target.glibc is None
    assert target.architecture is Architecture.ARM64


def test_a_machine_that_lambda_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(PackagingError, match="riscv64"):
        Target.local()
