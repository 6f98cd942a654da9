"""Every row of the table twice: the attack is held, and works once its guard is taken out."""

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


@pytest.mark.parametrize("attack", spot_check(ATTACKS, 40), ids=lambda one: one.id)
@pytest.mark.usefixtures("possible")
def test_it_works_once_its_guard_is_taken_out(attack: Attack, arena, monkeypatch):
    owner, name = attack.target()
    monkeypatch.setattr(owner, name, attack.without)

    assert attack.attempt(arena) is True


def test_no_two_rows_are_the_same():
    ids = [one.id for one in ATTACKS]

    assert sorted(set(ids)) == sorted(ids)
