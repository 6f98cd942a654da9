"""The files of zips and folders, sound, damaged and made to hurt."""

import io
import os
import zipfile

import pytest

from lambdabot.arm64.files import archive
from lambdabot.arm64.files.archive import members, zip_members
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.workspace import Workspace


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for path, content in files.items():
            made.writestr(path, content)
    return stream.getvalue()


def listed(path):
    return {name: stream.read() for name, stream in members(path, Workspace.around(path))}


def test_zip_gives_its_files_and_not_its_folders(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"folder/": "", "folder/a.py": "a", "../../climbs": "b"}))
    assert listed(path) == {"folder/a.py": b"a", "../../climbs": b"b"}
    assert list(tmp_path.iterdir()) == [path]


def test_folder_gives_its_files_in_order_without_what_is_never_shipped(tmp_path):
    for name in ("b.py", "a/z.py", ".venv/lib.so", ".git/config", "a/__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert list(listed(tmp_path)) == ["b.py", "a/z.py"]


def test_jar_is_looked_into_and_a_jar_in_it_is_not(tmp_path):
    jar = zipped({"native/lib.so": "code", "inner.jar": "a jar in a jar"})
    (tmp_path / "app.jar").write_bytes(jar)
    inside = {"app.jar!/native/lib.so": b"code", "app.jar!/inner.jar": b"a jar in a jar"}
    assert listed(tmp_path) == inside
    path = tmp_path / "function.zip"
    path.write_bytes(zipped({"lib/app.jar": jar, "a.txt": "a"}))
    assert listed(path) == {f"lib/{key}": value for key, value in inside.items()} | {"a.txt": b"a"}


def test_jar_that_is_none_or_too_large_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "text.jar").write_text("no zip")
    (tmp_path / "large.jar").write_bytes(zipped({"a": os.urandom(2000)}))
    assert list(listed(tmp_path)) == ["large.jar!/a"]
    monkeypatch.setattr(archive, "_JAR_LIMIT", 1000)
    assert list(listed(tmp_path)) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", b"PK\x03\x04", zipped({"a": "b" * 99})[:-30]],
    ids=["empty", "text", "a head alone", "torn"],
)
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="no sound zip"):
        listed(path)


def test_encrypted_zip_is_refused():
    raw = bytearray(zipped({"a.py": "secret"}))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableError, match="encrypted"):
        list(zip_members(io.BytesIO(bytes(raw))))


def test_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    bomb = zipped({"zeros": bytes(1_000_000)})
    monkeypatch.setattr(archive, "_UNZIPPED_LIMIT", 999_999)
    with pytest.raises(UnreadableError, match="far more than Lambda takes"):
        next(zip_members(io.BytesIO(bomb)))


def test_jars_unpack_within_the_bounds_of_what_they_lie_in(tmp_path, monkeypatch):
    jar = zipped({"zeros": bytes(90_000)})
    monkeypatch.setattr(archive, "_UNZIPPED_LIMIT", 100_000)
    assert list(zip_members(io.BytesIO(zipped({"a.jar": jar}))))
    with pytest.raises(UnreadableError, match="far more than Lambda takes"):
        list(zip_members(io.BytesIO(zipped({"a.jar": jar, "b.jar": jar}))))
    for name in ("a.jar", "b.jar"):
        (tmp_path / name).write_bytes(jar)
    with pytest.raises(UnreadableError, match="far more than Lambda takes"):
        listed(tmp_path)


def test_a_folder_is_its_workspaces_own_and_gits_files_are_passed_over(tmp_path):
    (tmp_path / "module").mkdir()
    (tmp_path / "module/.git").write_text("gitdir: ../.git/modules/module\n")
    (tmp_path / "module/a.py").touch()
    assert list(listed(tmp_path)) == ["module/a.py"]
    with pytest.raises(UnreadableError, match="does not lie in the workspace"):
        list(members(tmp_path, Workspace(tmp_path / "other")))


def test_zip_of_too_many_files_is_refused(monkeypatch):
    monkeypatch.setattr(archive, "_MEMBERS", 2)
    assert len(list(zip_members(io.BytesIO(zipped({"a": "", "b": ""}))))) == 2
    with pytest.raises(UnreadableError, match="far more than Lambda takes"):
        next(zip_members(io.BytesIO(zipped({"a": "", "b": "", "c": ""}))))


def test_file_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    (tmp_path / "locked").write_text("x")

    def refuse(*_):  # the tests may run as root, whom no mode keeps out
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(UnreadableError, match="locked: cannot be read: Permission denied"):
        listed(tmp_path)
