"""What a setup.py says, by its syntax tree; it is never run."""

import ast
import sys
import warnings
from dataclasses import dataclass

_EXTENSION_WORDS = frozenset(
    {
        "ext_modules",
        "Extension",
        "cythonize",
        "cffi_modules",
        "rust_extensions",
        "CMakeExtension",
        "build_clib",
        "RustExtension",
        "Pybind11Extension",
        "build_golang",
        "cmake_source_dir",
        "mypycify",
        "SipModule",
        "skbuild",
    }
)
_AT_HAND = frozenset({"setuptools", "distutils", "_distutils_hack", "__future__"})


@dataclass(frozen=True, slots=True)
class Script:
    """Literal `install_requires` (None: computed), the word that names an extension, and why it cannot run."""

    requires: tuple[str, ...] | None = ()
    extension: str = ""
    broken: str = ""


def read(text: str, build_requires: set[str], files: set[str]) -> Script:
    """Read a setup.py; `build_requires` and the sdist's `files` tell which imports a build could satisfy."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes of other people's files
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Script(requires=None, broken="its setup.py is no Python 3")
    requires: tuple[str, ...] | None = ()
    extension = broken = ""
    for node in ast.walk(tree):
        word = _word(node)
        if word in _EXTENSION_WORDS and not extension:
            extension = word
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            requires = _strings(node.value)
        if isinstance(node, ast.keyword) and node.arg == "use_2to3" and not _is_false(node.value):
            broken = "its setup.py asks for use_2to3, which setuptools no longer has"
    missing = sorted(
        _imports(tree) - sys.stdlib_module_names - _AT_HAND - {name.replace("-", "_") for name in build_requires}
    )
    local = {path.removesuffix(".py").split("/")[0] for path in files}
    unknown = [name for name in missing if name not in local]
    if unknown and not broken:
        broken = f"its setup.py imports {', '.join(unknown)}, which an isolated build does not have"
    return Script(requires=requires, extension=extension, broken=broken)


def _word(node: ast.AST) -> str:
    match node:
        case ast.keyword(arg=str(word), value=value):
            return "" if _is_empty(value) else word
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word
        case ast.alias(name=word):
            return word.split(".")[0]
        case _:
            return ""


def _is_empty(node: ast.AST) -> bool:
    return (isinstance(node, ast.List | ast.Tuple) and not node.elts) or (
        isinstance(node, ast.Constant) and not node.value
    )


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _strings(node: ast.AST) -> tuple[str, ...] | None:
    """Return the strings of a literal list, or None for anything that would have to be run."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None
    if isinstance(value, str):
        return tuple(value.split("\n"))
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _imports(tree: ast.Module) -> set[str]:
    """Return what the module imports unconditionally: at its top level, outside `try` and `if`."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
