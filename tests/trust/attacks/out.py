"""What leaves the job: files that are written, texts that are published, lines that a runner would obey."""

import base64
import html
import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lambdabot.local.endpoint import serve
from lambdabot.report import own_template_process
from tests.trust.arena import HEADER, SECRETS, SETTINGS, TOKEN, Arena, Seen
from tests.trust.table import Attack, Door
from tests.unit.report import runs

NOBODY = "http://127.0.0.1:9"
"""An endpoint that nobody serves: the run ends at once, and its report is written all the same."""

AWS_SECRET = SECRETS["AWS_SECRET_ACCESS_KEY"]
ODD_SECRET = "k&y<of>the'job/9f8e7d6c5b"
FORGED = "forged by the pull request"


# The ways in: what the two doors of a run have in common.


def _action(arena: Arena) -> Seen:
    return arena.action(endpoint=NOBODY)


def _command(arena: Arena, *arguments: str, in_workflow: bool = False, **variables: str) -> Seen:
    return arena.command("run", "--endpoint", NOBODY, *arguments, in_workflow=in_workflow, **variables)


FOLDERS: dict[Door, str] = {"action": "lambdabot-report", "command line": "out"}
RUNS: dict[Door, Callable[[Arena], Seen]] = {"action": _action, "command line": _command}


# In the guards' place: what was there before them.


def followed(path: Path, workspace: object) -> tuple[Path, tuple[str, ...]]:
    real = path.resolve()
    there = next(parent for parent in (real, *real.parents) if parent.exists())
    return there, real.relative_to(there).parts


def through(self, name, data, *, mode=None) -> None:
    (self.path / name).write_bytes(data.encode() if isinstance(data, str) else data)


def unchecked(folder, workspace, names=()) -> None:
    pass


def edited(edits, root):
    for edit in edits:
        path = root / edit.path
        path.write_text(path.read_text().replace(edit.before, edit.after))
    return edits


def in_our_process(job):
    if "subject" in job:
        return own_template_process.rendered(job["template"], job["subject"], job["limit"])
    return {"mistakes": list(own_template_process.mistakes(job["template"]))}


def as_it_is(text: str) -> str:
    return text


def unlooked(self, text: str) -> str:
    return text


def uncaught(run, asked, refused, annotated) -> int:
    return int(run())


# Files.


def _folder_is_a_link(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        arena.link(FOLDERS[door], arena.runner)
        RUNS[door](arena)
        return (arena.runner / "report.json").exists()

    return attempt


def _folder_around_is_a_link(arena: Arena) -> bool:
    arena.link("reports", arena.runner)
    _command(arena, "--out", "reports/deep")
    return (arena.runner / "deep/report.json").exists()


def _folder_is_gits(arena: Arena) -> bool:
    _command(arena, "--out", ".git/hooks")
    return (arena.work / ".git/hooks/report.json").exists()


def _comment_is_a_link(door: Door, target: str) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        arena.write(target, "", at=arena.runner)
        arena.link(f"{FOLDERS[door]}/comment.md", arena.runner / target)
        RUNS[door](arena)
        return (arena.runner / target).read_text() != ""

    return attempt


def _report_is_a_pipe(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        path = arena.work / FOLDERS[door] / "report.json"
        path.parent.mkdir()
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            RUNS[door](arena)
            return os.read(reader, 1) != b""
        except BlockingIOError:
            return False
        finally:
            os.close(reader)

    return attempt


def _report_is_a_folder(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        (arena.work / FOLDERS[door] / "report.json").mkdir(parents=True)
        return RUNS[door](arena).shows("cannot be written: Is a directory")  # after all was measured

    return attempt


def _journal_is_a_link(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        state = arena.runner / "state"
        state.mkdir()
        before = state.stat().st_mtime_ns
        arena.link("temp/lambdabot-journal", state)
        place = str(arena.work / "temp")
        with serve(anyone=True) as endpoint:
            if door == "action":
                given = {"ENDPOINT": endpoint.url, "BASE": str(arena.base), "AWS-REGION": "us-east-1"}
                arena.step({f"INPUT_{name}": value for name, value in given.items()} | {"RUNNER_TEMP": place})
            else:
                given = ("run", "--endpoint", endpoint.url, "--base", str(arena.base))
                arena.command(*given, in_workflow=True, RUNNER_TEMP=place)
        return state.stat().st_mtime_ns != before

    return attempt


def _init_writes_through_a_link(arena: Arena) -> bool:
    arena.link(".github/workflows", arena.runner)
    arena.command("init")
    return (arena.runner / "lambdabot.yml").exists()


def _apply_writes_through_a_link(arena: Arena) -> bool:
    workflow = arena.write(".github/workflows/ci.yml", "on: push\n")
    arena.link("template.yaml", ".github/workflows/ci.yml")
    _report(arena, path="template.yaml", before="on: push", after="on: pull_request_target")
    arena.command("apply", "--report", "report.json")
    return "pull_request_target" in workflow.read_text()


def _report(arena: Arena, *, note: str = "", **edit: str) -> None:
    """Commit a report.json, or let the first stage have made it."""
    data = runs.written(runs.regression(), notes=[note])
    data["functions"][0]["edits"] = [{"line": 1, "note": "", **edit}] if edit else []
    arena.write("report.json", json.dumps(data))


# Templates of the team's own.


def _template(arena: Arena, text: str) -> None:
    arena.write("own.j2", text)
    arena.write("lambdabot.yml", SETTINGS + "comment: {template: own.j2}\n")


def _fills_memory(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        _template(arena, "{{ ('a' * 400000000) | length }}")
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak until now (proc_pid_clear_refs(5))
        before = _peak_megabytes()
        RUNS[door](arena)
        return _peak_megabytes() - before > 300

    return attempt


def _peak_megabytes() -> float:
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def _forges_the_state(arena: Arena) -> bool:
    _template(arena, f"<!-- lambdabot:state:1 {FORGED} -->")
    return RUNS["command line"](arena).shows(f"<!-- lambdabot:state:1 {FORGED}")


# Secrets, wherever they came from.


def _function_is_named_so(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        arena.write("lambdabot.yml", SETTINGS.replace("hello", TOKEN))
        return RUNS[door](arena).shows_secret

    return attempt


def _mistake_quotes_it(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        arena.write("lambdabot.yml", f"{SETTINGS}{json.dumps(AWS_SECRET)}: 1\n")
        return RUNS[door](arena).shows_secret

    return attempt


def _folder_is_named_so(door: Door) -> Callable[[Arena], bool]:
    """Let the page and the comment show it in their own escapes."""

    def attempt(arena: Arena) -> bool:
        arena.monkeypatch.setenv("ACTIONS_ODD_TOKEN", ODD_SECRET)
        arena.write(f"{ODD_SECRET}/app.py", "def handler(event, context):\n    return 2\n")
        arena.write("lambdabot.yml", SETTINGS.replace("source: src", f'source: "{ODD_SECRET}"'))
        seen = RUNS[door](arena)
        return seen.shows(html.escape(ODD_SECRET)) or seen.shows("9f8e7d6c5b")

    return attempt


def _handler_raises(code: str, door: Door) -> Callable[[Arena], bool]:
    """Let the measured code say what it must not know: here it is told, for no row rests on another hole."""

    def attempt(arena: Arena) -> bool:
        arena.write("src/app.py", f"def handler(event, context):\n    raise ValueError({code})\n")
        seen = arena.action() if door == "action" else arena.run()
        return seen.shows_secret or seen.shows(base64.b64encode(AWS_SECRET.encode()).decode())

    return attempt


def _requirement_quotes_it(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        text = f"--index-url {NOBODY}\n{TOKEN}==1.0\n"
        arena.write("requirements.txt", text)
        if door == "action":
            arena.monkeypatch.setenv("UV_HTTP_RETRIES", "0")
            arena.write("src/requirements.txt", text)
            arena.write("lambdabot.yml", SETTINGS.replace("[x86_64]", "[x86_64, arm64]"))
            seen = _action(arena)
        else:
            seen = arena.command("arm64", "requirements.txt", "--no-cache", "--timeout", "1", "--github")
        return seen.shows(TOKEN[4:].lower())

    return attempt


def _report_quotes(text: str, shown: str, door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        _report(arena, note=text)
        if door == "second stage":
            return arena.second_stage("report.json").shows(shown)
        return arena.command("comment", "--report", "report.json", "--print").shows(shown)

    return attempt


def _template_prints_it_in_parts(arena: Arena) -> bool:
    """Let the end of a secret be cut off."""
    _template(arena, f"Key: {AWS_SECRET[:20]}")
    return _command(arena).shows(AWS_SECRET[:20])


def _unforeseen_quotes_it(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        _defect(arena)
        return RUNS[door](arena).shows_secret

    return attempt


def _defect(arena: Arena) -> None:
    """Let the pull request have found a defect of lambdabot's."""

    def broken(*_: object) -> None:
        raise RuntimeError(TOKEN)

    arena.monkeypatch.setattr("lambdabot.settings.yaml_source.read", broken)


def _ends_as_the_gate(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        _defect(arena)
        try:
            return RUNS[door](arena).exit_code != 70
        except RuntimeError:  # with which Python ends in 1
            return True

    return attempt


# Lines that a runner would obey.


def _obeyed(seen: Seen) -> bool:
    lines = re.split(r"\r\n|\r|\n", seen.log)
    return any(one.lstrip().startswith(f"::warning::{FORGED}") or f"##[warning]{FORGED}" in one for one in lines)


def _template_commands(arena: Arena) -> bool:
    _template(arena, f"text\n  ::warning::{FORGED}\n")
    arena.event = {}  # on a pull request it has no such say
    return _obeyed(_command(arena, in_workflow=True, GITHUB_EVENT_NAME="workflow_dispatch"))


def _path_commands(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        name = f"##[warning]{FORGED}.txt" if door == "command line" else f"a\n::warning::{FORGED}\n.txt"
        arena.write(name, "")
        if door == "command line":
            return _obeyed(arena.command("arm64", name, "--no-cache", in_workflow=True))
        payload = f"    payloads: [{{file: {json.dumps(name)}}}]\n    budget"
        arena.write("lambdabot.yml", SETTINGS.replace("    budget", payload))
        return _obeyed(_action(arena))  # it is no JSON, and named so

    return attempt


def _edit_commands(arena: Arena) -> bool:
    arena.write("template.yaml", "a: 1\n")
    _report(arena, path="template.yaml", before="a: 1", after=f"a: 2 # ##[warning]{FORGED}")
    return _obeyed(arena.command("apply", "--report", "report.json", in_workflow=True))


def _name_commands(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        name = f"a\n::warning::{FORGED}\n.yaml"
        arena.write(name, "Resources: {A: {Type: 'AWS::Serverless::Function', Properties: [")
        if door == "command line":
            return _obeyed(arena.command("init", in_workflow=True))
        arena.write("lambdabot.yml", "version: 1\n")  # its functions are the templates'
        return _obeyed(_action(arena))

    return attempt


def _defect_commands(door: Door) -> Callable[[Arena], bool]:
    def attempt(arena: Arena) -> bool:
        def broken(*_: object) -> None:
            raise RuntimeError(f"\n::warning::{FORGED}")

        arena.monkeypatch.setattr("lambdabot.settings.yaml_source.read", broken)
        return _obeyed(_action(arena) if door == "action" else _command(arena, in_workflow=True))

    return attempt


FILES = "files are written where they are meant to be"
TEMPLATES = "templates are trusted with nothing"
TEXTS = "no secret of the job is published"
LINES = "the runner obeys no line of others"
CODES = "a defect is no verdict"

WAY = ("lambdabot.output:_way", followed)
WRITE = ("lambdabot.output:Output.write", through)
APART = ("lambdabot.report.own_template:_apart", in_our_process)
HIDDEN = ("lambdabot.report.comment:_HIDDEN", re.compile(r"(?!)"))
CHECK = ("lambdabot.output:check", unchecked)
SECRET = ("lambdabot.confidential:Secrets.withheld", unlooked)
HARMLESS = ("lambdabot.log:harmless", as_it_is)
SAID: dict[Door, tuple[str, object]] = {
    "action": ("lambdabot.workflow_command:_data", as_it_is),  # it tells of mistakes in commands of its own
    "command line": HARMLESS,
}
CODE = ("lambdabot.door:_code", uncaught)

NO_OPTION = "the action's folder is `lambdabot-report` below the workspace, whatever its inputs are"
NO_COMMAND = "`{}` is a command, and no part of what the action does"
NO_WORDS = "the action renders the target branch's template, and no pull request's"
NO_REPORT = "the action measures, and reads reports in its second stage alone"

IN_BASE64 = base64.b64encode(AWS_SECRET.encode()).decode()

Attempt = Callable[[Arena], bool]
_ROWS: list[tuple[str, str, Callable[[Door], Attempt], tuple[str, object] | dict[Door, tuple[str, object]]]] = [
    (FILES, "commits the folder of the reports as a link", _folder_is_a_link, WAY),
    (FILES, "commits comment.md as a link to a .pth file", partial(_comment_is_a_link, target="zz.pth"), WRITE),
    (FILES, "commits comment.md as a link to ~/.bashrc", partial(_comment_is_a_link, target=".bashrc"), WRITE),
    (FILES, "has put a pipe in the place of report.json", _report_is_a_pipe, WRITE),
    (FILES, "has put a folder in the place of report.json", _report_is_a_folder, CHECK),
    (FILES, "commits the folder of the journals as a link", _journal_is_a_link, WAY),
    (TEMPLATES, "has constants fill the memory", _fills_memory, APART),
    (TEXTS, "names a function as the token", _function_is_named_so, SECRET),
    (TEXTS, "has a mistake quote the secret key", _mistake_quotes_it, SECRET),
    (TEXTS, "has page and comment escape a secret", _folder_is_named_so, SECRET),
    (TEXTS, "has a defect's text quote the token", _unforeseen_quotes_it, SECRET),
    (TEXTS, "has a handler's error quote the token", partial(_handler_raises, repr(TOKEN)), SECRET),
    (
        TEXTS,
        "has a handler's error quote the secret key in base64",
        partial(_handler_raises, repr(IN_BASE64)),
        SECRET,
    ),
    (TEXTS, "has a requirement quote the token", _requirement_quotes_it, SECRET),
    (LINES, "has a file's name hold a command", _path_commands, SAID),
    (LINES, "has a template's name begin a line with a command", _name_commands, SAID),
    (LINES, "has a defect's text begin a line with a command", _defect_commands, HARMLESS),
    (CODES, "ends the job in the gate's exit code", _ends_as_the_gate, CODE),
]

_AT_THE_COMMAND_LINE: list[tuple[str, str, Attempt, tuple[str, object], str]] = [
    (FILES, "commits a link on the way to the reports", _folder_around_is_a_link, WAY, NO_OPTION),
    (FILES, "lets the reports lie among git's own files", _folder_is_gits, WAY, NO_OPTION),
    (
        FILES,
        "commits the folder of the workflows as a link",
        _init_writes_through_a_link,
        WAY,
        NO_COMMAND.format("init"),
    ),
    (
        FILES,
        "commits a template as a link to a workflow",
        _apply_writes_through_a_link,
        ("lambdabot.commands.apply:write", edited),
        NO_COMMAND.format("apply"),
    ),
    (LINES, "has an edit hold a command", _edit_commands, HARMLESS, NO_COMMAND.format("apply")),
    (TEMPLATES, "forges the comment's hidden state", _forges_the_state, HIDDEN, NO_WORDS),
    (TEXTS, "has a template print half of a secret", _template_prints_it_in_parts, SECRET, NO_WORDS),
    (LINES, "has a template print a command", _template_commands, HARMLESS, NO_WORDS),
]

_QUOTES = [
    ("has a report quote the secret key", f"costs more than {AWS_SECRET}", AWS_SECRET),
    ("has a report quote the token", f"costs more than {TOKEN}", TOKEN),
    ("has a report quote git's own header", HEADER, HEADER.rpartition(" ")[2]),
]


def _row(  # noqa: PLR0917  # a line of the table
    promise: str, name: str, door: Door, attempt: Attempt, hold: tuple[str, object], only: str = "", **more: bool
) -> Attack:
    guard, without = hold
    return Attack(
        name=name, promise=promise, door=door, attempt=attempt, guard=guard, without=without, only=only, **more
    )


ATTACKS = [
    *(
        _row(promise, name, door, attempt(door), hold[door] if isinstance(hold, dict) else hold)
        for promise, name, attempt, hold in _ROWS
        for door in RUNS
    ),
    *(
        _row(promise, name, "command line", attempt, hold, only)
        for promise, name, attempt, hold, only in _AT_THE_COMMAND_LINE
    ),
    *(
        _row(TEXTS, name, door, _report_quotes(text, shown, door), SECRET, NO_REPORT, of_report=True)
        for name, text, shown in _QUOTES
        for door in ("command line", "second stage")
    ),
]
