"""Which indexes are asked, in which order, with whose credentials."""

import importlib.machinery
import os

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from lambdabot.arm64.indexes import environment
from lambdabot.arm64.indexes.environment import Indexes, public_index, sources
from lambdabot.errors import UsageError

ONE, TWO, THREE = "https://one.invalid/simple", "https://two.invalid/simple", "https://three.invalid/simple"


@pytest.fixture
def _read_again():
    public_index.cache_clear()
    yield
    public_index.cache_clear()


@pytest.mark.usefixtures("_read_again")
def test_the_public_index_is_the_one_that_pypi_simple_names():
    assert public_index() == PYPI_SIMPLE_ENDPOINT


@pytest.mark.usefixtures("_read_again")
@pytest.mark.parametrize("source", [None, "", "PYPI_SIMPLE_ENDPOINT: str\nOTHER: str = 'x'\n"])
def test_a_source_that_does_not_say_it_is_imported_instead(monkeypatch, tmp_path, source):
    spec = None
    if source is not None:
        (tmp_path / "other.py").write_text(source, encoding="utf-8")
        spec = importlib.machinery.ModuleSpec("pypi_simple", None, origin=str(tmp_path / "other.py"))
    asked = []
    monkeypatch.setattr(environment, "find_spec", lambda name: asked.append(name) or spec)
    assert public_index() == PYPI_SIMPLE_ENDPOINT
    assert asked == ["pypi_simple"]


def test_nothing_said_is_the_public_index():
    assert sources(Indexes(), {}).addresses == (PYPI_SIMPLE_ENDPOINT,)


def test_the_environment_of_the_process_counts(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", ONE)
    assert os.environ["PIP_INDEX_URL"] == ONE
    assert sources(Indexes()).addresses == (ONE,)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PIP_INDEX_URL": ONE}, ONE),
        ({"PIP_INDEX_URL": ONE, "UV_INDEX_URL": TWO}, TWO),
        ({"PIP_INDEX_URL": ONE, "UV_INDEX_URL": TWO, "UV_DEFAULT_INDEX": THREE}, THREE),
        ({"PIP_INDEX_URL": ONE, "UV_DEFAULT_INDEX": ""}, ONE),
    ],
)
def test_uv_s_settings_go_before_pip_s(environ, expected):
    assert sources(Indexes(), environ).addresses == (expected,)


def test_the_manifest_goes_before_the_environment():
    assert sources(Indexes(default=ONE), {"UV_DEFAULT_INDEX": TWO}).addresses == (ONE,)


def test_extra_indexes_are_asked_first_and_each_once():
    environ = {"UV_INDEX": f"corp={TWO} {ONE}", "UV_EXTRA_INDEX_URL": THREE, "PIP_EXTRA_INDEX_URL": f"{TWO}\n{THREE}"}
    assert sources(Indexes(extra=(ONE,)), environ).addresses == (ONE, TWO, THREE, PYPI_SIMPLE_ENDPOINT)


def test_an_address_that_is_no_web_address_is_not_asked():
    assert sources(Indexes(default="./wheels", extra=("file:///wheels", ONE)), {}).addresses == (ONE,)


def test_no_index_asks_none_but_the_one_named_for_a_project():
    found = sources(Indexes(none=True, extra=(ONE,), of_project={"numpy": TWO}), {"UV_INDEX": THREE})
    assert found.addresses == ()
    assert found.of_project == {"numpy": TWO}


CREDENTIALS = {"UV_INDEX_MY_CORP_X_USERNAME": "me", "UV_INDEX_MY_CORP_X_PASSWORD": "p@ss/word"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (CREDENTIALS, "https://me:p%40ss%2Fword@one.invalid/simple"),
        ({"UV_INDEX_MY_CORP_X_PASSWORD": "token"}, "https://:token@one.invalid/simple"),
        ({"UV_INDEX_MY_CORP_X_USERNAME": "token"}, "https://token:@one.invalid/simple"),
        ({"UV_INDEX_OTHER_USERNAME": "me"}, ONE),
        ({}, ONE),
    ],
)
@pytest.mark.parametrize("key", ["UV_INDEX", "UV_DEFAULT_INDEX"])
def test_credentials_of_an_index_that_the_environment_names(key, environ, expected):
    found = sources(Indexes(), {key: f"my-corp.x={ONE}", **environ})
    assert found.own == (expected,)
    assert found.addresses[0] == expected


def test_what_the_manifest_names_has_no_credentials_of_its_own_and_those_of_the_environment_stay_at_hand():
    environ = {"UV_INDEX": f"my-corp.x={ONE}", **CREDENTIALS}
    found = sources(Indexes(extra=(TWO,), default=THREE, of_project={"numpy": ONE}), environ)
    assert found.own == ("https://me:p%40ss%2Fword@one.invalid/simple",)
    assert found.addresses == (TWO, *found.own, THREE)
    assert found.of_project == {"numpy": ONE}  # the transport adds them, for it is the same origin


@pytest.mark.parametrize("address", ["http://one.invalid/simple", "https://own:key@one.invalid/simple"])
def test_credentials_are_neither_sent_in_the_clear_nor_put_over_others(address):
    environ = {"UV_INDEX": f"corp={address}", "UV_INDEX_CORP_USERNAME": "me", "UV_INDEX_CORP_PASSWORD": "secret"}
    assert sources(Indexes(), environ).own == (address,)


def test_no_variable_of_the_environment_is_expanded():
    for indexes in (Indexes(default="https://${TOKEN}@x.invalid"), Indexes(of_project={"numpy": "https://x/${TOKEN}"})):
        with pytest.raises(UsageError, match="none is expanded"):
            sources(indexes, {"TOKEN": "secret"})


@pytest.mark.parametrize("address", ["https://[/simple", "https://user:secret@x.invalid:port/simple"])
def test_address_that_is_none_is_a_mistake_that_shows_no_secret(address):
    for indexes, environ in ((Indexes(extra=(address,)), {}), (Indexes(), {"PIP_INDEX_URL": address})):
        with pytest.raises(UsageError, match="an index address") as raised:
            sources(indexes, environ)
        assert "secret" not in str(raised.value)
