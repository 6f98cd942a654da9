"""Manifests in which any one value has another type: a manifest or a message with the file, never a crash."""

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdabot.arm64.formats.detect import read_manifest
from lambdabot.arm64.manifest import Manifest
from lambdabot.arm64.resolution.closure import locked_closure
from lambdabot.arm64.rules import rules_of
from lambdabot.arm64.target import Target, environment
from lambdabot.errors import UsageError
from lambdabot.model import Architecture
from lambdabot.workspace import Workspace

SHA = "a" * 64
MANIFESTS = {
    "uv.lock": f"""
version = 1
requires-python = ">=3.11"
supported-markers = ["sys_platform == 'linux'"]
[manifest]
members = ["app", "member"]
[[package]]
name = "app"
version = "0.1"
source = {{ virtual = "." }}
dependencies = [{{ name = "numpy", extra = ["x"], version = "2.1.0", marker = "python_version >= '3.9'" }}]
[package.optional-dependencies]
more = [{{ name = "attrs" }}]
[[package]]
name = "numpy"
version = "2.1.0"
resolution-markers = ["sys_platform == 'linux'"]
source = {{ registry = "https://index.invalid/simple" }}
sdist = {{ url = "https://files.invalid/numpy-2.1.0.tar.gz", hash = "sha256:{SHA}", size = 1 }}
wheels = [{{ url = "https://files.invalid/numpy-2.1.0-py3-none-any.whl", hash = "sha256:{SHA}" }}]
""",
    "pylock.toml": f"""
lock-version = "1.0"
created-by = "pip"
requires-python = ">=3.11"
environments = ["sys_platform == 'linux'"]
default-groups = ["main"]
[[packages]]
name = "attrs"
version = "25.1.0"
marker = "python_version >= '3.9'"
requires-python = ">=3.8"
dependencies = [{{ name = "numpy" }}]
sdist = {{ url = "https://files.invalid/attrs-25.1.0.tar.gz", hashes = {{ sha256 = "{SHA}" }} }}
[[packages.wheels]]
name = "attrs-25.1.0-py3-none-any.whl"
url = "https://files.invalid/attrs-25.1.0-py3-none-any.whl"
hashes = {{ sha256 = "{SHA}" }}
[[packages]]
name = "numpy"
vcs = {{ type = "git", url = "https://git.invalid/numpy", commit-id = "abc" }}
""",
    "poetry.lock": f"""
[[package]]
name = "numpy"
version = "2.1.0"
optional = false
groups = ["main"]
markers = "python_version >= '3.9'"
files = [{{ file = "numpy-2.1.0.tar.gz", hash = "sha256:{SHA}" }}]
[package.dependencies]
attrs = {{ version = ">=1", extras = ["x"], markers = "extra == 'x'", optional = false }}
six = [{{ version = "*" }}, ">=1"]
[package.extras]
test = ["pytest (>=7)"]
[package.source]
type = "git"
[[package]]
name = "attrs"
version = "25.1.0"
groups = ["main"]
[package.markers]
main = "python_version >= '3.9'"
[metadata]
python-versions = "^3.11"
""",
    "pdm.lock": f"""
[metadata]
groups = ["default"]
requires_python = ">=3.11"
[[package]]
name = "numpy"
version = "2.1.0"
groups = ["default"]
marker = "python_version >= '3.9'"
dependencies = ["attrs>=20"]
files = [{{ file = "numpy-2.1.0.tar.gz", hash = "sha256:{SHA}" }}]
""",
    "Pipfile.lock": json.dumps(
        {
            "_meta": {"sources": [{"name": "main", "url": "https://index.invalid/simple", "verify_ssl": True}]},
            "default": {
                "numpy": {
                    "version": "==2.1.0",
                    "hashes": [f"sha256:{SHA}"],
                    "index": "main",
                    "markers": "python_version >= '3.9'",
                },
                "attrs": {"git": "https://git.invalid/attrs"},
            },
            "develop": {},
        }
    ),
    "Pipfile": """
[[source]]
name = "main"
url = "https://index.invalid/simple"
[packages]
numpy = "*"
attrs = { version = ">=20", extras = ["x"], index = "main", markers = "python_version >= '3.9'" }
local = { path = "." }
""",
    "pyproject.toml": """
[project]
name = "app"
requires-python = ">=3.11"
dependencies = ["numpy>=2", "attrs"]
[dependency-groups]
worker = ["six", { include-group = "shared" }]
shared = ["idna"]
[tool.uv]
index-url = "https://one.invalid/simple"
extra-index-url = ["https://two.invalid/simple"]
prerelease = "allow"
[[tool.uv.index]]
name = "private"
url = "https://three.invalid/simple"
explicit = true
[tool.uv.sources]
numpy = { index = "private" }
attrs = [{ git = "https://git.invalid/attrs", marker = "sys_platform == 'linux'" }]
[[tool.poetry.source]]
name = "poetry"
url = "https://four.invalid/simple"
priority = "supplemental"
[tool.poetry.dependencies]
python = "^3.11"
numpy = { version = "^2", source = "poetry" }
""",
    "poetry/pyproject.toml": """
[tool.poetry.dependencies]
python = "^3.11"
numpy = [{ version = "^2", python = "^3.11", platform = "linux" }, { version = "^1", python = "<3.11" }]
attrs = { version = "^25", extras = ["x"], optional = false, markers = "sys_platform == 'linux'" }
repo = { git = "https://git.invalid/repo" }
""",
}
WRONG: tuple[Any, ...] = (
    7,
    1.5,
    True,
    "",
    "! no",
    "https://[",
    "\u00e9",
    [],
    [7],
    ["! no"],
    [[]],
    [{}],
    {},
    {"! no": 7},
    {"a": {}},
)


def places(document: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every value in the document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *rest) for rest in places(value))


def changed(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    copied = copy.deepcopy(document)
    inner = copied
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copied


def as_toml(value: Any) -> str:
    """Write a value as inline TOML; JSON strings are TOML strings."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(inner) for inner in value) + "]"
    return json.dumps(value)


def written(name: str, document: dict[str, Any]) -> str:
    if name == "Pipfile.lock":
        return json.dumps(document)
    return "".join(f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in document.items())


def parsed(name: str) -> dict[str, Any]:
    text = MANIFESTS[name]
    return json.loads(text) if name == "Pipfile.lock" else tomllib.loads(text)


def path_of(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    return path


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_unchanged_manifest_is_read(tmp_path, name):
    path = path_of(tmp_path, name)
    path.write_text(MANIFESTS[name], encoding="utf-8")
    as_people_write_it = read_manifest(path, Workspace.around(path))
    path.write_text(written(name, parsed(name)), encoding="utf-8")
    assert as_people_write_it.pins or as_people_write_it.requests
    assert [request.name for request in read_manifest(path, Workspace.around(path)).requests] == [
        request.name for request in as_people_write_it.requests
    ]


@pytest.mark.parametrize("name", MANIFESTS)
def test_any_value_of_another_type_is_read_or_refused(tmp_path, name):
    path = path_of(tmp_path, name)
    document = parsed(name)
    refused = 0
    for place in places(document):
        for value in WRONG:
            path.write_text(written(name, changed(document, place, value)), encoding="utf-8")
            try:
                manifest = read_manifest(path, Workspace.around(path))
                rules_of(manifest)
                for architecture in Architecture:
                    locked_closure(manifest, environment(Target("3.12", "2.34"), architecture))
            except UsageError as error:
                refused += 1
                assert all(mistake.path == path for mistake in error.mistakes), (place, value)  # noqa: PT017  # one of two good ends
            except Exception as error:  # noqa: BLE001  # any other is the mistake that is looked for
                pytest.fail(f"{place} = {value!r}: {error!r}")
            else:
                assert isinstance(manifest, Manifest)
    assert refused > len(document)
