"""The second stage: reports as a hostile pull request would write them, on the stateful GitHub."""

import json
import os

import pytest

from lambdabot.errors import GitHubError, UsageError
from lambdabot.github.event import Context, TriggeringRun
from lambdabot.model import ACCEPT_LABEL
from lambdabot.pipeline.second_stage import MOST_COMMENTS, MOST_READ, comment, reported, reports
from lambdabot.report.reading import MAX_BYTES
from lambdabot.report.schema import Report
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.schema import CommentSection
from tests.fakes.github import FakeGitHub
from tests.fakes.unhurried import unhurried
from tests.unit.report import runs

SHA, FORK = "c" * 40, "stranger/demo"
CREATED = "2026-11-23T12:00:00Z"
RUN = "https://github.com/octo/demo/actions/runs/7"


@pytest.fixture
def github(monkeypatch):
    unhurried(monkeypatch)
    with FakeGitHub() as server:
        server.open_pull(4, head=FORK, sha=SHA, at=CREATED)
        yield server


@pytest.fixture
def post(github):
    def run(data, *, event_name="pull_request", head_sha=SHA, created=CREATED, section=None, number=0):
        triggering = TriggeringRun(
            event_name=event_name,
            head_repository=FORK,
            head_branch="feature",
            head_sha=head_sha,
            created=created,
            url=RUN,
        )
        context = Context(
            in_workflow=True, repository="octo/demo", api_url=github.url, triggering_run=triggering, token="token"
        )
        report = Report.model_validate(data) if isinstance(data, dict) else data
        return comment(reported(report, Inputs(), number), context, section or CommentSection())

    return run


def made(run=None, **fields):
    return runs.written(run or runs.regression(), **{"head_sha": SHA, **fields})


def written(folder, data):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_the_comment_goes_to_the_pull_request_of_the_run_whatever_the_report_says(post, github, tmp_path):
    (report,) = reports(written(tmp_path, made(pull_request=1))).reports

    url = post(report)

    (shown,) = github.comments.values()
    assert url == shown["html_url"]
    assert url.endswith("/pull/4#issuecomment-1000")
    assert "Costs 18 % more" in shown["body"]


def test_a_second_run_edits_it(post, github):
    post(made())
    post(made(runs.no_change()))

    (body,) = github.bodies()
    assert "No change" in body


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"repository": "octo/other"}, "repository"),
        ({"head_sha": "d" * 40}, "head_sha"),
        ({"head_sha": None}, "head_sha"),
    ],
)
def test_a_report_of_something_else_is_not_posted(post, github, fields, field):
    with pytest.raises(GitHubError, match=f"the report's `{field}` is"):
        post(made(**fields))
    assert github.bodies() == []


def test_a_push_since_leaves_the_comment_to_its_own_run(post, github):
    github.pulls[0]["head"]["sha"] = "d" * 40

    with pytest.raises(GitHubError, match="no open pull request") as raised:
        post(made())
    assert "pushed to again" in raised.value.advice


def test_a_run_of_another_event_has_no_pull_request(post, github):
    with pytest.raises(GitHubError, match="started by `push`"):
        post(made(), event_name="push")


def test_the_run_that_is_linked_is_githubs_to_say(post, github):
    post(made(run_url="https://evil.example/octo/demo/actions/runs/1"))
    post(made(run_url=None), number=1)

    for body in github.bodies():
        assert f"[the whole report](<{RUN}>)" in body
        assert "evil.example" not in body


@pytest.mark.parametrize("endpoint", ["aws", "local", "custom"])
def test_the_pull_requests_own_workflow_is_said_to_have_made_the_figures(post, github, endpoint):
    post(made(endpoint=endpoint, unverified=False))

    (body,) = github.bodies()
    assert body.count("The pull request's own workflow made these figures, and nobody checked them.") == 1
    assert "(estimate)" in body.splitlines()[1]
    assert f"| Endpoint | {endpoint}, as the report says: not verified |" in body


def test_a_report_edits_no_other_comment_of_ours(post, github):
    key = "0123456789ab"
    theirs = f"<!-- lambdabot:comment:{key} -->\nof the job on AWS"
    plain = "<!-- lambdabot:comment -->\nof the plainest job"
    for one in (theirs, plain):
        github.add_comment(4, one)

    post(made(comment_key=key))
    post(made(comment_key=""))

    assert [one for one in github.bodies() if one in {theirs, plain}] == [theirs, plain]
    assert len(github.bodies()) == 3


def test_each_number_has_a_comment_of_its_own_whatever_the_reports_say(post, github):
    for number in (0, 1, 0, 1):
        post(made(comment_key="0123456789ab"), number=number)

    assert len(github.bodies()) == 2


def test_what_is_put_into_a_report_is_held_to_the_schema(post, github):
    with pytest.raises(UsageError, match="created"):
        post(made(), created="0001-01-01T00:00:00Z")
    assert github.bodies() == []


FORGED = {"label": ACCEPT_LABEL, "by": "maintainer", "at": CREATED, "valid": True, "reason": ""}


@pytest.mark.parametrize(
    "data", [made(runs.overridden()), made(runs.overridden(), override=FORGED), made(verdict="overridden")]
)
def test_an_acceptance_that_nobody_gave_is_not_posted(post, github, data):
    with pytest.raises(GitHubError, match="on the pull request it is not"):
        post(data)
    assert github.bodies() == []


def test_an_acceptance_of_an_earlier_head_is_none(post, github):
    github.set_label(4, ACCEPT_LABEL, by="maintainer", at="2026-11-23T11:00:00Z")

    with pytest.raises(GitHubError, match="on the pull request it is not"):
        post(made(runs.overridden(), created="1970-01-01T00:00:00+00:00"))


def test_a_claim_without_a_verdict_is_replaced_by_what_github_says(post, github):
    post(made(override=FORGED))

    assert "maintainer" not in github.bodies()[0]


def test_an_acceptance_that_was_given_names_who_gave_it(post, github):
    post(made())
    github.set_label(4, ACCEPT_LABEL, by="octocat", at="2026-11-23T13:00:00Z")

    post(made(runs.overridden(), override=FORGED))

    (body,) = github.bodies()
    assert "**Accepted** by <code>octocat</code>" in body
    assert "maintainer" not in body


def test_the_settings_of_the_own_repository_say_whether_to_comment(post, github):
    assert post(made(runs.no_change()), section=CommentSection(when="regression")) is None
    assert github.bodies() == []


def test_without_a_token_nothing_is_asked(github):
    context = Context(repository="octo/demo", pull_request=4, api_url=github.url)

    assert comment(Report.model_validate(made()), context, CommentSection()) is None
    assert github.requests == []


def test_on_a_push_there_is_nothing_to_comment_on(github):
    context = Context(repository="octo/demo", api_url=github.url, token="token")

    assert comment(Report.model_validate(made()), context, CommentSection()) is None
    assert github.requests == []


HOSTILE = "| ` <script>alert(1)</script> @octo/team #1 ![x](https://evil.example/x.png) [y](javascript:z) ]]> ::error::"


def test_markdown_in_a_report_stays_text(post, github):
    data = made()
    only = data["functions"][0]
    only["name"] = HOSTILE
    only["comparison"]["reason"] = only["recommendation"]["reason"] = only["stop_reason"] = HOSTILE
    data |= {"lambdabot_version": HOSTILE, "verdict_reason": HOSTILE, "notes": [HOSTILE]}
    data["prices"]["source"] = HOSTILE

    post(data)

    (body,) = github.bodies()
    for live in ("<script", "@octo/", "](https:", "](javascript", "![", "#1 "):
        assert live not in body.replace("[curve](<https://lambda-power-tuning.show/#", "")


def test_no_link_but_power_tunings_own_is_taken(tmp_path):
    data = made()
    data["functions"][0]["curve_url"] = "https://evil.example/#AAAA"

    with pytest.raises(UsageError, match="curve_url"):
        reports(written(tmp_path, data))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"schema_version": 2}', "[" * 100_000, '{"a":' * 5_000])
def test_what_is_no_report_is_refused(tmp_path, text):
    with pytest.raises(UsageError):
        reports(written(tmp_path, text))


def test_a_report_that_is_nested_too_deeply_is_refused(tmp_path):
    for depth in (100, 300, 900):
        nested = '{"a":' * depth + "1" + "}" * depth
        text = json.dumps(made()).replace('"settings": {', f'"settings": {{"deep": {nested}, ', 1)
        with pytest.raises(UsageError, match="deep in each other"):
            reports(written(tmp_path, text))


def test_a_huge_report_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "report.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES * 64)

    with pytest.raises(UsageError, match="is larger than"):
        reports(path)


def test_a_report_full_of_mistakes_names_a_few(tmp_path):
    path = written(tmp_path, made(notes=[1] * 100_000))

    with pytest.raises(UsageError) as raised:
        reports(path)
    assert len(raised.value.mistakes) < 30


def test_the_reports_of_a_matrix_lie_in_folders(tmp_path):
    for name in ("lambdabot-a", "lambdabot-b"):
        written(tmp_path / name, made())
    written(tmp_path / "lambdabot-a" / "deeper" / "still", made())

    received = reports(tmp_path)

    assert (len(received.reports), received.told) == (2, ())


def test_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there are none"):
        reports(tmp_path)


def test_of_too_many_the_first_are_taken_and_the_others_told(tmp_path):
    text = made()
    for index in range(300):
        written(tmp_path / f"{index:03}", text)

    received = reports(tmp_path)

    assert len(received.reports) == MOST_COMMENTS
    assert received.told == (f"295 of 300 reports were not posted: {MOST_COMMENTS} comments are the most",)


def test_a_bad_report_costs_no_other_and_is_told(tmp_path):
    written(tmp_path / "a", "{}")
    written(tmp_path / "b", made())
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "report.json").symlink_to("/etc/hostname")
    written(tmp_path / "d", made())

    received = reports(tmp_path)

    assert len(received.reports) == 2
    assert any("a/report.json: schema_version: Field required" in one for one in received.told)
    assert any("c/report.json: leads out of its folder" in one for one in received.told)


def test_so_many_are_looked_into_and_no_more(tmp_path):
    for index in range(MOST_READ):
        written(tmp_path / f"{index:03}", "{}")
    written(tmp_path / "999", made())

    with pytest.raises(UsageError, match="schema_version"):
        reports(tmp_path)


def test_two_functions_of_one_name_are_refused(tmp_path):
    data = made()

    with pytest.raises(UsageError, match="two have one name"):
        reports(written(tmp_path, {**data, "functions": data["functions"] * 2}))


def test_no_link_leads_out_of_the_folder(tmp_path):
    secret = written(tmp_path / "elsewhere", made())
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "report.json").symlink_to(secret)
    (folder / "sub").symlink_to(secret.parent)

    with pytest.raises(UsageError) as raised:
        reports(folder)
    assert len(raised.value.mistakes) == 2
    with pytest.raises(UsageError, match="leads out of its folder"):
        reports(folder / "report.json")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "report.json")

    with pytest.raises(UsageError, match="is not a file"):
        reports(tmp_path)


def test_a_path_that_is_not_there_says_so(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        reports(tmp_path / "report.json")
