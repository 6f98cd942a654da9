"""Targets: what runs on CPython X.Y and a glibc, as packaging and the AWS documentation say it."""

import pytest
from packaging.markers import Marker
from packaging.utils import parse_wheel_filename

from lambdabot.arm64.target import Target, environment, platforms, ranks
from lambdabot.errors import UsageError
from lambdabot.model import Architecture
from lambdabot.model.runtimes import PYTHON_RUNTIMES

ARM, X86 = Architecture.ARM64, Architecture.X86_64


@pytest.mark.parametrize(
    ("runtime", "python", "glibc"),
    [
        ("python3.9", "3.9", "2.26"),
        ("python3.11", "3.11", "2.26"),
        ("python3.12", "3.12", "2.34"),
        ("python3.13", "3.13", "2.34"),
        ("nodejs20.x", "", "2.34"),
        ("nodejs22.x", "", "2.34"),
        ("nodejs18.x", "", "2.26"),
        ("java17", "", "2.26"),
        ("java21", "", "2.34"),
        ("java8.al2", "", "2.26"),
        ("dotnet6", "", "2.26"),
        ("dotnet8", "", "2.34"),
        ("ruby3.2", "", "2.26"),
        ("ruby3.3", "", "2.34"),
        ("provided.al2", "", "2.26"),
        ("provided.al2023", "", "2.34"),
    ],
)
def test_runtimes(runtime, python, glibc):
    assert Target.of_runtime(runtime) == Target(python, glibc)


def test_every_known_python_runtime_has_tags():
    for runtime in PYTHON_RUNTIMES:
        target = Target.of_runtime(runtime)
        digits = target.python.replace(".", "")
        assert ranks(target, ARM)[f"cp{digits}-cp{digits}-manylinux_2_17_aarch64"] >= 0


@pytest.mark.parametrize("runtime", ["go1.x", "python", "python3.13 ", "Python3.13", "nodejs22.y", "", "rust1"])
def test_unknown_runtimes_are_refused_with_those_that_are_known(runtime):
    with pytest.raises(UsageError, match="is no Lambda runtime") as caught:
        Target.of_runtime(runtime)
    assert "python3.9" in caught.value.advice


@pytest.mark.parametrize(
    ("python", "glibc"),
    [("2.7", "2.34"), ("3", "2.34"), ("3.13.1", "2.34"), ("3.13", "3.0"), ("3.13", "2"), ("3.13", ""), ("--x", "2.34")],
)
def test_a_target_is_two_versions(python, glibc):
    with pytest.raises(UsageError, match="is none that can be checked; write it as"):
        Target(python, glibc)


def test_both_versions_of_a_target_are_refused_at_once():
    with pytest.raises(UsageError) as refused:
        Target("2.7", "3.0")
    assert len(refused.value.mistakes) == 2


def test_how_a_reader_says_it():
    assert str(Target("3.13", "2.34")) == "Python 3.13, glibc 2.34"
    assert str(Target("", "2.26")) == "glibc 2.26"


def test_platforms_are_ordered_newest_first_down_to_the_oldest_of_the_machine():
    assert list(platforms(ARM, "2.18")) == [
        "manylinux_2_18_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "linux_aarch64",
    ]
    intel = list(platforms(X86, "2.17"))
    assert intel[:2] == ["manylinux_2_17_x86_64", "manylinux2014_x86_64"]
    assert intel[-3:] == ["manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64"]
    assert "manylinux2010_x86_64" in intel


@pytest.mark.parametrize(
    ("wheel", "glibc", "architecture", "fits"),
    [
        ("a-1-cp312-cp312-manylinux_2_28_aarch64.whl", "2.34", ARM, True),
        ("a-1-cp312-cp312-manylinux_2_28_aarch64.whl", "2.26", ARM, False),
        ("a-1-cp312-cp312-manylinux_2_28_aarch64.whl", "2.34", X86, False),
        ("a-1-cp37-abi3-manylinux2014_aarch64.whl", "2.26", ARM, True),
        ("a-1-cp313-abi3-manylinux2014_aarch64.whl", "2.34", ARM, False),
        ("a-1-cp313-cp313-manylinux2014_aarch64.whl", "2.34", ARM, False),
        ("a-1-cp312-cp312-musllinux_1_2_aarch64.whl", "2.34", ARM, False),
        ("a-1-cp312-cp312-macosx_11_0_arm64.whl", "2.34", ARM, False),
        ("a-1-py3-none-any.whl", "2.34", ARM, True),
        ("a-1-py2.py3-none-any.whl", "2.34", X86, True),
        ("a-1-py2-none-any.whl", "2.34", X86, False),
        ("a-1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.whl", "2.26", X86, True),
    ],
)
def test_which_wheels_fit_python_3_12(wheel, glibc, architecture, fits):
    fitting = ranks(Target("3.12", glibc), architecture)
    assert any(str(tag) in fitting for tag in parse_wheel_filename(wheel)[3]) is fits


def test_the_more_specific_wheel_ranks_first():
    found = ranks(Target("3.12", "2.34"), ARM)
    order = [
        "cp312-cp312-manylinux_2_34_aarch64",
        "cp312-cp312-manylinux_2_17_aarch64",
        "cp312-abi3-manylinux_2_17_aarch64",
        "cp38-abi3-manylinux_2_17_aarch64",
        "py3-none-manylinux_2_17_aarch64",
        "py3-none-any",
    ]
    assert sorted(order, key=found.__getitem__) == order
    assert min(found.values()) == 0


@pytest.mark.parametrize(
    ("marker", "arm", "intel"),
    [
        ("platform_machine == 'aarch64'", True, False),
        ("platform_machine == 'x86_64'", False, True),
        ("sys_platform == 'linux' and os_name == 'posix'", True, True),
        ("sys_platform == 'win32' or platform_system == 'Darwin'", False, False),
        ("python_version >= '3.12' and python_full_version < '3.13'", True, True),
        ("implementation_name == 'cpython' and platform_python_implementation == 'CPython'", True, True),
        ("extra == 'test'", False, False),
    ],
)
def test_markers(marker, arm, intel):
    target = Target("3.12", "2.34")
    assert Marker(marker).evaluate(dict(environment(target, ARM))) is arm
    assert Marker(marker).evaluate(dict(environment(target, X86))) is intel


def test_a_patch_release_counts_as_passed():
    values = environment(Target("3.13", "2.34"), ARM)
    assert Marker("python_full_version >= '3.13.2'").evaluate(dict(values))
    assert Target("3.13", "2.34").python_full.startswith("3.13.")
