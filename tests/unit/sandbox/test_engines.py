import os
import socket
import tempfile
from pathlib import Path

import pytest

from lambdabot.sandbox import engines


@pytest.fixture
def engine():
    """A real socket, as an engine listens on; its path is short, for the kernel takes 107 bytes."""
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as server:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "docker.sock"
        server.bind(str(path))
        path.chmod(0o660)
        yield path


def found(path: Path, user: int) -> bool:
    return path.resolve() in engines.reachable(user, {"DOCKER_HOST": f"unix://{path}"})


def test_finds_what_our_own_user_may_connect_to(engine):
    assert found(engine, os.geteuid())


def test_another_user_gets_through_by_the_modes_alone(engine):
    assert not found(engine, 61184)
    engine.chmod(0o662)
    assert found(engine, 61184)
    engine.parent.chmod(0o700)
    assert not found(engine, 61184)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_another_users_own_socket_is_his(engine):
    os.chown(engine, 61184, 61184)
    assert found(engine, 61184)
    engine.chmod(0o066)
    assert not found(engine, 61184)


def test_takes_no_other_file_for_an_engine(engine, tmp_path):
    (tmp_path / "docker.sock").write_text("")
    assert not found(tmp_path / "docker.sock", os.geteuid())
    assert not found(tmp_path / "none", os.geteuid())
    assert engines.reachable(os.geteuid(), {"DOCKER_HOST": "tcp://127.0.0.1:2375"}) == engines.reachable(
        os.geteuid(), {}
    )


def test_looks_where_engines_listen(engine, monkeypatch):
    monkeypatch.setattr(engines, "_FOLDERS", (str(engine.parent),))
    assert engine.resolve() in engines.reachable(os.geteuid(), {})
