"""The graph of dependencies: shortest chains, extras, markers."""

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from lambdabot.arm64.manifest import Manifest, Pin, Request
from lambdabot.arm64.resolution.closure import holds, locked_closure, requested_by
from lambdabot.arm64.target import Target, environment
from lambdabot.model import Architecture

HERE = environment(Target("3.12", "2.34"), Architecture.ARM64)


def chains(graph, *lines):
    requests = tuple(Request(requirement=Requirement(line), source=f"r:{n}") for n, line in enumerate(lines, 1))
    return requested_by(requests, lambda name: graph.get(name, ()), HERE)


def test_shortest_chain_is_told_and_circles_end():
    graph = {"a": ("b",), "b": ("c", "a"), "d": ("c",)}
    assert chains(graph, "a", "d") == {
        "a": ("r:1",),
        "d": ("r:2",),
        "b": ("r:1", "a"),
        "c": ("r:2", "d"),
    }


def test_extras_and_markers_open_the_way():
    graph = {"a": ("b ; extra == 'x'", "c ; python_version < '3'", "d ; extra == 'x' or extra == 'y'", "not valid!")}
    assert chains(graph, "a").keys() == {"a"}
    assert chains(graph, "a[x]").keys() == {"a", "b", "d"}
    assert chains(graph, "a ; sys_platform == 'win32'") == {}


@pytest.mark.parametrize(
    ("marker", "expected"),
    [("platform_machine == 'aarch64'", True), ("platform_machine == 'x86_64'", False)],
)
def test_markers_are_those_of_the_machine(marker, expected):
    assert holds(Marker(marker), HERE) is expected
    assert holds(None, HERE)


def test_flat_lock_installs_what_its_markers_say():
    pins = {
        "a": (Pin(version="1", source="l:1", requires=("b", "not valid!")),),
        "b": (Pin(version="2", source="l:2"),),
        "c": (Pin(version="3", source="l:3", marker=Marker("sys_platform == 'win32'")),),
    }
    closure = locked_closure(Manifest(path="l", pins=pins), HERE)
    assert closure.versions == {"a": "1", "b": "2"}
    assert closure.chains == {"a": ("l:1",), "b": ("l:2", "a")}
    assert closure.absent == {}


def test_marker_that_cannot_be_evaluated_counts_as_true():
    assert holds(Marker("platform_release >= '3'"), {"os_name": "posix", "platform_release": None})
