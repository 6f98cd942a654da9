"""Packages are made by the real uv from an index of hand-made wheels and sdists."""

import base64
import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambdabot import interpreters
from lambdabot.errors import PackagingError
from lambdabot.interpreters import OWN_PYTHON
from lambdabot.model import Architecture, Build, Function
from lambdabot.packaging import archive, building, install
from lambdabot.packaging.build import package, uninstalled
from lambdabot.packaging.target import Target
from lambdabot.programs import UV
from lambdabot.sandbox.cell import Finished
from lambdabot.sandbox.isolation import Means
from lambdabot.workspace import Workspace

X86_64 = Target.of_runtime("python3.13", Architecture.X86_64)
ARM64 = Target.of_runtime("python3.13", Architecture.ARM64)
MakeFunction = Callable[..., Function]
OTHER = next(filter(None, (interpreters.python(f"3.{minor}") for minor in (13, 12, 14, 11, 10))), None)


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Build]:
    def make(function: Function, target: Target = X86_64, *, workdir: Path = tmp_path / "work") -> Build:
        return package(function, target.architecture, target, workdir=workdir, cache_dir=tmp_path / "cache")

    return make


MakeBuild = Callable[..., Build]


def contents(build: Build) -> dict[str, bytes]:
    assert build.zip_path is not None
    with zipfile.ZipFile(build.zip_path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def failure(build: MakeBuild, function: Function, target: Target = X86_64) -> PackagingError:
    with pytest.raises(PackagingError) as raised:
        build(function, target)
    return raised.value


def test_a_function_without_requirements_starts_no_installer(
    function: MakeFunction, build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_run", lambda *_: pytest.fail("uv was started"))
    for text in (None, "", "# none yet\n\n"):
        built = build(function(text))
        assert "app.py" in contents(built)
        assert built.target == "python3.13, x86_64, glibc 2.34"


def test_a_build_says_what_it_is(function: MakeFunction, build: MakeBuild) -> None:
    built = build(function())
    assert built.zip_path is not None
    content = built.zip_path.read_bytes()
    assert (built.function, built.side, built.architecture) == ("thumbnail", "head", Architecture.X86_64)
    assert built.code_sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert (built.zip_bytes, built.image_uri) == (len(content), None)
    assert built.unzipped_bytes == len("def handler(event, context): ...\n")


def test_each_architecture_gets_its_own_wheels(function: MakeFunction, index, build: MakeBuild) -> None:
    index.wheel("native", tag="cp313-cp313-manylinux_2_28_x86_64", files={"native/lib.so": b"x86"})
    index.wheel("native", tag="cp313-cp313-manylinux_2_34_aarch64", files={"native/lib.so": b"arm"})
    index.wheel("native", tag="cp311-cp311-manylinux_2_28_x86_64", files={"native/lib.so": b"old"})
    wanted = function(index.lines("native"))
    with ThreadPoolExecutor(2) as threads:
        x86_64, arm64 = threads.map(lambda target: build(wanted, target), [X86_64, ARM64])
    assert contents(x86_64)["native/lib.so"] == b"x86"
    assert contents(arm64)["native/lib.so"] == b"arm"


def test_the_local_target_takes_wheels_for_this_interpreter(function: MakeFunction, index, build: MakeBuild) -> None:
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    local = Target.local()
    machine = "aarch64" if local.architecture is Architecture.ARM64 else "x86_64"
    index.wheel("native", tag=f"{python}-{python}-manylinux_2_17_{machine}", files={"native/lib.so": b"here"})
    index.wheel("native", tag="cp39-cp39-manylinux_2_17_x86_64", files={"native/lib.so": b"elsewhere"})
    built = build(function(index.lines("native")), local)
    assert contents(built)["native/lib.so"] == b"here"
    assert "this machine" in built.target


@pytest.mark.skipif(OTHER is None, reason="needs another version of Python than the one that runs this")
def test_another_interpreter_of_this_machine_gets_its_own_wheels_and_builds(
    function: MakeFunction, index, build: MakeBuild
) -> None:
    own, other = (f"cp3{version.split('.')[1]}" for version in (OWN_PYTHON, OTHER.version))
    for tag in (own, other):
        index.wheel("native", tag=f"{tag}-none-any", files={"native/tag.txt": tag.encode()})
    index.sdist("onlysource")
    written = function(index.lines("native", "onlysource"), allow_build=frozenset({"onlysource"}))
    files = contents(build(written, Target.local(OTHER)))
    assert files["native/tag.txt"] == other.encode()
    assert "onlysource/environment.txt" in files


def test_dependencies_of_dependencies_extras_markers_and_constraints_hold(
    function: MakeFunction, index, build: MakeBuild, source: Path
) -> None:
    index.wheel("top", requires=("inner>=1", 'windows; sys_platform == "win32"'))
    index.wheel("inner", "1.0")
    index.wheel("inner", "2.0")
    (source / "limits.txt").write_text("inner<2\n")
    names = contents(build(function(index.lines("-c limits.txt", 'absent; python_version < "3.9"', "top"))))
    assert "top/__init__.py" in names
    assert "inner-1.0.dist-info/METADATA" in names
    assert not any(name.startswith(("windows", "absent", "inner-2.0")) for name in names)


def test_the_functions_own_file_wins_over_a_dependencys(
    function: MakeFunction, index, build: MakeBuild, source: Path
) -> None:
    index.wheel("six", files={"six/__init__.py": b"theirs", "six/more.py": b"theirs"})
    (source / "six").mkdir()
    (source / "six" / "__init__.py").write_text("ours")
    found = contents(build(function(index.lines("six"))))
    assert found["six/__init__.py"] == b"ours"
    assert found["six/more.py"] == b"theirs"


def test_hashes_are_verified(function: MakeFunction, index, build: MakeBuild) -> None:
    digest = hashlib.sha256(index.wheel("six").read_bytes()).hexdigest()
    build(function(index.lines(f"six==1.0 --hash=sha256:{digest}")))
    error = failure(build, function(index.lines(f"six==1.0 --hash=sha256:{'0' * 64}")))
    assert (
        "requirements.txt:3: `six==1.0` has a file for python3.13, x86_64, glibc 2.34 whose hash is not" in error.what
    )


def test_dependencies_do_not_make_packages_differ(
    function: MakeFunction, index, build: MakeBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.wheel(
        "tool",
        files={"tool-1.0.data/scripts/helper": b"#!python\nprint(1)\n", "tool/x.so": b"x"},
        entry_points="[console_scripts]\ntool = tool:main\n",
    )
    wanted = function(index.lines("tool"))
    first = build(wanted)
    for name in ("venv", "a long and spaced path " * 8):
        venv.create(tmp_path / name, symlinks=True)
        monkeypatch.setattr(sys, "executable", str(tmp_path / name / "bin" / "python"))
        before = os.umask(0o077)
        try:
            again = build(wanted, workdir=tmp_path / "elsewhere" / name)
        finally:
            os.umask(before)
        assert contents(again) == contents(first)
        assert again.code_sha256 == first.code_sha256
    assert contents(first)["bin/tool"].startswith(b"#!/usr/bin/env python3\n")
    assert b"bin/tool,,\n" in contents(first)["tool-1.0.dist-info/RECORD"]
    assert not any(name.endswith((".pyc", "direct_url.json", ".lock")) for name in contents(first))


@pytest.mark.parametrize(
    "lines",
    [
        ["-e {project}"],
        ["--editable={project}"],
        ["-e \\", "{project}"],
        ["{project}"],
        ["file://{project}"],
        ["evil @ file://{project}"],
        ["evil @ file://{sdist}"],
        ["{sdist}"],
        ["evil"],
        ["--no-binary evil", "evil"],
        ["--no-binary=evil", "evil"],
        ["--no-binary :all:", "evil"],
        ["--only-binary :none:", "evil"],
        ["--pre --no-binary evil", "evil"],
        ["--find-links x --no-binary evil", "evil"],
        ["--no-binary evil\u2028evil"],
        ["# \\", "--no-binary evil", "evil"],
        ["top"],
        ["-r inner.txt"],
        ["-c inner.txt", "evil"],
    ],
)
def test_nothing_of_anybodys_code_runs(
    function: MakeFunction, index, build: MakeBuild, source: Path, *, lines: list[str]
) -> None:
    project = index.project(source / "evil", "evil")
    sdist = index.sdist("evil")
    index.wheel("top", requires=("evil",))
    (source / "inner.txt").write_text(f"--no-binary evil\n-e {project}\nevil\n")
    text = "\n".join(lines).format(project=project, sdist=sdist)
    error = failure(build, function(index.lines(text), allow_build=()))
    assert not index.built
    assert error.what.startswith("`thumbnail` (head) cannot be packaged for x86_64: ")
    assert ".txt:" in error.what or "evil" in error.what


def test_uv_itself_would_have_run_it(index, tmp_path: Path) -> None:
    """Why requirement files are read first: if this fails, uv has become stricter and `requirements` may be simpler."""
    project = index.project(tmp_path / "evil", "evil")
    (tmp_path / "r.txt").write_text(f"--no-index\n-e {project}\n")
    command = [UV, "pip", "install", "--no-config", "--only-binary", ":all:", "-r", "r.txt"]
    command += ["--target", "t", "--python", sys.executable, "--cache-dir", "c"]
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert index.built


def test_a_source_distribution_is_built_only_when_it_is_listed(function: MakeFunction, index, build: MakeBuild) -> None:
    index.sdist("legacy")
    error = failure(build, function(index.lines("legacy==1.0")))
    assert "requirements.txt:3: `legacy==1.0` has no wheel for python3.13, x86_64, glibc 2.34" in error.what
    assert "`allow_build: [legacy]`" in error.advice
    assert not index.built
    assert "legacy/__init__.py" in contents(build(function(index.lines("legacy==1.0"), allow_build=("Legacy",))))
    assert index.built
    failure(build, function(index.lines("legacy==1.0")))  # what was built is not taken from a cache by others


def test_a_listed_package_with_a_wheel_is_not_built(function: MakeFunction, index, build: MakeBuild) -> None:
    index.wheel("legacy")
    index.sdist("legacy")
    build(function(index.lines("legacy"), allow_build=("legacy",)))
    assert not index.built
    build(function(index.lines("--no-binary legacy", "legacy"), allow_build=("legacy",)))
    assert index.built, "the requirement file asks for a build, and it is allowed"


def test_listing_one_package_does_not_build_another(function: MakeFunction, index, build: MakeBuild) -> None:
    index.sdist("evil")
    index.wheel("top", requires=("evil",))
    error = failure(build, function(index.lines("top"), allow_build=("top", "legacy")))
    assert "`evil" in error.what
    assert "(required by another package)" in error.what
    assert not index.built


def test_several_listed_packages_are_built_one_after_the_other(function: MakeFunction, index, build: MakeBuild) -> None:
    index.sdist("one")
    index.sdist("two")
    names = contents(build(function(index.lines("one", "two"), allow_build=("one", "two"))))
    assert {"one/__init__.py", "two/__init__.py"} <= set(names)


def test_a_build_sees_no_secret(
    function: MakeFunction, index, build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.sdist("legacy")
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "INPUT_GITHUB-TOKEN", "UV_INDEX_PRIVATE_PASSWORD", "NETRC"):
        monkeypatch.setenv(name, "sekrit")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    found = contents(build(function(index.lines("legacy"), allow_build=("legacy",))))
    environment = found["legacy/environment.txt"].decode()
    assert "PATH=" in environment
    assert "HTTPS_PROXY=http://proxy.example:3128" in environment
    assert "sekrit" not in environment
    assert f"HOME={Path.home()}\n" not in environment


def test_a_build_runs_as_nobody_who_is_anybody(function: MakeFunction, index, build: MakeBuild) -> None:
    index.sdist("legacy")
    user = int(contents(build(function(index.lines("legacy"), allow_build=("legacy",))))["legacy/user.txt"])
    assert (user in range(61184, 65520)) == (os.geteuid() == 0)


def test_a_build_is_refused_where_an_index_needs_a_password(
    function: MakeFunction, index, build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.sdist("legacy")
    monkeypatch.setenv("UV_INDEX", "https://me:sekrit@index.example/simple")
    error = failure(build, function(index.lines("legacy"), allow_build=("legacy",)))
    assert "`legacy` would be built by a process that can read the password in UV_INDEX" in error.what
    assert "sekrit" not in str(error)
    assert not index.built


def test_what_is_built_for_this_machine_is_not_taken_for_another(
    function: MakeFunction, index, build: MakeBuild
) -> None:
    index.sdist("native", tag="cp39-cp39-linux_x86_64")
    error = failure(build, function(index.lines("native==1.0"), allow_build=("native",)), ARM64)
    assert (
        "requirements.txt:3: `native==1.0` was built for this machine and does not run on python3.13, arm64"
        in error.what
    )


@pytest.mark.parametrize(
    "leave",
    [
        os.mkfifo,
        lambda path: path.symlink_to("/proc/self/environ"),
        lambda path: path.symlink_to("/etc", target_is_directory=True),
    ],
    ids=["FIFO", "link to a file", "link to a folder"],
)
def test_a_build_that_leaves_no_file_in_a_files_place_is_refused(
    tmp_path: Path, leave: Callable[[Path], object]
) -> None:
    (tmp_path / "built").mkdir()
    leave(tmp_path / "built" / "it")
    with pytest.raises(PackagingError, match="neither a file nor a folder"):
        building.take(tmp_path / "built", tmp_path / "package")


def test_a_build_that_puts_a_link_in_the_packages_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/credentials").write_text("sekrit")
    (tmp_path / "built").symlink_to("secrets")
    with pytest.raises(PackagingError, match="neither a file nor a folder"):
        building.take(tmp_path / "built", tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_what_was_built_has_no_rights_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "built/inner").mkdir(parents=True)
    for name, mode in (("program", 0o4777), ("inner/text", 0o666)):
        (tmp_path / "built" / name).write_text(name)
        (tmp_path / "built" / name).chmod(mode)
    building.take(tmp_path / "built", tmp_path / "package")
    modes = [(tmp_path / "package" / name).stat().st_mode & 0o7777 for name in ("program", "inner/text")]
    assert modes == [0o755, 0o644]


def test_a_build_is_given_the_archives_of_a_folder_and_no_more(function: MakeFunction, index, build: MakeBuild) -> None:
    index.sdist("legacy")
    (index.folder / "other.whl").symlink_to("/etc/passwd")
    (index.folder / "secret.txt").write_text("sekrit")
    links = index.folder / "links"
    links.mkdir()
    building._copy_archives(index.folder, links)
    assert [path.name for path in links.iterdir()] == ["legacy-1.0.tar.gz"]
    building._copy_archives(index.folder / "nowhere", links)


def test_a_build_sees_what_the_workflow_names(tmp_path: Path) -> None:
    environment = {
        "SSL_CERT_FILE": str(tmp_path),
        "UV_INDEX": f"file://{tmp_path} https://index.example/simple",
        "UV_DEFAULT_INDEX": "file:///nowhere/at/all",
        "PATH": "/usr/bin",
    }
    assert list(building._named(environment)) == [tmp_path, tmp_path]


def test_a_build_that_used_too_much_is_refused() -> None:
    for end, told in (("time", "took longer than 15 minutes"), ("memory", "4096 MB of memory"), ("storage", "8192 MB")):
        with pytest.raises(PackagingError, match=f"building `evil` .*{told}.* and was ended"):
            building._refuse_excess(Finished(end=end, status=-9, text=""), frozenset({"evil"}))
    building._refuse_excess(Finished(end="exit", status=1, text=""), frozenset({"evil"}))


def test_a_build_is_refused_where_it_would_see_what_is_ours(
    function: MakeFunction, index, build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.sdist("legacy")
    bare = Means(namespaces="none", landlock=0, users=False)
    monkeypatch.setattr(Means, "find", lambda: bare)
    error = failure(build, function(index.lines("legacy"), allow_build=("legacy",)))
    assert "`legacy` is not built: a build cannot be confined on this machine" in error.what
    assert "Build its wheel in an earlier step" in error.advice
    assert not index.built


def test_a_build_that_fails_is_said(function: MakeFunction, index, build: MakeBuild) -> None:
    source = index.folder / "broken-source"
    source.mkdir()
    index.sdist("broken")
    (source / "backend.py").write_text("raise SystemExit('no compiler')\n")
    index.project = lambda folder, *_: folder
    index.sdist("broken")
    error = failure(build, function(index.lines("broken"), allow_build=("broken",)))
    assert "requirements.txt:3: `broken` could not be built" in error.what
    assert "no compiler" in error.advice


@pytest.mark.parametrize(
    ("wheels", "line", "message"),
    [
        (["six-1.0-py3-none-any"], "sixx", "`sixx` is not on the package index"),
        (["six-1.0-py3-none-any"], "six==9", "`six==9` has no such release"),
        (["six-1.0-cp39-cp39-manylinux_2_17_x86_64"], "six", "`six` has no wheel for python3.13, x86_64, glibc 2.34"),
        (["six-1.0-cp313-cp313-win_amd64"], "six==1.0", "`six==1.0` has no wheel for python3.13, x86_64"),
        (["six-1.0-cp313-cp313-manylinux_2_39_x86_64"], "six", "`six` has no wheel for python3.13, x86_64, glibc 2.34"),
    ],
)
def test_the_package_its_line_and_the_reason_are_named(
    function: MakeFunction, index, build: MakeBuild, *, wheels: list[str], line: str, message: str
) -> None:
    for wheel in wheels:
        name, version, tag = wheel.split("-", 2)
        index.wheel(name, version, tag)
    error = failure(build, function(index.lines(line)))
    assert f"cannot be packaged for x86_64: requirements.txt:3: {message}" in error.what
    assert error.advice.partition("\n")[0].endswith(".")
    assert "uv says:\n" in error.advice


def test_a_release_for_newer_pythons_is_said(function: MakeFunction, index, build: MakeBuild) -> None:
    index.wheel("modern", python=">=3.14")
    error = failure(build, function(index.lines("modern==1.0")))
    assert "requirements.txt:3: `modern==1.0` does not support python3.13" in error.what


def test_a_release_for_a_later_patch_of_the_runtime_is_taken(function: MakeFunction, index, build: MakeBuild) -> None:
    index.wheel("patched", python=">=3.13.2")
    assert "patched/__init__.py" in contents(build(function(index.lines("patched"))))


def test_requirements_that_contradict_one_another_are_said(function: MakeFunction, index, build: MakeBuild) -> None:
    index.wheel("top", requires=("six<2",))
    index.wheel("six", "1.0")
    index.wheel("six", "2.0")
    error = failure(build, function(index.lines("top", "six==2.0")))
    assert "the requirements contradict one another" in error.what
    assert "six" in error.advice


def test_an_index_that_cannot_be_reached_is_said_without_its_password(
    function: MakeFunction, build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:sekrit@127.0.0.1:9/simple")
    error = failure(build, function("six\n"))
    assert "the package index could not be reached" in error.what
    assert "127.0.0.1:9" in error.advice
    assert "sekrit" not in str(error)


def test_an_installer_that_hangs_is_given_up(
    function: MakeFunction, index, build: MakeBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "uv"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(install, "UV", str(hanging))
    monkeypatch.setattr(install, "TIMEOUT_SECONDS", 0.1)
    assert "took longer than" in failure(build, function(index.lines("six"))).what


def test_an_installer_that_says_nothing_is_quoted_by_its_status(
    function: MakeFunction, index, build: MakeBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "uv"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o755)
    monkeypatch.setattr(install, "UV", str(silent))
    error = failure(build, function(index.lines("six")))
    assert "the dependencies could not be installed" in error.what
    assert "status 3" in error.advice


def test_an_empty_source_is_refused(function: MakeFunction, build: MakeBuild, source: Path) -> None:
    (source / "app.py").unlink()
    assert "its source folder holds no file" in failure(build, function()).what


def test_other_runtimes_are_zipped_as_they_are(function: MakeFunction, build: MakeBuild, source: Path) -> None:
    (source / "requirements.txt").write_text("nothing-that-exists\n")
    built = build(
        function("nothing-that-exists\n", runtime="nodejs22.x"), Target.of_runtime("nodejs22.x", Architecture.ARM64)
    )
    assert set(contents(built)) == {"app.py", "requirements.txt"}
    assert built.target == "nodejs22.x, arm64"


def test_an_image_is_taken_by_its_address(function: MakeFunction, build: MakeBuild) -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/thumbnail:1"
    built = build(function(code=image))
    assert (built.image_uri, built.code_sha256, built.zip_path, built.zip_bytes) == (image, image, None, 0)


def test_a_zip_is_taken_byte_for_byte(function: MakeFunction, build: MakeBuild, tmp_path: Path) -> None:
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("app.py", "x" * 1000)
        opened.writestr("__pycache__/app.pyc", "kept")
    content = path.read_bytes()
    built = build(function(code=path))
    assert built.zip_path is not None
    assert built.zip_path != path  # what is uploaded later is what was looked at now
    assert path.read_bytes() == content == built.zip_path.read_bytes()
    assert built.code_sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert (built.zip_bytes, built.unzipped_bytes) == (len(content), 1004)


@pytest.mark.parametrize("name", ["orders.jar", "package"])
def test_what_is_a_zip_under_another_name_is_taken_as_it_is(
    function: MakeFunction, build: MakeBuild, tmp_path: Path, name: str
) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as opened:
        opened.writestr("app.py", "x")
    assert contents(build(function(code=tmp_path / name))) == {"app.py": b"x"}


def test_one_file_is_the_package_alone_and_keeps_its_mode(
    function: MakeFunction, build: MakeBuild, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    path = tmp_path / "one" / "bootstrap"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    (tmp_path / "one" / "beside.txt").write_text("is not packaged")
    built = build(function(code=path))
    assert contents(built) == {"bootstrap": b"#!/bin/sh\n"}
    assert built.zip_path is not None
    with zipfile.ZipFile(built.zip_path) as opened:
        assert opened.getinfo("bootstrap").external_attr >> 16 & 0o777 == 0o755


def test_one_file_that_is_not_there_or_not_ours_is_refused(
    function: MakeFunction, build: MakeBuild, tmp_path: Path
) -> None:
    assert "its source app.py cannot be read" in failure(build, function(code=tmp_path / "app.py")).what
    (tmp_path / "app.py").write_text("pass\n")
    foreign = function(code=tmp_path / "app.py").changed(workspace=Workspace(tmp_path / "work"))
    assert "does not lie in the workspace" in failure(build, foreign).what


def test_a_zip_that_is_none_is_refused(function: MakeFunction, build: MakeBuild, tmp_path: Path) -> None:
    (tmp_path / "own.zip").write_text("no zip")
    assert "own.zip is not a zip that can be read" in failure(build, function(code=tmp_path / "own.zip")).what


def test_an_empty_zip_is_refused(function: MakeFunction, build: MakeBuild, tmp_path: Path) -> None:
    zipfile.ZipFile(tmp_path / "own.zip", "w").close()
    assert failure(build, function(code=tmp_path / "own.zip")).what.endswith("own.zip holds no file")


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("src/uv.lock", "uv.lock is not read: export it before lambdabot runs, with `uv export"),
        ("src/pyproject.toml", "pyproject.toml is not read: export it before lambdabot runs, with `uv pip compile"),
        ("Pipfile", "../Pipfile is not read: export it"),
        ("requirements.txt", "../requirements.txt is not read: set `requirements: ../requirements.txt`"),
        ("README.md", "there is no requirements.txt in src, and no `requirements`"),
    ],
)
def test_a_package_without_dependencies_says_how_it_gets_them(
    function: MakeFunction, tmp_path: Path, manifest: str, words: str
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / manifest).touch()
    assert words in uninstalled(function(code=tmp_path / "src"))


def test_one_file_says_that_it_has_no_dependencies(function: MakeFunction, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import idna\n")
    assert "one.py is all of the package. Name a folder" in uninstalled(function(code=tmp_path / "one.py"))


def test_a_package_with_dependencies_or_of_its_own_has_nothing_to_say(function: MakeFunction, tmp_path: Path) -> None:
    assert not uninstalled(function("idna"))
    assert not uninstalled(function(code=tmp_path / "own.zip"))


def test_a_zip_that_lambda_would_refuse_is_refused(
    function: MakeFunction, build: MakeBuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("app.py", "x" * (2 << 20))
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 1 << 20)
    assert "the package is 2 MB zipped" in failure(build, function(code=path)).what
    monkeypatch.setattr(archive, "MAX_UNZIPPED_BYTES", 1 << 20)
    assert "the package is 2 MB unzipped" in failure(build, function(code=path)).what


def test_code_that_was_never_read_is_a_reason(function: MakeFunction, build: MakeBuild) -> None:
    unread = function().changed(source=None, like="orders:live")
    assert failure(build, unread).what == "the code of `orders:live` was not read"


def test_a_package_that_goes_through_s3_may_be_larger(
    function: MakeFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 10)
    where = {"workdir": tmp_path / "work", "cache_dir": tmp_path / "cache"}

    with pytest.raises(PackagingError, match="by direct upload") as raised:
        package(function(), Architecture.X86_64, X86_64, **where)
    assert "Set `bucket` in lambdabot.yml" in raised.value.advice
    built = package(function(), Architecture.X86_64, X86_64, direct=False, **where)
    taken = function().changed(source=built.zip_path)
    assert package(taken, Architecture.X86_64, X86_64, direct=False, **where).code_sha256 == built.code_sha256
