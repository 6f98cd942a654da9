"""What no module does by itself: write files, start an interpreter, or print around the guarded streams."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "lambdabot").rglob("*.py"))

WRITERS = {
    "lambdabot/output.py": "the one way out",
    "lambdabot/github/workflow.py": "the runner's own files",
    "lambdabot/arm64/resolution/resolver.py": "a temporary folder of its own",
    "lambdabot/packaging/building.py": "the run's private folder",
    "lambdabot/packaging/install.py": "the run's private folder",
    "lambdabot/packaging/archive.py": "the run's private folder",
    "lambdabot/packaging/build.py": "the run's private folder",
    "lambdabot/packaging/layers.py": "the run's private folder",
    "lambdabot/aws/invoking/cpu_model.py": "the run's private folder",
    "lambdabot/aws/existing.py": "the run's private folder",
    "lambdabot/project/base.py": "the run's private folder",
}
"""Each with where it writes: no place that a pull request can have been to before."""

OWN_FOLDERS = ("lambdabot/local/", "lambdabot/sandbox/")
"""What writes into private folders of the endpoint's and the sandbox's alone."""

NOT_STARTED = {
    "lambdabot/packaging/target.py": "a path, for uv to look at",
    "lambdabot/packaging/building.py": "a path, for uv to look at",
    "lambdabot/packaging/install.py": "a path, for uv to look at",
    "lambdabot/arm64/resolution/resolver.py": "a path, for uv to look at",
    "lambdabot/sandbox/isolation.py": "a path too, of the measured function's interpreter",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def writes(tree: ast.AST) -> Iterator[str]:
    """Yield what puts something on the disk."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="write_text" | "write_bytes" | "mkdir" | "makedirs" | "touch" as attr)
            ):
                yield attr
            case ast.Call(func=ast.Attribute(attr="symlink_to" | "hardlink_to" | "copyfile" | "copytree" as attr)):
                yield attr
            case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="open"), args=args):
                modes = [one.value for one in args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if any(set(mode) & set("wax+") and set(mode) <= set("rwaxb+t") for mode in modes):
                    yield "open"
            case ast.Attribute(attr="O_WRONLY" | "O_RDWR" | "O_CREAT" as attr):
                yield attr


def test_files_are_written_in_one_place():
    found = {name(path): set(writes(ast.parse(path.read_text()))) for path in MODULES}
    found["lambdabot/door.py"] -= {"O_WRONLY"}  # of /dev/null
    writers = {path for path, how in found.items() if how and not path.startswith(OWN_FOLDERS)}

    assert writers == set(WRITERS)


def interpreters(tree: ast.AST) -> Iterator[list[str | None]]:
    """Yield the arguments that follow `sys.executable` wherever it stands, None where it is not in a list."""
    listed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.List):
            for index, one in enumerate(node.elts):
                if ast.unparse(one) == "sys.executable":
                    listed.add(one)
                    yield [ast.unparse(each) for each in node.elts[index + 1 : index + 3]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable" and node not in listed:
            yield [None]


def test_an_interpreter_of_ours_runs_nothing_at_its_start():
    found = {name(path): list(interpreters(ast.parse(path.read_text()))) for path in MODULES}
    starts = [one for every in found.values() for one in every if one != [None]]

    assert starts
    assert all(one == ["'-I'", "'-S'"] for one in starts)
    assert {path for path, every in found.items() if [None] in every} == set(NOT_STARTED)


def test_both_rules_find_what_they_are_for():
    assert list(writes(ast.parse("p.open('wb'); open(p, 'r+'); p.mkdir(); os.open(p, os.O_CREAT); p.open('rb')"))) != []
    assert set(writes(ast.parse("p.open('rb'); p.open(); open(p)"))) == set()
    assert list(interpreters(ast.parse("run([sys.executable, '-c', x]); y = sys.executable"))) == [
        ["'-c'", "x"],
        [None],
    ]


def test_nothing_is_printed_around_the_guarded_streams():
    around = {name(path) for path in MODULES if re.search("__std(out|err)__", path.read_text())}

    assert around == {"lambdabot/interruption.py"}  # the second signal's last words, names of ours
