"""The log's lines: whole, without secrets, and none that a runner would obey but on purpose."""

import io
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.confidential import MARK, keeping
from lambdabot.log import Log, ReaderGoneError

TOKEN = "ghs_Qm9ndXNUb2tlbk9mVGhlSm9iMDEyMzQ1"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def obeyed(text: str) -> list[str]:
    """Return what GitHub's runner would take for commands."""
    return [line for line in re.split(r"\r\n|\r|\n", text) if line.strip().startswith("::") or "##[" in line]


@given(
    st.lists(
        st.text()
        | st.sampled_from([":", "::", "::error::x", "\n", "\r", " ", "\ufeff", "#", "##", "##[", "[group]", "a\n::b"])
    )
)
def test_no_line_is_obeyed_however_it_was_written(pieces):
    stream = io.StringIO()
    log = Log(stream)
    for piece in pieces:
        log.write(piece)
        log.flush()
    log.end()

    assert obeyed(stream.getvalue()) == []


def test_blank_lines_stay_blank():
    stream = io.StringIO()
    Log(stream).write("\n\n  ::x\n\n y ::z\n")

    assert stream.getvalue() == "\n\n|  ::x\n\n y ::z\n"


def test_one_way_leads_to_a_command():
    stream = io.StringIO()
    log = Log(stream)
    log.write("begun")
    log.command("::notice::on purpose")
    log.end()

    assert stream.getvalue() == "begun\n::notice::on purpose\n"


def test_outside_of_a_workflow_lines_stay_as_they_are():
    stream = io.StringIO()
    Log(stream, in_workflow=False).write("::ffff:127.0.0.1 is an address\n")

    assert stream.getvalue() == "::ffff:127.0.0.1 is an address\n"


def test_a_secret_in_two_writes_is_one():
    stream = io.StringIO()
    with keeping({"GITHUB_TOKEN": TOKEN}):
        log = Log(stream)
        for piece in ("a ", TOKEN[:9], TOKEN[9:], " b", "\n"):
            log.write(piece)
            log.flush()
        log.command(f"::error::{TOKEN}")

    assert stream.getvalue() == f"a {MARK} b\n::error::{MARK}\n"


def test_a_terminal_shows_what_is_not_whole_yet():
    stream = Terminal()
    log = Log(stream, in_workflow=False)
    log.write("working")
    assert stream.getvalue() == ""
    log.flush()

    assert stream.getvalue() == "working"


def test_it_passes_for_the_stream_around_which_it_is():
    with open(os.devnull, "w", encoding="utf-8") as stream:  # noqa: PTH123  # a stream
        log = Log(stream)
        assert (log.fileno(), log.encoding, log.isatty(), log.writable()) == (stream.fileno(), "utf-8", False, True)
        assert Log.of(log) is log
        assert Log.of(stream) is not log


def test_a_reader_that_went_away_is_told_apart_from_every_other_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as stream:
        with pytest.raises(ReaderGoneError):
            Log(stream).write("x\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)
