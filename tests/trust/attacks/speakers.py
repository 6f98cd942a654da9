"""Who speaks: whose comments and labels count, and what the second stage believes of a report."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any, get_args

from lambdabot.errors import ExitCode
from lambdabot.github.label import SHOWING
from lambdabot.model import ACCEPT_LABEL
from lambdabot.pipeline.second_stage import Received
from lambdabot.report.reading import load
from lambdabot.report.schema import Section
from lambdabot.settings.schema import GateSection
from tests.fakes.github import Fault
from tests.trust.arena import Arena, Seen
from tests.trust.attacks.files_in import anywhere
from tests.trust.table import Attack, Door
from tests.unit.report import runs

LABEL = "an override counts only when a person set the label for this head"
OURS = "ours are the comments by the token's own login"
REPORT = "nothing is believed of another run's report"
SECRETS = "nothing of a pull request is measured beside secrets"

FORK, HEAD, OTHER = "stranger/demo", "c" * 40, "d" * 40
EARLY, PUSHED, LATE = (f"2026-11-23T{hour}:00:00Z" for hour in (10, 12, 14))
PULL = 7
HOSTILE = "<script>alert(1)</script> ![x](https://evil.example/x.png) @octo/team"

Report = dict[str, Any]


def _report(**fields: object) -> Report:
    return runs.written(replace(runs.regression(), head_sha=HEAD), **fields)


def _artifact(arena: Arena, **reports: Mapping[str, Any] | str) -> None:
    """Lay down what the first stage's artifacts held: a report.json in a folder each."""
    for name, report in reports.items():
        text = report if isinstance(report, str) else json.dumps(report)
        arena.write(f"reports/{name}/report.json", text)


def _opened(arena: Arena) -> None:
    """Open the fork's pull request, of which the first stage ran."""
    if not arena.github.pulls:
        arena.github.open_pull(PULL, head=FORK, sha=HEAD, at=PUSHED)


Reported = Callable[..., Seen]
"""Lays reports down and lets a door comment on them."""


def _second_stage(arena: Arena, **reports: Mapping[str, Any] | str) -> Seen:
    _opened(arena)
    _artifact(arena, **reports)
    return arena.second_stage()


def _comment(arena: Arena, **reports: Mapping[str, Any] | str) -> Seen:
    """Do the same by the command, as a step of the same workflow."""
    _opened(arena)
    _artifact(arena, **reports)
    return arena.comment()


Run = Callable[..., Seen]
RUNS: dict[Door, Run] = {"action": Arena.action, "command line": partial(Arena.run, in_workflow=True)}


def _fails(attempt: Callable[[], Seen]) -> bool:
    """Tell whether a door met an error that nobody foresaw."""
    return attempt().exit_code == ExitCode.UNFORESEEN


# A label that nobody set for this head. Each is tried in both stages: the first ends with exit code 0, the second
# says "Accepted". A command line that is a step of the workflow is told of the pull request as the action is.


def _by_a_bot(arena: Arena) -> None:
    arena.github.set_label(PULL, ACCEPT_LABEL, by="helpful-app[bot]", at=LATE)


def _by_whoever_may_not_write(arena: Arena) -> None:
    arena.github.permissions["triager"] = "read"
    arena.github.set_label(PULL, ACCEPT_LABEL, by="triager", at=LATE)


def _before_the_push(arena: Arena) -> None:
    arena.github.set_label(PULL, ACCEPT_LABEL, at=EARLY)


def _for_another_commit_between(arena: Arena) -> None:
    """Push this commit, then a harmless one that is accepted, then this one again."""
    arena.github.push(PULL, OTHER, at="2026-11-23T13:00:00Z")
    arena.github.set_label(PULL, ACCEPT_LABEL, at=LATE)
    arena.github.push(PULL, HEAD, at="2026-11-23T15:00:00Z")


def _where_pushes_are_not_told(arena: Arena) -> None:
    arena.github.set_label(PULL, ACCEPT_LABEL, at=LATE)
    arena.github.faults.extend([Fault("GET", "/activity$", 403, "Resource not accessible by integration")] * 9)


def _before_it_was_opened_again(arena: Arena) -> None:
    """Push while the pull request is closed and still shows what was accepted, then open it again."""
    arena.github.set_label(PULL, ACCEPT_LABEL, at=LATE)
    arena.github.happen(PULL, "reopened", at="2026-11-23T16:00:00Z")
    arena.github.violations.clear()


def _by_renaming_another(arena: Arena) -> None:
    arena.github.set_label(PULL, "documentation", at=LATE)
    arena.github.labels[PULL][0]["name"] = ACCEPT_LABEL


def _removed_and_renamed(arena: Arena) -> None:
    arena.github.set_label(PULL, ACCEPT_LABEL, at=LATE)
    arena.github.remove_label(PULL, ACCEPT_LABEL)
    _by_renaming_another(arena)


def _with_a_comment_that_remembers_otherwise(arena: Arena) -> None:
    """Set the label before the push, and edit our comment to say that this commit was seen long ago."""
    arena.github.set_label(PULL, ACCEPT_LABEL, at=EARLY)
    arena.github.add_comment(PULL, f"<!-- lambdabot:comment -->\nfirst seen {HEAD} 1970-01-01T00:00:00Z\n")


def _accepted_by_a_report(reported: Reported, prepare: Callable[[Arena], None], arena: Arena) -> bool:
    _opened(arena)
    prepare(arena)
    seen = reported(arena, a=runs.written(runs.overridden(), head_sha=HEAD))
    arena.github.violations.clear()
    return any("**Accepted**" in one for one in seen.comments)


def _accepted_by_the_gate(run: Run, prepare: Callable[[Arena], None], arena: Arena) -> bool:
    _opened(arena)
    prepare(arena)
    arena.event["pull_request"]["head"]["sha"] = HEAD
    _measured(arena)
    seen = run(arena)
    arena.github.violations.clear()
    return seen.exit_code == 0


def _measured(arena: Arena) -> None:
    """Let the run find a regression at once: a real one takes minutes."""
    run = type("Run", (), {"execute": lambda _: replace(runs.regression(), head_sha=HEAD), "gate": GateSection()})
    arena.monkeypatch.setattr("lambdabot.pipeline.job.Run", lambda *_, **__: run())


def always(*_: object) -> bool:
    return True


def long_ago(*_: object) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC)


def whatever_was_set(events):
    return [one for one in events if one.event == "labeled"][-1]


LABELS: list[tuple[str, Callable[[Arena], None], str, object]] = [
    ("lets a bot set the label", _by_a_bot, "lambdabot.github.label:_is_person", always),
    (
        "lets somebody set the label who may not write",
        _by_whoever_may_not_write,
        "lambdabot.github.label:_may_write",
        always,
    ),
    ("pushes once the label is set", _before_the_push, "lambdabot.pipeline.publishing:pushed", long_ago),
    (
        "pushes another commit to be accepted in its place",
        _for_another_commit_between,
        "lambdabot.pipeline.publishing:pushed",
        long_ago,
    ),
    (
        "comes from where pushes cannot be read",
        _where_pushes_are_not_told,
        "lambdabot.pipeline.publishing:pushed",
        long_ago,
    ),
    (
        "is pushed to while it is closed, and opened again",
        _before_it_was_opened_again,
        "lambdabot.github.label:SHOWING",
        SHOWING - {"reopened"},
    ),
    (
        "carries a label that was renamed to the one that accepts",
        _by_renaming_another,
        "lambdabot.github.label:_last",
        whatever_was_set,
    ),
    (
        "carries a renamed label where the true one was taken away",
        _removed_and_renamed,
        "lambdabot.github.label:_last",
        whatever_was_set,
    ),
    (
        "edits our comment to have seen the commit before",
        _with_a_comment_that_remembers_otherwise,
        "lambdabot.pipeline.publishing:pushed",
        long_ago,
    ),
]

STAGES: list[tuple[Door, Callable[[Callable[[Arena], None], Arena], bool]]] = [
    *((door, partial(_accepted_by_the_gate, run)) for door, run in RUNS.items()),
    ("second stage", partial(_accepted_by_a_report, _second_stage)),
]


# Comments.


def any_bot(login: str, comment: Any) -> bool:
    return comment.user.type == "Bot"


def _edits_a_comment_of(user: Mapping[str, str], run: Run, arena: Arena) -> bool:
    """Let somebody else have written, on the pull request's behalf, what looks like ours."""
    _opened(arena)
    arena.event["pull_request"]["head"]["sha"] = HEAD
    _measured(arena)
    return _is_edited(user, run, arena)


def _reports_on_a_comment_of(user: Mapping[str, str], arena: Arena) -> bool:
    return _is_edited(user, lambda one: _second_stage(one, a=_report()), arena)


def _is_edited(user: Mapping[str, str], run: Run, arena: Arena) -> bool:
    run(arena)
    (ours,) = arena.github.comments.values()
    ours["user"] |= user
    before = ours["body"] = ours["body"].replace("18 %", "19 %")
    run(arena)
    return ours["body"] != before


# What a report says in the second stage.


def as_it_is(report: Report, *_: object) -> Report:
    return report


def nothing(*_: object, **__: object) -> None:
    return None


def _overwrites_another_jobs_comment(reported: Reported, arena: Arena) -> bool:
    theirs = arena.github.add_comment(PULL, "<!-- lambdabot:comment:0123456789ab -->\nof the job on AWS")
    before = theirs["body"]
    reported(arena, a=_report(comment_key="0123456789ab"))
    return theirs["body"] != before


def _has_a_comment_more_for_every_push(reported: Reported, arena: Arena) -> bool:
    for number in range(7):
        reported(arena, a=_report(comment_key=f"{number:012}"))
    return len(arena.github.comments) > 5


def _is_taken_for_aws(reported: Reported, arena: Arena) -> bool:
    seen = reported(arena, a=_report(endpoint="aws", unverified=False))
    (body,) = seen.comments
    return "own workflow made these figures" not in body and "(estimate)" not in body


def _accepts_itself(reported: Reported, arena: Arena) -> bool:
    given = {"label": ACCEPT_LABEL, "by": "maintainer", "at": LATE, "valid": True, "reason": ""}
    seen = reported(arena, a=runs.written(runs.overridden(), head_sha=HEAD, override=given))
    return bool(seen.comments)


def _speaks_for_another_repository(reported: Reported, arena: Arena) -> bool:
    return bool(reported(arena, a=_report(repository="octo/other")).comments)


def _speaks_for_another_head(reported: Reported, arena: Arena) -> bool:
    return bool(reported(arena, a=_report(head_sha=OTHER)).comments)


def _comments_without_end(reported: Reported, arena: Arena) -> bool:
    report = json.dumps(_report())
    reported(arena, **{f"r{number:03}": report for number in range(300)})
    return len(arena.github.comments) > 5


def _silences_the_others(reported: Reported, arena: Arena) -> bool:
    seen = reported(arena, a='{"schema_version": 1}', b=_report())
    return not seen.comments


def all_or_none(path) -> Received:
    return Received(reports=tuple(load(one) for one in sorted(path.glob("*/report.json"))))


def _beyond(**fields: object) -> Report:
    """Return a report with figures that no run has."""
    report = _report()
    only = report["functions"][0]
    for row in only["measurements"]:
        if row["cost_per_million_usd"]:
            row["cost_per_million_usd"] |= fields
    return report


UNREADABLE: dict[str, Callable[[], str]] = {
    "has figures of 1e308": lambda: json.dumps(_beyond(confidence=1e308)),
    "has integers of 4,000 digits": lambda: json.dumps(
        _report(spend={**_report()["spend"], "invocations": 10**4000}),
    ),
    "was accepted in the year 1": lambda: json.dumps(
        _report(
            override={"label": "x", "by": None, "at": "0001-01-01T00:00:00+14:00", "valid": False, "reason": ""},
        )
    ),
    "was accepted in the year 9999": lambda: json.dumps(
        _report(
            override={"label": "x", "by": None, "at": "9999-12-31T23:59:59-14:00", "valid": False, "reason": ""},
        )
    ),
    "has no functions but a number": lambda: json.dumps(_report(functions=[1])),
}


def unchecked(kind: Any, data: Any, path: object = None) -> Any:
    """Take what stands in a report's place for one, and hold none of its values to anything."""
    for one in (kind, *get_args(kind)):
        if isinstance(data, dict) and isinstance(one, type) and issubclass(one, Section):
            fields = {name: field.annotation for name, field in one.model_fields.items() if name in data}
            return one.model_construct(**{name: unchecked(form, data[name]) for name, form in fields.items()})
        if isinstance(data, str) and isinstance(one, type) and issubclass(one, StrEnum):
            return one(data)
    item = next(iter(get_args(kind)), None)
    return [unchecked(item, one) for one in data] if isinstance(data, list) else data


def _breaks_the_second_stage(text: Callable[[], str], arena: Arena) -> bool:
    return _fails(lambda: _second_stage(arena, a=text(), b=_report()))


def _breaks_the_command(text: Callable[[], str], arena: Arena) -> bool:
    _artifact(arena, a=text())
    return _fails(lambda: arena.command("comment", "--print", "--report", "reports/a/report.json"))


def _links_to_a_script(arena: Arena) -> bool:
    _artifact(arena, a=_report(run_url="javascript:alert(1)//7"))
    return arena.command("comment", "--print", "--report", "reports/a/report.json").shows("(<javascript:")


def _is_said_to_link_to_a_script(arena: Arena) -> bool:
    # GitHub's own address of the run stands in for the reported one: that guard is out, so that the schema is seen.
    arena.monkeypatch.setattr("lambdabot.pipeline.second_stage.amended", lambda data, **_: data)
    return _second_stage(arena, a=_report(run_url="javascript:alert(1)//7")).shows("(<javascript:")


def _links_to_a_run_of_its_own(reported: Reported, arena: Arena) -> bool:
    own = "https://evil.example/octo/demo/actions/runs/1"
    return any("evil.example" in one for one in reported(arena, a=_report(run_url=own)).comments)


def _reads_by_a_link(arena: Arena) -> bool:
    elsewhere = arena.write("secret.json", json.dumps(_report(verdict_reason="of elsewhere", notes=["of elsewhere"])))
    arena.link("reports/a/report.json", elsewhere)
    _opened(arena)
    return arena.second_stage().shows("of elsewhere")


def _prints_by_a_link(arena: Arena) -> bool:
    elsewhere = arena.write("secret.json", json.dumps(_report(notes=["of elsewhere"])))
    arena.link("reports/a/report.json", elsewhere)
    return arena.command("comment", "--print", "--report", "reports").shows("of elsewhere")


def _writes_markup(reported: Reported, arena: Arena) -> bool:
    report = _report(verdict_reason=HOSTILE, notes=[HOSTILE])
    report["functions"][0] |= {"name": HOSTILE, "stop_reason": HOSTILE}
    seen = reported(arena, a=report)
    return any("<script>" in one or "![x](https:" in one for one in (*seen.comments, seen.summary))


def _commands_the_runner(reported: Reported, arena: Arena) -> bool:
    """Name an artifact so that a line of the log begins with a workflow command."""
    seen = reported(arena, **{"a\n::add-mask::x\n": "{}", "b": _report()})
    return any(line.startswith("::add-mask::") for line in seen.log.splitlines())


def as_written(text: str) -> str:
    return text


# Who opened it.


def _measured_on_aws(run: Run, arena: Arena) -> bool:
    """Tell whether the door would have measured on AWS: there the settings, which name no role, do not hold."""
    _opened(arena)
    _measured(arena)
    seen = run(arena, endpoint="")
    return seen.exit_code == 2 and seen.shows("needs a `role` on AWS")


def _is_dependabots_run_by_a_person(run: Run, arena: Arena) -> bool:
    arena.event["pull_request"]["user"] = {"login": "dependabot[bot]"}
    arena.monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    return _measured_on_aws(run, arena)


def _is_a_forks(run: Run, arena: Arena) -> bool:
    arena.event["pull_request"]["head"]["repo"] = {"full_name": FORK}
    return _measured_on_aws(run, arena)


def _is_of_a_fork_that_was_deleted(run: Run, arena: Arena) -> bool:
    arena.event["pull_request"]["head"]["repo"] = None
    return _measured_on_aws(run, arena)


def _has_an_event_that_cannot_be_read(run: Run, arena: Arena) -> bool:
    arena.event = []
    return _measured_on_aws(run, arena)


def as_told(self) -> bool:
    return self.fork  # what was believed of an event that tells nothing


def _runs_beside_secrets(event: str, run: Run, arena: Arena) -> bool:
    _opened(arena)
    _measured(arena)
    return run(arena, event_name=event).exit_code != 2


WROTE = "lambdabot.github.comment:wrote"
REPORTED = "lambdabot.pipeline.second_stage:reported"
READ = "lambdabot.pipeline.second_stage:reports"
COMMANDED = "lambdabot.workflow_command:_data"
VALIDATED = "lambdabot.report.reading:validated"
HOLDS = "lambdabot.workspace:Workspace._real"
OPENED = "lambdabot.github.event:Context.is_untrusted"

NO_REPORT = "the action measures, and reads reports in its second stage alone"


def _row(
    name: str, promise: str, door: Door, attempt: Callable[[Arena], bool], hold: tuple[str, object], **more: Any
) -> Attack:
    guard, without = hold
    return Attack(name=name, promise=promise, door=door, attempt=attempt, guard=guard, without=without, **more)


def _reports(name: str, attempt: Callable[[Reported, Arena], bool], guard: str, without: object) -> list[Attack]:
    """Return the rows of what a report says where it is commented on."""
    return _read(name, {door: partial(attempt, reported) for door, reported in REPORTED_BY.items()}, guard, without)


def _read(name: str, ways: Mapping[Door, Callable[[Arena], bool]], guard: str, without: object) -> list[Attack]:
    more = {"of_report": True, "only": NO_REPORT}
    return [
        _row(name, REPORT, door, way, (GUARDS.get((door, guard), guard), without), **more) for door, way in ways.items()
    ]


GUARDS = {
    ("command line", REPORTED): "lambdabot.commands.comment:reported",  # the same, by the name that is called there
    ("command line", READ): "lambdabot.commands.comment:reports",
    ("command line", COMMANDED): "lambdabot.log:harmless",
}
REPORTED_BY: dict[Door, Reported] = {"second stage": _second_stage, "command line": _comment}
SOMEBODY = {
    "has another bot write our marker": ({"login": "helpful-app[bot]"}, any_bot),
    "has a person write our marker": ({"login": "stranger", "type": "User"}, always),
}
OPENERS: list[tuple[str, Callable[[Run, Arena], bool], tuple[str, object]]] = [
    (
        "is dependabot's, and a person starts it again",
        _is_dependabots_run_by_a_person,
        ("lambdabot.github.event:DEPENDABOT", "nobody"),
    ),
    ("comes from a fork", _is_a_forks, (OPENED, property(lambda _: False))),
    ("comes from a fork that was deleted", _is_of_a_fork_that_was_deleted, (OPENED, property(lambda _: False))),
    ("has an event that cannot be read", _has_an_event_that_cannot_be_read, (OPENED, property(as_told))),
    *(
        (
            f"is measured on {event}",
            partial(_runs_beside_secrets, event),
            ("lambdabot.github.event:Context.require_trusted", nothing),
        )
        for event in ("pull_request_target", "workflow_run", "issue_comment")
    ),
]

ATTACKS = [
    *(
        _row(name, LABEL, door, partial(attempt, prepare), (guard, without))
        for name, prepare, guard, without in LABELS
        for door, attempt in STAGES
    ),
    *(
        _row(name, OURS, door, attempt, (WROTE, without))
        for name, (user, without) in SOMEBODY.items()
        for door, attempt in (
            *((door, partial(_edits_a_comment_of, user, run)) for door, run in RUNS.items()),
            ("second stage", partial(_reports_on_a_comment_of, user)),
        )
    ),
    *_reports("reports under another job's key", _overwrites_another_jobs_comment, REPORTED, as_it_is),
    *_reports("reports under another key each push", _has_a_comment_more_for_every_push, REPORTED, as_it_is),
    *_reports("reports that AWS measured it", _is_taken_for_aws, REPORTED, as_it_is),
    *_reports(
        "reports that its cost was accepted", _accepts_itself, "lambdabot.pipeline.second_stage:_confirmed", as_it_is
    ),
    *_reports(
        "reports for another repository",
        _speaks_for_another_repository,
        "lambdabot.pipeline.second_stage:_require_origin",
        nothing,
    ),
    *_reports(
        "reports for another head",
        _speaks_for_another_head,
        "lambdabot.pipeline.second_stage:_require_origin",
        nothing,
    ),
    *_reports("reports 300 times", _comments_without_end, "lambdabot.pipeline.second_stage:MOST_COMMENTS", 7),
    *_reports(
        "spoils a report beside a good one",
        _silences_the_others,
        READ,
        all_or_none,
    ),
    *(
        row
        for name, text in UNREADABLE.items()
        for row in _read(
            f"reports what {name}",
            {
                "second stage": partial(_breaks_the_second_stage, text),
                "command line": partial(_breaks_the_command, text),
            },
            VALIDATED,
            unchecked,
        )
    ),
    *_read(
        "reports a run that is a script",
        {"second stage": _is_said_to_link_to_a_script, "command line": _links_to_a_script},
        VALIDATED,
        unchecked,
    ),
    *_reports(
        "reports a run of its own",
        _links_to_a_run_of_its_own,
        "lambdabot.pipeline.second_stage:amended",
        lambda data, **_: data,
    ),
    *_read(
        "links its report to another file",
        {"second stage": _reads_by_a_link, "command line": _prints_by_a_link},
        HOLDS,
        anywhere,
    ),
    *_reports(
        "reports names that are markup",
        _writes_markup,
        "lambdabot.report.escape:_entity",
        lambda found: found[0],
    ),
    *_reports(
        "names its artifact as a workflow command",
        _commands_the_runner,
        COMMANDED,
        as_written,
    ),
    *(
        _row(name, SECRETS, door, partial(attempt, run), hold)
        for name, attempt, hold in OPENERS
        for door, run in RUNS.items()
    ),
]
