"""uv as the resolver, over a made-up index."""

import subprocess
import sys
from contextlib import closing, contextmanager

import pytest
from packaging.requirements import Requirement

from lambdabot.arm64.files.reader import Reader
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.cache import Cache
from lambdabot.arm64.indexes.environment import Sources
from lambdabot.arm64.indexes.index import Absent, Index
from lambdabot.arm64.indexes.transport import Transport
from lambdabot.arm64.manifest import Request
from lambdabot.arm64.resolution import resolver as module
from lambdabot.arm64.resolution.candidates import Candidates
from lambdabot.arm64.resolution.loopback import Loopback, ServingRules
from lambdabot.arm64.resolution.resolver import Conflict, Problem, Resolver, Solution
from lambdabot.arm64.rules import FileRules, file_at
from lambdabot.arm64.target import Target
from lambdabot.model import Architecture


@contextmanager
def resolving(url, **rules):
    with closing(Loopback()) as loopback, closing(Transport((url,), IndexAccess(None, 5))) as transport:
        index = Index(Sources(addresses=(url,)), transport, Cache(None))
        with closing(index):
            reader = Reader(transport, Cache(None))
            view = Candidates(index, reader, Target("3.12", "2.34"), Architecture.ARM64, rules=FileRules(**rules))
            yield lambda problem, **options: Resolver(loopback, None).solve(view, problem, ServingRules(), **options)


def requests(*lines):
    return tuple(Request(requirement=Requirement(line), source="a:1") for line in lines)


def test_highest_lowest_constrained_and_prereleases(package_index):
    for version in ("1.0", "1.1", "2.0", "3.0rc1"):
        package_index.wheel("alpha", version)
    with resolving(package_index.url) as solve:
        wanted = requests("alpha")
        assert solve(Problem(requests=wanted)) == Solution(versions={"alpha": "2.0"})
        assert solve(Problem(requests=wanted, constraints=requests("alpha<2"))) == Solution(versions={"alpha": "1.1"})
        assert solve(Problem(requests=wanted, prereleases=True)) == Solution(versions={"alpha": "3.0rc1"})
        assert solve(Problem(requests=requests("alpha>1"), lowest=True)) == Solution(versions={"alpha": "1.1"})


def test_nothing_is_run_for_what_cannot_be_had(package_index, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("run"))
    known = {"alpha": Absent("known")}
    with resolving(package_index.url) as solve:
        assert solve(Problem(requests=requests("alpha>1")), absent=known) == Solution(versions={}, absent=known)
        assert solve(Problem(requests=())) == Solution(versions={})


def test_what_cannot_be_had_is_left_out_and_named(package_index):
    package_index.wheel("alpha", "1.0", requires=("beta", "gone"))
    package_index.wheel("beta", "1.0")
    with resolving(package_index.url) as solve:
        found = solve(Problem(requests=requests("alpha")))
        assert isinstance(found, Solution)
        assert found.versions == {"alpha": "1.0", "beta": "1.0"}
        assert found.absent.keys() == {"gone"}
        known = {"beta": Absent("known"), "gone": Absent("known")}
        assert solve(Problem(requests=requests("alpha")), absent=known) == Solution(
            versions={"alpha": "1.0"}, absent=known
        )


def test_conflict_has_the_resolver_s_words_without_our_own_address(package_index):
    package_index.wheel("alpha", "1.0")
    with resolving(package_index.url) as solve:
        found = solve(Problem(requests=requests("alpha>2")))
    assert isinstance(found, Conflict)
    assert "alpha" in found.text
    assert "127.0.0.1" not in found.text
    assert "\n" not in found.text


def test_address_becomes_a_pin_on_its_file(package_index):
    package_index.wheel("alpha", "1.0", requires=("beta; extra == 'x'",))
    package_index.wheel("beta", "1.0")
    url = package_index.url.replace("simple/", "files/alpha/alpha-1.0-py3-none-any.whl")
    with resolving(package_index.url, files={"alpha": (file_at(url, "alpha"),)}) as solve:
        found = solve(Problem(requests=requests(f"alpha[x] @ {url} ; python_version > '3'")))
        other = solve(Problem(requests=requests(f"alpha @ {url}")))
    assert found == Solution(versions={"alpha": "1.0", "beta": "1.0"})
    assert other == Solution(versions={"alpha": "1.0"})


def test_one_missing_project_after_the_other_comes_to_an_end(package_index, monkeypatch):
    monkeypatch.setattr(module, "_ATTEMPTS", 1)
    package_index.wheel("alpha", "1.0", requires=("gone",))
    with resolving(package_index.url) as solve:
        found = solve(Problem(requests=requests("alpha")))
    assert isinstance(found, Conflict)
    assert found.text == "too many projects could not be looked up"
    assert found.absent.keys() == {"gone"}


def test_resolution_that_takes_too_long_is_a_conflict(package_index, monkeypatch):
    def late(*_, **__):
        raise subprocess.TimeoutExpired("uv", 1)

    monkeypatch.setattr(module.subprocess, "run", late)  # uv itself cannot be made to take two minutes
    with resolving(package_index.url) as solve:
        found = solve(Problem(requests=requests("alpha")))
    assert found == Conflict(text="no resolution within 120 s")


@pytest.mark.parametrize("text", ["", "# a comment\n", "  # via alpha\n"])
def test_lines_that_are_no_pins_are_passed_over(text):
    assert module._pins(text + "Al_Pha==1.0.0 ; python_version > '3'\n") == {"al-pha": "1.0.0"}


def test_many_checks_may_be_the_first_to_need_uv():
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
from lambdabot.arm64.resolution.resolver import Resolver
start, made = threading.Barrier(8), []

def make():
    start.wait()
    made.append(Resolver(None, None)._compile)

threads = [threading.Thread(target=make) for _ in range(8)]
[one.start() for one in threads], [one.join() for one in threads]
sys.exit(len(made) != 8)
"""
    for _ in range(3):  # a fresh interpreter each: what it finds out of itself it keeps
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
