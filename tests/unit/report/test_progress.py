import io
import re
from decimal import Decimal

from lambdabot.report.progress import Progress
from lambdabot.report.terminal_progress import TerminalProgress


def told(progress):
    with progress as shown:
        shown.function_started("thumbnail", 6)
        shown.deployed("thumbnail", 5)
        shown.wave("thumbnail", 2, "4 waves, 3 variants", 1240, Decimal("0.0182"))
        shown.function_done("thumbnail", "no change")


LINES = [
    "thumbnail: deploying 6 throw-away copies",
    "thumbnail: 5 copies are live",
    "thumbnail: round 2, 4 waves, 3 variants; 1,240 invocations, $0.018 so far",
    "thumbnail: no change",
]


def test_the_base_class_is_silent(capsys):
    told(Progress())

    assert capsys.readouterr() == ("", "")


def test_a_log_gets_a_line_for_each_step():
    lines = []
    told(Progress.plain(lines.append))

    assert [re.sub(r"^\[ *\d+\.\d s\] ", "", line) for line in lines] == LINES


def test_a_stream_that_is_no_terminal_gets_lines():
    stream = io.StringIO()
    told(Progress.on(stream))

    assert len(stream.getvalue().splitlines()) == 4


def test_no_line_begins_with_what_comes_from_outside():
    lines = []
    with Progress.plain(lines.append) as shown:
        shown.function_done("::error::x", "a\n::stop-commands::x")

    (line,) = lines
    assert line.startswith("[")
    assert "\n" not in line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_keeps_the_answer_and_gets_its_cursor_back(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    progress = Progress.on(stream)

    assert isinstance(progress, TerminalProgress)
    told(progress)
    text = stream.getvalue()
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") >= 1
    assert "no change" in text


def test_markup_in_a_name_is_text():
    stream = io.StringIO()
    told_to = TerminalProgress(stream)
    with told_to as shown:
        shown.function_done("[red]name[/red]", "[/]")

    assert "[red]name[/red]: [/]" in stream.getvalue()
