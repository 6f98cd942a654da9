import struct
from base64 import b64decode

import pytest

from lambdabot.report.curve import PAGE, curve_url
from tests.unit.report import runs


def unpacked(sizes, times, costs):
    raw = [b64decode(part) for part in (sizes, times, costs)]
    count = len(raw[0]) // 2
    forms = (f"<{count}h", f"<{count}f", f"<{count}f")
    return [list(struct.unpack(form, part)) for form, part in zip(forms, raw, strict=True)]


def test_one_architecture_is_one_line():
    measurements = [runs.measured(runs.at(size), ms) for size, ms in ((256, 930.0), (128, 1900.0))]
    url = curve_url(measurements)

    assert url.startswith(PAGE)
    sizes, times, costs = unpacked(*url.removeprefix(PAGE).split(";"))
    assert sizes == [128, 256]
    assert times == [1900.0, 930.0]
    assert costs == pytest.approx(
        [runs.cost(runs.at(128), 1900.0).value / 1e6, runs.cost(runs.at(256), 930.0).value / 1e6]
    )


def test_two_architectures_are_compared_by_name():
    parts = curve_url(runs.sweep()).removeprefix(PAGE).split(";")

    assert len(parts) == 8
    assert parts[6:] == ["x86_64", "arm64"]
    assert unpacked(*parts[3:6])[0] == [128, 256, 512, 1024, 1769]


def test_only_what_was_measured_of_head_is_drawn():
    base = runs.measured(runs.at(128), 1.0, side=runs.BASE)
    dead = runs.failed(runs.at(256), runs.Status.TIMEOUT, "slow")

    assert curve_url([base, dead, runs.measured(runs.at(512), 1.0)]) is None


def test_one_architecture_is_compared_with_the_target_branch():
    base = runs.measured(runs.at(512), 461.0, side=runs.BASE)
    parts = curve_url([base, *runs.sweep()[:5]]).removeprefix(PAGE).split(";")

    assert parts[6:] == ["head", "base"]
    assert unpacked(*parts[:3])[0] == [128, 256, 512, 1024, 1769]
    assert unpacked(*parts[3:6])[:2] == [[512], [461.0]]


def test_a_target_branch_on_another_architecture_is_no_second_line():
    base = runs.measured(runs.at(512, runs.ARM), 461.0, side=runs.BASE)

    assert len(curve_url([base, *runs.sweep()[:5]]).split(";")) == 3
