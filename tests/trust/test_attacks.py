"""Every row of the table: the attack is held, and works once its guard is taken out; and every attack at each door."""

from itertools import groupby

import pytest

from tests.fakes.github import FakeGitHub
from tests.spot_check import spot_check
from tests.trust.arena import Arena
from tests.trust.table import Attack, attacks

ATTACKS = attacks()


@pytest.fixture
def arena(tmp_path, monkeypatch):
    with FakeGitHub() as github:
        yield Arena(tmp_path, github, monkeypatch)


@pytest.fixture
def possible(attack: Attack) -> None:
    if (lacking := attack.needs()) is not None:
        pytest.skip(f"needs {lacking}")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.id)
@pytest.mark.usefixtures("possible")
def test_it_is_held(attack: Attack, arena):
    assert attack.attempt(arena) is False


@pytest.mark.parametrize("attack", spot_check([one for one in ATTACKS if one.control], 40), ids=lambda one: one.id)
@pytest.mark.usefixtures("possible")
def test_it_works_once_its_guard_is_taken_out(attack: Attack, arena, monkeypatch):
    owner, name = attack.target()
    monkeypatch.setattr(owner, name, attack.without)

    assert attack.attempt(arena) is True


def test_no_two_rows_are_the_same():
    ids = [one.id for one in ATTACKS]

    assert sorted(set(ids)) == sorted(ids)


def by_name() -> dict[str, list[Attack]]:
    rows = sorted(ATTACKS, key=lambda one: one.name)
    return {name: list(same) for name, same in groupby(rows, key=lambda one: one.name)}


def test_an_attack_is_at_each_door_or_the_table_says_why_not():
    told = {name: {one.only for one in rows} for name, rows in by_name().items()}
    missing = {
        name: set.union(*(one.must_be_at for one in rows)) - {one.door for one in rows}
        for name, rows in by_name().items()
    }

    assert {name for name, why in told.items() if "" not in why} == {name for name, doors in missing.items() if doors}
    assert all(len(why) == 1 for why in told.values()), "one attack, one reason"


def test_every_attack_has_a_control_for_each_guard():
    assert {(one.door, one.of_code) for one in ATTACKS if not one.control} == {("command line", True)}
    for name, rows in by_name().items():
        assert {one.guard for one in rows} == {one.guard for one in rows if one.control}, name
