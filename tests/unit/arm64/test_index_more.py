"""The index by itself: what it keeps, when it asks again, and what it makes of strange answers."""

import hashlib
import json
from contextlib import closing
from pathlib import Path

import pytest

from lambdabot.arm64.indexes import index as module
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.environment import Sources
from lambdabot.arm64.indexes.index import Absent, Index
from lambdabot.arm64.indexes.release import Project
from lambdabot.arm64.indexes.transport import Transport

OLD_PAGE = {  # as an earlier version kept it: tags one by one, the whole address
    "at": 1795479955.3,
    "etag": None,
    "modified": None,
    "files": [["alpha-1.0-py3-none-any.whl", "https://x.invalid/alpha", "1.0", ["py3-none-any"], None, "ab", False]],
}


@pytest.fixture
def opened():
    """Make indexes that are closed in the end."""
    closed = []

    def make(*addresses: str, cache: Path | None = None, of_project: dict[str, str] | None = None) -> Index:
        transport = Transport(addresses, IndexAccess(None, 5))
        index = Index(Sources(addresses=addresses, of_project=of_project or {}), transport, Cache(cache))
        closed.extend([closing(index), closing(transport)])
        return index

    yield make
    for each in closed:
        with each:
            pass


def rewrite(cache: Path, kind: str, change) -> None:
    (file,) = (cache / f"{kind}-1").iterdir()
    file.write_text(json.dumps(change(json.loads(file.read_text()))))


@pytest.mark.parametrize("with_digest", [False, True])
def test_page_kept_by_an_earlier_version_is_asked_for_again(package_index, ask, tmp_path, with_digest):
    package_index.wheel("alpha", "1.0")
    first = ask("alpha\n", cache=tmp_path)
    rewrite(tmp_path, "page", lambda page: OLD_PAGE | ({"digest": page["digest"]} if with_digest else {}))
    package_index.asked.clear()
    again = ask("alpha<9\n", cache=tmp_path)  # another question, so that the kept answer does not answer it
    assert again.packages == first.packages
    assert again.verdict == "ready"
    assert "/simple/alpha/" in package_index.asked


@pytest.mark.parametrize("stamp", [{"at": "now", "digest": "x"}, {"at": 1.0, "digest": None}, {"old": 1}])
def test_damaged_stamp_is_asked_for_again(package_index, opened, tmp_path, stamp):
    package_index.wheel("alpha", "1.0")
    opened(package_index.url, cache=tmp_path).project("alpha")
    rewrite(tmp_path, "stamp", lambda _: stamp)
    project = opened(package_index.url, cache=tmp_path).project("alpha")
    assert isinstance(project, Project)
    assert package_index.asked == ["/simple/alpha/"] * 2


def test_project_is_asked_for_once(package_index, opened):
    package_index.wheel("alpha", "1.0")
    index = opened(package_index.url)
    assert index.project("alpha") is index.project("alpha")
    assert package_index.asked == ["/simple/alpha/"]


def test_seen_pages_are_unchanged_until_one_changes(package_index, opened, tmp_path, clock):
    package_index.wheel("alpha", "1.0")
    index = opened(package_index.url, cache=tmp_path)
    index.project("alpha")
    seen = index.seen()
    assert list(seen.values()) == [hashlib.sha256(package_index.page("alpha")).hexdigest()]
    assert opened(package_index.url, cache=tmp_path).unchanged(seen)
    assert len(package_index.asked) == 1
    clock[0] = 3600
    assert opened(package_index.url, cache=tmp_path).unchanged(seen)
    assert package_index.not_modified == 1
    package_index.wheel("alpha", "1.1")
    clock[0] = 7200
    assert not opened(package_index.url, cache=tmp_path).unchanged(seen)


def test_seen_page_of_an_unknown_index_or_with_another_digest_counts_as_changed(package_index, opened, tmp_path):
    package_index.wheel("alpha", "1.0")
    index = opened(package_index.url, cache=tmp_path)
    index.project("alpha")
    seen = index.seen()
    assert seen is not None
    assert not opened("http://127.0.0.1:9/", cache=tmp_path).unchanged(seen)
    assert not opened(package_index.url, cache=tmp_path).unchanged(dict.fromkeys(seen, "other"))
    assert not opened(package_index.url).unchanged(seen)


def test_page_that_could_not_be_had_leaves_nothing_to_rely_on(package_index, opened):
    package_index.wheel("alpha", "1.0")
    index = opened(package_index.url)
    index.project("alpha")
    assert index.seen() is not None
    assert isinstance(index.project("beta"), Absent)
    assert index.seen() is None


def test_stamp_without_its_page_and_without_a_server_is_absent(package_index, opened, tmp_path):
    package_index.wheel("alpha", "1.0")
    opened(package_index.url, cache=tmp_path).project("alpha")
    (file,) = (tmp_path / "page-1").iterdir()
    file.unlink()
    package_index.statuses["/simple/alpha/"] = 500
    absent = opened(package_index.url, cache=tmp_path).project("alpha")
    assert isinstance(absent, Absent)
    assert "HTTP 500" in absent.reason
    assert not absent.certain


def test_same_page_sent_whole_is_taken_for_unchanged(package_index, opened, tmp_path, clock):
    package_index.wheel("alpha", "1.0")
    opened(package_index.url, cache=tmp_path).project("alpha")
    rewrite(tmp_path, "stamp", lambda stamp: stamp | {"etag": None})
    clock[0] = 3600
    project = opened(package_index.url, cache=tmp_path).project("alpha")
    assert isinstance(project, Project)
    assert list(project.releases) == ["1.0"]
    assert package_index.not_modified == 0


def test_project_with_an_index_of_its_own_is_looked_up_there_alone(package_index, private_index, opened):
    package_index.wheel("alpha", "1.0")
    private_index.wheel("alpha", "2.0")
    project = opened(package_index.url, of_project={"alpha": private_index.url}).project("alpha")
    assert isinstance(project, Project)
    assert list(project.releases) == ["2.0"]
    assert package_index.asked == []


def test_404_is_certain_of_the_public_index_alone(package_index, private_index, opened):
    assert opened(package_index.url).project("alpha") == Absent(
        f"{package_index.url}alpha/ does not exist", certain=True
    )
    both = opened(private_index.url, package_index.url).project("alpha")
    assert isinstance(both, Absent)
    assert not both.certain


def test_page_larger_than_any_is_refused(package_index, opened, monkeypatch):
    package_index.wheel("alpha", "1.0")
    monkeypatch.setattr(module, "_PAGE_LIMIT", 10)
    absent = opened(package_index.url).project("alpha")
    assert isinstance(absent, Absent)
    assert "is no page of a package index" in absent.reason


def test_connection_that_breaks_off_is_absent(opened, package_index):
    package_index.wheel("alpha", "1.0")
    index = opened(package_index.url)
    index._transport.get = lambda *_: (_ for _ in ()).throw(module.requests.exceptions.ChunkedEncodingError())
    absent = index.project("alpha")
    assert isinstance(absent, Absent)
    assert "the answer broke off" in absent.reason
