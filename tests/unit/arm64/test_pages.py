"""Pages as they are parsed and as they are kept: what is on disk and no page of ours is asked for again."""

import json

import pytest
import requests

from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.pages import Pages, Stamp, parse_page, project_of

ROW = ["alpha-1.0-py3-none-any.whl", "https://x.invalid/", "1.0", "py3-none-any", ">=3.8", "ab", False, True]


def response(kind, url="https://x.invalid/simple/alpha/"):
    made = requests.Response()
    made.url = url
    made.headers["Content-Type"] = kind
    return made


def page(*files):
    return json.dumps({"files": files}).encode()


def test_page_is_kept_and_found_again_under_its_stamp(tmp_path):
    pages, stamp = Pages(Cache(tmp_path)), Stamp(at=1.0, digest="d", etag='"e"', modified="yesterday")
    pages.keep("key", stamp, [ROW])
    assert pages.stamp("key") == stamp
    assert pages.rows("key", stamp) == [ROW]
    assert pages.rows("key", Stamp(at=1.0, digest="other")) is None
    assert pages.stamp("other") is None


def test_unchanged_page_keeps_its_rows_and_gets_a_new_stamp(tmp_path):
    pages = Pages(Cache(tmp_path))
    pages.keep("key", Stamp(at=1.0, digest="d"), [ROW])
    pages.keep("key", Stamp(at=2.0, digest="d"), None)
    stamp = pages.stamp("key")
    assert stamp is not None
    assert stamp.at == 2.0
    assert pages.rows("key", stamp) == [ROW]


@pytest.mark.parametrize(
    "document",
    [
        {"at": "soon", "digest": "d"},
        {"at": 1.0, "digest": 3},
        {"at": 1.0, "digest": "d", "etag": 7},
        {"at": 1.0, "digest": "d", "modified": []},
        {"at": 1.0},
        {"at": 1.0, "digest": "d", "files": []},
    ],
)
def test_damaged_stamp_is_none(tmp_path, document):
    cache = Cache(tmp_path)
    cache.put("stamp", "key", document)
    assert Pages(cache).stamp("key") is None


@pytest.mark.parametrize(
    "files",
    [
        None,
        {},
        "rows",
        ["row"],
        [ROW[:-1]],
        [[*ROW, 1]],
        [[*ROW[:3], ["py3-none-any"], *ROW[4:]]],  # tags one by one, as they once were kept
        [[*ROW[:3], "any", *ROW[4:]], [*ROW[:3], "one-two", *ROW[4:]]],
        [[*ROW[:4], 3, *ROW[5:]]],
        [[*ROW[:5], 3, *ROW[6:]]],
        [[*ROW[:6], "no", ROW[7]]],
        [[*ROW[:7], "no"]],
        [ROW, None],
    ],
)
def test_damaged_rows_are_none(tmp_path, files):
    cache = Cache(tmp_path)
    cache.put("page", "key", {"digest": "d", "files": files})
    assert Pages(cache).rows("key", Stamp(at=1.0, digest="d")) is None


def test_conditions_are_the_validators_that_there_are():
    assert Stamp(at=0.0, digest="d").conditions() == {}
    assert Stamp(at=0.0, digest="d", etag='"e"').conditions() == {"If-None-Match": '"e"'}
    assert Stamp(at=0.0, digest="d", modified="m").conditions() == {"If-Modified-Since": "m"}


def test_stamp_is_fresh_for_ten_minutes_and_not_from_the_future(monkeypatch):
    monkeypatch.setattr("lambdabot.arm64.indexes.pages.time.time", lambda: 1000.0)
    assert Stamp(at=1000.0, digest="d").fresh
    assert Stamp(at=401.0, digest="d").fresh
    assert not Stamp(at=400.0, digest="d").fresh
    assert not Stamp(at=1001.0, digest="d").fresh
    assert Stamp(at=0.0, digest="d", etag="e").renewed() == Stamp(at=1000.0, digest="d", etag="e")


def test_addresses_are_joined_to_the_page_s_own_and_other_systems_left_out():
    body = page(
        {"filename": "alpha-1.0-py3-none-any.whl", "url": "../../f/alpha-1.0-py3-none-any.whl", "hashes": {}},
        {"filename": "alpha-1.0.tar.gz", "url": "https://y.invalid/download?id=3", "yanked": "broken"},
        {"filename": "alpha-1.0-cp312-cp312-win_amd64.whl", "url": "w"},
        {"filename": "other-1.0.tar.gz", "url": "o"},
    )
    rows = parse_page(response("application/vnd.pypi.simple.v1+json"), body, "alpha")
    files = project_of("alpha", "shown", rows).releases["1.0"]
    assert [file.url for file in files] == [
        "https://x.invalid/f/alpha-1.0-py3-none-any.whl",
        "https://y.invalid/download?id=3",
    ]
    assert [(file.tags, file.sha256, file.yanked) for file in files] == [
        ("py3-none-any", None, False),
        ("", None, True),
    ]


def test_html_page_says_the_same():
    body = (
        b'<!DOCTYPE html><html><body><a href="/f/alpha-1.0-py3-none-any.whl#sha256=ab" data-requires-python="&gt;=3.8"'
        b' data-yanked="">alpha-1.0-py3-none-any.whl</a></body></html>'
    )
    rows = parse_page(response("text/html"), body, "alpha")
    (file,) = project_of("alpha", "shown", rows).releases["1.0"]
    assert file.url == "https://x.invalid/f/alpha-1.0-py3-none-any.whl"
    assert (file.requires_python, file.sha256, file.yanked) == (">=3.8", "ab", True)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{}", b'{"files": [{"filename": "alpha-1.0.tar.gz"}]}'])
def test_what_is_no_page_raises(body):
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_page(response("application/json"), body, "alpha")
