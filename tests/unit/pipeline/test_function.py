"""One function's way through the stages, seen from what it has spent and what its layers hold."""

import struct
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.aws.prices import prices
from lambdabot.model import (
    Architecture,
    Configuration,
    Function,
    Invocation,
    Outcome,
    Side,
    Variant,
)
from lambdabot.pipeline.function import FunctionJob, Place
from lambdabot.pipeline.pairs import Sides
from lambdabot.settings.schema import GateSection
from lambdabot.workspace import Workspace

HERE = Configuration(memory_mb=2048, architecture=Architecture.ARM64)
HEAD = Variant(side=Side.HEAD, configuration=HERE)
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(
        machine=None,
        prices=prices("us-east-1"),
        concurrency=10,
        gate=GateSection(),
        seed=1,
        folder=tmp_path / "packages",
        cache=tmp_path / "cache",
        access=IndexAccess(tmp_path / "cache", 5),
    )


def job(function: Function, place: Place) -> FunctionJob:
    return FunctionJob(Sides(head=function, base=None, no_base="none was named"), place=place)


def invoked(**changes: object) -> Invocation:
    usual = {
        "variant": HEAD,
        "payload": "default",
        "round": 1,
        "wave": 1,
        "environment": "a",
        "environment_known": True,
        "cold": False,
        "outcome": Outcome.OK,
        "duration_ms": 999.5,
        "billed_ms": 1000,
        "max_memory_used_mb": 60,
        "at_seconds": 1.0,
    }
    return Invocation(**{**usual, **changes})


def test_storage_above_512_mb_is_spent_too(function, place):
    plain, large = job(function, place), job(function.changed(ephemeral_storage_mb=1536), place)
    plain.seen, large.seen = [invoked()], [invoked()]
    assert plain.usd == 2 * Decimal("0.0000133334") + Decimal("0.0000002")
    assert large.usd == plain.usd + Decimal("0.0000000309")


def test_snapshots_and_restores_are_spent_where_they_are_not_free(function, place):
    def spent(runtime: str, *, snap_start: bool) -> Decimal:
        one = job(function.changed(runtime=runtime, snap_start=snap_start), place)
        one.seen = [invoked(restore_ms=120.0), invoked()]
        one._count_snapshot(HEAD)
        return one.usd

    free = spent("java21", snap_start=True)
    assert free == spent("python3.13", snap_start=False)
    paid = spent("python3.13", snap_start=True)
    assert paid - free == 2 * Decimal("0.0001397998") + 2 * 3 * 3600 * Decimal("0.0000015046")


def test_what_is_paid_by_the_month_is_said(function, place):
    def notes(**changes) -> str:
        return " ".join(job(function.changed(**changes), place).result().notes)

    assert "restores in it. Its cache is in." in notes(snap_start=True, monthly_invocations=9)
    assert "Its cache is not in, because the traffic is not known" in notes(snap_start=True, monthly_invocations=None)
    assert "SnapStart" not in notes(snap_start=True, runtime="java21")
    assert "3 environments are kept ready" in notes(provisioned_concurrency=3)
    assert notes() == ""


class Refused:
    """Stands in for boto3's client where a layer may not be read: no endpoint here has layers."""

    def get_layer_version_by_arn(self, *, Arn: str):  # noqa: N803 - AWS's own name
        error = {"Error": {"Code": "AccessDeniedException", "Message": f"no access to {Arn}"}}
        raise ClientError(error, "GetLayerVersionByArn")


def test_layers_are_part_of_the_arm64_answer(function, place):
    function = function.changed(layers={Architecture.ARM64: (LAYER,)})
    one = job(function, replace(place, layer_client=Refused()))
    one.prepare()
    answer = one.result().arm64
    assert answer.verdict == "unknown"
    assert answer.path == str(function.code.source)
    assert "AccessDenied" in answer.layers[0]

    unread = job(function, place)
    unread.prepare()
    assert unread.result().arm64.layers == ()


def test_a_blocked_head_does_not_take_the_base_out(function, place):
    """The base runs on ARM64 already, whatever the check says of it."""
    machine_code = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, 0x3E)  # a library for x86_64
    (function.code.source / "native.so").write_bytes(machine_code + bytes(64))
    before = function.code.source.parent / "base"
    before.mkdir()
    (before / "app.py").write_text("def handler(event, context): pass\n")
    base = replace(function.changed(source=before), side=Side.BASE)
    base = replace(base, code=replace(base.code, workspace=Workspace(before)))

    one = FunctionJob(Sides(head=function, base=base, no_base=""), place=place)
    one.prepare()

    assert one.result().arm64.verdict == "blocked"
    assert one._blocked(HEAD)
    assert not one._blocked(replace(HEAD, side=Side.BASE))
    assert one.outlook().variants == 1
    reasons = {row.variant.side: row.reason for row in one.result().measurements}
    assert reasons[Side.HEAD].startswith("ARM64 is blocked by native.so")
    assert "blocked" not in reasons[Side.BASE]


def test_the_code_of_an_existing_function_is_called_by_its_name(function, place):
    one = job(function.changed(like="orders:live"), place)
    one.prepare()
    assert one.result().arm64.path == "orders:live"


def test_the_layers_of_another_runtime_are_read_too(function, place):
    function = function.changed(runtime="nodejs22.x", layers={Architecture.ARM64: (LAYER,)})
    one = job(function, replace(place, layer_client=Refused()))
    one.prepare()
    assert one.result().arm64.path == "layers"


def test_what_is_refused_says_why(function, place):
    refused = FunctionJob(Sides(head=function, base=None, no_base="", refused="not with this role"), place=place)
    assert refused.result().error == "not with this role"


def test_the_live_share_of_cold_starts_is_what_the_saving_counts_with(function, place):
    assert job(function.changed(cold_start_share=0.1), place).result().plan["cold_start_share"] == 0.1
