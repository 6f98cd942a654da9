import threading
from dataclasses import replace

import pytest

from lambdabot.errors import GitHubError
from lambdabot.github.comment import RESOLVED
from lambdabot.github.comment import post as post_marked

MARKER = "<!-- lambdabot:comment -->"


def body(text):
    return f"{MARKER}\n{text}\n"


def post(context, render, **options):
    return post_marked(context, render, marker=MARKER, **options)


def writes(github):
    return [request for request in github.requests if request[0] != "GET" and request[1] != "/graphql/viewer"]


def test_the_first_comment_is_created(github, context):
    url = post(context, lambda _: body("first"))

    assert github.bodies() == [body("first").strip()]
    assert url == github.comments[1000]["html_url"]


def test_the_next_run_edits_it_and_sees_what_stood_there(github, context):
    post(context, lambda _: body("first"))
    seen = []

    def render(previous):
        seen.append(previous)
        return body("second")

    url = post(context, render)

    assert github.bodies() == [body("second").strip()]
    assert seen[-1] == body("first").strip()
    assert url == github.comments[1000]["html_url"]


def test_an_identical_body_is_not_sent(github, context):
    post(context, lambda _: body("same"))
    before = writes(github)

    assert post(context, lambda _: body("same"))
    assert writes(github) == before


def test_a_comment_on_page_seven_of_eight_is_found(github, context):
    for index in range(750):
        if index == 650:
            github.add_comment(7, body("ours"))
        github.add_comment(7, f"chat {index}", login="octocat")

    post(context, lambda _: body("new"))

    assert len(github.comments) == 751
    assert body("new").strip() in github.bodies()
    assert sum(path.endswith("/7/comments") for _, path in github.requests) == 8


@pytest.mark.parametrize("login", ["github-actions[bot]", "release-app[bot]", "release-person"])
@pytest.mark.parametrize("forger", ["octocat", "other-app[bot]"])
def test_the_marker_in_another_persons_or_bots_comment_makes_it_not_ours(github, context, login, forger):
    github.login = login
    github.add_comment(7, body("forged"), login=forger)

    post(context, lambda previous: body(f"after {previous!r}"))

    assert github.bodies() == [body("forged"), body("after ''").strip()]


def test_a_persons_token_finds_the_persons_comment(github, context):
    github.login = "release-person"
    post(context, lambda _: body("one"))
    post(context, lambda _: body("two"))

    assert github.bodies() == [body("two").strip()]
    assert github.comments[1000]["user"]["login"] == "release-person"


def test_comments_of_other_pull_requests_are_left_alone(github, context):
    github.add_comment(8, body("other"))
    post(context, lambda _: body("ours"))

    assert github.bodies() == [body("other"), body("ours").strip()]


def test_mode_new_adds_one_each_time(github, context):
    post(context, lambda _: body("one"), mode="new")
    post(context, lambda _: body("two"), mode="new")

    assert github.bodies() == [body("one").strip(), body("two").strip()]
    assert github.minimized == set()


def test_mode_hide_and_new_hides_the_old_one(github, context):
    post(context, lambda _: body("one"))
    post(context, lambda _: body("two"), mode="hide-and-new")

    assert github.bodies() == [body("one").strip(), body("two").strip()]
    assert github.minimized == {"IC_1000"}


def test_mode_off_calls_nothing(github, context):
    assert post(context, lambda _: body("one"), mode="off") is None
    assert github.requests == []


def test_a_failure_after_creating_makes_no_second_comment(github, context, fault):
    github.faults.append(fault("POST", "/comments$", 502, "Bad Gateway", after=True))
    waited = []

    url = post(context, lambda _: body("once"), sleep=waited.append)

    assert github.bodies() == [body("once").strip()]
    assert url == github.comments[1000]["html_url"]
    assert waited == [1]


def test_a_failure_before_creating_is_tried_again(github, context, fault):
    github.add_comment(7, body("old"))
    github.faults.append(fault("POST", "/comments$", 502, "Bad Gateway"))

    post(context, lambda _: body("once"), mode="new", sleep=lambda _: None)

    assert github.bodies() == [body("old"), body("once").strip()]


def test_failures_without_end_are_given_up(github, context, fault):
    github.faults.extend([fault("POST", "/comments$", 503, "Unavailable")] * 5)
    waited = []

    with pytest.raises(GitHubError, match="GitHub answered 503 Unavailable") as raised:
        post(context, lambda _: body("never"), sleep=waited.append)

    assert "summary holds the whole report" in raised.value.advice
    assert github.comments == {}
    assert waited == [1, 2, 4]


def test_a_failed_listing_is_retried(github, context, fault):
    github.faults.extend([fault("GET", "/comments$", 500, "oops")] * 2)

    post(context, lambda _: body("one"))

    assert len(github.comments) == 1


def test_a_listing_that_never_works_is_explained(github, context, fault):
    github.faults.extend([fault("GET", "/comments$", 500, "oops")] * 9)

    with pytest.raises(GitHubError, match="gave no answer"):
        post(context, lambda _: body("one"))


def test_no_server_is_explained(context):
    unreachable = context.__class__(repository="octo/demo", pull_request=7, api_url="http://127.0.0.1:1", token="token")

    with pytest.raises(GitHubError, match=r"http://127\.0\.0\.1:1 gave no answer"):
        post(unreachable, lambda _: body("one"))


REFUSALS = [
    (401, "Bad credentials", "github-token: ${{ github.token }}"),
    (403, "Resource not accessible by integration", "pull-requests: write"),
    (403, "Resource not accessible by personal access token", "pull-requests: write"),
    (403, "Resource not accessible by integration", "permissions:\n  contents: read\n  pull-requests: write"),
    (403, "Unable to create comment because issue is locked.", "The step's summary holds the whole report."),
    (404, "Not Found", "pull-requests: write"),
    (410, "This issue was deleted", "The step's summary holds the whole report."),
    (422, "Validation Failed", "pull-requests: write"),
    (403, "You have exceeded a secondary rate limit", "Run the job again later."),
    (418, "odd", "Run the job again later."),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_what_happened_and_what_to_paste(github, context, fault, refusal):
    status, message, advice = refusal
    github.faults.append(fault("POST", "/comments$", status, message))

    with pytest.raises(GitHubError) as raised:
        post(context, lambda _: body("one"))

    assert f"GitHub answered {status} {message}" in raised.value.what
    assert "octo/demo#7" in raised.value.what
    assert advice in raised.value.advice


def test_a_refused_token_is_explained_at_the_first_call(github, context, fault):
    github.faults.append(fault("POST", "/graphql$", 401, "Bad credentials"))

    with pytest.raises(GitHubError, match="401 Bad credentials"):
        post(context, lambda _: body("one"))


def test_a_fork_is_told_that_no_permission_helps(github, context, fault):
    github.faults.append(fault("POST", "/comments$", 403, "Resource not accessible by integration"))
    fork = context.__class__(
        repository="octo/demo", pull_request=7, api_url=github.url, fork=True, event_name="pull_request", token="token"
    )

    with pytest.raises(GitHubError) as raised:
        post(fork, lambda _: body("one"))

    assert "permissions:" not in raised.value.advice
    assert "read-only token" in raised.value.advice
    assert "workflow_run" in raised.value.advice


def test_a_body_above_githubs_limit_is_explained_in_its_words(github, context):
    with pytest.raises(GitHubError, match="422 Validation Failed: body is too long"):
        post(context, lambda _: body("x" * 65_536))


def test_a_long_wait_for_the_rate_limit_is_not_waited_for(github, context, fault, quick):
    limit = fault("GET", "/comments$", 403, "API rate limit exceeded", headers={"X-RateLimit-Reset": "4000000000"})
    github.faults.append(limit)

    with pytest.raises(GitHubError, match="API rate limit exceeded"):
        post(context, lambda _: body("one"))

    assert sum(quick) <= 30


def test_a_wait_that_the_server_asks_for_is_capped(github, context, fault, quick):
    github.faults.append(fault("GET", "/comments$", 403, "slow down", headers={"Retry-After": "3600"}))

    post(context, lambda _: body("one"))

    assert max(quick) <= 30
    assert len(github.comments) == 1


def test_without_a_pull_request_there_is_nothing_to_comment_on(context):
    with pytest.raises(GitHubError, match="no pull request"):
        post(context.__class__(repository="octo/demo", token="token"), lambda _: body("one"))


def test_a_comment_of_a_deleted_account_is_passed_by(github, context):
    github.add_comment(7, body("ghost"))["user"] = None
    post(context, lambda _: body("ours"))

    assert github.bodies() == [body("ghost"), body("ours").strip()]


def test_the_token_is_in_no_error(github, context, fault):
    github.faults.append(fault("POST", "/comments$", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError) as raised:
        post(replace(context, token="ghs_verysecret"), lambda _: body("one"))

    assert "verysecret" not in str(raised.value)


def test_the_comments_of_two_jobs_stand_side_by_side(github, context):
    other = "<!-- lambdabot:comment:0123456789ab -->"
    for text in ("first", "second"):
        post(context, lambda _, text=text: body(text))
        post_marked(context, lambda _, text=text: f"{other}\n{text}\n", marker=other)

    assert github.bodies() == [body("second").strip(), f"{other}\nsecond"]
    assert github.bodies()[-1] == f"{other}\nsecond"


def test_a_comment_that_is_no_longer_wanted_is_brought_up_to_date_and_minimized(github, context):
    post(context, lambda _: body("costs more"))

    assert post(context, lambda _: body("costs the same"), wanted=False) is None
    assert github.bodies() == [f"{body('costs the same')}{RESOLVED}"]
    assert github.minimized == {"IC_1000"}

    before = writes(github)
    post(context, lambda _: body("costs the same"), wanted=False)
    assert writes(github) == before

    post(context, lambda _: body("costs the same, still"), wanted=False)
    assert [path for _, path in writes(github)[len(before) :]] == ["/repos/octo/demo/issues/comments/1000"]


def test_a_resolved_comment_is_shown_again_when_it_is_wanted_again(github, context):
    post(context, lambda _: body("costs more"))
    post(context, lambda _: body("costs the same"), wanted=False)

    url = post(context, lambda _: body("costs more"))

    assert url == github.comments[1000]["html_url"]
    assert github.bodies() == [body("costs more").strip()]
    assert github.minimized == set()


def test_where_none_is_wanted_and_none_is_there_nothing_is_written(github, context):
    assert post(context, lambda _: body("calm"), wanted=False) is None
    assert writes(github) == []


def race(github, context, *, mode="update"):
    """Let two runs look before either writes."""
    barrier = threading.Barrier(2, timeout=20)
    urls = []

    def run(name):
        def render(previous):
            if not previous:
                barrier.wait()
            return body(name)

        urls.append(post(context, render, mode=mode))

    runs = [threading.Thread(target=run, args=[name]) for name in ("one", "two")]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    return urls


def test_two_runs_that_race_settle_on_one_comment(github, context):
    urls = race(github, context)

    (comment,) = github.comments.values()
    assert comment["id"] == 1000
    assert comment["body"] in {body("one").strip(), body("two").strip()}
    assert urls == [comment["html_url"]] * 2
    assert ("DELETE", "/repos/octo/demo/issues/comments/1001") in github.requests


def test_two_runs_that_race_leave_one_comment_in_view(github, context):
    race(github, context, mode="hide-and-new")

    assert len(github.comments) == 2
    assert github.minimized == {"IC_1000"}


def test_the_newer_runs_comment_may_be_gone_already(github, context, fault):
    github.faults.append(fault("DELETE", "/comments/", 404, "Not Found"))
    race(github, context)

    assert len(github.comments) == 2  # the fault kept the newer one there; the older has the last word all the same


def test_a_comment_of_a_run_that_raced_is_found_after_a_failure(github, context, fault):
    """GitHub fails to create, and another run's comment is there when this one looks again."""
    github.faults.append(fault("POST", "/comments$", 502, "Bad Gateway"))

    post(context, lambda _: body("ours"), sleep=lambda _: github.add_comment(7, body("theirs")))

    assert github.bodies() == [body("ours").strip()]


def test_nothing_is_written_where_nothing_is_to_be_said(github, context):
    assert post(context, lambda _: None) is None
    assert writes(github) == []


def test_of_two_runs_that_race_the_one_that_came_late_says_nothing(github, context):
    """It made a comment as well, and finds the other's there, which tells of a newer push."""

    def render(previous):
        if not previous:
            github.add_comment(7, body("newer push"))
            return body("older push")
        return None

    url = post(context, render)

    assert github.bodies() == [body("newer push")]
    assert url == github.comments[1000]["html_url"]


def test_a_late_run_resolves_nothing(github, context):
    post(context, lambda _: body("costs more"))
    post(context, lambda _: None, wanted=False)

    assert github.bodies() == [body("costs more").strip()]
    assert github.minimized == set()
