"""Control groups: the real ones where they can be written, version 2 on a made-up tree (none was at hand)."""

import math
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from lambdabot.sandbox import cgroup
from lambdabot.sandbox.cgroup import NONE, Controllers, Group

FILES = ("cpu.stat", "cgroup.procs", "cgroup.freeze", "cgroup.kill", "cpu.max", "memory.max", "memory.swap.max")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A version 2 hierarchy: a folder made in it gets the files of its controllers, and loses them when removed."""
    (tmp_path / "cgroup.subtree_control").write_text("")
    make, remove = Path.mkdir, Path.rmdir

    def mkdir(self, *arguments, **named):
        make(self, *arguments, **named)
        if tmp_path in self.parents:
            for name in FILES:
                (self / name).write_text("")
            (self / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")

    def rmdir(self):
        for file in self.iterdir() if tmp_path in self.parents else ():
            file.unlink()
        remove(self)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", rmdir)
    return tmp_path


def find(tmp_path, mountinfo, membership):
    mounts, own = tmp_path / "mountinfo", tmp_path / "membership"
    mounts.write_text(mountinfo)
    own.write_text(membership)
    found = cgroup.find_controllers(mounts, own)
    mounts.unlink()
    own.unlink()
    return found


def mount(folder, kind="cgroup2", options="rw", root="/"):
    return f"31 23 0:28 {root} {folder} rw,relatime - {kind} {kind} {options}\n"


def test_finds_version_2(tree):
    found = find(tree, mount(tree), "0::/\n")
    assert (tree / "cgroup.subtree_control").read_text() == "+cpu +memory"
    assert found == NONE, "what was asked for was not given: the file names no controller by itself"


def test_finds_version_2_where_controllers_are_given(tree, monkeypatch):
    monkeypatch.setattr(cgroup, "_enabled", lambda folder: {"cpu", "memory"} if folder == tree else set())
    expected = Controllers(version=2, cpu=tree, memory=tree, freezer=tree)
    assert find(tree, mount(tree), "0::/\n") == expected
    (tree / "job").mkdir()
    assert find(tree, mount(tree), "0::/job\n") == expected, "a group with processes: its parent has the controllers"
    monkeypatch.setattr(cgroup, "_enabled", lambda folder: {"cpu"} if folder == tree else set())
    assert find(tree, mount(tree), "0::/\n").memory is None


def test_sets_limits_in_version_2(tree):
    with Group(Controllers(version=2, cpu=tree, memory=tree, freezer=tree), "lambdabot-1-2") as group:
        folder = tree / "lambdabot-1-2"
        group.join()
        group.throttle(0.5)
        group.limit_memory(128)
        assert (folder / "cgroup.procs").read_text() == "0"
        assert (folder / "cpu.max").read_text() == "10000 20000"
        assert (folder / "memory.max").read_text() == str(128 << 20)
        assert (folder / "memory.swap.max").read_text() == "0"
        group.throttle(None)
        assert (folder / "cpu.max").read_text() == "max 20000"
        group.freeze(frozen=True)
        assert (folder / "cgroup.freeze").read_text() == "1"
        group.freeze(frozen=False)
        assert (folder / "cgroup.freeze").read_text() == "0"
        assert group.oom_kills() == 1
        assert group.throttled_ns() == 0, "the file says nothing"
        (folder / "cpu.stat").write_text("usage_usec 900\nnr_throttled 2\nthrottled_usec 17\n")
        assert group.throttled_ns() == 17_000
        (folder / "cgroup.procs").write_text("")
        group.kill()
        assert (folder / "cgroup.kill").read_text() == "1"
    assert not folder.exists()


def test_takes_a_folder_without_controller_files_for_what_it_is(tmp_path):
    """In a container, the file system at the root of the hierarchies may be a tmpfs that anyone can write to."""
    assert find(tmp_path, mount(tmp_path, "cgroup", "rw,cpu"), "1:cpu:/\n") == NONE
    with pytest.raises(FileNotFoundError):
        Group(Controllers(version=1, cpu=tmp_path, memory=None, freezer=None))
    assert list(tmp_path.iterdir()) == []


def test_finds_nothing_where_nothing_is(tmp_path):
    assert find(tmp_path, "", "") == NONE
    assert cgroup.find_controllers(tmp_path / "none", tmp_path / "none") == NONE


def test_finds_its_own_folder_of_version_1(tmp_path):
    (tmp_path / "job").mkdir()
    (tmp_path / "job/inner").mkdir()
    assert cgroup._own_folder(str(tmp_path), "/", "/job") == tmp_path / "job"
    assert cgroup._own_folder(str(tmp_path), "/docker/1", "/docker/1/job/inner") == tmp_path / "job/inner"
    assert cgroup._own_folder(str(tmp_path), "/", "/of/the/host") == tmp_path


def granted(tmp_path, mountinfo, membership):
    mounts, own = tmp_path / "mountinfo", tmp_path / "membership"
    mounts.write_text(mountinfo)
    own.write_text(membership)
    return cgroup.granted_vcpus(mounts, own)


def test_knows_the_quota_that_holds_for_itself(tmp_path):
    two, one = tmp_path / "two", tmp_path / "one"
    (two / "pod/container").mkdir(parents=True)
    (one / "pod").mkdir(parents=True)
    mountinfo = mount(two) + mount(one, "cgroup", "rw,cpu,cpuacct") + mount("/", "ext4")
    membership = "0::/pod/container\n1:cpu,cpuacct:/pod\n"
    assert granted(tmp_path, mountinfo, membership) == math.inf

    (two / "pod/container/cpu.max").write_text("max 100000\n")
    (two / "pod/cpu.max").write_text("150000 100000\n")
    assert granted(tmp_path, mountinfo, membership) == 1.5

    (one / "pod/cpu.cfs_quota_us").write_text("-1\n")
    (one / "pod/cpu.cfs_period_us").write_text("100000\n")
    assert granted(tmp_path, mountinfo, membership) == 1.5
    (one / "pod/cpu.cfs_quota_us").write_text("50000\n")
    assert granted(tmp_path, mountinfo, membership) == 0.5
    assert cgroup.granted_vcpus(tmp_path / "nowhere", tmp_path / "nowhere") == math.inf


def test_does_nothing_without_controllers():
    with Group(NONE) as group:
        group.join()
        group.throttle(1)
        group.limit_memory(128)
        group.freeze(frozen=True)
        assert group.oom_kills() == 0
        assert group.pids() == []
        assert not any((group.limits_cpu, group.limits_memory, group.freezes))


def test_gives_up_a_purpose_that_is_refused(tree, monkeypatch):
    controllers = Controllers(version=2, cpu=tree, memory=tree, freezer=None)

    def refuse(self, megabytes):
        raise PermissionError

    monkeypatch.setattr(Group, "limit_memory", refuse)
    assert cgroup._working(controllers, "memory") is None
    assert cgroup._working(controllers, "freezer") is None


@pytest.fixture
def real():
    found = cgroup.find_controllers()
    if found.cpu is None or found.memory is None:
        pytest.skip("needs writable control groups")
    return found


def sleeper_in(group):
    child = subprocess.Popen([shutil.which("sleep"), "60"])
    for folder in group._folders:
        (folder / "cgroup.procs").write_text(str(child.pid))
    return child


def test_limits_a_real_process(real):
    with Group(real, f"lambdabot-{os.getpid()}-test") as group:
        group.limit_memory(64)
        group.throttle(0.25)
        child = sleeper_in(group)
        assert group.pids() == [child.pid]
        group.freeze(frozen=True)
        group.kill()
        assert child.wait() == -signal.SIGKILL
        assert group.pids() == []
    assert not any((folder / f"lambdabot-{os.getpid()}-test").exists() for folder in real.folders())


def test_kills_what_an_abandoned_group_still_holds(real):
    name, strange = f"lambdabot-999999999-{os.getpid()}", f"lambdabot-{os.getpid()}-other"
    with Group(real, name) as group, Group(real, strange):
        child = sleeper_in(group)
        cgroup.remove_abandoned(real)
        assert child.wait() == -signal.SIGKILL
        cgroup.remove_abandoned(real)  # the dead process has left it by now
        assert not any((folder / name).exists() for folder in real.folders())
        assert all((folder / strange).exists() for folder in real.folders())


def test_goes_on_where_another_endpoint_removed_a_group_first(tmp_path):
    (tmp_path / "lambdabot-999999998-1").symlink_to(tmp_path / "removed since it was listed")
    left = tmp_path / "lambdabot-999999999-1"
    left.mkdir()
    with subprocess.Popen(["/bin/sleep", "60"]) as child:
        (left / "cgroup.procs").write_text(f"{child.pid}\n")
        cgroup.remove_abandoned(Controllers(version=2, cpu=tmp_path, memory=tmp_path, freezer=tmp_path))
        assert child.wait() == -signal.SIGKILL
