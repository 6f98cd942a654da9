from pathlib import Path

import pytest

from lambdabot.model import Place
from lambdabot.project.handler import LARGEST_BYTES, handler_location
from lambdabot.workspace import Workspace
from tests.unit.report.runs import function


@pytest.fixture
def located(tmp_path):
    def find(text, *, handler="app.handler", path="app.py", **fields):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        found = function(source=tmp_path, handler=handler, workspace=Workspace(tmp_path))
        return handler_location(found.changed(**fields))

    return find


@pytest.mark.parametrize(
    "line",
    [
        "def handler(event, context):",
        "async def handler(e, c):",
        "handler = build()",
        "handler: Handler = build()",
        "class handler:",
    ],
)
def test_the_line_of_the_definition_is_found(located, tmp_path, line):
    text = f"import os\n\ndef handler_of(x): ...\n# def handler\n{line}\n    pass\n"

    assert located(text) == Place(path=tmp_path / "app.py", line=5)


def test_the_line_is_found_in_a_source_of_one_file(located, tmp_path):
    text = "import os\n\ndef handler(event, context): ...\n"

    assert located(text, source=tmp_path / "app.py") == Place(path=tmp_path / "app.py", line=3)
    assert located(text, source=tmp_path / "app.py", handler="other.handler") is None


def test_a_handler_that_is_imported_is_the_files(located, tmp_path):
    assert located("from real import handler\n") == Place(path=tmp_path / "app.py", line=1)


@pytest.mark.parametrize("handler", ["pkg/app.handler", "pkg.app.handler"])
def test_packages_are_folders(located, tmp_path, handler):
    assert located("def handler(e, c): ...\n", handler=handler, path="pkg/app.py").path == tmp_path / "pkg" / "app.py"


def test_text_that_is_no_utf8_is_read(located):
    assert located(b"# \xff\ndef handler(e, c): ...\n").line == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"handler": None},
        {"handler": "absent.handler"},
        {"handler": "handler"},
        {"handler": "\0.handler"},
        {"source": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"},
        {"runtime": "nodejs22.x"},
        {"source": Path("/nowhere")},
    ],
)
def test_where_it_cannot_be_told_it_is_not(located, fields):
    assert located("def handler(e, c): ...\n", **fields) is None


def test_a_folder_is_no_file(located, tmp_path):
    (tmp_path / "dir.py").mkdir()

    assert located("", handler="dir.handler") is None


def test_a_file_that_is_too_large_is_not_read(located):
    assert located(b"#" * (LARGEST_BYTES + 1)) is None
