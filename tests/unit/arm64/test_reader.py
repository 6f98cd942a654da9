"""Files read over real HTTP, once, with words for what cannot be read."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from lambdabot.arm64.files import reader as reader_module
from lambdabot.arm64.files.reader import Reader
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.release import File
from lambdabot.arm64.indexes.transport import Transport


@pytest.fixture
def reader(package_index, tmp_path):
    with closing(Transport((package_index.url,), IndexAccess(None, 5))) as transport:
        yield Reader(transport, Cache(tmp_path))


def file_of(index, name, *, tags="", digest=None):
    (filename,) = index.files[name]
    place = index.url.replace("/simple/", f"/files/{name}/")
    return File(filename, place, "1.0", tags, sha256=digest)


def test_file_is_read_once_and_kept_by_its_address_and_hash(package_index, reader, tmp_path):
    digest = package_index.wheel("alpha", "1.0", requires=("beta",))
    file = file_of(package_index, "alpha", tags="py3-none-any", digest=digest)
    assert reader.read(file, "alpha").requires == ("beta",)
    asked = len(package_index.asked)
    assert reader.read(file, "alpha").requires == ("beta",)
    with closing(Transport((), IndexAccess(None, 5))) as transport:
        assert Reader(transport, Cache(tmp_path)).read(file, "alpha").requires == ("beta",)
    assert len(package_index.asked) == asked
    assert reader.repeatable
    for other in (file._replace(sha256="0" * 64), file._replace(place=file.place.replace("/files/", "/other/"))):
        with closing(Transport((), IndexAccess(None, 5))) as transport:
            Reader(transport, Cache(tmp_path)).read(other, "alpha")
        asked += 1
        assert len(package_index.asked) == asked, "another address, or another file there by its hash"


def test_damaged_note_is_read_again(package_index, reader, tmp_path):
    digest = package_index.pure_sdist("alpha", "1.0", ("beta",))
    file = file_of(package_index, "alpha", digest=digest)
    Cache(tmp_path).put("contents", reader_module._key(file, "alpha"), {"requires": None})
    assert reader.read(file, "alpha").requires == ("beta",)


def test_file_without_a_hash_is_not_kept(package_index, reader, tmp_path):
    package_index.pure_sdist("alpha", "1.0")
    assert reader.read(file_of(package_index, "alpha"), "alpha").trouble == ""
    assert not reader.repeatable
    assert list(tmp_path.rglob("*.json")) == []


def test_concurrent_callers_share_one_reading(package_index, reader):
    digest = package_index.pure_sdist("alpha", "1.0", ("beta",))
    file = file_of(package_index, "alpha", digest=digest)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: reader.read(file, "alpha"), range(16)))
    assert {contents.requires for contents in found} == {("beta",)}
    assert len(package_index.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refusal_is_trouble_and_not_kept(package_index, reader, tmp_path, status):
    digest = package_index.pure_sdist("alpha", "1.0")
    file = file_of(package_index, "alpha", digest=digest)
    package_index.statuses[f"/files/alpha/{file.filename}"] = status
    assert f"(HTTP {status})" in reader.read(file, "alpha").trouble
    assert not reader.repeatable
    assert list(tmp_path.rglob("*.json")) == []


def test_sdist_that_is_too_large_is_not_read(package_index, reader, monkeypatch):
    monkeypatch.setattr(reader_module, "_SDIST_LIMIT", 100)
    package_index.pure_sdist("alpha", "1.0")
    assert "too large to be read" in reader.read(file_of(package_index, "alpha"), "alpha").trouble


def test_sdist_that_is_none_is_trouble(package_index, reader):
    package_index.pure_sdist("alpha", "1.0")
    file = file_of(package_index, "alpha")
    package_index.files["alpha"][file.filename].content = b"no archive"
    assert "no readable sdist" in reader.read(file, "alpha").trouble


def test_connection_that_breaks_in_the_middle_is_trouble(package_index, reader, monkeypatch):
    package_index.pure_sdist("alpha", "1.0")

    def broken(*_, **__):  # a real server cannot be made to break off at a chosen byte
        raise requests.exceptions.ChunkedEncodingError

    monkeypatch.setattr(requests.Response, "iter_content", broken)
    assert "the answer broke off" in reader.read(file_of(package_index, "alpha"), "alpha").trouble
    assert not reader.repeatable


def test_defect_reaches_every_caller(package_index, reader, monkeypatch):
    package_index.pure_sdist("alpha", "1.0")
    monkeypatch.setattr(reader_module, "read_sdist", lambda *_: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            reader.read(file_of(package_index, "alpha"), "alpha")
    assert len(package_index.asked) == 1
