"""The loopback index over real HTTP: pages and metadata as a resolver sees them."""

import json
import urllib.error
import urllib.request
from contextlib import closing

import pytest

from lambdabot.arm64.files.contents import Contents
from lambdabot.arm64.files.native import NativeFile
from lambdabot.arm64.indexes.index import Absent
from lambdabot.arm64.indexes.release import File
from lambdabot.arm64.resolution.loopback import EVERYTHING, Loopback, ServedCandidates, ServingRules

PURE = File("a_b-1.0-py3-none-any.whl", "https://x.invalid/", "1.0", "py3-none-any", yanked=True)


class Releases:
    """In the place of a view: one project `a-b`, one that cannot be had."""

    def __init__(self, contents):
        self.of_file, self.excused = contents, []

    def page(self, name, *, excused):
        self.excused.append(excused)
        return {"1.0": PURE} if name == "a-b" else Absent("gone", certain=True)

    def contents(self, name, file):
        assert (name, file) == ("a-b", PURE)
        return self.of_file

    contents_in_turn = contents


@pytest.fixture
def loopback():
    with closing(Loopback()) as served:
        yield served


def get(url, method="GET"):
    request = urllib.request.Request(url, method=method)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def metadata(contents, lens):
    shown = ServedCandidates(Releases(contents), lens)
    shown.page("a-b")
    text = shown.metadata("a-b", "1.0")
    assert text is not None
    return text.decode().splitlines()


def test_release_is_shown_as_one_pure_wheel_with_its_metadata(loopback):
    address = loopback.show(ServedCandidates(Releases(Contents(requires=("c>=1",), extras=("x",))), ServingRules()))
    code, body = get(f"{address}a-b/")
    assert code == 200
    (file,) = json.loads(body)["files"]
    assert file["filename"] == "a_b-1.0-py3-none-any.whl"
    assert file["core-metadata"]
    assert file["yanked"]
    code, body = get(f"{address}a-b/{file['url']}.metadata")
    assert code == 200
    assert body.decode().splitlines() == [
        "Metadata-Version: 2.1",
        "Name: a-b",
        "Version: 1.0",
        "Requires-Dist: c>=1",
        "Provides-Extra: x",
    ]


def test_what_is_not_there_is_404(loopback):
    shown = ServedCandidates(Releases(Contents()), ServingRules())
    address = loopback.show(shown)
    assert get(f"{address}gone/") == (404, b"")
    assert shown.absent == {"gone": Absent("gone", certain=True)}
    assert get(f"{address}a-b/1.0/a_b-1.0-py3-none-any.whl.metadata")[0] == 404  # before its page was asked for
    get(f"{address}a-b/")
    assert get(f"{address}a-b/2.0/a_b-2.0-py3-none-any.whl.metadata")[0] == 404
    assert get(f"{address}a-b/1.0/a_b-1.0-py3-none-any.whl")[0] == 404
    assert get(f"{address}a-b/", "HEAD")[0] == 404


def test_address_that_was_not_given_out_shows_nothing(loopback):
    address = loopback.show(ServedCandidates(Releases(Contents()), ServingRules()))
    host = address.rsplit("/", 2)[0]
    assert get(f"{host}/guess/a-b/")[0] == 404
    assert get(f"{host}/guess/a-b/1.0/a.whl.metadata")[0] == 404
    assert loopback.show(ServedCandidates(Releases(Contents()), ServingRules())) != address


def test_dependency_by_an_address_is_not_shown():
    lines = metadata(Contents(requires=("c @ https://x.invalid/c.whl", "d ; extra == '@'")), ServingRules())
    assert [line for line in lines if line.startswith("Requires-Dist")] == ["Requires-Dist: d ; extra == '@'"]


def test_release_that_needs_a_compiler_is_not_valid_unless_excused():
    compiled = Contents(compiler="C")
    assert "Name: -" in metadata(compiled, ServingRules())
    assert "Name: a-b" in metadata(compiled, ServingRules(frozenset({"a-b"})))
    assert "Name: a-b" in metadata(compiled, ServingRules(frozenset({EVERYTHING})))
    assert "Name: -" in metadata(compiled, ServingRules(frozenset({"c"})))


def test_machine_code_for_x86_64_alone_counts_where_it_is_asked_for():
    alone = Contents(natives=(NativeFile("a.so", "x86_64"),))
    assert "Name: a-b" in metadata(alone, ServingRules())
    assert "Name: -" in metadata(alone, ServingRules(natives=True))
    assert "Name: a-b" in metadata(alone, ServingRules(frozenset({"a-b"}), natives=True))


def test_excused_projects_are_asked_for_as_such():
    releases = Releases(Contents())
    ServedCandidates(releases, ServingRules()).page("a-b")
    ServedCandidates(releases, ServingRules(frozenset({"a-b"}))).page("a-b")
    assert releases.excused == [False, True]
