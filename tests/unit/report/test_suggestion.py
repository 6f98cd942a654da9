import pytest

from lambdabot.report.schema import Report
from lambdabot.report.suggestion import marker, suggestions
from tests.unit.report import runs


@pytest.fixture
def data():
    """report.json with one edit to suggest."""
    data = runs.written(runs.one_recommended())
    data["functions"][0] |= {"name": "orders|`", "current": current(1024)}
    data["functions"][0]["recommendation"] |= {
        "memory_mb": 512,
        "architecture": "x86_64",
        "saving_percent": 38.2,
        "estimated": False,
    }
    data["functions"][0]["edits"] = [
        {"path": "t.yaml", "line": 4, "before": "\tMemorySize: 1024", "after": "\tMemorySize: 512", "note": ""}
    ]
    return data


def current(memory_mb):
    return {"memory_mb": memory_mb, "architecture": "x86_64", "assumed": False}


def offered(data):
    return suggestions(Report.model_validate(data))


def test_a_suggestion_is_the_line_as_it_will_stand(data):
    (one,) = offered(data)

    assert (one.path, one.line, one.line_text) == ("t.yaml", 4, "\tMemorySize: 1024")
    assert one.body.startswith("<!-- lambdabot:suggestion -->\n")
    assert "**512 MB x86_64** would save 38 %." in one.body
    assert one.body.endswith("\n\n```suggestion\n\tMemorySize: 512\n```")
    assert "orders|" not in one.body


def test_what_else_the_value_serves_is_said_and_harmless(data):
    data["functions"][0]["edits"][0]["note"] = "`Globals` also serves @someone"

    (one,) = offered(data)

    assert "also serves" in one.body
    assert "@someone" not in one.body


def test_no_line_of_a_template_ends_the_block(data):
    data["functions"][0]["edits"][0]["after"] = "MemorySize: 512 # ````"

    (one,) = offered(data)

    assert one.body.endswith("\n`````suggestion\nMemorySize: 512 # ````\n`````")


def test_line_ends_of_windows_are_github_s_own(data):
    data["functions"][0]["edits"][0]["after"] = "a\r\nb"

    (one,) = offered(data)

    assert "suggestion\na\nb\n" in one.body


def test_a_control_character_is_never_suggested(data):
    data["functions"][0]["edits"][0]["after"] = "MemorySize: 512 \x1b[31m"

    assert offered(data) == ()


def test_an_estimate_and_a_faster_size_are_said_so(data):
    data["functions"][0]["recommendation"] |= {"saving_percent": None, "estimated": True}

    (one,) = offered(data)

    assert "**512 MB x86_64** is recommended, by estimate." in one.body


@pytest.mark.parametrize("change", [{"recommendation": None}, {"current": current(512)}])
def test_without_a_change_there_is_no_suggestion(data, change):
    data["functions"][0] |= change

    assert offered(data) == ()


def test_each_job_of_a_matrix_has_its_own(data):
    data["comment_key"] = "0123456789ab"

    assert marker(Report.model_validate(data)) == "<!-- lambdabot:suggestion:0123456789ab -->"
