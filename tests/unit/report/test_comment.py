import html
import re
from dataclasses import replace

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, example, given, settings

from lambdabot.model import Arm64Verdict, Verdict
from lambdabot.report import comment
from lambdabot.report.comment import COMMENT_LIMIT, render, summary
from lambdabot.report.document import amended, document
from lambdabot.report.markdown import utf16
from lambdabot.report.state import MARKER
from tests.spot_check import examples, spot_check
from tests.unit.report import runs
from tests.unit.report.test_escape import TEXTS

SITUATIONS = [
    "one_recommended", "regression", "improvement", "inconclusive", "overridden", "not_accepted", "no_change", "kept",
    "blocked", "nothing_compared", "not_reached", "failed_rows", "local", "live_version", "forty", "with_findings",
    "interrupted", "head_fails", "head_fails_batches", "both_fail", "some_fail", "expected_404", "one_size_fails",
    "events_chosen", "credentials_expired", "left_behind", "one_of_three_failed", "none_of_three_compared",
    "twelve_mixed", "arm64_would_save",
]  # fmt: skip
STATE = re.compile(r"<!-- lambdabot:state:1 .* -->")


def comment_of(run, **more):
    return render(runs.report_of(run), **more)


def page_of(markdown):
    return cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)


def headline(markdown):
    return next(line for line in markdown.splitlines() if line.startswith("### ")).removeprefix("### ")


@pytest.mark.parametrize("name", SITUATIONS)
def test_golden(name, golden):
    golden(name, STATE.sub("<!-- state -->", comment_of(getattr(runs, name)())))


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_comment_is_well_formed(name):
    text = comment_of(getattr(runs, name)())
    page = page_of(text)

    assert text.startswith(MARKER + "\n### ")
    assert len(text) < COMMENT_LIMIT
    assert "\n\n\n" not in text
    for tag in ("details", "summary", "table", "b", "sub", "code"):
        assert page.count(f"<{tag}>") + page.count(f"<{tag} open>") == page.count(f"</{tag}>")
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        columns = len(re.findall("<th[ >]", table))
        assert all(row.count("<td") == columns for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)[1:])
    assert ":--" not in page  # every table was read as one


HEADLINES = {
    "one_recommended": "✅ 1024 MB arm64 would save 25 % ($5.17 a month) and be 2.2 times as fast",
    "regression": "🔴 Costs 18 % more: $20.61 → $24.18 a month at 5.1 M invocations",
    "improvement": "🟢 Costs 29 % less: $28.60 → $20.61 a month at 5.1 M invocations",
    "inconclusive": "🟡 Cost change undecided: +6 % (−7 to +21)",
    "overridden": "🟠 Costs 18 % more: $20.61 → $24.18 a month at 5.1 M invocations (accepted)",
    "no_change": "✅ No change in cost",
    "nothing_compared": "⚪ 1024 MB arm64 would save 25 % ($5.17 a month) and be 2.2 times as fast",
    "not_reached": "❌ Nothing measured: no usable AWS credentials",
    "local": "🔴 Costs 98 % more: $2.04 → $4.04 per million invocations (estimate)",
    "head_fails": "🔴 Fails 10 of 10 calls, the target branch 0 of 10: HTTP 500: 'count'",
    "both_fail": "❌ Fails 10 of 10 calls, the target branch 6 of 6: KeyError: 'Records' (app.py, line 5)",
    "expected_404": "✅ 1024 MB arm64 would save 25 % ($5.17 a month) and be 2.2 times as fast",
    "forty": (
        "🔴 +$6.75 a month (+20 %) in 2 functions; 38 others unchanged; "
        "recommended configurations would save $207 a month"
    ),
}


@pytest.mark.parametrize(("name", "text"), HEADLINES.items())
def test_the_first_line_is_the_verdict_in_money(name, text):
    assert html.unescape(headline(comment_of(getattr(runs, name)()))) == text


def several(*verdicts):
    shown = {
        Verdict.INCONCLUSIVE: runs.ratio(1.05, 0.9, 1.2),
        Verdict.IMPROVEMENT: runs.ratio(0.7, 0.6, 0.8),
        Verdict.NO_CHANGE: runs.ratio(1.0, 0.97, 1.03),
    }
    return runs.run(
        *(
            runs.result(
                runs.function(f"f{index}"), comparison=runs.comparison(one, shown.get(one)), recommendation=None
            )
            for index, one in enumerate(verdicts)
        )
    )


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ((Verdict.INCONCLUSIVE, Verdict.NO_CHANGE), "🟡 1 of 2 undecided; 1 other unchanged"),
        ((Verdict.IMPROVEMENT, Verdict.NO_CHANGE), "🟢 −$8.83 a month (−30 %) in <code>f0</code>; 1 other unchanged"),
        ((Verdict.NOT_MEASURED, Verdict.NOT_MEASURED), "⚪ 2 functions, nothing compared"),
        ((Verdict.NOT_MEASURED, Verdict.NO_CHANGE), "⚪ 1 of 2 not compared; 1 other unchanged"),
        ((Verdict.NO_CHANGE, Verdict.NO_CHANGE), "✅ 2 functions, all unchanged"),
    ],
)
def test_the_first_line_of_several_functions(verdicts, text):
    assert headline(comment_of(several(*verdicts))) == text


@pytest.mark.parametrize(
    ("verdict", "head", "base", "worse", "text"),
    [
        (Verdict.INCONCLUSIVE, 20, 0, True, "🟡 Fails 20 of 60 calls, the target branch 0 of 60: HTTP 500"),
        (
            Verdict.INCONCLUSIVE,
            3,
            0,
            False,
            "🟡 Cost change undecided: +5 % (−10 to +20); fails 3 of 60 calls (the target ",
        ),
        (Verdict.REGRESSION, 20, 0, True, "🔴 Costs 5 % more; fails 20 of 60 calls (the target branch 0 of 60)"),
        (Verdict.NO_CHANGE, 0, 3, False, "✅ Costs the same; the target branch fails 3 of 60 calls"),
    ],
)
def test_the_first_line_says_how_often_calls_fail(verdict, head, base, worse, text):
    both = runs.Reliability(base=runs.fails(base, 60, "HTTP 500"), head=runs.fails(head, 60, "HTTP 500"), worse=worse)
    gate = replace(runs.comparison(verdict, runs.ratio(1.05, 0.9, 1.2)), reliability=both)
    run = runs.run(runs.result(comparison=gate, recommendation=None, measurements=()))

    assert headline(comment_of(run)).startswith(text)


def test_a_function_that_is_not_measured_any_more_is_a_row_with_its_reason():
    gate = runs.comparison(Verdict.NOT_MEASURED, None, "removed: the target branch measures it")
    gone = runs.result(
        runs.function("gone"), comparison=gate, recommendation=None, measurements=(), removed=True, arm64=None
    )
    text = comment_of(runs.run(runs.result(), gone))

    assert headline(text).startswith("⚪ 1 not measured any more; 1 other unchanged; ")
    assert "<b><code>gone</code></b> Not measured any more</summary>" in text
    assert "**Nothing compared, so nothing gated**: removed: the target branch measures it" in text


def test_without_functions_the_reason_stands_there():
    assert (
        headline(comment_of(runs.run(verdict_reason="nothing was measured")))
        == "❌ Nothing measured: nothing was measured"
    )


def test_a_comparison_without_a_recommendation_says_that_the_cost_is_the_same():
    run = runs.run(runs.result(recommendation=None, recommendation_reason="no configuration meets p95_ms 10"))
    text = comment_of(run)

    assert headline(text) == "✅ Costs the same: $20.53 → $20.61 a month at 5.1 M invocations"
    assert "Nothing is recommended: no configuration meets p95_ms 10" in text


def test_a_run_that_could_not_compare_is_headed_by_why_and_by_no_calm_sign():
    expired = runs.credentials_expired().functions[0]
    for several in ((expired,), (expired, runs.result(runs.function(name="other")))):
        first = headline(comment_of(runs.run(*several)))
        assert first.startswith("❌ ")
        assert "ot compared: could not invoke 256 MB x86_64: the AWS credentials have expired" in first
    assert "this run fails" in comment_of(runs.run(expired))


def test_many_that_are_left_behind_are_counted():
    text = comment_of(runs.run(runs.result(), left_behind=tuple(f"function lambdabot-{one}" for one in range(20))))

    assert "<code>function lambdabot-7</code> and 12 more. <code>lambdabot clean --all</code> removes them.\n" in text


def test_nothing_to_compare_and_nothing_to_recommend():
    gate = runs.comparison(Verdict.NOT_MEASURED, None, "a new function")
    run = runs.run(runs.result(comparison=gate, recommendation=None, recommendation_reason="all sizes failed"))

    assert headline(comment_of(run)) == "⚪ Nothing recommended: all sizes failed"


def test_a_recommendation_that_cannot_be_compared_with_today():
    gate = runs.comparison(Verdict.NOT_MEASURED, None, "a new function")
    run = runs.run(runs.result(comparison=gate, recommendation=runs.recommended(runs.at(1024), None, None)))

    assert headline(comment_of(run)) == "⚪ 1024 MB x86_64 is the cheapest that fits"
    assert "**1024 MB x86_64 is recommended**: cheapest" in comment_of(run)


def test_faster_at_a_higher_price_says_so():
    best = runs.recommended(runs.at(1769), -3.0, "-0.60", reason="fastest", strategy=runs.Strategy.SPEED)

    assert headline(comment_of(runs.run(runs.result(recommendation=best)))) == (
        "✅ 1769 MB x86_64 would cost 3 % more ($0.60 a month) and be 3.5 times as fast"
    )


def test_nothing_compared_is_said_once():
    assert comment_of(runs.nothing_compared()).count("**Nothing compared, so nothing gated**: the checkout") == 1


def test_rows_of_the_table_are_marked():
    text = comment_of(runs.regression()).replace("\u00a0", " ")

    assert "| 512 MB x86_64 · target branch |" in text
    assert "| 512 MB x86_64 · today |" in text
    assert "| **1024 MB arm64** · **recommended** |" in text
    assert "| 1769 MB arm64 · tied |" in text


def test_failed_rows_stay_with_their_reason():
    text = html.unescape(comment_of(runs.failed_rows()))

    assert "⚠️ out of memory: RequestId: 8f5 Error: Runtime exited with error: signal: killed |" in text
    assert "⚠️ timeout: Task timed out after 30.00 seconds |" in text


def test_sizes_that_one_reason_took_out_share_a_line():
    text = comment_of(runs.blocked()).replace("\u00a0", " ")

    assert text.count("not measured: ARM64 is blocked by fasttext, chromedriver-py") == 1
    assert "| 128 to 1769 MB arm64 |" in text


def test_the_base_shares_its_line_with_no_size_of_head():
    reason = "no warm result yet"
    base = replace(
        runs.failed(runs.at(512), runs.Status.NOT_MEASURED, reason),
        variant=runs.Variant(side=runs.BASE, configuration=runs.at(512)),
    )
    rows = (base, runs.failed(runs.at(128), runs.Status.NOT_MEASURED, reason), *runs.sweep()[2:])
    text = comment_of(runs.run(runs.result(measurements=rows))).replace("\u00a0", " ")

    assert "| 512 MB x86_64 · target branch | – |" in text
    assert "| 128 MB x86_64 | – |" in text


def test_estimates_are_labelled_where_they_stand():
    text = comment_of(runs.local())

    assert "**Estimate: embedded endpoint.**" in text
    assert text.count("arm64 · *estimated* |") == 3
    assert "(estimate)" in headline(text)


def test_arm64_that_cannot_be_told_is_never_silently_fine():
    check = replace(runs.ready(), verdict=Arm64Verdict.UNKNOWN, reason="the index gave no answer")

    assert "**ARM64 is unknown**: the index gave no answer" in comment_of(runs.run(runs.result(arm64=check)))


def test_findings_come_by_money():
    small = replace(runs.finding(), title="Small", saving_monthly_usd=None)
    text = comment_of(runs.run(runs.result(findings=(small, runs.finding()))))

    assert text.index("A client is made in the handler** ($12 a month)") < text.index("- **Small**:")


def test_estimated_sizes_share_an_explanation_and_measured_ones_need_none():
    words = "*Estimated*: priced at the duration that was measured on the other architecture."

    assert comment_of(runs.local()).count(words) == 1
    assert words not in comment_of(runs.regression())


@pytest.mark.parametrize(
    ("name", "fields", "shown"),
    [
        ("regression", {}, True),
        ("regression", {"pull_request": None}, False),
        ("overridden", {}, False),
        ("no_change", {}, False),
    ],
)
def test_a_failed_gate_says_how_to_accept_the_cost(name, fields, shown):
    text = render(amended(runs.report_of(getattr(runs, name)()), **fields))

    assert ("set the label <code>lambdabot: accept cost</code> and run the job again" in html.unescape(text)) is shown


def test_the_run_is_linked_where_it_is_known():
    url = "https://github.com/octo/demo/actions/runs/42"

    assert f"[the whole report](<{url}>)" in comment_of(runs.regression())
    for odd in (None, "javascript:1", url + ">", "https://a.b/c/d/actions/runs/x", url + "\n"):
        assert "the whole report](" not in comment_of(replace(runs.regression(), run_url=odd))


def test_charts_are_for_the_only_function_and_for_those_that_cost_more():
    assert comment_of(runs.regression()).count("```mermaid") == 2
    assert comment_of(runs.forty()).count("```mermaid") == 4


def test_forty_functions_show_the_pressing_ones_and_fold_the_rest():
    text = comment_of(runs.forty())
    first = re.findall(r"<code>service-(\d+)-handler</code>", text)[:2]

    assert first == ["17", "03"]
    assert text.count("<details open>") == 2
    assert "<summary>38 more functions</summary>" in text


def test_what_a_comment_has_no_room_for_is_counted():
    notes = tuple(f"note {number}" for number in range(130))

    text = comment_of(runs.run(runs.result(), notes=notes))

    assert "| Note | note 99 |" in text
    assert "| Note | note 100 |" not in text
    assert "| Note | …and 30 more: all of them are in report.html |" in text


@pytest.mark.parametrize("count", spot_check([80, 400], 1))
def test_a_long_comment_is_shortened_by_whole_steps(count):
    results = [runs.result(runs.function(f"service-{index}")) for index in range(count)]
    text = comment_of(runs.run(*results))

    assert len(text) < COMMENT_LIMIT
    assert "the whole report is in the job's summary" in text
    assert text.rstrip().endswith("-->")
    tables = re.findall(r"<table>.*?</table>", page_of(text), re.DOTALL)
    assert all(one.count("<tr>") >= 2 for one in tables)


def test_the_last_step_holds_the_headline(monkeypatch):
    monkeypatch.setattr(comment, "COMMENT_LIMIT", 1000)
    text = comment_of(runs.forty())

    assert headline(text).startswith("🔴 +$6.75 a month (+20 %) in 2 functions; 38 others unchanged")
    assert "|" not in text


def test_a_single_function_with_endless_lists_fits():
    packages = tuple(
        replace(runs.ready().packages[0], name=f"package-{index}", evidence="|" * 1000) for index in range(500)
    )
    text = comment_of(runs.run(runs.result(arm64=replace(runs.ready(), packages=packages), notes=("<b>" * 500,) * 50)))

    assert len(text) < COMMENT_LIMIT
    assert "would save 25 %" in text


def test_the_summary_holds_the_whole_without_marker_and_state():
    text = summary(document(runs.forty()))

    assert "<!--" not in text
    assert "Shortened" not in text
    assert text.count("How it was measured") == 1
    assert text.startswith("### 🔴 +$6.75 a month")


def test_a_summary_beyond_its_limit_is_shortened(monkeypatch):
    results = [runs.result(runs.function(f"service-{index}")) for index in range(30)]
    monkeypatch.setattr(comment, "SUMMARY_LIMIT", 32 * 1024)
    text = summary(document(runs.run(*results)))

    assert len(text.encode()) < 32 * 1024
    assert "Shortened" in text


def test_characters_outside_the_basic_plane_count_twice():
    assert utf16("a😀") == 3


@given(name=TEXTS, words=TEXTS)
@example(name="|`" * 50_000, words="<script>\n@here #1 " * 6_000)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(60), deadline=None)
def test_whatever_users_write_breaks_nothing(name, words):
    text = comment_of(runs.hostile(name, words))
    page = page_of(text)

    allowed = {
        "h3",
        "p",
        "em",
        "strong",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "details",
        "summary",
        "b",
        "ul",
        "li",
        "sub",
        "a",
        "blockquote",
    }
    assert set(re.findall(r"</?([a-z][a-z0-9]*)", re.sub(r"<!--.*?-->", "", page))) <= allowed
    places = ("https://lambda-power-tuning.show/#", "https://github.com/octo/demo/actions/runs/42")
    assert all(href.startswith(places) for href in re.findall(r'href="([^"]*)"', page))
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        columns = len(re.findall("<th[ >]", table))
        assert all(line.count("<td") == columns for line in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)[1:])
    outside_code = re.sub(r"<(code|pre)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"@[A-Za-z]|#\d", html.unescape(re.sub(r"<[^>]*>", "", outside_code)))
    assert len(text) < COMMENT_LIMIT
    text.encode()


def test_an_event_that_nobody_wrote_is_told_beside_the_figures_and_the_empty_one_at_the_top():
    text = comment_of(runs.events_chosen())
    top, _, sections = text.partition("| Function |")

    assert "**Invoked with the empty event <code>{}</code>**: <code>mails</code>." in top
    assert "Name them as <code>payloads</code> in lambdabot.yml" in top
    assert "Event: <code>events/orders.json</code>, found in the repository." in sections
    assert "Event: a synthetic SQS event of 10 records: no event was given." in sections
    assert "empty event" not in comment_of(runs.one_recommended())


def test_the_event_of_the_only_function_names_it():
    one, *_ = runs.events_chosen().functions

    assert "Event of <code>orders</code>: <code>events/orders.json</code>" in comment_of(runs.run(one))


def test_what_is_compared_with_has_its_name():
    text = comment_of(runs.live_version()).replace("\u00a0", " ")

    assert "512 MB x86_64 against 1024 MB x86_64 of the live version: **+17 %**" in text
    assert "| 1024 MB x86_64 · live version |" in text
    assert "target branch" not in text


def test_who_accepted_the_cost_is_named_with_the_moment():
    text = html.unescape(comment_of(runs.overridden()))

    assert (
        "**Accepted** by <code>octocat</code>, who set <code>lambdabot: accept cost</code> "
        "at 2026-11-23 12:05 UTC for this commit."
    ) in text


def test_a_label_that_does_not_count_says_why():
    text = html.unescape(comment_of(runs.not_accepted()))

    assert (
        "<code>lambdabot: accept cost</code> does not count (set by <code>octocat</code> at 2026-11-23 11:58 UTC): "
        "it was set before this commit was pushed"
    ) in text
    assert headline(text).startswith("🔴 Costs 18 % more")


def test_the_lines_to_paste_of_a_reason_keep_their_form():
    page = page_of(comment_of(runs.nothing_compared()))

    assert "      - uses: actions/checkout@v5\n        with:\n          fetch-depth: 2\n</code></pre>" in page


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (0.5, " and be 2.0 times as fast"),
        (1.0, ""),
        (0.9, ""),
        (3.0, " and take 3.0 times as long"),
        (0.05, " and be 20 times as fast"),
    ],
)
def test_a_recommendation_says_how_much_faster_or_slower_it_is(factor, words):
    rows = (runs.measured(runs.at(512), 400.0), runs.measured(runs.at(1024, runs.ARM), 400.0 * factor))
    best = runs.recommended(runs.at(1024, runs.ARM), 30.0, None)
    text = headline(comment_of(runs.run(runs.result(measurements=rows, recommendation=best))))

    assert text == f"✅ 1024 MB arm64 would save 30 %{words}"


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        pytest.param((150.0, 260.0), " and be 2.0 times as fast", id="its interval leaves 1 out"),
        pytest.param((80.0, 500.0), "", id="its interval holds 1"),
        pytest.param((0.0, 500.0), "", id="nothing bounds it"),
        pytest.param(None, " and be 2.0 times as fast", id="an earlier version gave the costs' intervals alone"),
    ],
)
def test_as_fast_is_said_only_where_it_is_certain(interval, words):
    mean = interval and runs.Interval(low=interval[0], high=interval[1], confidence=0.99)
    faster = replace(runs.measured(runs.at(1024, runs.ARM), 200.0), mean_duration_interval_ms=mean)
    rows = (runs.measured(runs.at(512), 400.0), faster)
    best = runs.recommended(runs.at(1024, runs.ARM), 30.0, None)
    text = headline(comment_of(runs.run(runs.result(measurements=rows, recommendation=best))))

    assert text == f"✅ 1024 MB arm64 would save 30 %{words}"


@pytest.mark.parametrize(("share", "said"), [(0.62, True), (0.05, False)])
def test_a_busy_machine_is_told_at_the_top(share, said):
    run = runs.local()
    busy = replace(run, functions=tuple(replace(one, waited_share=share) for one in run.functions))
    top = comment_of(busy).partition("| Configuration")[0]

    assert ("**This machine was busy:** calls waited up to 62 % of their time on the clock" in top) is said
