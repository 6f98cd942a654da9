"""The gate, the label, the comment and the check run together, on the stateful GitHub.

The run itself is hand-made: a real regression takes minutes, and the container test has one.
"""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.model import ACCEPT_LABEL
from lambdabot.pipeline import job
from lambdabot.report.document import dumps
from lambdabot.report.progress import Progress
from lambdabot.settings.schema import CommentSection, GateSection
from lambdabot.workspace import Workspace
from tests.fakes.github import FakeGitHub, Fault
from tests.fakes.unhurried import unhurried
from tests.unit.report import runs

FIRST, SECOND, THIRD = "a" * 40, "b" * 40, "c" * 40


class Settings:
    """What `job.run` reads of them."""

    def __init__(self, out, **fields):
        self.out, self.path = out, out.parent / "lambdabot.yml"
        self.workspace = Workspace(out.parent)
        self.gate = fields.get("gate", GateSection())
        self.comment = fields.get("comment", CommentSection())
        self.check = fields.get("check")


@pytest.fixture
def github(monkeypatch):
    unhurried(monkeypatch)
    with FakeGitHub() as server:
        yield server


@pytest.fixture
def refusals():
    """What GitHub refused, as the doors tell it."""
    return []


@pytest.fixture
def push(github, refusals, tmp_path, monkeypatch):
    """Run on a head that costs more, publish, and return the exit code and report.json."""

    def run(
        *,
        head=FIRST,
        created="2026-11-23T12:00:00+00:00",
        result=None,
        authorized=True,
        live=None,
        event=None,
        **fields,
    ):
        if not github.pulls:
            github.open_pull(7, head="octo/demo", sha=live or head, at=created)
        elif github.pulls[0]["head"]["sha"] != (live or head):
            github.push(7, live or head, at=created)
        measured = replace(result or runs.regression(), head_sha=head, created=created)
        settings = Settings(tmp_path / "out", **fields)
        made = type("Run", (), {"execute": lambda _: measured})()
        monkeypatch.setattr(job, "Run", lambda *_, **__: made)
        monkeypatch.setattr(job, "terms", lambda *_: SimpleNamespace(settings=settings, root=tmp_path))
        known = {"repository": "octo/demo", "pull_request": 7, "api_url": github.url, **(event or {})}
        context = Context(in_workflow=True, token="token" if authorized else "", **known)
        finished = job.run(settings, context, Progress.plain(lambda _: None))
        job.publish(finished, context, warn=refusals.append)
        written = (tmp_path / "out" / "report.json").read_text()
        assert written == dumps(finished.report)
        return finished.exit_code, json.loads(written)

    return run


def shown(github):
    (comment,) = github.bodies()
    return comment


def test_without_the_label_the_gate_fails(push, github):
    code, report = push()

    assert code is ExitCode.GATE_FAILED
    assert (report["verdict"], report["override"]) == ("regression", None)


def test_the_label_accepts_the_cost_of_the_head_that_was_seen(push, github):
    push()
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")

    code, report = push(created="2026-11-23T12:10:00+00:00")

    assert code is ExitCode.DONE
    assert report["verdict"] == "overridden"
    assert report["override"] == {
        "label": ACCEPT_LABEL,
        "by": "octocat",
        "at": "2026-11-23T12:05:00+00:00",
        "valid": True,
        "reason": "",
    }
    assert "**Accepted** by <code>octocat</code>" in shown(github)
    assert "(accepted)" in shown(github)


def test_a_new_head_makes_it_void_and_the_comment_says_so(push, github):
    push()
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")
    push(created="2026-11-23T12:10:00+00:00")

    code, report = push(head=SECOND, created="2026-11-23T13:00:00+00:00")

    assert code is ExitCode.GATE_FAILED
    assert report["verdict"] == "regression"
    assert report["override"]["valid"] is False
    assert "it was set before this commit was pushed" in shown(github)
    assert "octocat" in shown(github)

    github.remove_label(7, ACCEPT_LABEL)
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T13:05:00Z")
    assert push(head=SECOND, created="2026-11-23T13:10:00+00:00")[0] is ExitCode.DONE


def test_a_label_that_was_removed_does_not_count(push, github):
    push()
    github.set_label(7, ACCEPT_LABEL)
    github.remove_label(7, ACCEPT_LABEL)

    assert push()[0] is ExitCode.GATE_FAILED


def test_labels_that_cannot_be_read_are_told(push, github):
    github.faults.append(Fault("GET", "/labels$", 403, "Resource not accessible by integration"))

    code, report = push()

    assert code is ExitCode.GATE_FAILED
    assert "were not read: GitHub answered 403" in report["override"]["reason"]
    assert "does not count: the labels of octo/demo&#35;\u200b7 were not read" in shown(github)


def test_when_the_head_was_pushed_must_be_known(push, github):
    push()
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")
    github.faults.append(Fault("GET", "/activity$", 403, "Resource not accessible by integration"))

    code, report = push()

    assert code is ExitCode.GATE_FAILED
    assert "which takes `contents: read`: GitHub answered 403" in report["override"]["reason"]


def test_no_comments_text_makes_a_label_count(push, github):
    """Whoever may write edits any comment, and the state in it."""
    push()
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")
    before = shown(github)
    push(head=SECOND, created="2026-11-23T13:00:00+00:00")
    github.comments[1000]["body"] = before

    assert push(head=SECOND, created="2026-11-23T13:00:00+00:00")[0] is ExitCode.GATE_FAILED


@pytest.mark.parametrize("mode", ["off", "update"])
def test_a_label_counts_whether_or_not_the_job_comments(push, github, mode):
    push(comment=CommentSection(mode=mode))
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")

    assert push(comment=CommentSection(mode=mode))[0] is ExitCode.DONE


def test_a_gate_that_passes_asks_for_no_label(push, github):
    github.set_label(7, ACCEPT_LABEL)

    code, report = push(result=runs.no_change())

    assert (code, report["override"]) == (ExitCode.DONE, None)
    assert not any(path.endswith("/labels") for _, path in github.requests)


def test_without_a_token_nothing_is_asked(push, github):
    assert push(authorized=False)[0] is ExitCode.GATE_FAILED
    assert github.requests == []


def test_an_alarm_that_passed_is_resolved_and_comes_back(push, github):
    quiet = CommentSection(when="regression")
    push(comment=quiet)
    push(comment=quiet, result=runs.no_change(), head=SECOND)

    assert "No change" in shown(github)
    assert github.minimized == {"IC_1000"}

    push(comment=quiet, head="c" * 40)
    assert "Costs 18 % more" in shown(github)
    assert github.minimized == set()


@pytest.mark.parametrize("quiet", [CommentSection(), CommentSection(when="regression")])
def test_a_run_that_comes_late_leaves_the_newer_pushs_comment(push, github, quiet):
    push(head=SECOND)
    newer = shown(github)

    push(head=FIRST, live=SECOND, result=runs.no_change(), comment=quiet)

    assert shown(github) == newer
    assert github.minimized == set()


def test_a_push_that_takes_back_an_older_commit_is_shown(push, github):
    push(head=SECOND)
    push(head=FIRST, result=runs.no_change())

    assert "No change" in shown(github)


def test_an_accepted_regression_is_a_regression_to_the_comment(push, github):
    quiet = CommentSection(when="regression")
    push(comment=quiet)
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")
    push(comment=quiet, created="2026-11-23T12:10:00+00:00")

    assert "(accepted)" in shown(github)
    assert github.minimized == set()


def test_a_check_run_says_what_the_exit_code_says(push, github):
    push(check="lambdabot")
    push(check="lambdabot", result=runs.no_change(), head=SECOND)
    push(check="lambdabot", result=runs.nothing_compared(), head=SECOND)

    assert [one["conclusion"] for one in github.check_runs.values()] == ["failure", "success", "success"]
    assert [one["head_sha"] for one in github.check_runs.values()] == [FIRST, SECOND, SECOND]
    titles = [one["output"]["title"] for one in github.check_runs.values()]
    assert titles[0] == "Regression: costs at least 14.1% more"
    assert titles[2].startswith("Not measured: the checkout holds one commit only")
    assert "Nothing compared, so nothing gated" in github.check_runs[3]["output"]["summary"]


def test_no_check_run_is_made_unless_asked_for(push, github):
    push()

    assert github.check_runs == {}


def test_a_change_is_what_is_not_the_same(push, github):
    changes = CommentSection(when="change")
    push(comment=changes, result=runs.no_change())
    assert github.bodies() == []

    push(comment=changes, result=runs.improvement())
    assert "less" in shown(github)


def test_what_github_refuses_costs_none_of_the_others(github, push, refusals):
    github.faults.append(Fault("POST", "/comments$", 403, "Resource not accessible by integration"))
    code, _ = push(check="lambdabot")

    (told,) = refusals
    assert told.startswith("no comment was posted on octo/demo#7: GitHub answered 403")
    assert (code, github.bodies()) == (ExitCode.GATE_FAILED, [])
    assert [one["conclusion"] for one in github.check_runs.values()] == ["failure"]


IN_QUEUE = {"event_name": "merge_group", "queued": True}
GROUP = "e" * 40
"""The commit that a merge queue makes of the pull request's head and what is merged before it."""


def test_in_a_merge_queue_the_pull_requests_label_counts_for_the_head_that_it_was_set_on(push, github):
    push()
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")
    comments = github.bodies()

    code, report = push(head=GROUP, live=FIRST, created="2026-11-23T12:10:00+00:00", event=IN_QUEUE)

    assert (code, report["verdict"], report["override"]["by"]) == (ExitCode.DONE, "overridden", "octocat")
    assert github.bodies() == comments  # which tell of the pull request's own head
    assert github.review_comments == {}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"at": "2026-11-23T11:00:00Z"}, "it was set before this commit was pushed"),
        ({"by": "dependabot[bot]", "at": "2026-11-23T12:05:00Z"}, "no person set it"),
        ({"by": "triager", "at": "2026-11-23T12:05:00Z"}, "may not write to this repository"),
    ],
)
def test_in_a_merge_queue_a_label_is_trusted_by_the_same_rules(push, github, setting, words):
    github.permissions["triager"] = "read"
    github.open_pull(7, head="octo/demo", sha=FIRST, at="2026-11-23T12:00:00Z")
    github.set_label(7, ACCEPT_LABEL, **setting)

    code, report = push(head=GROUP, live=FIRST, event=IN_QUEUE)

    assert (code, report["verdict"]) == (ExitCode.GATE_FAILED, "regression")
    assert words in report["override"]["reason"]


def test_in_a_merge_queue_a_push_after_the_label_makes_it_void(push, github):
    github.open_pull(7, head="octo/demo", sha=FIRST, at="2026-11-23T12:00:00Z")
    github.set_label(7, ACCEPT_LABEL, by="octocat", at="2026-11-23T12:05:00Z")

    code, report = push(head=GROUP, live=SECOND, created="2026-11-23T12:10:00+00:00", event=IN_QUEUE)

    assert code is ExitCode.GATE_FAILED
    assert "before this commit was pushed" in report["override"]["reason"]


PUSHED = {"event_name": "push", "pull_request": None}


def test_a_push_has_a_check_run_in_place_of_a_comment(push, github, refusals):
    code, _ = push(event=PUSHED)

    (check,) = github.check_runs.values()
    assert (code, check["name"], check["conclusion"]) == (ExitCode.GATE_FAILED, "lambdabot cost", "failure")
    assert (check["head_sha"], github.bodies(), refusals) == (FIRST, [], [])

    push(event=PUSHED, check="ours")
    push(event=PUSHED, comment=CommentSection(mode="off"))
    assert [one["name"] for one in github.check_runs.values()] == ["lambdabot cost", "ours"]


def test_a_check_run_of_a_push_that_is_refused_is_told_and_costs_nothing(push, github, refusals):
    github.faults.append(Fault("POST", "/check-runs", 403, "Resource not accessible by integration"))

    code, _ = push(event=PUSHED, result=runs.no_change())

    assert code is ExitCode.DONE
    (told,) = refusals
    assert "checks: write" in told


@pytest.mark.parametrize("name", ["schedule", "workflow_dispatch"])
def test_without_a_pull_request_or_a_push_nothing_is_written_to_github(push, github, name):
    push(event={"event_name": name, "pull_request": None})

    assert github.requests == []


def test_of_two_runs_that_are_both_late_the_later_ones_comment_stays(push, github):
    address = "https://github.com/octo/demo/actions/runs/{}"
    push(head=SECOND, result=replace(runs.regression(), run_url=address.format(20)))
    newer = shown(github)

    push(head=FIRST, live=THIRD, result=replace(runs.no_change(), run_url=address.format(10)))  # started again
    assert shown(github) == newer

    push(head=FIRST, live=THIRD, result=replace(runs.no_change(), run_url=address.format(30)))
    assert "No change" in shown(github)


def test_a_rerun_of_the_same_head_is_shown_whichever_run_came_first(push, github):
    address = "https://github.com/octo/demo/actions/runs/{}"
    push(result=replace(runs.regression(), run_url=address.format(20)))
    push(result=replace(runs.no_change(), run_url=address.format(10)))

    assert "No change" in shown(github)
