"""Documents on disk: whole or not at all, damaged as good as none."""

import json

import pytest

from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.cache import Cache


def test_document_is_found_by_kind_and_key(tmp_path):
    cache = Cache(tmp_path / "made" / "here")
    cache.put("page", "key", {"a": [1]})
    assert Cache(tmp_path / "made" / "here").get("page", "key") == {"a": [1]}
    assert cache.get("stamp", "key") is None
    assert cache.get("page", "other") is None


def test_without_a_folder_nothing_is_remembered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cache = Cache(None)
    cache.put("page", "key", {"a": 1})
    assert cache.get("page", "key") is None
    assert list(tmp_path.iterdir()) == []


def test_later_document_takes_the_place_and_no_other_file_is_left(tmp_path):
    cache = Cache(tmp_path)
    cache.put("page", "key", {"a": 1})
    cache.put("page", "key", {"a": 2})
    (file,) = (tmp_path / "page-1").iterdir()
    assert json.loads(file.read_text()) == {"a": 2}


@pytest.mark.parametrize("damage", [b"", b"[]", b"3", b'{"a": ', b"\xff\xfe\x00", b"null"])
def test_damaged_document_is_none_and_can_be_written_again(tmp_path, damage):
    cache = Cache(tmp_path)
    cache.put("page", "key", {"a": 1})
    (file,) = (tmp_path / "page-1").iterdir()
    file.write_bytes(damage)
    assert cache.get("page", "key") is None
    cache.put("page", "key", {"a": 2})
    assert cache.get("page", "key") == {"a": 2}


def test_folder_that_is_a_file_costs_the_cache_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    Cache(tmp_path / "file").put("page", "key", {"a": 1})
    assert Cache(tmp_path / "file").get("page", "key") is None
    assert (tmp_path / "file").read_text() == "mine"


def test_uv_keeps_what_it_found_out_beside_it(tmp_path):
    assert IndexAccess(None, 1).uv_cache is None
    assert IndexAccess(tmp_path, 1).uv_cache == tmp_path / "uv"
