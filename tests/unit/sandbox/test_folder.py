import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lambdabot.sandbox import folder as folder_module
from lambdabot.sandbox.folder import PrivateFolder

HOLD = """
import sys, time
from pathlib import Path
from lambdabot.sandbox.folder import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
(folder.path / "code").mkdir()
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_it_is_removed_with_everything_in_it(tmp_path):
    with PrivateFolder(tmp_path) as folder:
        assert folder.path.stat().st_mode & 0o777 == 0o711
        (folder.path / "code").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_predecessors_is_removed_and_a_living_ones_is_kept(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        theirs = Path(other.stdout.readline().strip())
        with PrivateFolder(tmp_path):
            assert (theirs / "code").exists()
        other.send_signal(signal.SIGKILL)
    assert theirs.exists()
    with PrivateFolder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder.path]


def test_only_folders_of_its_own_kind_are_taken_for_a_predecessors(tmp_path):
    (tmp_path / "lambdabot-run-x").mkdir()
    (tmp_path / "lambdabot-local-x").mkdir()
    with PrivateFolder(tmp_path, prefix="lambdabot-run-", mode=0o700) as folder:
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert {path.name for path in tmp_path.iterdir()} == {folder.path.name, "lambdabot-local-x"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_another_users_folder_is_left_alone(tmp_path):
    theirs = tmp_path / "lambdabot-local-x"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    with PrivateFolder(tmp_path):
        pass
    assert theirs.exists()


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "lambdabot-local-x").symlink_to("precious")
    with PrivateFolder(tmp_path):
        pass
    assert (tmp_path / "precious").exists()


def test_it_goes_with_the_last_one_who_holds_it(tmp_path):
    folder = PrivateFolder(tmp_path)
    assert folder.path.is_dir()
    del folder
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_fine(tmp_path):
    folder = PrivateFolder(tmp_path)
    folder.close()
    folder.close()
    assert not folder.path.exists()


def test_an_interpreter_that_just_exits_leaves_nothing(tmp_path):
    script = HOLD.replace("sys.stdin.read()", "sys.exit(3)")
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, check=False)
    assert ended.returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_a_fork_does_not_remove_its_parents(tmp_path):
    script = HOLD.replace(
        "sys.stdin.read()", "import os; os.fork() or sys.exit(); os.wait(); print(folder.path.exists())"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, check=True, text=True)
    assert ended.stdout.splitlines()[-1] == "True"


def test_another_who_takes_it_at_birth_is_evaded(tmp_path, monkeypatch):
    taken = []

    def first_is_taken(folder):
        taken.append(folder)
        return None if len(taken) == 1 else locked(folder)

    locked = folder_module._locked
    monkeypatch.setattr(folder_module, "_locked", first_is_taken)
    with PrivateFolder(tmp_path) as folder:
        assert folder.path == taken[1]
