"""The stages that read what a pull request names open nothing themselves: `Workspace` does, at one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lambdabot

PACKAGE = Path(lambdabot.__file__).parent
GUARDED = ("settings", "project", "packaging", "arm64", "starter", "commands", "report/own_template.py")

ALLOWED = {
    "commands/run.py": "the comment that the run wrote",
    "packaging/archive.py": "the zips that it wrote itself, and the handles that the workspace gave it",
    "packaging/building.py": "what a build left in a room of ours",
    "starter/files_of_repository.py": "the workflows that it carries",
    "arm64/files/archive.py": "the handles that the workspace gave it",
    "arm64/indexes/cache.py": "a cache of our own",
    "arm64/check.py": "the handles that the workspace gave it",
    "arm64/indexes/environment.py": "a module of Python's own",
    "arm64/files/image.py": "the handles that the workspace gave it",
    "arm64/files/sdist.py": "what an index sent",
    "arm64/files/wheel.py": "what an index sent",
}

READING_METHODS = {"read_text", "read_bytes"}
MODULES = {
    "os": {"open", "fdopen"},
    "io": {"open", "FileIO"},
    "zipfile": {"ZipFile", "is_zipfile"},
    "tarfile": {"open", "TarFile"},
    "tomllib": {"load"},
    "shutil": {"copy", "copy2", "copyfile", "copytree", "unpack_archive"},
    "mmap": {"mmap"},
}
FORBIDDEN_IMPORTS = {"filecmp", "mmap", "fileinput", "linecache"}
READER = "requirements_file"  # which is given the workspace
OPENS = ("workspace", "archive")  # `workspace.open` is the way; an archive's member is no file


def modules() -> list[Path]:
    found = [PACKAGE / name for name in GUARDED]
    return sorted(path for each in found for path in ([each] if each.is_file() else each.rglob("*.py")))


def openings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each call that opens a file, and of each import whose only use is that."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            yield from ((node.lineno, name) for name in named if name in FORBIDDEN_IMPORTS)
            if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                names = (one.name for one in node.names)
                yield from ((node.lineno, name) for name in names if name in MODULES[node.module])
        elif isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id="open"):
                    yield node.lineno, "open"
                case ast.Attribute(value=ast.Name(id=module), attr=name) if name in MODULES.get(module, ()):
                    yield node.lineno, f"{module}.{name}"
                case ast.Attribute(value=reader, attr=name) if name in READING_METHODS and _last(reader) != READER:
                    yield node.lineno, name
                case ast.Attribute(value=receiver, attr="open") if not _last(receiver).endswith(OPENS):
                    yield node.lineno, "open"


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_opens_nothing_itself(path):
    if (name := str(path.relative_to(PACKAGE))) in ALLOWED:
        pytest.skip(f"opens {ALLOWED[name]}")

    assert list(openings(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_needed(name):
    path = PACKAGE / name

    assert list(openings(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "text",
    [
        "open('x')",
        "path.open('rb')",
        "(folder / 'x').open()",
        "path.read_text()",
        "Path('x').read_bytes()",
        "os.open(path, 0)",
        "zipfile.ZipFile(path)",
        "tarfile.open(path)",
        "shutil.copytree(a, b)",
        "import filecmp",
        "from zipfile import ZipFile",
    ],
)
def test_each_way_to_open_a_file_is_seen(text):
    assert list(openings(ast.parse(text)))


def test_the_workspaces_is_none_of_them():
    assert not list(openings(ast.parse("self.workspace.open(path)\nfunction.workspace.read(path)")))
