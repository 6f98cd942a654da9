"""What leaves the job: files that are written, texts that are published, lines that a runner would obey."""

import base64
import html
import json
import os
import re
from collections.abc import Callable
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


def _command(arena: Arena, *arguments: str) -> Seen:
    return arena.command("run", "--endpoint", NOBODY, *arguments)


def _step(arena: Arena, *arguments: str) -> Seen:
    return arena.command("run", "--endpoint", NOBODY, *arguments, in_workflow=True)


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


def _report_is_a_pipe(arena: Arena) -> bool:
    path = arena.work / FOLDERS["action"] / "report.json"
    path.parent.mkdir()
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        _action(arena)
        return os.read(reader, 1) != b""
    except BlockingIOError:
        return False
    finally:
        os.close(reader)


def _report_is_a_folder(arena: Arena) -> bool:
    (arena.work / "out/report.json").mkdir(parents=True)
    return _command(arena).shows("cannot be written: Is a directory")  # after all was measured


def _journal_is_a_link(arena: Arena) -> bool:
    state = arena.runner / "state"
    state.mkdir()
    before = state.stat().st_mtime_ns
    arena.link("temp/lambdabot-journal", state)
    with serve(anyone=True) as endpoint:
        arena.step(
            {
                "INPUT_ENDPOINT": endpoint.url,
                "INPUT_BASE": str(arena.base),
                "RUNNER_TEMP": str(arena.work / "temp"),
                "INPUT_AWS-REGION": "us-east-1",
            }
        )
    return state.stat().st_mtime_ns != before


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


def _requirement_quotes_it(arena: Arena) -> bool:
    arena.write("requirements.txt", f"--index-url {NOBODY}\n{TOKEN}==1.0\n")
    return arena.command("arm64", "requirements.txt", "--no-cache", "--timeout", "1", "--github").shows(
        TOKEN[4:].lower()
    )


def _report_quotes_it(arena: Arena) -> bool:
    _report(arena, note=f"costs more than {AWS_SECRET}")
    return arena.command("comment", "--report", "report.json", "--print").shows_secret


def _report_quotes_gits_header(arena: Arena) -> bool:
    _report(arena, note=HEADER)
    return arena.command("comment", "--report", "report.json", "--print").shows(HEADER.rpartition(" ")[2])


def _template_prints_it_in_parts(arena: Arena) -> bool:
    """Let the end of a secret be cut off."""
    _template(arena, f"Key: {AWS_SECRET[:20]}")
    return _command(arena).shows(AWS_SECRET[:20])


def _artifact_quotes_it(arena: Arena) -> bool:
    _report(arena, note=f"costs more than {TOKEN}")
    return arena.second_stage("report.json").shows_secret


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
    return _obeyed(_step(arena))


def _path_commands(arena: Arena) -> bool:
    name = f"##[warning]{FORGED}.txt"
    arena.write(name, "")
    return _obeyed(arena.command("arm64", name, "--no-cache", in_workflow=True))


def _edit_commands(arena: Arena) -> bool:
    arena.write("template.yaml", "a: 1\n")
    _report(arena, path="template.yaml", before="a: 1", after=f"a: 2 # ##[warning]{FORGED}")
    return _obeyed(arena.command("apply", "--report", "report.json", in_workflow=True))


def _name_commands(arena: Arena) -> bool:
    arena.write(f"a\n::warning::{FORGED}\n.yaml", "Resources: {A: {Type: 'AWS::Serverless::Function', Properties: [")
    return _obeyed(arena.command("init", in_workflow=True))


def _defect_commands(arena: Arena) -> bool:
    def broken(*_: object) -> None:
        raise RuntimeError(f"\n::warning::{FORGED}")

    arena.monkeypatch.setattr("lambdabot.settings.yaml_source.read", broken)
    return _obeyed(_step(arena))


FILES = "files are written where they are meant to be"
TEMPLATES = "templates are trusted with nothing"
TEXTS = "no secret of the job is published"
LINES = "the runner obeys no line of others"
CODES = "a defect is no verdict"

WAY = ("lambdabot.output:_way", followed)
WRITE = ("lambdabot.output:Output.write", through)
APART = ("lambdabot.report.own_template:_apart", in_our_process)
HIDDEN = ("lambdabot.report.comment:_HIDDEN", re.compile(r"(?!)"))
SECRET = ("lambdabot.confidential:Secrets.withheld", unlooked)
HARMLESS = ("lambdabot.log:harmless", as_it_is)
CODE = ("lambdabot.door:_code", uncaught)

_ROWS: list[tuple[str, Door, str, Callable[[Arena], bool], tuple[str, object]]] = [
    *((FILES, door, "commits the folder of the reports as a link", _folder_is_a_link(door), WAY) for door in FOLDERS),
    (FILES, "command line", "commits a link on the way to the reports", _folder_around_is_a_link, WAY),
    (FILES, "command line", "lets the reports lie among git's own files", _folder_is_gits, WAY),
    (FILES, "action", "commits comment.md as a link to a .pth file", _comment_is_a_link("action", "zz.pth"), WRITE),
    (
        FILES,
        "command line",
        "commits comment.md as a link to ~/.bashrc",
        _comment_is_a_link("command line", ".bashrc"),
        WRITE,
    ),
    (FILES, "action", "has put a pipe in the place of report.json", _report_is_a_pipe, WRITE),
    (
        FILES,
        "command line",
        "has put a folder in the place of report.json",
        _report_is_a_folder,
        ("lambdabot.output:check", unchecked),
    ),
    (FILES, "action", "commits the folder of the journals as a link", _journal_is_a_link, WAY),
    (FILES, "command line", "commits the folder of the workflows as a link", _init_writes_through_a_link, WAY),
    (
        FILES,
        "command line",
        "commits a template as a link to a workflow",
        _apply_writes_through_a_link,
        ("lambdabot.commands.apply:write", edited),
    ),
    *((TEMPLATES, door, "has constants fill the memory", _fills_memory(door), APART) for door in RUNS),
    (TEMPLATES, "command line", "forges the comment's hidden state", _forges_the_state, HIDDEN),
    *((TEXTS, door, "names a function as the token", _function_is_named_so(door), SECRET) for door in RUNS),
    *((TEXTS, door, "has a mistake quote the secret key", _mistake_quotes_it(door), SECRET) for door in RUNS),
    *((TEXTS, door, "has page and comment escape a secret", _folder_is_named_so(door), SECRET) for door in RUNS),
    *((TEXTS, door, "has a defect's text quote the token", _unforeseen_quotes_it(door), SECRET) for door in RUNS),
    (TEXTS, "action", "has a handler's error quote the token", _handler_raises(repr(TOKEN), "action"), SECRET),
    (
        TEXTS,
        "command line",
        "has a handler's error quote the secret key in base64",
        _handler_raises(repr(base64.b64encode(AWS_SECRET.encode()).decode()), "command line"),
        SECRET,
    ),
    (TEXTS, "command line", "has a requirement quote the token", _requirement_quotes_it, SECRET),
    (TEXTS, "command line", "has a report quote the secret key", _report_quotes_it, SECRET),
    (TEXTS, "command line", "has a report quote git's own header", _report_quotes_gits_header, SECRET),
    (TEXTS, "command line", "has a template print half of a secret", _template_prints_it_in_parts, SECRET),
    (TEXTS, "second stage", "has an artifact quote the token", _artifact_quotes_it, SECRET),
    (LINES, "command line", "has a template print a command", _template_commands, HARMLESS),
    (LINES, "command line", "has a file's name hold a command", _path_commands, HARMLESS),
    (LINES, "command line", "has an edit hold a command", _edit_commands, HARMLESS),
    (LINES, "command line", "has a template's name begin a line with a command", _name_commands, HARMLESS),
    (LINES, "command line", "has a defect's text begin a line with a command", _defect_commands, HARMLESS),
    *((CODES, door, "ends the job in the gate's exit code", _ends_as_the_gate(door), CODE) for door in RUNS),
]

ATTACKS = [
    Attack(name=name, promise=promise, door=door, attempt=attempt, guard=guard, without=without)
    for promise, door, name, attempt, (guard, without) in _ROWS
]
