import pytest

from lambdabot.report.suggestion import marker, suggestions


@pytest.fixture
def document():
    return {
        "comment_key": "",
        "functions": [
            {
                "name": "orders|`",
                "current": {"memory_mb": 1024, "architecture": "x86_64"},
                "recommendation": {
                    "memory_mb": 512,
                    "architecture": "x86_64",
                    "saving_percent": 38.2,
                    "estimated": False,
                },
                "edits": [
                    {
                        "path": "t.yaml",
                        "line": 4,
                        "before": "\tMemorySize: 1024",
                        "after": "\tMemorySize: 512",
                        "note": "",
                    }
                ],
            }
        ],
    }


def test_a_suggestion_is_the_line_as_it_will_stand(document):
    (one,) = suggestions(document)

    assert (one.path, one.line, one.line_text) == ("t.yaml", 4, "\tMemorySize: 1024")
    assert one.body.startswith("<!-- lambdabot:suggestion -->\n")
    assert "**512 MB x86_64** would save 38 %." in one.body
    assert one.body.endswith("\n\n```suggestion\n\tMemorySize: 512\n```")
    assert "orders|" not in one.body


def test_what_else_the_value_serves_is_said_and_harmless(document):
    document["functions"][0]["edits"][0]["note"] = "`Globals` also serves @someone"

    (one,) = suggestions(document)

    assert "also serves" in one.body
    assert "@someone" not in one.body


def test_no_line_of_a_template_ends_the_block(document):
    document["functions"][0]["edits"][0]["after"] = "MemorySize: 512 # ````"

    (one,) = suggestions(document)

    assert one.body.endswith("\n`````suggestion\nMemorySize: 512 # ````\n`````")


def test_line_ends_of_windows_are_github_s_own(document):
    document["functions"][0]["edits"][0]["after"] = "a\r\nb"

    (one,) = suggestions(document)

    assert "suggestion\na\nb\n" in one.body


def test_a_control_character_is_never_suggested(document):
    document["functions"][0]["edits"][0]["after"] = "MemorySize: 512 \x1b[31m"

    assert suggestions(document) == ()


def test_an_estimate_and_a_faster_size_are_said_so(document):
    document["functions"][0]["recommendation"] |= {"saving_percent": None, "estimated": True}

    (one,) = suggestions(document)

    assert "**512 MB x86_64** is recommended, by estimate." in one.body


@pytest.mark.parametrize(
    "change", [{"recommendation": None}, {"current": {"memory_mb": 512, "architecture": "x86_64"}}]
)
def test_without_a_change_there_is_no_suggestion(document, change):
    document["functions"][0] |= change

    assert suggestions(document) == ()


def test_each_job_of_a_matrix_has_its_own(document):
    document["comment_key"] = "0123"

    assert marker(document) == "<!-- lambdabot:suggestion:0123 -->"
