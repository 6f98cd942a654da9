"""The house stands as CONTRIBUTING draws it: what a room imports lies on a lower floor, so no stage knows another."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lambdabot

PACKAGE = Path(lambdabot.__file__).parent

FLOORS = """
    __main__
    action cli
    commands
    pipeline starter
    settings project packaging arm64 aws local measurement report github
    events unbuilt
    door requirements_file
    model sandbox interruption log output
    __init__ confidential errors figures folders globs interpreters programs redaction workflow_command workspace \
    zip_directory
"""

GUIDE = (PACKAGE.parent / "CONTRIBUTING.md").read_text()

FLOOR = {room: floor for floor, line in enumerate(reversed(FLOORS.splitlines())) for room in line.split()}


def imported(path: Path) -> Iterator[str]:
    """Yield the rooms that a module names, wherever it imports them, or in a text: `-m`, import_module."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                modules = [one.name for one in names]
            case ast.ImportFrom(module=str(module), names=names):
                modules = [f"{module}.{one.name}" for one in names]
            case ast.Constant(value=str(text)) if text.partition(".")[2].partition(".")[0] in FLOOR:
                modules = [text]
            case _:
                modules = []
        for package, _, rest in (module.partition(".") for module in modules):
            if package == "lambdabot":
                room = rest.partition(".")[0]
                yield room if room in FLOOR else "__init__"


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        found.setdefault(room, set()).update(set(imported(path)) - {room})
    return found


def test_every_room_has_a_floor(graph):
    assert graph.keys() == FLOOR.keys()


def test_what_a_room_imports_lies_below_it(graph):
    def from_above(rooms):
        return sorted(rooms, key=lambda room: (-FLOOR[room], room))

    for room in from_above(graph):
        print(f"{FLOOR[room]}  {room:<18} {' '.join(from_above(graph[room]))}".rstrip())
    arrows = {(room, other) for room, others in graph.items() for other in others}

    assert sorted((room, other) for room, other in arrows if FLOOR[other] >= FLOOR[room]) == []


@pytest.mark.parametrize(
    "text",
    [
        "from lambdabot.report.schema import Report",
        "if TYPE_CHECKING:\n    from lambdabot.report import schema",
        "def late():\n    import lambdabot.report.schema",
        "import_module('lambdabot.report.schema')",
    ],
)
def test_an_import_counts_wherever_it_stands(tmp_path, text):
    (tmp_path / "module.py").write_text(text)

    assert set(imported(tmp_path / "module.py")) == {"report"}


def test_no_room_imports_itself_by_way_of_others(graph):
    TopologicalSorter(graph).prepare()


def test_the_picture_shows_every_room():
    picture = GUIDE.partition("## The house")[2].partition("\n### ")[0]
    assert {room for room in FLOOR if not re.search(rf"\b{room}\b", picture)} == {"__init__", "__main__"}


def test_the_guide_names_modules_that_are_there():
    """A name leaves out the folders between a room and its module; what is `new` is not there yet."""
    named = re.findall(r"(new )?`(?:lambdabot/)?(\w+)/([\w/.]+?)/?`", GUIDE)
    names = {(room, name) for new, room, name in named if room in FLOOR and not new}
    found = {one: [*PACKAGE.glob("{}/**/{}".format(*one)), *PACKAGE.glob("{}/**/{}.py".format(*one))] for one in names}

    assert len(found) > 20
    assert [one for one, paths in found.items() if len(paths) != 1] == []
