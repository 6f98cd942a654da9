"""Confinement in forked children, each for good."""

import os
import resource
import socket
import sys
from dataclasses import replace
from pathlib import Path

import coverage
import pytest

from lambdabot.sandbox import landlock, namespaces, prctl
from lambdabot.sandbox.confinement import Confinement
from lambdabot.sandbox.namespaces import Bind, View


def measured() -> list[str]:
    """Return the file that a confined child must write for its coverage to be known."""
    current = coverage.Coverage.current()
    return [] if current is None else [str(Path(current.config.data_file).resolve())]


BARE = Confinement(
    user=os.geteuid(),
    namespaces="none",
    view=None,
    landlock=False,
    unix_sockets=True,
    largest_file_mb=512,
    read_only=(),
    read_write=(),
)


@pytest.fixture
def folders(tmp_path):
    for name in ("open", "writable", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path


def test_landlock_leaves_only_what_is_named(folders, in_child):
    if not landlock.version():
        pytest.skip("needs Landlock")
    own = (sys.prefix, sys.base_prefix, *(path for path in sys.path if Path(path).is_dir()))
    system = ["/usr", "/lib", "/lib64", "/proc", *own, "/nowhere/at/all"]

    def child():
        readable = [*system, str(folders / "open"), str(folders / "closed/file")]
        landlock.restrict(readable, [str(folders / "writable"), "/dev/null", *measured()])
        assert (folders / "open/file").read_text() == "open"
        assert (folders / "closed/file").read_text() == "closed", "a file can be named, not only a folder"
        (folders / "writable/new").write_text("new")
        (folders / "writable/new").unlink()
        for path in (folders / "open/new", folders / "closed/new"):
            with pytest.raises(PermissionError):
                path.write_text("new")
        with pytest.raises(PermissionError):
            list((folders / "closed").iterdir())
        with pytest.raises(PermissionError):
            Path(f"/proc/{os.getppid()}/mem").read_bytes()

    def confined():
        prctl.forbid_new_privileges()
        child()

    assert in_child(confined) == ""


@pytest.mark.parametrize("version", [1, 2, 3, 5])
def test_asks_an_older_kernel_for_what_it_knows(folders, in_child, monkeypatch, version):
    if landlock.version() < version:
        pytest.skip("needs a newer Landlock")
    monkeypatch.setattr(landlock, "version", lambda: version)

    def child():
        prctl.forbid_new_privileges()
        landlock.restrict(["/"], measured())
        with pytest.raises(PermissionError):
            (folders / "open/new").write_text("new")

    assert in_child(child) == ""


def test_tells_what_the_kernel_refused(in_child):
    def child():
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        with pytest.raises(PermissionError, match="Landlock"):
            landlock.restrict(["/"], [])

    if not landlock.version():
        pytest.skip("needs Landlock")
    assert in_child(child) == ""


def test_drops_what_a_worker_must_not_have(in_child):
    def child():
        BARE.enter()
        assert os.getresuid() == (os.geteuid(),) * 3
        assert resource.getrlimit(resource.RLIMIT_FSIZE) == (512 * 1024**2,) * 2
        status = Path("/proc/self/status").read_text()
        assert "CapBnd:\t0000000000000000" in status or os.geteuid() != 0
        assert "NoNewPrivs:\t1" in status
        assert os.getsid(0) == os.getpid()
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1024, 1024)

    assert in_child(child) == ""


@pytest.mark.parametrize("with_users", [False, True])
def test_gives_a_view_of_its_own(folders, in_child, with_users):
    view = View(
        hidden=(str(folders / "closed"),),
        binds=(
            Bind(source=str(folders / "open"), target=str(folders / "closed/inner")),
            Bind(source=str(folders / "writable"), target=str(folders / "closed/writable"), writable=True),
            Bind(source=str(folders / "open/file"), target=str(folders / "closed/copy")),
        ),
    )

    def inner():
        assert namespaces.enter_view(view) == (os.getpid() == 2)
        assert os.getpid() == 2
        assert {path.name for path in (folders / "closed").iterdir()} == {"inner", "writable", "copy"}
        assert (folders / "closed/inner/file").read_text() == "open"
        assert (folders / "closed/copy").read_text() == "open"
        (folders / "closed/writable/new").write_text("new")
        with pytest.raises(OSError, match="Read-only"):
            (folders / "closed/inner/new").write_text("new")
        assert {name.name for name in Path("/proc").iterdir() if name.name.isdigit()} == {"1", "2"}

    def child():
        first = namespaces.enter_process_namespace(with_users=with_users)
        assert in_child(inner) == ""
        os.kill(first, 9)

    needed(in_child, with_users=with_users)
    assert in_child(child) == ""
    assert (folders / "writable/new").read_text() == "new"
    assert (folders / "closed/file").read_text() == "closed"


def needed(in_child, *, with_users):
    """Skip where namespaces cannot be made."""

    def child():
        os.kill(namespaces.enter_process_namespace(with_users=with_users), 9)

    if in_child(child):
        pytest.skip("needs the right to make namespaces")


def test_takes_the_user_and_everything_else_away(folders, in_child):
    if os.geteuid() != 0 or not landlock.version():
        pytest.skip("needs root and Landlock")

    def inner():
        for path in measured():
            os.chown(path, 61184, 61184)
        replace(
            BARE,
            user=61184,
            namespaces="own",
            view=View(hidden=(), binds=()),
            landlock=True,
            read_only=("/usr", "/lib"),
            read_write=tuple(measured()),
        ).enter()
        assert (os.getuid(), os.getgid(), os.getgroups()) == (61184, 61184, [])
        assert Path("/proc/self/status").read_text()
        with pytest.raises(PermissionError):
            (folders / "open/file").read_text()

    def child():
        first = namespaces.enter_process_namespace(with_users=False)
        assert in_child(inner) == ""
        os.kill(first, 9)

    needed(in_child, with_users=False)
    assert in_child(child) == ""


def test_is_never_a_user_that_was_not_named(in_child):
    def child():
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        with pytest.raises(PermissionError):
            replace(BARE, user=61184).enter()
        with pytest.raises(PermissionError):
            replace(BARE, user=0).enter()

    assert in_child(child) == ""


def test_tells_what_is_refused(in_child, monkeypatch):
    def child():
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        with pytest.raises(PermissionError, match="unshare"):
            namespaces.enter_process_namespace(with_users=False)

    assert in_child(child) == ""


@pytest.mark.parametrize(("refused", "status"), [(0, 0), (1, 1), (2, 2)])
def test_probes_what_is_allowed(in_child, monkeypatch, refused, status):
    needed(in_child, with_users=refused == 1)
    enter = namespaces.enter_process_namespace
    calls = []

    def maybe(*, with_users):
        calls.append(with_users)
        if len(calls) <= refused:
            raise PermissionError
        return enter(with_users=with_users)

    monkeypatch.setattr(namespaces, "enter_process_namespace", maybe)

    def child():
        with pytest.raises(SystemExit) as ended:
            namespaces.probe()
        assert ended.value.code == status

    assert in_child(child) == ""


def test_survives_processes_of_its_own_user(in_child):
    """What `forbid_inspection` forbids shows in the owner of the /proc entry."""

    def child():
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
            prctl._prctl(prctl._SET_DUMPABLE, 1)
        assert Path(f"/proc/{os.getpid()}/environ").stat().st_uid == os.geteuid()
        prctl.forbid_inspection()
        assert Path(f"/proc/{os.getpid()}/environ").stat().st_uid == 0

    assert in_child(child) == ""


def test_leaves_the_network_free(machine, start):
    with socket.create_server(("127.0.0.1", 0)) as server:
        call = start(
            machine,
            """
            import socket
            def handler(event, context):
                with socket.create_connection(("127.0.0.1", event["port"]), timeout=5) as connection: return True
            """,
        )
        assert call.value(port=server.getsockname()[1]) is True
