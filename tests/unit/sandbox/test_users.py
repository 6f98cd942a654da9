import os
import subprocess
from pathlib import Path

import pytest

from lambdabot.errors import ConfinementError
from lambdabot.sandbox import users
from lambdabot.sandbox.users import Users
from tests import open_interpreter

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives user ids")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(users, "_LAST", users._FIRST + 2)
    return tmp_path


@needs_root
def test_gives_no_id_twice_on_this_machine(folder):
    one, other = Users([folder]), Users([folder])
    taken = [one.take(), other.take(), one.take()]
    assert sorted(taken) == [users._FIRST, users._FIRST + 1, users._FIRST + 2]
    with pytest.raises(ConfinementError, match="all 3 user ids for code of others are in use"):
        other.take()
    one.give_back(taken[0])
    assert other.take() == taken[0]
    for user in taken[:2]:
        other.give_back(user)
    one.give_back(taken[2])
    one.close()
    assert list(folder.iterdir()), "the other has it open"
    other.close()
    assert list(folder.iterdir()) == []


@needs_root
def test_gives_an_id_to_one_endpoint_again_once_it_is_given_back(folder):
    given = Users([folder])
    taken = [given.take() for _ in range(3)]
    with pytest.raises(ConfinementError):
        given.take()
    for user in taken:
        given.give_back(user)
    assert given.take() in taken
    given.close()
    assert list(folder.iterdir()), "an id is not given back: some process may be it"


@needs_root
def test_keeps_ids_until_the_last_process_that_has_them_ends(folder):
    given = Users([folder])
    taken = given.take()
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=[given.handle]) as supervisor:
        os.close(given.handle)  # as a kill would
        other = Users([folder])
        assert taken not in {other.take(), other.take()}
        with pytest.raises(ConfinementError):
            other.take()
        supervisor.stdin.close()
        supervisor.wait()
        assert other.take() == taken
    os.close(other.handle)
    last = Users([folder])
    last.close()
    assert list(folder.iterdir()) == []


@needs_root
def test_uses_no_file_that_was_removed_meanwhile(folder, monkeypatch):
    path = folder / users._NAME
    removed = []
    locked = users._locked

    def removing(handle, kind, byte, *, wait=False):
        if wait and not removed:
            path.unlink()
            removed.append(handle)
        return locked(handle, kind, byte, wait=wait)

    monkeypatch.setattr(users, "_locked", removing)
    given = Users([folder])
    assert path.stat().st_ino == os.fstat(given.handle).st_ino
    given.close()


@needs_root
def test_keeps_its_locks_where_nobody_else_can_take_them(folder):
    given = Users([folder])
    path = folder / users._NAME
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (0, 0o600)
    folder.chmod(0o777)
    with pytest.raises(ConfinementError, match="no system folder is root's alone"):
        Users([folder, folder / "none"])
    folder.chmod(0o755)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        Users([folder])
    os.close(given.handle)


@needs_root
def test_another_user_cannot_hold_an_id(folder):
    interpreter = open_interpreter.find()
    if interpreter is None:
        pytest.skip("needs an interpreter that every user may run")
    given = Users([folder])
    for parent in (folder, *folder.parents[:3]):  # one is a worker's own, where there are workers
        parent.chmod(parent.stat().st_mode | 0o055)
    program = f"import fcntl; fcntl.lockf(open({str(folder / users._NAME)!r}, 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    command = [interpreter, "-I", "-S", "-c", program]
    ended = subprocess.run(command, user=65534, group=65534, check=False, capture_output=True)
    assert b"PermissionError" in ended.stderr
    given.close()


def test_says_whether_other_users_can_be_run(monkeypatch):
    assert users.may_run_other_users() == (os.geteuid() == 0 and users._has_capabilities() and users._are_mapped())
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not users.may_run_other_users()


@pytest.mark.parametrize(
    ("table", "mapped"), [("0 0 4294967295\n", True), ("0 1000 1\n1 100000 65536\n", True), ("0 1000 1\n", False)]
)
def test_reads_which_ids_exist(monkeypatch, table, mapped):
    monkeypatch.setattr(users.Path, "read_text", lambda _: table)
    assert users._are_mapped() is mapped


def test_reads_nothing_where_there_is_no_table(monkeypatch):
    def missing(_):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert not users._are_mapped()
