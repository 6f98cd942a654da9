"""Every manifest format: what is asked for, where it stands, and a clear message for every mistake."""

import json

import pytest

from lambdabot.arm64.check import check
from lambdabot.arm64.formats.detect import manifest_in, read_manifest
from lambdabot.arm64.formats.poetry_requirements import specifier
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.resolution.closure import locked_closure
from lambdabot.arm64.target import Target, environment
from lambdabot.errors import UsageError
from lambdabot.model import Architecture
from lambdabot.workspace import Workspace

TARGET = Target("3.12", "2.34")
ARM = environment(TARGET, Architecture.ARM64)
X86 = environment(TARGET, Architecture.X86_64)

UV_LOCK = """version = 1
requires-python = ">=3.11"
supported-markers = ["sys_platform == 'linux'"]

[[package]]
name = "app"
version = "0.1"
source = { virtual = "." }
dependencies = [
    { name = "alpha", extra = ["more"] },
    { name = "forked", version = "1.0", marker = "platform_machine == 'aarch64'" },
    { name = "forked", version = "2.0", marker = "platform_machine == 'x86_64'" },
    { name = "windows", marker = "sys_platform == 'win32'" },
    { name = "repo" },
]

[package.optional-dependencies]
extra = [{ name = "optional" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "alpha"
version = "1.0"
source = { registry = "https://example.invalid/simple" }
sdist = { url = "https://example.invalid/alpha-1.0.tar.gz", hash = "sha256:aa" }
wheels = [{ url = "https://example.invalid/alpha-1.0-cp312-cp312-manylinux_2_17_aarch64.whl", hash = "sha256:bb" }]

[package.optional-dependencies]
more = [{ name = "beta" }]

[[package]]
name = "beta"
version = "2.0"
source = { registry = "https://example.invalid/simple" }
wheels = [{ url = "https://example.invalid/beta-2.0-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:cc" }]

[[package]]
name = "forked"
version = "1.0"
source = { registry = "https://example.invalid/simple" }
resolution-markers = ["platform_machine == 'aarch64'"]
wheels = [{ url = "https://example.invalid/forked-1.0-cp312-abi3-manylinux_2_17_aarch64.whl", hash = "sha256:dd" }]

[[package]]
name = "forked"
version = "2.0"
source = { registry = "https://example.invalid/simple" }
resolution-markers = ["platform_machine == 'x86_64'"]
wheels = []

[[package]]
name = "repo"
version = "1.0"
source = { git = "https://example.invalid/repo" }

[[package]]
name = "windows"
version = "1.0"
source = { registry = "https://example.invalid/simple" }

[[package]]
name = "pytest"
version = "1.0"
source = { registry = "https://example.invalid/simple" }
"""


def one(answer, name):
    return next(package for package in answer.packages if package.name == name)


def asked(manifest):
    return {str(request.requirement): request.source for request in manifest.requests}


def test_uv_lock_is_walked_from_its_project(tmp_path, package_index):
    path = tmp_path / "uv.lock"
    path.write_text(UV_LOCK)
    answer = check(path, Workspace.around(path), TARGET, IndexAccess(None, 5))
    assert {package.name: str(package.verdict) for package in answer.packages} == {
        "beta": "no arm64 wheel",
        "repo": "not checked",
        "alpha": "wheel",
        "forked": "wheel",
    }
    assert one(answer, "beta").requested_by == ("uv.lock:34", "alpha")
    assert one(answer, "forked").version == "1.0"
    assert answer.drift == ("forked 2.0 -> 1.0 on arm64: the index has no forked 2.0 for Linux",)
    assert package_index.asked == []  # everything has an index of its own, and the repository has none


def test_uv_lock_for_other_machines_or_pythons_is_no_pass(tmp_path, package_index):
    path = tmp_path / "uv.lock"
    path.write_text(UV_LOCK.replace("sys_platform == 'linux'\"]\n\n", "platform_machine == 'x86_64'\"]\n\n", 1))
    lock = one(check(path, Workspace.around(path), TARGET, IndexAccess(None, 5)), "(the lock)")
    assert (lock.verdict, lock.x86_64_verdict) == ("not found", "pure")
    project = one(check(path, Workspace.around(path), Target("3.10", "2.26"), IndexAccess(None, 5)), "(the project)")
    assert project.verdict == "python not supported"


def test_walked_lock_says_what_it_does_not_have(tmp_path, package_index):
    path = tmp_path / "uv.lock"
    path.write_text(UV_LOCK.replace('name = "beta"\nversion', 'name = "gone"\nversion'))
    assert one(check(path, Workspace.around(path), TARGET, IndexAccess(None, 5)), "beta").verdict == "not checked"


def test_poetry_lock_with_groups(tmp_path, package_index):
    package_index.wheel("alpha", "1.0")
    digest = package_index.digest("alpha", "alpha-1.0-py3-none-any.whl")
    path = tmp_path / "poetry.lock"
    path.write_text(
        f"""[[package]]
name = "alpha"
version = "1.0"
optional = false
groups = ["main", "dev"]
markers = "python_version >= '3.9'"
files = [{{file = "alpha-1.0-py3-none-any.whl", hash = "sha256:{digest}"}}]
[package.dependencies]
beta = {{version = "*", extras = ["x"], markers = "sys_platform == 'linux'"}}
[package.extras]
more = ["gamma (>=1)"]
[[package]]
name = "beta"
version = "1.0"
optional = false
groups = ["main"]
markers = {{main = "sys_platform == 'win32'"}}
files = []
[[package]]
name = "opt"
version = "1.0"
optional = true
groups = ["main"]
files = []
[[package]]
name = "tool"
version = "1.0"
optional = false
groups = ["dev"]
files = []
[[package]]
name = "vcs"
version = "1.0"
groups = ["main"]
files = []
[package.source]
type = "git"
[metadata]
python-versions = "^3.9"
"""
    )
    answer = check(path, Workspace.around(path), TARGET, IndexAccess(None, 5))
    assert {package.name: str(package.verdict) for package in answer.packages} == {
        "alpha": "pure",
        "vcs": "not checked",
    }
    assert one(answer, "alpha").requested_by == ("poetry.lock:2",)


def test_old_poetry_lock_is_walked_from_pyproject(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.dependencies]\npython = "^3.9"\nalpha = "^1.0"\n')
    path = tmp_path / "poetry.lock"
    entries = [
        ("alpha", '[package.dependencies]\nbeta = [{version = "1"}, {version = "2", optional = true}]\n'),
        ("beta", ""),
        ("tool", ""),
    ]
    path.write_text("".join(f'[[package]]\nname = "{name}"\nversion = "1.0"\n{more}' for name, more in entries))
    closure = locked_closure(read_manifest(path, Workspace.around(path)), ARM)
    assert closure.versions == {"alpha": "1.0", "beta": "1.0"}
    assert closure.chains["beta"] == ("poetry.lock:7", "alpha")


def test_pdm_lock_of_the_default_group(tmp_path):
    path = tmp_path / "pdm.lock"
    path.write_text(
        """[metadata]
requires_python = ">=3.9"
[[package]]
name = "alpha"
version = "1.0"
groups = ["default"]
dependencies = ["beta>=1", "nonsense ;;"]
files = [{file = "alpha-1.0.tar.gz", hash = "sha256:aa"}]
[[package]]
name = "alpha"
version = "1.0"
extras = ["x"]
groups = ["default"]
[[package]]
name = "beta"
version = "1.0"
groups = ["default"]
marker = "platform_machine == 'aarch64'"
[[package]]
name = "dev"
version = "1.0"
groups = ["dev"]
[[package]]
name = "repo"
version = "1.0"
git = "https://example.invalid/x"
"""
    )
    manifest = read_manifest(path, Workspace.around(path))
    assert manifest.requires_python == ">=3.9"
    assert set(locked_closure(manifest, ARM).versions) == {"alpha", "beta", "repo"}
    assert set(locked_closure(manifest, X86).versions) == {"alpha", "repo"}


def test_pipfile_lock_is_a_flat_list(tmp_path):
    document = {
        "_meta": {
            "sources": [
                {"name": "main", "url": "https://a.invalid/simple"},
                {"name": "own", "url": "https://t0ken@b.invalid/simple"},
            ]
        },
        "default": {
            "alpha": {"version": "==1.0", "hashes": ["sha256:aa"], "index": "own", "markers": "python_version >= '3'"},
            "repo": {"git": "https://example.invalid/x", "ref": "abc"},
        },
        "develop": {"pytest": {"version": "==1"}},
    }
    path = tmp_path / "Pipfile.lock"
    path.write_text(json.dumps(document, indent=4))
    manifest = read_manifest(path, Workspace.around(path))
    assert manifest.indexes.default == "https://a.invalid/simple"
    assert manifest.indexes.of_project == {"alpha": "https://t0ken@b.invalid/simple"}
    assert manifest.pins["repo"][0].unchecked
    assert manifest.pins["alpha"][0].source == "Pipfile.lock:15"


def test_pipfile(tmp_path):
    path = tmp_path / "Pipfile"
    path.write_text(
        '[[source]]\nname = "main"\nurl = "https://a.invalid/simple"\n[packages]\nalpha = "*"\n'
        'beta = {version = ">=1", extras = ["x"], index = "main"}\nlocal = {path = "."}\n[dev-packages]\npytest = "*"\n'
    )
    manifest = read_manifest(path, Workspace.around(path))
    assert asked(manifest) == {"alpha": "Pipfile:5", "beta[x]>=1": "Pipfile:6"}
    assert [item.name for item in manifest.unchecked] == ["local"]


def test_pylock(tmp_path, package_index):
    path = tmp_path / "pylock.toml"
    path.write_text(
        """lock-version = "1.0"
created-by = "x"
requires-python = ">=3.9"
default-groups = ["prod"]
environments = ["sys_platform == 'linux'"]
[[packages]]
name = "alpha"
version = "1.0"
dependencies = [{name = "beta"}]
wheels = [{url = "https://example.invalid/alpha-1.0-cp312-cp312-manylinux_2_17_aarch64.whl", hashes = {sha256 = "aa"}}]
[[packages]]
name = "beta"
version = "1.0"
marker = "'prod' in dependency_groups"
sdist = {url = "https://example.invalid/beta-1.0.tar.gz", hashes = {sha256 = "bb"}}
wheels = [{url = "https://example.invalid/beta-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", hashes = {sha256 = "cc"}}]
[[packages]]
name = "dev"
version = "1.0"
marker = "'dev' in dependency_groups"
sdist = {url = "https://example.invalid/dev-1.0.tar.gz", hashes = {sha256 = "dd"}}
[[packages]]
name = "repo"
[packages.vcs]
type = "git"
url = "https://example.invalid/x"
commit-id = "abc"
"""
    )
    answer = check(path, Workspace.around(path), TARGET, IndexAccess(None, 5))
    assert {package.name: str(package.verdict) for package in answer.packages} == {
        "beta": "no arm64 wheel", "repo": "not checked", "alpha": "wheel",
    }  # fmt: skip
    assert one(answer, "beta").requested_by == ("pylock.toml:12", "alpha")


def test_pyproject_with_groups_sources_and_indexes(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        """[project]
name = "x"
dependencies = [
    "alpha>=1",
    'beta; sys_platform == "linux"',
    "forked",
    "ours",
]
[dependency-groups]
lambda = ["gamma", {include-group = "Shared"}]
shared = ["delta"]
dev = ["pytest"]
test-extra = ["hypothesis"]
[tool.uv]
prerelease = "allow"
extra-index-url = ["https://c.invalid/simple"]
[tool.uv.sources]
forked = { git = "https://example.invalid/x" }
ours = { index = "own" }
[[tool.uv.index]]
name = "own"
url = "https://own.invalid/simple"
explicit = true
[[tool.uv.index]]
name = "mirror"
url = "https://mirror.invalid/simple"
default = true
[[tool.uv.index]]
url = "https://more.invalid/simple"
"""
    )
    manifest = read_manifest(path, Workspace.around(path))
    assert asked(manifest) == {
        "alpha>=1": "pyproject.toml:4",
        'beta; sys_platform == "linux"': "pyproject.toml:5",
        "ours": "pyproject.toml:7",
        "gamma": "pyproject.toml:10",
        "delta": "pyproject.toml:11",
    }
    assert [item.name for item in manifest.unchecked] == ["forked"]
    assert manifest.prereleases
    assert manifest.indexes.default == "https://mirror.invalid/simple"
    assert manifest.indexes.extra == ("https://c.invalid/simple", "https://more.invalid/simple")
    assert manifest.indexes.of_project == {"ours": "https://own.invalid/simple"}


def test_pyproject_of_poetry(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        """[tool.poetry.dependencies]
python = "^3.11"
alpha = "^1.2.3"
beta = {version = "~1.2", extras = ["x"], python = ">=3.8", platform = "linux"}
gamma = [{version = "1.*", markers = "sys_platform == 'linux'"}, {version = "2.*", markers = "sys_platform == 'win32'"}]
local = {path = "../local"}
optional = {version = "*", optional = true}
[[tool.poetry.source]]
name = "own"
url = "https://own.invalid/simple"
priority = "primary"
"""
    )
    manifest = read_manifest(path, Workspace.around(path))
    assert [str(request.requirement) for request in manifest.requests] == [
        "alpha<2,>=1.2.3",
        'beta[x]<1.3,>=1.2; python_version >= "3.8" and sys_platform == "linux"',
        'gamma==1.*; sys_platform == "linux"',
        'gamma==2.*; sys_platform == "win32"',
    ]
    assert manifest.requires_python == ">=3.11,<4"
    assert [item.name for item in manifest.unchecked] == ["local"]
    assert manifest.indexes.default == "https://own.invalid/simple"


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("*", ""),
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2", "==1.2"),
        ("1.*", "==1.*"),
        (">=1, <2", ">=1,<2"),
        (">= 1.0", ">=1.0"),
        ("^1.0 || ^2.0", ">=2.0,<3"),
    ],
)
def test_constraints_of_poetry(constraint, expected, tmp_path):
    assert specifier(constraint, tmp_path) == expected


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("uv.lock", "[[package]\n", 1, "is not TOML"),
        ("uv.lock", "package = 1\n", None, "must be a list"),
        ("uv.lock", "package = [1]\n", None, "something else than tables"),
        ("uv.lock", "[[package]]\nversion = '1'\n", None, "'name' is missing"),
        ("uv.lock", "[[package]]\nname = 'a'\nsource = { registry = 'x' }\n", None, "no project of its own"),
        (
            "uv.lock",
            "[[package]]\nname = 'a'\nsource = {virtual='.'}\ndependencies=[{name='b', marker='?'}]\n",
            None,
            "cannot be read",
        ),
        ("uv.lock", "[[package]]\nname = \"a\"\nresolution-markers = ['?']\n", 2, "a marker cannot be read"),
        ("poetry.lock", '[[package]]\nname = "a"\n', 2, "'version' is missing"),
        (
            "poetry.lock",
            "[[package]]\nname = \"a\"\nversion = '1'\ngroups = ['main']\nmarkers = '?'\n",
            2,
            "marker cannot be read",
        ),
        ("pdm.lock", "[[package]]\nname = \"a\"\nversion = '1'\nmarker = '?'\n", 2, "marker cannot be read"),
        ("pylock.toml", "lock-version = '1.0'\n", None, "is no pylock.toml"),
        ("Pipfile.lock", "{\n,", 2, "is not JSON"),
        ("Pipfile.lock", "[]", 1, "is not a JSON object"),
        ("Pipfile.lock", '{"default": {"a": 1}}', None, "is no object"),
        ("Pipfile.lock", '{"default": {"a": {"markers": "?"}}}', None, "marker cannot be read"),
        ("Pipfile", "[packages]\na = 1\n", 2, "neither a version nor a table"),
        ("Pipfile", "[packages]\na = '^x'\n", 2, "no version constraint"),
        ("Pipfile", "[packages]\na = '=>1'\n", 2, "a: "),
        ("pyproject.toml", "[project]\ndependencies = [1]\n", None, "not a string"),
        ("pyproject.toml", "[dependency-groups]\na = [{include-group = 'b'}]\n", None, "no dependency group 'b'"),
        ("pyproject.toml", "[dependency-groups]\na = [{include-group = 'a'}]\n", None, "includes itself"),
        ("setup.cfg", "", None, "known by its name"),
        ("requirements.txt", "-r other.txt\n", 1, "the file that it names cannot be read"),
        ("requirements.txt", "a\n-r 'x\n", 2, "quotes do not match"),
        ("requirements.txt", "\n--index-url\n", 2, "has no value"),
        ("requirements.txt", "--frobnicate x\n", 1, "knows no such option"),
    ],
)
def test_mistakes_have_their_file_and_line(tmp_path, name, text, line, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_manifest(path, Workspace.around(path))
    (mistake,) = caught.value.mistakes
    assert (mistake.path.name, mistake.line) == (name, line)
    assert words in mistake.message
    answer = check(path, Workspace.around(path), TARGET, IndexAccess(None, 1))
    assert answer.verdict == "unknown"
    assert name in answer.reason


def test_unreadable_files_say_so(tmp_path):
    for content, words in ((b"a\n\xff\xfeb", "is not UTF-8 text"), (b"\xff\xfe\x00", "is not UTF-16 text")):
        (tmp_path / "requirements.txt").write_bytes(content)
        with pytest.raises(UsageError, match=words):
            read_manifest(tmp_path / "requirements.txt", Workspace(tmp_path))
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path / "none.txt", Workspace(tmp_path))
    (tmp_path / "large.txt").write_bytes(b"#" * (33 * 1024 * 1024))
    with pytest.raises(UsageError, match="is larger than 32 MB"):
        read_manifest(tmp_path / "large.txt", Workspace(tmp_path))
    (tmp_path / "Pipfile.lock").write_text("[" * 100_000)
    with pytest.raises(UsageError, match="nested too deeply"):
        read_manifest(tmp_path / "Pipfile.lock", Workspace(tmp_path))


def test_lock_goes_before_the_manifest(tmp_path):
    assert manifest_in(tmp_path) is None
    for name in ("pyproject.toml", "requirements.txt", "uv.lock"):
        (tmp_path / name).write_text("")
        assert manifest_in(tmp_path) == tmp_path / name


def test_named_pylock(tmp_path):
    (tmp_path / "pylock.dev.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n')
    assert read_manifest(tmp_path / "pylock.dev.toml", Workspace(tmp_path)).pins == {}
