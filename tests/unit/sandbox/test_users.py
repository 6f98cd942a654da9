import os

import pytest

from lambdabot.sandbox import users
from lambdabot.sandbox.users import Users


def test_gives_no_id_twice_on_this_machine(monkeypatch):
    monkeypatch.setattr(users, "_LAST", users._FIRST + 2)
    one, other = Users(), Users()
    taken = [one.take(), other.take(), one.take()]
    free = {users._FIRST, users._FIRST + 1, users._FIRST + 2}
    if set(taken) != free:
        pytest.skip("another endpoint on this machine uses one of the three")
    assert other.take() is None
    one.give_back(taken[0])
    one.give_back(None)
    assert other.take() == taken[0]
    other.give_back(taken[0])
    other.give_back(taken[1])
    one.give_back(taken[2])


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
