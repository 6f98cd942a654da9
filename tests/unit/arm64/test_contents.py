"""Contents as they go to the cache and come back."""

import json

import pytest

from lambdabot.arm64.files.contents import Contents, UnreadableError, parse_metadata
from lambdabot.arm64.files.native import NativeFile

WHOLE = Contents(
    requires=("a>=1", "b"),
    extras=("fast",),
    natives=(NativeFile("a.so", "x86_64"), NativeFile("b.so", "aarch64", "2.28")),
    compiler="c",
    broken="b",
    trouble="t",
)


@pytest.mark.parametrize("contents", [WHOLE, Contents()])
def test_contents_survive_json(contents):
    assert Contents.of_document(json.loads(json.dumps(contents.document()))) == contents


@pytest.mark.parametrize("key", ["requires", "extras", "natives", "compiler", "broken", "trouble"])
def test_document_that_lacks_something_is_none(key):
    document = WHOLE.document()
    del document[key]
    with pytest.raises(KeyError):
        Contents.of_document(document)


def test_metadata_is_read_on_one_line_each_and_up_to_its_body():
    text = "Name: a\nRequires-Dist: b\n   >=1 ;\tpython_version > '3'\nProvides-Extra: x \n\nRequires-Dist: no\n"
    assert parse_metadata(text) == (("b >=1 ; python_version > '3'",), ("x",))
    assert parse_metadata("") == ((), ())


def test_unreadable_says_why():
    assert str(UnreadableError(why="because")) == "because"
