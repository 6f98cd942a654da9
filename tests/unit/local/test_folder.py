import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lambdabot.local.folder import PrivateFolder

HOLD = """
import sys, time
from pathlib import Path
from lambdabot.local.folder import PrivateFolder
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
