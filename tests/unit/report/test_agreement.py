"""Headline, verdict, exit code, check, icon, table, page and outputs of one report never contradict one another."""

import html
import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdabot.errors import ExitCode
from lambdabot.model import Verdict
from lambdabot.pipeline.verdict import exit_code, overall
from lambdabot.report import numbers
from lambdabot.report.comment import render
from lambdabot.report.document import document
from lambdabot.report.outputs import outputs
from lambdabot.report.page import page
from lambdabot.report.thinning import ChartSamples
from lambdabot.report.view import view
from lambdabot.settings.schema import GateSection
from tests.spot_check import examples
from tests.unit.report import runs

ICONS = {
    "regression": "🔴",
    "inconclusive": "🟡",
    "not measured": "⚪",
    "improvement": "🟢",
    "no change": "✅",
}
FAILED = "could not be measured"
CALM = ("all unchanged", "No change", "the same")
FACTORS = {
    Verdict.REGRESSION: st.floats(1.2, 40),
    Verdict.IMPROVEMENT: st.floats(0.02, 0.8),
    Verdict.INCONCLUSIVE: st.floats(0.9, 1.3),
    Verdict.NO_CHANGE: st.floats(0.97, 1.06),
}


@st.composite
def compared(draw, name):
    """A function whose base row may say another cost than the gate found, as a table's rows do by chance."""
    verdict = draw(st.sampled_from(sorted(FACTORS)))
    traffic = draw(st.sampled_from([None, 40, 5_100_000, 10**9]))
    one = runs.moved(name, draw(FACTORS[verdict]), verdict, monthly_invocations=traffic)
    base, *head = one.measurements
    noisy = runs.measured(runs.at(512), base.mean_duration_ms * draw(st.floats(0.5, 2)), side=runs.BASE)
    rows = (noisy, *head)
    best = draw(st.sampled_from([row.variant.configuration for row in head]))
    return replace(one, measurements=rows, recommendation=runs.advised(one.function, rows, best))


@st.composite
def reports(draw):
    def one(index):
        name = f"f{index}"
        expired = replace(runs.credentials_expired().functions[0], function=runs.function(name))
        made = st.sampled_from([runs.refused(name), expired, runs.uncompared(name), runs.uncompared(name, new=True)])
        return draw(st.one_of(compared(name), compared(name), made))

    results = [one(index) for index in range(draw(st.integers(1, 7)))]
    verdict, reason = overall(results)
    return document(runs.run(*results, verdict=verdict, verdict_reason=reason))


def lines(report):
    text = html.unescape(render(report)).replace("\u00a0", " ")
    first = next(line for line in text.splitlines() if line.startswith("### ")).removeprefix("### ")
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if "|" in line]
    return text, first, cells


@given(report=reports())
@settings(suppress_health_check=list(HealthCheck), max_examples=examples(60), deadline=None)
def test_nothing_that_is_said_of_a_report_contradicts_the_rest_of_it(report):
    text, first, cells = lines(report)
    verdicts = [one.comparison.verdict for one in report.functions]
    code = exit_code(report, GateSection())

    assert outputs(report)["verdict"] == report.verdict == min(verdicts, key=list(Verdict).index)
    assert (code is ExitCode.GATE_FAILED) == (report.verdict is Verdict.REGRESSION)
    assert first[0] == ("❌" if code is ExitCode.NOT_MEASURED else ICONS[report.verdict])
    assert any(words in first for words in CALM) <= (set(verdicts) == {Verdict.NO_CHANGE})
    assert html.escape(first[2:].partition("<")[0], quote=False)[:20] in page(report, ChartSamples())
    if len(report.functions) > 1:
        assert counted(view(report), first) == len(report.functions)
        table_agrees(report, cells)
    for one in report.functions:
        saving_agrees(one, text, cells)


def counted(shown, first):
    """Count the functions that the headline names or counts; one that says nothing of a function gives too few."""
    if (all_of := re.match(r". (\d+) functions, (?:nothing compared|all unchanged)", first)) or "Nothing mea" in first:
        return int(all_of[1]) if all_of else len(shown.functions)
    told = first.partition("; recommended")[0]
    number = r"(\d+) (?:of \d+ (?:could|not|undecided|functions not)|new|not measured any|others? unchanged|functions)"
    return sum(int(one) for one in re.findall(number, told)) + told.count("<code>")


def table_agrees(report, cells):
    months = all(one.monthly_invocations for one in report.functions if one.measurements)
    for one in report.functions:
        row = next(row for row in cells if row[0].startswith(f"<code>{one.name}</code>"))
        ratio, verdict, change = one.comparison.cost_ratio, one.comparison.verdict, row[3].removesuffix(" |")
        assert change.startswith(ICONS[verdict])
        if verdict is Verdict.NOT_MEASURED:
            assert change[2:] == (
                "failed" if one.error or one.comparison.refused else "new" if one.new else "not compared"
            )
        elif verdict is Verdict.NO_CHANGE:
            assert change[2:] == "unchanged"
        else:
            assert numbers.signed_percent(100 * (ratio.value - 1)) in change
        costs = [of_side(one, side, months=months) for side in ("base", "head")]
        assert row[1] in {"–", costs[0]}
        assert row[2] in {"–", costs[1]}
        if row[1] != "–" and row[2] != "–" and verdict in {Verdict.REGRESSION, Verdict.IMPROVEMENT}:
            before, after = (float(re.sub(r"[$,]", "", text)) for text in row[1:3])
            assert after >= before if verdict is Verdict.REGRESSION else after <= before


def of_side(one, side, *, months):
    """Return a side's cost as report.json has it, at the table's precision."""
    at = one.comparison.base if side == "base" else one.comparison.head
    costs = [
        row.cost_per_million_usd.value
        for row in one.measurements
        if at and row.side == side and row.configuration == at.configuration and row.cost_per_million_usd
    ]
    return numbers.usd(costs[0] * (one.monthly_invocations.value / 1e6 if months else 1)) if costs else "–"


def saving_agrees(one, text, cells):
    """The sentence, the recommended row's change and report.json's saving are one figure with one sign."""
    advice = one.recommendation
    if advice is None or advice.configuration == one.current.configuration or abs(advice.saving_percent) < 0.05:
        return
    word = "save" if advice.saving_percent > 0 else "cost"
    size = numbers.percent(advice.saving_percent)
    assert f"{advice.configuration} would {word} {size}" in text
    changes = [row[4] for row in cells if row[0].startswith(f"**{advice.configuration}** · **recommended**")]
    assert any(change.startswith(numbers.signed_percent(-advice.saving_percent)) for change in changes)
    if advice.saving_monthly_usd is not None:
        assert (
            f"would {word} {size}{' more' * (word == 'cost')} ({numbers.whole_usd(abs(advice.saving_monthly_usd))}"
            in text
        )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "one_of_three_failed",
            f"🔴 1 of 3 {FAILED}; +$13.88 a month (+243 %) in <code>thumbnail</code>; 1 other unchanged",
        ),
        ("none_of_three_compared", "⚪ 3 functions, nothing compared"),
        (
            "twelve_mixed",
            "; ".join(
                [
                    f"🔴 1 of 12 {FAILED}",
                    "1 of 12 not compared",
                    "+$11.87 a month (+40 %) in 2 functions, +90 % in <code>mails</code>",
                    "1 of 12 undecided",
                    "−$8.40 a month (−30 %) in <code>photos</code>",
                    "1 new",
                    "4 others unchanged",
                ]
            ),
        ),
    ],
)
def test_the_headline_counts_every_function_and_sums_what_was_compared(name, words):
    _, first, _ = lines(document(getattr(runs, name)()))

    assert first.partition("; recommended")[0] == words


def test_the_outputs_give_the_figures_of_the_table():
    report = document(runs.twelve_mixed())
    _, _, cells = lines(report)

    for one in json.loads(outputs(report)["functions"]):
        row = next(row for row in cells if row[0].startswith(f"<code>{one['name']}</code>"))
        if one["cost-change-percent"] is not None and one["verdict"] != "no change":
            assert numbers.signed_percent(one["cost-change-percent"]) in row[3]


def dearer_beside_a_row_of(base_ms):
    one = runs.moved("thumbnail", 1.3, Verdict.REGRESSION)
    _, *head = one.measurements
    return runs.run(replace(one, measurements=(runs.measured(runs.at(512), base_ms, side=runs.BASE), *head)))


def test_dollars_of_two_rows_that_say_otherwise_than_the_gate_are_not_told():
    _, otherwise, _ = lines(document(dearer_beside_a_row_of(600.0)))
    _, alike, _ = lines(document(dearer_beside_a_row_of(400.0)))

    assert otherwise == "🔴 Costs 30 % more"
    assert alike == "🔴 Costs 30 % more: $18.02 → $20.61 a month at 5.1 M invocations"


def test_the_row_of_the_target_branch_shows_the_change_of_the_gate():
    _, _, cells = lines(document(dearer_beside_a_row_of(400.0)))
    (row,) = (row for row in cells if row[0] == "512 MB x86_64 · target branch")

    assert row[4] == "−23 % (−25 to −21)"
