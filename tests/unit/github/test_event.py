import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.errors import UsageError
from lambdabot.github.event import Context
from lambdabot.model import Commits, Since

HEAD, MERGE, BASE = "a" * 40, "b" * 40, "c" * 40


def event(**fields):
    known = {
        "number": 7,
        "head": {"sha": HEAD, "ref": "feature", "repo": {"full_name": "octo/demo"}},
        "base": {"ref": "main", "sha": BASE, "repo": {"full_name": "octo/demo"}},
        "user": {"login": "octocat"},
    }
    return {"number": 7, "pull_request": {**known, **fields}}


@pytest.fixture
def environ(tmp_path):
    def make(content, **more):
        path = tmp_path / "event.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_SHA": MERGE,
            "GITHUB_API_URL": "https://github.example.com/api/v3",
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_RUN_ID": "42",
            "GITHUB_WORKSPACE": str(tmp_path),
            **more,
        }

    return make


def test_a_pull_request_is_read_with_its_own_head(environ, tmp_path):
    context = Context.of(environ(event()))

    assert context == Context(
        in_workflow=True,
        event_name="pull_request",
        repository="octo/demo",
        pull_request=7,
        head_sha=HEAD,
        author="octocat",
        base_sha=BASE,
        merge_sha=MERGE,
        api_url="https://github.example.com/api/v3",
        run_url="https://github.example.com/octo/demo/actions/runs/42",
        workspace=tmp_path,
    )
    assert not context.is_untrusted
    assert context.commits == Commits(base=BASE, head=HEAD, merge=MERGE)
    assert Context().commits is None
    assert Context(event_name="pull_request").commits == Commits()


def test_a_push_reports_on_its_commit(environ):
    context = Context.of(environ({"ref": "refs/heads/main"}, GITHUB_EVENT_NAME="push"))

    assert (context.pull_request, context.head_sha, context.fork) == (None, MERGE, False)


@pytest.mark.parametrize("repository", [{"full_name": "stranger/demo"}, None])
def test_a_fork_is_known_even_when_it_was_deleted(environ, repository):
    context = Context.of(environ(event(head={"sha": HEAD, "repo": repository})))

    assert context.fork
    assert context.is_untrusted


@pytest.mark.parametrize("actor", ["dependabot[bot]", "octocat", ""])
def test_who_opened_it_decides_whoever_pushed_or_started_the_run(environ, actor):
    by_dependabot = Context.of(environ(event(user={"login": "dependabot[bot]"}), GITHUB_ACTOR=actor))
    by_a_person = Context.of(environ(event(), GITHUB_ACTOR=actor))

    assert by_dependabot.is_untrusted
    assert not by_a_person.is_untrusted


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"pull_request": []}), json.dumps(event(user=None))])
def test_a_pull_request_that_is_not_told_of_is_untrusted(environ, content):
    context = Context.of(environ(content))

    assert context.is_untrusted
    assert context.on_pull_request


@pytest.mark.parametrize("name", ["push", "schedule", "workflow_dispatch"])
def test_other_events_need_no_pull_request(environ, name):
    context = Context.of(environ("{}", GITHUB_EVENT_NAME=name))

    context.require_trusted()
    assert not context.is_untrusted
    assert not context.on_pull_request
    assert context.since == Since(pushed=name == "push")


def group(ref="refs/heads/gh-readonly-queue/main/pr-7-" + BASE):
    return {
        "action": "checks_requested",
        "merge_group": {"head_sha": HEAD, "head_ref": ref, "base_sha": BASE, "base_ref": "refs/heads/main"},
    }


def test_a_merge_queues_run_is_of_its_pull_request_and_comments_on_nothing(environ):
    context = Context.of(environ(group(), GITHUB_EVENT_NAME="merge_group", GITHUB_SHA=HEAD), token="token")

    context.require_trusted()
    assert (context.pull_request, context.head_sha) == (7, HEAD)
    assert context.commits == Commits(base=BASE, head=HEAD, merge=HEAD, queued=True)
    assert context.on_pull_request
    assert not context.is_untrusted
    assert context.reaches_pull_request
    assert not context.may_comment
    assert context.since is None


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (f"gh-readonly-queue/main/pr-12-{BASE}", 12),
        (f"refs/heads/gh-readonly-queue/release/pr-3-{BASE}/pr-8-{BASE}", 8),
        (f"refs/heads/gh-readonly-queue/main/pr-0-{BASE}", None),
        (f"refs/heads/gh-readonly-queue/main/pr-7-{BASE}-more", None),
        (f"refs/heads/somebodys/gh-readonly-queue/main/pr-7-{BASE}", None),
        ("", None),
    ],
)
def test_the_pull_request_in_a_queue_is_named_by_the_end_of_the_queues_branch(environ, ref, number):
    context = Context.of(environ(group(ref), GITHUB_EVENT_NAME="merge_group"))

    assert context.pull_request == number
    assert context.on_pull_request  # whichever it is, its code is a pull request's


def test_a_merge_group_in_another_event_is_none(environ):
    assert Context.of(environ(group(), GITHUB_EVENT_NAME="push")).commits is None


def test_a_push_looks_back_to_what_it_replaced(environ):
    told = {"before": BASE, "after": HEAD, "repository": {"default_branch": "trunk"}}

    pushed = Context.of(environ(told, GITHUB_EVENT_NAME="push")).since
    first = Context.of(environ({**told, "before": "0" * 40}, GITHUB_EVENT_NAME="push")).since

    assert pushed == Since(before=BASE, pushed=True, default_branch="trunk")
    assert first == Since(before=None, pushed=True, default_branch="trunk")


@pytest.mark.parametrize("name", ["issues", "pull_request", ""])
def test_an_event_that_tells_of_no_commit_looks_back_to_nothing(environ, name):
    assert Context.of(environ({"before": BASE}, GITHUB_EVENT_NAME=name)).since is None


@pytest.mark.parametrize(("state", "closed"), [("closed", True), ("open", False), (None, False)])
def test_a_pull_request_that_is_closed_is_known(environ, state, closed):
    context = Context.of(environ(event(state=state, draft=True)))

    assert context.closed is closed
    assert context.said_closed == "Nothing was measured: octo/demo#7 is closed."


@pytest.mark.parametrize("name", ["pull_request_target", "workflow_run", "issue_comment"])
def test_beside_the_repositorys_secrets_nothing_is_measured(environ, name):
    context = Context.of(environ(event(), GITHUB_EVENT_NAME=name))

    with pytest.raises(UsageError, match=f"does not measure on `{name}`|does not run on `{name}`"):
        context.require_trusted()


def test_the_second_stage_may_run_on_workflow_run_and_on_no_target(environ):
    Context.of(environ("{}", GITHUB_EVENT_NAME="workflow_run")).require_trusted(measuring=False)
    with pytest.raises(UsageError, match="does not run on `pull_request_target`"):
        Context.of(environ("{}", GITHUB_EVENT_NAME="pull_request_target")).require_trusted(measuring=False)


def test_outside_a_workflow_nothing_is_assumed():
    assert Context.of({"GITHUB_REPOSITORY": "octo/demo"}) == Context()


def test_a_missing_event_file_leaves_the_environment(environ, tmp_path):
    context = Context.of({**environ("{}"), "GITHUB_EVENT_PATH": str(tmp_path / "absent.json")})

    assert (context.repository, context.pull_request, context.head_sha) == ("octo/demo", None, MERGE)


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '"x"', "[" * 100_000, b"\xff".decode("latin-1")])
def test_an_odd_event_file_is_no_event(environ, content):
    assert Context.of(environ(content)).pull_request is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["head", "base", "sha"]), inner),
    max_leaves=5,
)


@given(fields=st.dictionaries(st.sampled_from(["number", "head", "base", "user"]), JSON))
def test_whatever_the_event_holds_is_read(tmp_path_factory, fields):
    path = tmp_path_factory.mktemp("event") / "event.json"
    path.write_text(json.dumps({"pull_request": fields}))
    context = Context.of({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path)})

    assert context.pull_request is None or context.pull_request > 0
    assert context.head_sha is None or isinstance(context.head_sha, str)
