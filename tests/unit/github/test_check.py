import pytest

from lambdabot.confidential import keeping
from lambdabot.errors import GitHubError
from lambdabot.github.check import report
from lambdabot.model import Annotation

SHA = "a" * 40


def send(context, annotations=(), **fields):
    known = {
        "head_sha": SHA,
        "name": "lambdabot",
        "conclusion": "failure",
        "title": "Regression: slower",
        "summary": "### text",
    }
    report(context, annotations=annotations, **{**known, **fields})


def remarks(count):
    return [
        Annotation(level="warning", message=f"remark {index}", path="src/app.py", line=index + 1)
        for index in range(count)
    ]


def test_a_check_run_is_made_on_the_commit(github, context):
    send(context, [Annotation(level="failure", message="slower", path="src/app.py", line=3)])

    (run,) = github.check_runs.values()
    assert (run["head_sha"], run["status"], run["conclusion"]) == (SHA, "completed", "failure")
    assert run["output"]["title"] == "Regression: slower"
    assert github.annotations[1] == [
        {"path": "src/app.py", "start_line": 3, "end_line": 3, "annotation_level": "failure", "message": "slower"}
    ]


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (50, 1), (51, 2), (120, 3)])
def test_fifty_remarks_go_with_a_request(github, context, count, requests):
    send(context, remarks(count))

    assert len(github.requests) == requests
    assert [one["start_line"] for one in github.annotations[1]] == list(range(1, count + 1))


def test_a_remark_without_a_line_stays_in_the_text(github, context):
    send(context, [Annotation(level="failure", message="nothing measured")])

    assert github.annotations[1] == []


def test_long_texts_are_cut_to_what_github_takes(github, context):
    send(context, [Annotation(level="failure", message="€" * 100_000, path="a.py")], title="t" * 1000)

    assert len(github.annotations[1][0]["message"].encode()) <= 64 * 1024
    assert len(github.check_runs[1]["output"]["title"]) == 255


def test_a_run_links_to_its_log(github, context):
    linked = context.__class__(
        repository="octo/demo", api_url=github.url, run_url="https://github.com/octo/demo/runs/1", token="token"
    )
    send(linked)

    assert github.check_runs[1]["details_url"] == "https://github.com/octo/demo/runs/1"


def test_a_refusal_names_the_permission(github, context, fault):
    github.faults.append(fault("POST", "/check-runs$", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError, match=f"no check run was made on {SHA[:12]}: GitHub answered 403") as raised:
        send(context)

    assert "permissions:\n  contents: read\n  checks: write" in raised.value.advice


def test_outside_a_workflow_there_is_no_repository(context):
    with pytest.raises(GitHubError, match=r"no check run was made.*the repository is not known"):
        send(context.__class__())


def test_no_secret_goes_to_github(github, context):
    secret = "k7Gm/hostile+secret/access+key/0123456789"
    with keeping({"AWS_SECRET_ACCESS_KEY": secret}):
        send(
            context, [Annotation(level="failure", message=f"it is {secret}", path="a.py")], title=secret, summary=secret
        )

    assert github.annotations[1][0]["message"] == "it is ***"
    assert (github.check_runs[1]["output"]["title"], github.check_runs[1]["output"]["summary"]) == ("***", "***")
