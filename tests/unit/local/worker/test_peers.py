import os
import socket

import pytest

from lambdabot.local.worker import peers


@pytest.fixture
def connection():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            yield accepted, client


def test_knows_the_process_and_the_user_at_the_other_end(connection):
    accepted, _ = connection
    assert peers.belongs_to(accepted, os.geteuid(), [os.getpid()])
    assert not peers.belongs_to(accepted, os.geteuid(), [1, os.getppid()])
    assert not peers.belongs_to(accepted, 61184, [os.getpid()])


def test_knows_a_user_of_an_environments_own_by_the_id_alone(connection, monkeypatch):
    accepted, _ = connection
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: 61184)
    assert peers.belongs_to(accepted, user, [])


def test_welcomes_nobody_who_is_gone(connection, monkeypatch, tmp_path):
    accepted, client = connection
    (tmp_path / "tcp").write_text("  sl  local_address rem_address\n")
    monkeypatch.setattr(peers, "_TABLE", tmp_path / "tcp")
    assert not peers.belongs_to(accepted, os.geteuid(), [os.getpid()])
    client.close()
    accepted.close()
    assert not peers.belongs_to(accepted, os.geteuid(), [os.getpid()])
