"""What a person reads, on a terminal and in a log."""

import io
import re
import sys

import pytest

from lambdabot.arm64.target import Target
from lambdabot.arm64.terminal import show
from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict

TARGET = Target("3.12", "2.34")
STYLE = re.compile(r"\x1b\[[\d;]*m")


def package(name="alpha", verdict=PackageVerdict.NO_ARM64_WHEEL, **options):
    values = {"version": "1.0", "requested_by": ("r.txt:3",), "evidence": "e", "x86_64_verdict": PackageVerdict.WHEEL}
    return PackageCheck(name=name, verdict=verdict, **values | options)


def answer(*packages, verdict=Arm64Verdict.BLOCKED, path="r.txt", **options):
    return Arm64Check(path=path, verdict=verdict, packages=packages, **options)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Show answers on a terminal of this width, or in a log, and return the lines."""

    def lines(*answers, columns=0, colours=False, styled=False):
        out = Terminal() if columns else io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setenv("COLUMNS", str(columns or 20))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        monkeypatch.setenv("NO_COLOR", "" if colours else "1")
        show(answers, TARGET)
        text = out.getvalue()
        return (text if styled else STYLE.sub("", text)).splitlines()

    return lines


EVERYTHING = answer(
    package(fix="use it"),
    package("beta", x86_64_verdict=PackageVerdict.NO_ARM64_WHEEL),
    package("gamma", PackageVerdict.NOT_CHECKED, requested_by=("r.txt:1", "beta")),
    package("delta", PackageVerdict.PURE, version=None, evidence="delta-2-py3-none-any.whl"),
    native_files=("n.so",),
    layers=("arn",),
    drift=("other",),
    reason="blocked by alpha",
)


def test_log_has_what_stands_in_the_way_in_full_and_a_line_for_what_is_ready(shown):
    assert shown(EVERYTHING) == [
        "[blocked] r.txt on Python 3.12, glibc 2.34, arm64: blocked by alpha",
        "",
        "        no arm64 wheel  alpha 1.0 (x86_64: wheel)",
        "                  from  r.txt:3",
        "                   why  e",
        "                   fix  use it",
        "",
        "        no arm64 wheel  beta 1.0 (x86_64 too)",
        "                  from  r.txt:3",
        "                   why  e",
        "",
        "           not checked  gamma 1.0",
        "                  from  r.txt:1 > beta",
        "                   why  e",
        "",
        "           native file  n.so",
        "                 layer  arn",
        "                 drift  other",
        "",
        "  ready  package  requested by  evidence",
        "  pure   delta    r.txt:3       delta-2-py3-none-any.whl",
        "",
    ]


def test_line_of_a_log_is_never_broken(shown):
    (line,) = [line for line in shown(answer(package(evidence="word " * 500))) if "why" in line]
    assert line.count("word") == 500


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_terminal_is_never_too_narrow(shown, columns):
    long = package(evidence="long-" * 30, fix="fix " * 30, requested_by=("requirements.txt:100", *(["parent"] * 20)))
    fine = package("f" * 30, PackageVerdict.WHEEL, evidence="f" * 300)
    lines = shown(answer(long, fine), columns=columns)
    assert max(map(len, lines[1:])) <= columns
    assert "long-" * 30 in re.sub(r"\n +", "", "\n".join(lines))  # folded, not cut
    assert (columns == 200) is any(line.strip().startswith("ready") and "evidence" in line for line in lines)


def test_colours_are_for_those_who_want_them(shown):
    assert "\x1b[1;31m[blocked]" in shown(EVERYTHING, columns=80, colours=True, styled=True)[0]
    plain = "\n".join(shown(EVERYTHING, columns=80, styled=True))
    assert set(STYLE.findall(plain)) <= {"\x1b[0m", "\x1b[1m", "\x1b[2m"}  # bold and dim are no colours
    assert "\x1b" not in "\n".join(shown(EVERYTHING, colours=True, styled=True))


def test_nothing_says_so(shown):
    lines = shown(answer(verdict=Arm64Verdict.READY), answer(verdict=Arm64Verdict.UNKNOWN, reason="no index"))
    assert [line.strip() for line in lines if line] == [
        "[ready] r.txt on Python 3.12, glibc 2.34, arm64",
        "neither dependencies nor machine code were found",
        "[unknown] r.txt on Python 3.12, glibc 2.34, arm64: no index",
    ]


def test_markup_and_control_characters_are_not_obeyed(shown):
    text = "\n".join(shown(answer(package("[red]x[/]", evidence="a\x1b[2Jb"), path="p\x1b[31m"), columns=80))
    assert "[red]x[/]" in text
    assert "\x1b" not in text


def test_no_word_of_the_users_can_start_a_line(shown):
    evil = "x\r\n ::error::evil"
    fine = package("::error::evil", PackageVerdict.PURE, requested_by=(evil,))
    found = answer(package(evil, evidence=evil, fix=evil, requested_by=(evil,)), fine, path=evil, reason=evil)
    found = [found, answer(verdict=Arm64Verdict.READY, native_files=(evil,), layers=(evil,), drift=(evil,))]
    assert not [line for line in shown(*found) if line.lstrip().startswith("::")]  # a runner looks past spaces
