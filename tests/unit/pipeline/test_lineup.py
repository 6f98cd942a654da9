"""Which Variants are measured, and why the others are not: packages and checks are made by hand, nothing is called."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.errors import PackagingError
from lambdabot.measurement.conclusion import conclude
from lambdabot.model import (
    Architecture,
    Arm64Check,
    Arm64Verdict,
    Configuration,
    Declaration,
    EventSource,
    Expectation,
    Payload,
    Place,
    Side,
    Variant,
)
from lambdabot.packaging.target import Target
from tests.unit.pipeline.conftest import HERE, built

ARM64, X86_64 = Architecture.ARM64, Architecture.X86_64
HEAD = Variant(side=Side.HEAD, configuration=HERE)
BASE = replace(HEAD, side=Side.BASE)
BLOCKED = Arm64Check(path="src", verdict=Arm64Verdict.BLOCKED, native_files=("native.so",))


def at(memory_mb: int, architecture: Architecture = ARM64) -> Variant:
    return Variant(side=Side.HEAD, configuration=Configuration(memory_mb=memory_mb, architecture=architecture))


@pytest.fixture
def sides(function):
    return {"base": replace(function, side=Side.BASE), "no_base": ""}


def test_sizes_and_both_sides_of_the_gate_are_measured(function, line_up, sides):
    function = function.changed(memory_mb=(512, 1024), architectures=(X86_64, ARM64))

    lineup = line_up(function, sides=sides)

    sweep = (at(512, X86_64), at(1024, X86_64), at(512), at(1024), HEAD)
    assert lineup.variants == lineup.plan.variants == (*sweep, BASE)
    assert lineup.plan.sweep == tuple(one.configuration for one in sweep)
    assert lineup.plan.pair == (BASE, HEAD)
    assert not lineup.reasons


@pytest.mark.parametrize(("head", "base"), [(3, 60), (60, 3)])
def test_the_longer_timeout_is_what_a_call_can_cost(function, line_up, head, base):
    sides = {"base": replace(function.changed(timeout_seconds=base), side=Side.BASE), "no_base": ""}

    assert line_up(function.changed(timeout_seconds=head), sides=sides).plan.timeout_seconds == 60


@pytest.mark.parametrize("what", ["package", "setting"])
def test_one_package_with_the_same_settings_is_not_measured(function, line_up, sides, what):
    same = {(side, ARM64): built(side, ARM64, sha256="same") for side in Side}
    unchanged = line_up(function, sides=sides, builds=same)
    other = (
        replace(unchanged, builds={**same, (Side.BASE, ARM64): built(Side.BASE, ARM64)})
        if what == "package"
        else line_up(function.changed(timeout_seconds=4), sides=sides, builds=same)
    )

    packed_anew = {key: replace(one, code_sha256=key[0].value, contents="same") for key, one in same.items()}

    assert unchanged.unchanged
    assert line_up(function, sides=sides, builds=packed_anew).unchanged
    assert unchanged.plan.identical
    assert unchanged.variants == unchanged.plan.sweep == ()
    assert not unchanged.reasons
    assert not other.unchanged
    assert set(other.variants) == {HEAD, BASE}


def test_two_packages_that_could_not_be_made_are_not_the_same(function, line_up, sides):
    failed = PackagingError("no space is left")

    lineup = line_up(function, sides=sides, builds={(side, ARM64): failed for side in Side})

    assert not lineup.unchanged
    assert lineup.variants == ()
    assert lineup.reasons == {HEAD: "no space is left", BASE: "no space is left"}


def test_a_blocked_head_is_left_out_and_its_base_is_kept(function, line_up, sides):
    function = function.changed(architectures=(X86_64, ARM64))

    lineup = line_up(function, sides=sides, arm64=BLOCKED)

    assert lineup.variants == (at(2048, X86_64), BASE)
    assert lineup.reasons == {HEAD: "ARM64 is blocked by native.so"}
    assert lineup.plan.pair is None


def test_what_this_machine_lacks_is_an_estimate_unless_it_is_blocked(function, line_up, bench):
    here = replace(bench, machine=Target.of_runtime("python3.13", X86_64))
    function = function.changed(architectures=(X86_64, ARM64), current=at(2048, X86_64).configuration)

    lineup = line_up(function, bench=here)
    blocked = replace(lineup, arm64=BLOCKED)

    assert lineup.variants == blocked.variants == (at(2048, X86_64),)
    assert lineup.plan.estimated == (HERE,)
    assert (lineup.plan.local, lineup.plan.waiting_counted) == (True, True)
    assert not lineup.reasons
    assert blocked.plan.estimated == ()
    assert blocked.reasons == {HEAD: "ARM64 is blocked by native.so"}


def test_a_size_that_the_account_may_not_have_is_asked_for_only_where_it_is_todays(function, line_up):
    function = function.changed(memory_mb=(3008, 4096, 8192), current=at(4096).configuration)
    lineup = line_up(function)
    assert lineup.variants == (at(3008), at(4096), at(8192))

    capped = replace(lineup, memory_cap_mb=3008, refused={at(4096): "above the cap", at(8192): "above the cap"})

    assert capped.variants == capped.plan.variants == (at(3008),)
    assert capped.reasons == {at(4096): "above the cap"}
    assert [one.memory_mb for one in capped.plan.sweep] == [3008, 4096]


def test_without_a_base_there_is_a_sweep_and_the_reason_why_nothing_is_compared(function, line_up):
    lineup = line_up(function)

    assert lineup.variants == (HEAD,)
    assert lineup.plan.base is None
    assert conclude(lineup.plan, ()).comparison.reason == "none was named"


def test_what_is_removed_has_no_variant(function, line_up):
    lineup = line_up(function, sides={"removed": True, "no_base": "removed"})

    assert lineup.variants == lineup.plan.sweep == ()
    assert not lineup.reasons


def test_where_nothing_comes_to_be_live_every_variant_has_that_reason_or_an_earlier_one(function, line_up, sides):
    function = function.changed(architectures=(X86_64, ARM64))
    lineup = line_up(function, sides=sides, arm64=BLOCKED).without_all("not with this role")

    assert lineup.variants == lineup.plan.variants == ()
    assert lineup.reasons == {
        at(2048, X86_64): "not with this role",
        HEAD: "ARM64 is blocked by native.so",
        BASE: "not with this role",
    }
    assert {one.reason for one in conclude(lineup.plan, ()).measurements} == set(lineup.reasons.values())


def test_a_container_image_that_lacks_an_architecture_is_measured_on_the_other(function, line_up, sides):
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/orders"
    function = function.changed(source=image, architectures=(X86_64, ARM64))
    builds = {
        (Side.HEAD, X86_64): PackagingError("the image is of arm64"),
        (Side.HEAD, ARM64): built(Side.HEAD, ARM64),
        (Side.BASE, ARM64): built(Side.BASE, ARM64),
    }

    lineup = line_up(function, sides=sides, builds=builds)

    assert lineup.variants == (HEAD, BASE)
    assert lineup.reasons == {at(2048, X86_64): "the image is of arm64"}


@pytest.mark.parametrize(
    ("head", "base", "read"),
    [
        ("api", "api", (True, False)),
        ("sqs", "sqs", (False, True)),
        ("sqs", "api", (True, True)),  # who takes the API out of the template still answers to it on the target branch
        ("sqs", None, (True, True)),  # nobody knows who invokes the base: the answer's shape tells
        ("sns", "schedule", (False, False)),
        (None, None, (True, True)),
    ],
)
def test_an_answer_is_read_as_whoever_invokes_either_side_does(function, line_up, head, base, read):
    def invoked_by(kind):
        if kind is None:
            return function
        place = Place(path=Path("template.yaml"), line=1)
        event = EventSource(name="one", kind=kind, place=place)
        return function.changed(declaration=Declaration(name="one", family="sam", place=place, events=(event,)))

    sides = {"base": replace(invoked_by(base), side=Side.BASE), "no_base": ""}

    (rule,) = line_up(invoked_by(head), sides=sides).answer_rules.values()
    assert (rule.answers_http, rule.takes_batches) == read


def test_of_two_expectations_of_one_event_the_gates_counts(function, line_up):
    own, gate = (
        Payload(name="one", body=b"{}", weight=Decimal(1), expect=Expectation(status=(status,)))
        for status in (500, 200)
    )

    lineup = line_up(function.changed(payloads=(own,), gate_payloads=(gate,)))

    assert lineup.answer_rules["one"].expect.status == (200,)
