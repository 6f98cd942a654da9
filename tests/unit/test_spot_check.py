import pytest

from tests import spot_check as module
from tests.spot_check import examples, spot_check, told

MANY = range(1000)


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.setattr(module, "WHOLE", False)


def test_in_ci_everything_is_tried(monkeypatch):
    monkeypatch.setattr(module, "WHOLE", True)

    assert spot_check(MANY, 5) == list(MANY)
    assert examples(150) == 150
    assert told() == "spot checks: none, everything is tried"


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_the_seed_draws(monkeypatch):
    monkeypatch.setattr(module, "SEED", "2026-11-30")
    drawn = spot_check(MANY, 5)

    assert len(set(drawn)) == 5
    assert set(drawn) <= set(MANY)
    assert drawn == sorted(drawn) == spot_check(MANY, 5)
    monkeypatch.setattr(module, "SEED", "2026-12-01")
    assert spot_check(MANY, 5) != drawn
    assert "SPOT_CHECK_SEED=2026-12-01" in told()


@pytest.mark.usefixtures("elsewhere")
def test_of_few_none_is_left_out():
    assert spot_check("abc", 3) == ["a", "b", "c"]
    assert examples(1) == 1
    assert examples(150) == 38
