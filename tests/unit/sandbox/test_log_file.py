import os

from lambdabot.sandbox import log_file
from lambdabot.sandbox.log_file import LogFile


def test_gives_each_piece_once_and_has_no_name(tmp_path):
    log = LogFile(tmp_path)
    assert list(tmp_path.iterdir()) == []
    os.write(log.handle, b"one\n")
    assert log.read() == b"one\n"
    assert log.read() == b""
    os.write(log.handle, b"two\n")
    assert log.read() == b"two\n"
    log.close()


def test_keeps_the_end_of_what_is_too_long_and_empties_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(log_file, "_KEPT", 4)
    monkeypatch.setattr(log_file, "_EMPTIED_AT", 6)
    log = LogFile(tmp_path)
    os.write(log.handle, b"0123456789")
    assert log.read() == b"6789"
    assert os.fstat(log.handle).st_size == 0
    os.write(log.handle, b"ab")
    assert log.read() == b"ab"
    log.close()
