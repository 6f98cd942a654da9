"""Zips are the same for the same input, leave out what is of no use, and keep within Lambda's limits."""

import base64
import hashlib
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdabot.errors import PackagingError
from lambdabot.packaging import archive


def zipped(folder: Path, destination: Path) -> archive.Archive:
    return archive.write(dict(archive.files(folder)), {}, destination)


def names(folder: Path) -> list[str]:
    return [name for name, _ in archive.files(folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "pkg").mkdir(parents=True)
    (folder / "app.py").write_text("1\n")
    (folder / "pkg" / "data.txt").write_text("2\n")
    (folder / "bootstrap").write_text("#!/bin/sh\n")
    (folder / "bootstrap").chmod(0o755)
    return folder


def test_times_umask_and_order_of_creation_do_not_matter(folder: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        other = tmp_path / "other"
        other.mkdir()
        (other / "bootstrap").write_text("#!/bin/sh\n")
        (other / "bootstrap").chmod(0o700)
        (other / "pkg").mkdir()
        (other / "pkg" / "data.txt").write_text("2\n")
        (other / "app.py").write_text("1\n")
        os.utime(other / "app.py", (1, 1))
        second = zipped(other, tmp_path / "second.zip")
    finally:
        os.umask(before)
    first = zipped(folder, tmp_path / "first.zip")
    assert second.sha256 == first.sha256
    assert (tmp_path / "second.zip").read_bytes() == (tmp_path / "first.zip").read_bytes()


def test_entries_are_sorted_with_a_fixed_time_and_fixed_modes(folder: Path, tmp_path: Path) -> None:
    zipped(folder, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        entries = opened.infolist()
    assert [entry.filename for entry in entries] == ["app.py", "bootstrap", "pkg/data.txt"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    modes = [entry.external_attr >> 16 for entry in entries]
    assert modes == [stat.S_IFREG | 0o644, stat.S_IFREG | 0o755, stat.S_IFREG | 0o644]


def test_the_bytes_are_known(tmp_path: Path) -> None:
    """A change here changes the CodeSha256 of every user's function: it must be meant."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "app.py").write_text("x = 1\n")
    written = zipped(tmp_path / "one", tmp_path / "one.zip")
    header = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 1 << 5 | 1, zlib.crc32(b"x = 1\n"), 8, 6, 6, 0)
    assert (tmp_path / "one.zip").read_bytes().startswith(header + b"app.py")
    assert written.unzipped_bytes == 6


def test_the_hash_is_lambdas(folder: Path, tmp_path: Path) -> None:
    written = zipped(folder, tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    assert written.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert written.zip_bytes == len(content)
    assert written.unzipped_bytes == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_is_of_no_use_stays_out(folder: Path) -> None:
    for unwanted in (".git/config", "pkg/__pycache__/x.cpython-313.pyc", "old.pyc", ".venv/lib/x.py", "pkg/.DS_Store"):
        (folder / unwanted).parent.mkdir(parents=True, exist_ok=True)
        (folder / unwanted).touch()
    assert names(folder) == ["app.py", "bootstrap", "pkg/data.txt"]


def test_a_git_file_of_a_worktree_stays_out_and_like_named_files_stay_in(folder: Path) -> None:
    (folder / ".git").write_text("gitdir: elsewhere\n")
    (folder / ".gitignore").touch()
    assert ".git" not in names(folder)
    assert ".gitignore" in names(folder)


def test_links_inside_are_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.txt").symlink_to("pkg/data.txt")
    (folder / "linked").symlink_to(folder / "pkg")
    zipped(folder, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert opened.read("link.txt") == b"2\n"
        assert opened.read("linked/data.txt") == b"2\n"


def test_a_source_that_is_a_link_itself_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert names(tmp_path / "alias") == names(folder)


def test_links_that_leave_the_source_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("token")
    (folder / "pkg" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(PackagingError, match=r"the link pkg/link leads out of folder"):
        names(folder)


def test_links_to_excluded_files_are_refused(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("token")
    (folder / "innocent.txt").symlink_to(".git/config")
    with pytest.raises(PackagingError, match=r"the link innocent\.txt"):
        names(folder)


def test_a_file_reached_through_a_linked_parent_is_checked_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "dir").symlink_to(tmp_path / "outside")
    with pytest.raises(PackagingError, match="the link dir"):
        names(folder)


@pytest.mark.parametrize("target", ["missing.txt", "self"])
def test_links_that_lead_nowhere_are_refused(folder: Path, target: str) -> None:
    (folder / "self").symlink_to(target)
    with pytest.raises(PackagingError, match="the link self leads nowhere"):
        names(folder)


def test_links_in_a_circle_are_refused(folder: Path) -> None:
    (folder / "pkg" / "up").symlink_to("..")
    with pytest.raises(PackagingError, match="the link pkg/up leads in a circle"):
        names(folder)


def test_what_is_no_file_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(PackagingError, match="pipe is neither a file nor a folder"):
        names(folder)


def test_a_folder_that_cannot_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)  # root can read everything, so the refusal is made up
    with pytest.raises(PackagingError, match="cannot be read: Permission denied"):
        names(folder)


def test_a_file_that_cannot_be_read_is_said(folder: Path, tmp_path: Path) -> None:
    contents = {"app.py": folder / "app.py", "pkg": folder / "pkg"}  # a folder in a file's place cannot be opened
    with pytest.raises(PackagingError, match="pkg cannot be read: Is a directory"):
        archive.write(contents, {}, tmp_path / "a.zip")


def test_a_name_that_is_not_utf8_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(PackagingError, match="not valid UTF-8"):
        zipped(folder, tmp_path / "a.zip")


def test_names_beyond_ascii_are_kept(folder: Path, tmp_path: Path) -> None:
    (folder / "café.txt").touch()
    zipped(folder, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert "café.txt" in opened.namelist()


def test_more_than_lambda_unpacks_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    for name, size in (("models/big.bin", 240 << 20), ("models/small.bin", 8 << 20), ("extra.bin", 6 << 20)):
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("wb") as file:
            file.truncate(size)  # sparse: no disk is used
    with pytest.raises(PackagingError) as raised:
        zipped(folder, tmp_path / "a.zip")
    said = "the package is 254 MB unzipped; Lambda takes 250 MB (largest: models 248 MB, extra.bin 6 MB, "
    assert raised.value.what.startswith(said)
    assert "layer" in raised.value.advice
    assert not (tmp_path / "a.zip").exists()


def test_more_than_a_direct_upload_takes_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ZIP_BYTES", 2 << 20)
    (folder / "noise.bin").write_bytes(os.urandom(3 << 20))
    with pytest.raises(PackagingError, match=r"the package is 3 MB zipped; Lambda takes 2 MB by direct upload"):
        zipped(folder, tmp_path / "a.zip")


def test_memory_stays_small_while_a_large_file_is_written(folder: Path, tmp_path: Path) -> None:
    with (folder / "large.bin").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    zipped(folder, tmp_path / "a.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


@settings(deadline=None, max_examples=30)
@given(
    contents=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\\.\x00"), min_size=1, max_size=20),
        st.tuples(st.binary(max_size=200), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_any_content_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, tuple[bytes, bool]]
) -> None:
    base = tmp_path_factory.mktemp("any")
    paths = {}
    for number, (name, (content, executable)) in enumerate(contents.items()):
        paths[name] = base / str(number)
        paths[name].write_bytes(content)
        paths[name].chmod(0o755 if executable else 0o600)
    archive.write(paths, {}, base / "a.zip")
    with zipfile.ZipFile(base / "a.zip") as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {n: c for n, (c, _) in contents.items()}
        executables = {entry.filename for entry in opened.infolist() if entry.external_attr >> 16 & stat.S_IXUSR}
    assert executables == {name for name, (_, executable) in contents.items() if executable}
