import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.report.comment import render
from lambdabot.report.document import amended, document
from lambdabot.report.state import MAX_BLOCK, State, follow, read, since
from tests.unit.report import runs

FIRST, SECOND, THIRD = "1" * 40, "2" * 40, "3" * 40
MORNING, NOON = "2026-11-23T08:00:00+00:00", "2026-11-23T12:00:00+00:00"


def at(sha, run, created=NOON):
    return amended(document(run), head_sha=sha, created=created)


def test_the_next_comment_tells_of_the_push_before():
    first = render(at(FIRST, runs.regression()))
    second = render(at(SECOND, runs.one_recommended()), previous=first)

    assert "Last push" not in first
    assert "Last push (<code>1111111</code>): regression (+18 %)." in second


def test_a_rerun_of_the_same_head_keeps_the_push_before():
    first = render(at(FIRST, runs.regression()))
    second = render(at(SECOND, runs.one_recommended(), MORNING), previous=first)
    again = render(at(SECOND, runs.one_recommended(), NOON), previous=second)

    assert again == second
    assert read(again).before.head_sha == FIRST


def test_a_push_that_stands_the_same_is_not_told():
    first = render(at(FIRST, runs.one_recommended()))

    assert "Last push" not in render(at(SECOND, runs.one_recommended()), previous=first)


def test_only_the_last_push_is_remembered():
    body = ""
    for sha in (FIRST, SECOND, THIRD):
        body = render(at(sha, runs.regression()), previous=body)

    state = read(body)
    assert (state.push.head_sha, state.before.head_sha) == (THIRD, SECOND)


def test_several_functions_are_told_by_name():
    changed = runs.forty()
    first = follow(at(FIRST, runs.run(*(runs.result(one.function) for one in changed.functions))), None)
    text = since(follow(at(SECOND, changed), first))["text"]

    assert text == "service-03-handler no change (+0.4 %); service-17-handler no change (+0.4 %)"


def test_a_function_that_is_gone_is_not_told():
    first = render(at(FIRST, runs.regression()))
    other = runs.run(runs.result(runs.function("other")))

    assert "Last push" not in render(at(SECOND, other), previous=first)


def test_the_block_is_bounded():
    many = runs.run(*(runs.result(runs.function(f"{'x' * 60}{index:04}")) for index in range(60)))
    first = follow(at(FIRST, many), None).block()
    second = follow(at(SECOND, many), read(first)).block()

    for hidden in (first, second):
        block = re.search(r"<!-- lambdabot:state:1 (.*) -->", hidden)
        assert len(block[1]) <= MAX_BLOCK
    assert len(read(second).push.functions) == 50


def test_a_block_that_would_not_fit_is_left_out(monkeypatch):
    monkeypatch.setattr("lambdabot.report.state.MAX_BLOCK", 10)

    assert follow(at(FIRST, runs.regression()), None).block() == ""


@pytest.mark.parametrize("sha", [None, "", "not a sha", "A" * 40])
def test_without_a_commit_there_is_no_state(sha):
    assert "lambdabot:state" not in render(at(sha, runs.regression()))


def block(text):
    return f"<!-- lambdabot:state:1 {b64encode(text.encode()).decode()} -->"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!-- lambdabot:state:2 e30= -->",
        "<!-- lambdabot:state:1 e -->",
        block("{}"),
        block("[" * 5000),
        block("null"),
        block('{"version":9}'),
    ],
)
def test_a_block_that_this_version_does_not_know_is_no_state(body):
    assert read(body) is None


@given(text=st.text())
def test_whatever_stands_in_a_comment_is_read(text):
    assert read(text) is None
    state = read(block(text))
    assert state is None or isinstance(state, State)
