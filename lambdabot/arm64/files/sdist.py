"""An sdist, read and never run: does it need a compiler, can it be built, what does it depend on."""

import io
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from email.parser import HeaderParser
from pathlib import PurePosixPath
from typing import BinaryIO

from packaging.requirements import InvalidRequirement, Requirement

from lambdabot.arm64.files import setup_script
from lambdabot.arm64.files.contents import BAD_ARCHIVE, Contents, UnreadableError, parse_metadata
from lambdabot.arm64.files.native import HEAD, NativeFile, machine

_UNPACKED_LIMIT = 512 * 1024 * 1024
_MEMBERS = 50_000
_TEXT_LIMIT = 1024 * 1024
_SOURCES = frozenset(
    [
        ".c",
        ".cc",
        ".cpp",
        ".cxx",
        ".c++",
        ".cu",
        ".pyx",
        ".pxd",
        ".rs",
        ".f",
        ".f77",
        ".f90",
        ".f95",
        ".for",
        ".go",
        ".m",
        ".mm",
        ".s",
        ".asm",
        ".zig",
        ".i",
    ]
)
_ASIDE = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "samples", "demo"}
)
_PURE_BACKENDS = (
    "flit_core",
    "flit.",
    "hatchling",
    "poetry.core",
    "poetry.masonry",
    "pdm.",
    "uv_build",
    "whey",
    "hatch",
)
_COMPILING = frozenset(
    [
        "cython",
        "cython-build",
        "setuptools-rust",
        "maturin",
        "scikit-build",
        "scikit-build-core",
        "cffi",
        "pybind11",
        "nanobind",
        "cmake",
        "ninja",
        "meson",
        "meson-python",
        "mypy",
        "mypyc",
        "hatch-mypyc",
        "hatch-cython",
        "hatch-cpp",
        "numpy",
        "oldest-supported-numpy",
        "setuptools-golang",
        "cppy",
        "extensionlib",
        "pythran",
        "py-build-cmake",
        "sip",
        "ziglang",
    ]
)
_TEXTS = frozenset({"PKG-INFO", "setup.py", "setup.cfg", "pyproject.toml", "requires.txt", "Cargo.toml"})


def read_sdist(file: BinaryIO, filename: str) -> Contents:
    """Judge an sdist by its own files, streamed; raise UnreadableError for what is no archive or too large."""
    texts: dict[str, str] = {}
    sources: list[str] = []
    natives: list[NativeFile] = []
    names: set[str] = set()
    try:
        for path, size, stream in _members(file, filename):
            inner = PurePosixPath(*PurePosixPath(path).parts[1:])
            names.add(str(inner))
            wanted = inner.name in _TEXTS and (len(inner.parts) == 1 or inner.parent.suffix == ".egg-info")
            head = stream.read(_TEXT_LIMIT if wanted else HEAD)
            if wanted and size <= _TEXT_LIMIT:
                texts[inner.name if len(inner.parts) == 1 else f"egg-info/{inner.name}"] = head.decode(errors="replace")
            if (found := machine(head[:HEAD])) is not None:
                natives.append(NativeFile(str(inner), found))
            if inner.suffix.lower() in _SOURCES and not _ASIDE & {part.lower() for part in inner.parts[:-1]}:
                sources.append(str(inner))
    except BAD_ARCHIVE as error:
        raise UnreadableError(why=f"no readable sdist: {error}") from error
    return _judge(texts, sources, tuple(natives), names)


def _members(file: BinaryIO, filename: str) -> Iterator[tuple[str, int, BinaryIO]]:
    """Yield path, size and content of the regular files; bounded in number and in bytes."""
    total = 0
    if filename.endswith(".zip"):
        with zipfile.ZipFile(file) as archive:
            for count, info in enumerate(archive.infolist()):
                total += info.file_size
                if count > _MEMBERS or total > _UNPACKED_LIMIT:
                    raise UnreadableError(why="the sdist unpacks to more than is sensible to read")
                if not info.is_dir():
                    with archive.open(info) as content:
                        yield info.filename, info.file_size, io.BytesIO(content.read(_TEXT_LIMIT))
        return
    with tarfile.open(fileobj=file, mode="r|*") as tar:
        for count, entry in enumerate(tar):
            total += entry.size
            if count > _MEMBERS or total > _UNPACKED_LIMIT:
                raise UnreadableError(why="the sdist unpacks to more than is sensible to read")
            if entry.isfile() and (inner := tar.extractfile(entry)) is not None:
                yield entry.name, entry.size, io.BytesIO(inner.read(_TEXT_LIMIT))


def _judge(texts: dict[str, str], sources: list[str], natives: tuple[NativeFile, ...], names: set[str]) -> Contents:
    if not texts.keys() & {"PKG-INFO", "setup.py", "pyproject.toml", "setup.cfg"}:
        raise UnreadableError(why="the archive is no sdist: it has neither PKG-INFO nor setup.py nor pyproject.toml")
    try:
        project = tomllib.loads(texts.get("pyproject.toml", ""))
    except (ValueError, RecursionError):  # TOMLDecodeError, or thousands of digits
        return Contents(natives=natives, broken="its pyproject.toml is malformed")
    build = project.get("build-system", {})
    build = build if isinstance(build, dict) else {}
    backend = str(build.get("build-backend", "setuptools.build_meta"))
    listed = build.get("requires")
    needed = {_name(line) for line in listed if isinstance(line, str)} if isinstance(listed, list) else set()
    script = setup_script.read(texts["setup.py"], needed, names) if "setup.py" in texts else setup_script.Script()
    native = _native(project, backend, needed, script, sources)
    if native:
        return Contents(natives=natives, compiler=native)
    broken = script.broken if backend.startswith("setuptools") else ""
    requires, extras, trouble = _dependencies(texts, backend, script)
    return Contents(requires, extras, natives, broken=broken, trouble=trouble)


def _native(
    project: dict[str, object], backend: str, needed: set[str], script: setup_script.Script, sources: list[str]
) -> str:
    """Return why building it needs a compiler, or nothing."""
    if compiling := sorted(needed & _COMPILING):
        return f"its build needs {', '.join(compiling)}"
    if not backend.startswith(("setuptools", *_PURE_BACKENDS)):
        return f"its build backend is {backend}"
    tool = project.get("tool")
    tool = tool if isinstance(tool, dict) else {}
    for keys in (
        ("setuptools", "ext-modules"),
        ("poetry", "build"),
        ("pdm", "build", "run-setuptools"),
        ("hatch", "build", "hooks", "custom"),
    ):
        inner: object = tool
        for key in keys:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if inner and not (keys == ("poetry", "build") and inner == {"generate-setup-file": False}):
            return f"its pyproject.toml has [tool.{'.'.join(keys)}]"
    if not backend.startswith("setuptools"):
        return ""
    if script.extension:
        return f"its setup.py names {script.extension}"
    return f"it has sources in {sources[0]}" if sources else ""


def _dependencies(
    texts: dict[str, str], backend: str, script: setup_script.Script
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return dependencies, extras, and why they cannot be known without running the build."""
    if "PKG-INFO" in texts:
        message = HeaderParser().parsestr(texts["PKG-INFO"])
        dynamic = {str(line).strip().lower() for line in message.get_all("Dynamic", [])}
        version = tuple(
            int(part) for part in str(message.get("Metadata-Version", "1.0")).split(".") if part.isdecimal()
        )
        final = version >= (2, 2) and "requires-dist" not in dynamic
        if final or message.get("Requires-Dist") or not backend.startswith("setuptools"):
            return *parse_metadata(texts["PKG-INFO"]), ""
    if "egg-info/requires.txt" in texts:
        return *_egg_requires(texts["egg-info/requires.txt"]), ""
    if "egg-info/PKG-INFO" in texts:
        return (), (), ""  # setuptools writes requires.txt when there is anything to write
    config = ConfigParser(interpolation=None)
    try:
        config.read_string(texts.get("setup.cfg", ""))
    except ConfigError:
        return (), (), "its setup.cfg is malformed"
    lines = config.get("options", "install_requires", fallback="").splitlines()
    if script.requires is None:
        return (), (), "its dependencies are computed by its setup.py, which is not run"
    return tuple(line.strip() for line in (*lines, *script.requires) if line.strip()), (), ""


def _egg_requires(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read setuptools' requires.txt: sections `[extra]`, `[:marker]`, `[extra:marker]`."""
    requires, extras, condition = [], [], ""
    for line in (raw.strip() for raw in text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            clauses = [f"({marker})"] if marker else []
            if extra:
                extras.append(extra)
                clauses.append(f'extra == "{extra}"')
            condition = " and ".join(clauses)
        elif line:
            requires.append(f"{line} ; {condition}" if condition else line)
    return tuple(requires), tuple(extras)


def _name(requirement: str) -> str:
    try:
        return Requirement(requirement).name.lower().replace("_", "-")
    except (InvalidRequirement, RecursionError):
        return requirement.lower()
