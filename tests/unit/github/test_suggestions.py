from dataclasses import replace

import pytest

from lambdabot.errors import GitHubError
from lambdabot.github.event import Context
from lambdabot.github.suggestions import MOST, line_in, lines_of_head, post
from lambdabot.model import Suggestion
from tests.fakes.github import PERSON, Fault, user

MARKER = "<!-- ours -->"
PATCH = """@@ -3,4 +3,5 @@ Resources:
 same
-MemorySize: 256
+MemorySize: 512
+MemorySize: 513
 end
@@ -40 +41 @@
-old
+MemorySize: 512
\\ No newline at end of file"""


def suggestion(line=4, text="MemorySize: 512", body="512", path="template.yaml"):
    return Suggestion(path=path, line=line, line_text=text, body=f"{MARKER}\n{body}")


@pytest.fixture
def ready(github):
    github.files[7] = {"template.yaml": PATCH}
    return github


@pytest.fixture
def suggest(ready, context):
    pushed = replace(context, head_sha="1" * 40)
    return lambda *suggestions: post(pushed, suggestions, marker=MARKER)


def test_the_head_s_lines_are_those_that_were_added_and_those_around_them():
    assert lines_of_head(PATCH) == {
        3: "same",
        4: "MemorySize: 512",
        5: "MemorySize: 513",
        6: "end",
        41: "MemorySize: 512",
    }


def test_a_line_that_moved_is_found_by_its_text_nearest_to_where_it_was():
    assert line_in(PATCH, 6, "MemorySize: 512") == 4
    assert line_in(PATCH, 30, "MemorySize: 512") == 41
    assert line_in(PATCH, 4, "MemorySize: 256") is None
    assert line_in("", 4, "same") is None


def test_a_suggestion_is_made_on_its_line(ready, suggest):
    assert suggest(suggestion()) == 1

    (made,) = ready.review_comments.values()
    assert (made["path"], made["line"], made["body"]) == ("template.yaml", 4, f"{MARKER}\n512")


def test_a_second_run_makes_no_second_one(ready, suggest):
    suggest(suggestion())
    suggest(suggestion())

    assert len(ready.review_comments) == 1
    assert ready.minimized == set()


def test_one_that_no_longer_holds_is_hidden(ready, suggest):
    suggest(suggestion())
    assert suggest(suggestion(body="1024")) == 1

    old, new = ready.review_comments.values()
    assert ready.minimized == {old["node_id"]}
    assert new["body"].endswith("1024")


def test_without_any_left_the_old_ones_are_hidden(ready, suggest):
    suggest(suggestion())

    assert suggest() == 0
    assert len(ready.minimized) == 1


def test_lines_outside_of_the_diff_take_none(ready, suggest):
    assert suggest(suggestion(text="Timeout: 3"), suggestion(path="other.yaml")) == 0
    assert ready.review_comments == {}


def test_nothing_to_suggest_costs_no_list_of_files(ready, suggest):
    suggest()

    assert not any(path.endswith("/files") for _, path in ready.requests)


def test_there_are_so_many_at_most(ready, suggest):
    assert suggest(*(suggestion(body=str(number)) for number in range(MOST + 5))) == MOST


def test_the_marker_that_someone_else_pasted_is_not_ours(ready, suggest):
    suggest(suggestion())
    (pasted,) = ready.review_comments.values()
    pasted["user"] = user(PERSON)

    suggest(suggestion(body="1024"))

    assert ready.minimized == set()
    assert len(ready.review_comments) == 2


def test_a_refusal_says_what_to_do(ready, suggest):
    ready.faults.append(Fault("POST", "/comments", 403, "Resource not accessible by integration"))

    with pytest.raises(GitHubError, match="pull-requests: write"):
        suggest(suggestion())


def test_outside_of_a_pull_request_there_is_nothing_to_suggest_on():
    with pytest.raises(GitHubError, match="no pull request"):
        post(Context(), [suggestion()], marker=MARKER)
