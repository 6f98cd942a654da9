"""One function's way through the stages, seen from what its packages and layers hold."""

import struct
from dataclasses import replace
from pathlib import Path

from lambdabot.errors import EndpointError
from lambdabot.model import Architecture, Layer, Place, Selection, Side, Undecided
from lambdabot.workspace import Workspace

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


def test_what_is_paid_by_the_month_is_said(function, job):
    def notes(**changes) -> str:
        return " ".join(job(function.changed(**changes)).result().notes)

    assert "restores in it. Its cache is in." in notes(snap_start=True, monthly_invocations=9)
    assert "Its cache is not in, because the traffic is not known" in notes(snap_start=True, monthly_invocations=None)
    assert "SnapStart" not in notes(snap_start=True, runtime="java21")
    assert "3 environments are kept ready" in notes(provisioned_concurrency=3)
    assert notes() == ""


def test_what_a_package_lacks_is_said(function, job):
    (function.code.source / ".env").write_text("KEY=secret")
    note = Undecided(reason="the pattern `x` is not applied", place=Place(path=Path("serverless.yml"), line=3))
    one, other = job(function.changed(selection=Selection(notes=(note,)))).result().notes
    assert one == "The package may differ from the deployed one: serverless.yml:3: the pattern `x` is not applied."
    assert other.startswith("`.env` is left out of the package")
    assert job(function.changed(selection=Selection(patterns=("!.env*",)))).result().notes == ()


class Refused:
    """Stands in for boto3's client where a layer may not be read: no endpoint here has layers."""

    def get_layer_version_by_arn(self, *, Arn: str):  # noqa: N803 - AWS's own name
        message = f"could not read the layer: no access to {Arn} (AccessDeniedException)"
        raise EndpointError(message)


def test_layers_are_part_of_the_arm64_answer(function, job):
    function = function.changed(layers={Architecture.ARM64: (LAYER,)})
    one = job(function, layer_client=Refused())
    one.prepare()
    answer = one.result().arm64
    assert answer.verdict == "unknown"
    assert answer.path == str(function.code.source)
    assert "AccessDenied" in answer.layers[0]

    unread = job(function)
    unread.prepare()
    assert unread.result().arm64.layers == ()


def test_a_layer_of_the_repository_is_looked_into(function, job, tmp_path):
    machine_code = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, 0x3E)  # a library for x86_64
    (tmp_path / "shared/python").mkdir(parents=True)
    (tmp_path / "shared/python/native.so").write_bytes(machine_code + bytes(64))
    shared = Layer(name="Shared", source=tmp_path / "shared", workspace=Workspace(tmp_path))
    one = job(function.changed(source=tmp_path / "app.py", layers={Architecture.ARM64: (shared,)}))

    one.prepare()

    answer = one.result().arm64
    assert (answer.verdict, answer.native_files) == ("blocked", ())
    assert answer.layers[0].startswith("Shared: python/native.so")


def test_a_blocked_head_does_not_take_the_base_out(function, job):
    """The base runs on ARM64 already, whatever the check says of it."""
    machine_code = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, 0x3E)  # a library for x86_64
    (function.code.source / "native.so").write_bytes(machine_code + bytes(64))
    before = function.code.source.parent / "base"
    before.mkdir()
    (before / "app.py").write_text("def handler(event, context): pass\n")
    base = replace(function.changed(source=before, workspace=Workspace(before)), side=Side.BASE)

    one = job(function, base=base, no_base="")
    one.prepare()

    assert one.result().arm64.verdict == "blocked"
    assert [variant.side for variant in one.lineup.variants] == [Side.BASE]
    assert one.lineup.outlook().variants == 1
    reasons = {row.variant.side: row.reason for row in one.result().measurements}
    assert reasons[Side.HEAD].startswith("ARM64 is blocked by native.so")
    assert "blocked" not in reasons[Side.BASE]


def test_the_code_of_an_existing_function_is_called_by_its_name(function, job):
    one = job(function.changed(like="orders:live"))
    one.prepare()
    assert one.result().arm64.path == "orders:live"


def test_the_layers_of_another_runtime_are_read_too(function, job):
    function = function.changed(runtime="nodejs22.x", layers={Architecture.ARM64: (LAYER,)})
    one = job(function, layer_client=Refused())
    one.prepare()
    assert one.result().arm64.path == "layers"


def test_what_is_refused_says_why(function, job):
    refused = job(function, refused="not with this role")
    assert not refused.ready
    assert refused.result().error == "not with this role"


def test_what_is_removed_is_not_tried_and_needs_no_reason(function, job):
    removed = job(function, removed=True)
    assert not removed.ready
    assert removed.result().error == ""


def test_the_live_share_of_cold_starts_is_what_the_saving_counts_with(function, job):
    assert job(function.changed(cold_start_share=0.1)).result().plan["cold_start_share"] == 0.1
