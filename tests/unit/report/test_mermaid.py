from dataclasses import replace

import pytest

from lambdabot.report.document import document
from lambdabot.report.mermaid import _short, charts
from lambdabot.report.table import rows
from tests.unit.report import runs


def charts_of(*measurements):
    return charts(rows(document(runs.run(runs.result(measurements=measurements))).functions[0]))


def test_cost_and_duration_have_a_line_for_each_architecture():
    cost, duration = charts_of(*runs.sweep())

    assert cost.legend == "🔵 x86_64 🟠 arm64"
    assert cost.code.splitlines()[1:4] == [
        "xychart-beta",
        '    title "US$ per million invocations"',
        '    x-axis "Memory (MB)" [128, 256, 512, 1024, 1769]',
    ]
    assert duration.code.splitlines()[-2:] == [
        "    line [1900, 930, 461, 228, 133]",
        "    line [1767, 864.9, 428.7, 212, 123.7]",
    ]


def test_an_architecture_of_other_sizes_has_no_line():
    measurements = [*runs.sweep()[:5], runs.measured(runs.at(512, runs.ARM), 400.0)]
    cost, _ = charts_of(*measurements)

    assert cost.legend == "🔵 x86_64"
    assert cost.code.count("line [") == 1


def test_arm64_alone_keeps_its_colour():
    cost, _ = charts_of(*runs.sweep()[5:])

    assert cost.legend == "🟠 arm64"
    assert '"#e8710a"' in cost.code


def test_one_size_is_no_curve_and_base_is_not_drawn():
    assert charts_of(runs.measured(runs.at(512), 100.0)) == ()
    assert charts_of(runs.measured(runs.at(512), 1.0), runs.measured(runs.at(1024), 1.0, side=runs.BASE)) == ()
    assert charts_of() == ()


def test_a_failed_size_is_left_out():
    dead = runs.failed(runs.at(128), runs.Status.TIMEOUT, "slow")
    cost, _ = charts_of(dead, *(replace(one) for one in runs.sweep()[1:5]))

    assert "[256, 512, 1024, 1769]" in cost.code


@pytest.mark.parametrize(
    ("value", "text"), [(0.0000001, "0.0000"), (0.12345, "0.1235"), (1, "1"), (12.3456, "12.35"), (123456.7, "123457")]
)
def test_figures_have_no_exponent(value, text):
    assert _short(value) == text
