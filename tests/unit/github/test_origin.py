import pytest

from lambdabot.errors import GitHubError
from lambdabot.github.event import TriggeringRun
from lambdabot.github.origin import pull_request

SHA, FORK = "c" * 40, "stranger/demo"


@pytest.fixture
def run():
    return TriggeringRun(
        event_name="pull_request",
        head_repository=FORK,
        head_branch="feature",
        head_sha=SHA,
        created="2026-11-23T12:00:00Z",
    )


@pytest.fixture
def after(context, run):
    return context.__class__(repository="octo/demo", api_url=context.api_url, triggering_run=run, token="token")


def test_the_pull_request_is_found_by_branch_and_head(github, after):
    github.open_pull(3, head=FORK, branch="other", sha=SHA)
    github.open_pull(4, head=FORK, branch="feature", sha=SHA)

    assert pull_request(after) == 4


@pytest.mark.parametrize(
    "pull",
    [
        {"head": FORK, "sha": "d" * 40},  # pushed to since
        {"head": "octo/demo", "sha": SHA},  # the same commit on a branch of this repository
        {"head": "stranger/renamed", "sha": SHA},
        {"head": None, "sha": SHA},  # the fork was deleted
    ],
)
def test_any_other_pull_request_is_not_taken_for_it(github, after, pull):
    github.open_pull(4, **pull)

    with pytest.raises(GitHubError, match=f"no open pull request has the head {SHA[:12]} of {FORK}"):
        pull_request(after)


def test_a_branch_name_that_is_no_filter_finds_nothing_else(github, after, run):
    github.open_pull(4, head="octo/demo", branch="feature", sha="d" * 40)
    odd = TriggeringRun(
        event_name=run.event_name,
        head_repository=run.head_repository,
        head_branch="x&state=all#:",
        head_sha=SHA,
        created=run.created,
    )
    after = after.__class__(repository="octo/demo", api_url=after.api_url, triggering_run=odd, token="token")

    with pytest.raises(GitHubError, match="no open pull request"):
        pull_request(after)


def test_two_pull_requests_of_one_head_are_not_chosen_between(github, after):
    for number in (4, 5):
        github.open_pull(number, head=FORK, branch="feature", sha=SHA)

    with pytest.raises(GitHubError, match="#4, #5 have the same head"):
        pull_request(after)


def test_without_a_triggering_run_there_is_nothing_to_find(github, context):
    with pytest.raises(GitHubError, match="no triggering run"):
        pull_request(context)
    assert github.requests == []
