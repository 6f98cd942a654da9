"""The fake GitHub itself: what is sent to it and what it answers is held to GitHub's description."""

import pytest
import requests

from tests.fakes.github import FakeGitHub, described

pytestmark = pytest.mark.skipif(described() is None, reason="no shared data: GitHub's description is not there")


def exchange(method, path, asked=None, labels=()):
    with FakeGitHub() as github:
        github.labels[7] = list(labels)
        requests.request(method, f"{github.url}/repos/octo/demo/{path}", json=asked, timeout=5)


def check_run(remark, count=1):
    output = {"title": "t", "summary": "s", "annotations": [remark] * count}
    return {"name": "n", "head_sha": "a" * 40, "status": "completed", "conclusion": "failure", "output": output}


def test_a_request_that_github_would_not_take_fails_the_test():
    with pytest.raises(AssertionError, match="check-runs"):
        exchange("POST", "check-runs", check_run({"path": "a.py"}))


def test_fifty_remarks_are_the_most_that_it_takes():
    remark = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}

    exchange("POST", "check-runs", check_run(remark, 50))
    with pytest.raises(AssertionError, match="check-runs"):
        exchange("POST", "check-runs", check_run(remark, 51))


def test_an_answer_that_github_would_not_give_fails_the_test():
    with pytest.raises(AssertionError, match="labels"):
        exchange("GET", "issues/7/labels", labels=[{"name": "no more than a name"}])
