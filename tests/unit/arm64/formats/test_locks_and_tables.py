"""Locks, tables and text: what is read from real-shaped ones, and the place of each mistake."""

import json

import pytest

from lambdabot.arm64.formats import text
from lambdabot.arm64.formats.detect import manifest_in, read_manifest
from lambdabot.arm64.formats.poetry_requirements import specifier
from lambdabot.errors import UsageError
from lambdabot.workspace import Workspace

OWN = '[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'


def read(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_manifest(path, Workspace.around(path))


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.2", "~=1.2"),
        ("*", ""),
        ("1.2", "==1.2"),
        ("1.2.*", "==1.2.*"),
        (">=1.2,<2", ">=1.2,<2"),
        ("^1.0 || ^2.0", ">=2.0,<3"),
    ],
)
def test_poetry_s_constraints(tmp_path, constraint, expected):
    assert specifier(constraint, tmp_path / "pyproject.toml") == expected


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("uv.lock", "version = 1\nname = \n", 2, "is not TOML"),
        ("Pipfile.lock", '{\n "default": {,}\n}', 2, "is not JSON"),
        ("Pipfile.lock", "[]", 1, "is not a JSON object"),
        ("Pipfile.lock", '{\n    "default": {\n        "six": {\n "markers": "no"}}}', 3, "a marker cannot be read"),
        ("Pipfile.lock", '{"default": {"six": "1"}}', None, "'six' is no object"),
        ("pdm.lock", '\n[[package]]\nname = "six"\nversion = "1"\nmarker = "no"\n', 3, "a marker cannot be read"),
        ("pdm.lock", '[[package]]\nname = "six"\n', 2, "'version' is missing"),
        ("poetry.lock", '[[package]]\nname = "six"\nversion = 1\n', 2, "'version' is a int"),
        ("poetry.lock", '[[package]]\nname = "six"\nversion = "1"\nmarkers = "no"', 2, "a marker cannot be read"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nsix = "^x"\n', 2, "'^x' is no version constraint"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nsix = 1\n", 2, "'six' is neither a version nor a table"),
        ("pyproject.toml", '[dependency-groups]\napp = [{include-group = "x"}]', None, "there is no dependency group"),
        ("pyproject.toml", '[dependency-groups]\na = [{include-group = "a"}]', None, "the group 'a' includes itself"),
        ("pyproject.toml", "[project]\ndependencies = [1]", None, "a dependency is not a string"),
        ("pylock.toml", 'lock-version = "1.0"\n', None, "is no pylock.toml"),
        ("uv.lock", '[[package]]\nname = "six"\n', None, "names no project of its own"),
        ("uv.lock", OWN + 'resolution-markers = ["no"]', 2, "a marker cannot be read"),
        ("uv.lock", "package = [1]", None, "'package' holds something else than tables"),
        ("setup.py", "", None, "is no manifest that is known"),
    ],
)
def test_mistakes_have_their_place(tmp_path, name, content, line, words):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, name, content)
    (mistake,) = caught.value.mistakes
    assert (mistake.path, mistake.line) == (tmp_path / name, line)
    assert mistake.message.startswith(words)


def test_uv_lock_tells_the_project_from_its_packages(tmp_path):
    content = OWN + 'dependencies = [{ name = "six", marker = "python_version >= \'3.9\'" }]\n'
    content += '[[package]]\nname = "six"\nversion = "1.17.0"\nsource = { git = "https://git.invalid/six" }\n'
    manifest = read(tmp_path, "uv.lock", content)
    assert [(request.name, request.source) for request in manifest.requests] == [("six", "uv.lock:2")]
    assert manifest.pins["six"][0].version == "1.17.0"
    assert "repository" in manifest.pins["six"][0].unchecked


def test_sources_of_uv_and_priorities_of_poetry(tmp_path):
    manifest = read(
        tmp_path,
        "pyproject.toml",
        """[project]
dependencies = ["six", "idna>=3", "git+https://git.invalid/x#egg=x"]
[tool.uv.sources]
idna = { path = "../idna" }
[[tool.uv.index]]
name = "nameless"
[[tool.poetry.source]]
name = "main"
url = "https://one.invalid/simple"
priority = "primary"
[[tool.poetry.source]]
name = "more"
url = "https://two.invalid/simple"
priority = "supplemental"
""",
    )
    assert [request.name for request in manifest.requests] == ["six"]
    assert {unchecked.name for unchecked in manifest.unchecked} == {"x", "idna"}
    assert manifest.indexes.default == "https://one.invalid/simple"
    assert manifest.indexes.extra == ("https://two.invalid/simple",)


def test_text_that_is_none(tmp_path):
    path = tmp_path / "requirements.txt"
    with pytest.raises(UsageError, match="cannot be read"):
        text.read_text(path, Workspace(tmp_path))
    path.write_bytes("six\n".encode("utf-16"))
    assert text.read_text(path, Workspace(tmp_path)) == "six\n"
    path.write_bytes(b"six\n\xff\xe9")
    with pytest.raises(UsageError, match=r"requirements\.txt: is not UTF-8 text, as its line 2 shows"):
        text.read_text(path, Workspace(tmp_path))
    with pytest.raises(UsageError, match="does not lie in the workspace"):
        text.read_text(path, Workspace(tmp_path / "other"))


def test_too_deep(tmp_path):
    for name, content in (("Pipfile.lock", "[" * 100_000), ("uv.lock", "a = " + "[" * 100_000)):
        with pytest.raises(UsageError, match="nested too deeply"):
            read(tmp_path, name, content)


def test_a_folder_s_lock_goes_first(tmp_path):
    assert manifest_in(tmp_path) is None
    for name in ("pyproject.toml", "Pipfile", "requirements.txt", "poetry.lock", "uv.lock"):
        (tmp_path / name).write_text(json.dumps(name), encoding="utf-8")
        assert manifest_in(tmp_path) == tmp_path / name


def test_a_text_file_of_another_name_is_read_as_requirements(tmp_path):
    manifest = read(tmp_path, "requirements-worker.in", "six\n")
    assert [request.source for request in manifest.requests] == ["requirements-worker.in:1"]


def test_a_named_pylock_leaves_out_files_of_other_platforms(tmp_path):
    head = 'lock-version = "1.0"\ncreated-by = "pip"\n[[packages]]\nname = "six"\nversion = "1.17.0"\n'
    wheels = "".join(
        f'[[packages.wheels]]\nurl = "https://files.invalid/six-1.17.0-{tags}.whl"\nhashes = {{ sha256 = "aa" }}\n'
        for tags in ("cp312-cp312-win_amd64", "py3-none-any")
    )
    manifest = read(tmp_path, "pylock.worker.toml", head + wheels)
    (pin,) = manifest.pins["six"]
    assert [file.filename for file in pin.files] == ["six-1.17.0-py3-none-any.whl"]


def test_an_old_poetry_lock_is_walked_from_the_project_beside_it(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.dependencies]\nsix = "^1"\n', encoding="utf-8")
    lock = '[[package]]\nname = "six"\nversion = "1.17.0"\n'
    manifest = read(tmp_path, "poetry.lock", lock)
    assert manifest.walked
    assert [str(request.requirement) for request in manifest.requests] == ["six<2,>=1"]
    assert not read(tmp_path, "poetry.lock", lock + 'groups = ["main"]\n').walked
    assert read(tmp_path, "poetry.lock", lock + 'groups = ["dev"]\n').pins == {}
