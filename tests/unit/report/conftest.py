from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden comments anew")


@pytest.fixture
def golden(request):
    """Compare a text with its golden file; with --update-golden, write the file."""

    def compare(name, text):
        path = GOLDEN / f"{name}.md"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), "run `pytest tests/unit/report --update-golden`"
        assert text == path.read_text(encoding="utf-8"), "run `pytest tests/unit/report --update-golden` and look at it"

    return compare
