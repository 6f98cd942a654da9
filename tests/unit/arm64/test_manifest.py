"""The nouns of a manifest: names are normalised, what is not said is empty, nothing changes afterwards."""

import dataclasses

import pytest
from packaging.requirements import Requirement

from lambdabot.arm64.indexes.environment import Indexes
from lambdabot.arm64.manifest import Manifest, Pin, Request


@pytest.mark.parametrize(
    ("written", "name"),
    [("Foo.Bar_baz>=1", "foo-bar-baz"), ("zope.interface", "zope-interface"), ("ruamel__yaml", "ruamel-yaml")],
)
def test_names_are_normalised(written, name):
    assert Request(requirement=Requirement(written), source="requirements.txt:1").name == name


def test_an_empty_manifest_asks_for_nothing_and_is_no_lock():
    manifest = Manifest(path="requirements.txt")
    assert (manifest.requests, manifest.constraints, manifest.unchecked) == ((), (), ())
    assert manifest.pins is None
    assert manifest.indexes == Indexes()
    assert manifest.indexes.default is None
    assert (manifest.require_hashes, manifest.prereleases, manifest.walked) == (False, False, False)


def test_manifests_do_not_share_their_indexes():
    assert Manifest(path="a").indexes is not Manifest(path="b").indexes


def test_stages_cannot_change_what_was_read():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Manifest(path="a").path = "b"  # type: ignore[misc]  # the refusal is what is tested
    with pytest.raises(dataclasses.FrozenInstanceError):
        Pin(version="1", source="uv.lock:1").version = "2"  # type: ignore[misc]  # the refusal is what is tested
