import os

from lambdabot.sandbox import storage

MEBIBYTE = 1024 * 1024


def test_counts_files_once_and_folders_within_folders(tmp_path):
    before = storage.held_mb(str(tmp_path), [])
    (tmp_path / "inner/deep").mkdir(parents=True)
    (tmp_path / "inner/deep/file").write_bytes(bytes(3 * MEBIBYTE))
    (tmp_path / "again").hardlink_to(tmp_path / "inner/deep/file")
    (tmp_path / "link").symlink_to("/usr")
    assert 3 <= storage.held_mb(str(tmp_path), []) - before < 3.5


def test_counts_open_files_without_a_name(tmp_path):
    with (tmp_path / "file").open("wb", buffering=0) as file:
        file.write(bytes(2 * MEBIBYTE))
        os.unlink(tmp_path / "file")  # noqa: PTH108 - as code of others does
        assert 2 <= storage.held_mb(str(tmp_path), [os.getpid()]) < 2.5 + _of_others()
        assert storage.held_mb(str(tmp_path), []) < 1


def _of_others() -> float:
    """Return what else this process holds open without a name, as a test runner does."""
    return storage.held_mb("/nowhere/at/all", [os.getpid()])


def test_knows_nothing_of_what_is_gone():
    assert storage.held_mb("/nowhere/at/all", [2**22 + 1]) == 0
