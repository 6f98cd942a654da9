"""How a manifest's options choose files."""

import pytest
from packaging.requirements import Requirement

from lambdabot.arm64.indexes.release import File
from lambdabot.arm64.manifest import Manifest, Pin, Request
from lambdabot.arm64.rules import FileRules, file_at, rules_of

WHEEL = File("a-1-py3-none-any.whl", "http://h/", "1", "py3-none-any", sha256="11")
SDIST = File("a-1.tar.gz", "http://h/", "1", "", sha256="22")


def request(text, *hashes):
    return Request(requirement=Requirement(text), source="r:1", hashes=frozenset(hashes))


def test_without_rules_all_is_allowed():
    rules = rules_of(Manifest(path="r"))
    assert rules == FileRules()
    assert all(rules.allows_hash("a", file) and rules.allows_kind("a", file) for file in (WHEEL, SDIST))


def test_hashes_of_requests_and_constraints_add_up():
    manifest = Manifest(path="r", requests=(request("a", "11"), request("b")), constraints=(request("A", "33"),))
    rules = rules_of(manifest)
    assert rules.hashes == {"a": frozenset({"11", "33"})}
    assert rules.allows_hash("a", WHEEL)
    assert not rules.allows_hash("a", SDIST)
    assert rules.allows_hash("b", SDIST)
    assert not rules.allows_hash("a", WHEEL._replace(sha256=None))


def test_hashes_of_pins_replace_those_and_listed_files_are_allowed():
    pins = {
        "a": (Pin(version="1", source="l:1", hashes=frozenset({"44"})), Pin(version="2", source="l:2")),
        "b": (Pin(version="1", source="l:3", files=(SDIST,), hashes=frozenset({"55"})),),
        "c": (Pin(version="1", source="l:4"),),
    }
    rules = rules_of(Manifest(path="l", requests=(request("a", "11"),), pins=pins))
    assert rules.hashes == {"a": frozenset({"44"}), "b": frozenset({"55"})}
    assert rules.files == {"b": (SDIST,)}
    assert not rules.allows_hash("a", WHEEL)
    assert rules.allows_hash("b", SDIST)


@pytest.mark.parametrize(
    ("only_binary", "no_binary", "wheel", "sdist"),
    [
        ({"a"}, set(), True, False),
        (set(), {"a"}, False, True),
        ({":all:"}, set(), True, False),
        (set(), {":all:"}, False, True),
        ({":all:"}, {"a"}, False, True),
        ({"a"}, {":all:"}, True, False),
        ({"b"}, {"b"}, True, True),
    ],
)
def test_what_names_the_project_wins(only_binary, no_binary, wheel, sdist):
    manifest = Manifest(path="r", only_binary=frozenset(only_binary), no_binary=frozenset(no_binary))
    rules = rules_of(manifest)
    assert (rules.allows_kind("a", WHEEL), rules.allows_kind("a", SDIST)) == (wheel, sdist)


def test_direct_address_names_its_file():
    url = "https://h.invalid/x/my%2Dpkg-1.0.tar.gz?token=1#sha256=aa"
    rules = rules_of(Manifest(path="r", requests=(request(f"My.Pkg @ {url}"), request("z @ https://h.invalid/z"))))
    assert rules.files == {"my-pkg": (File("my-pkg-1.0.tar.gz", url.partition("#")[0], "1.0", ""),)}


@pytest.mark.parametrize(
    "url", ["", "https://h.invalid/", "git+https://h.invalid/a.git@1.0", "https://h.invalid/b-1.zip"]
)
def test_address_of_anything_else_names_none(url):
    assert file_at(url, "a") is None


def test_address_of_a_wheel_tells_version_and_tags():
    found = file_at("https://h.invalid/a-1.0-py3-none-any.whl", "A")
    assert (found.version, found.tags, found.url) == ("1.0", "py3-none-any", "https://h.invalid/a-1.0-py3-none-any.whl")
