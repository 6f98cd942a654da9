"""Runs to report on, as the pipeline would hand them over: hand-made, so that every situation can be shown."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lambdabot.github.label import LabelSet
from lambdabot.model import (
    ACCEPT_LABEL,
    Architecture,
    Arm64Check,
    Arm64Verdict,
    BaseKind,
    Comparison,
    Configuration,
    Estimate,
    Failures,
    Finding,
    Function,
    FunctionResult,
    Interval,
    Invocation,
    Measurement,
    Outcome,
    Override,
    PackageCheck,
    PackageVerdict,
    Payload,
    PayloadOrigin,
    Place,
    Prices,
    Recommendation,
    Reliability,
    RunResult,
    Side,
    Spend,
    Status,
    Strategy,
    Variant,
    Verdict,
)
from lambdabot.pipeline.override import accept, judged
from lambdabot.report.document import document, dumps
from lambdabot.report.schema import Report
from lambdabot.workspace import Workspace
from tests.sample import function as sample

X86, ARM = Architecture.X86_64, Architecture.ARM64
HEAD, BASE = Side.HEAD, Side.BASE
ORDER = tuple(Verdict)

PRICES = Prices(
    region="us-east-1",
    published="2025-10-01",
    source="bundled table",
    gb_second={X86: Decimal("0.0000166667"), ARM: Decimal("0.0000133334")},
    request=Decimal("0.0000002"),
    storage_gb_second=Decimal("0.0000000309"),
)


def at(memory_mb: int, architecture: Architecture = X86) -> Configuration:
    return Configuration(memory_mb=memory_mb, architecture=architecture)


def function(name: str = "thumbnail", **fields) -> Function:
    known = {
        "source": Path("/repository/src") / name,
        "timeout_seconds": 30,
        "payloads": (Payload(name="small", body=b"{}", weight=Decimal(1)),),
        "memory_mb": (128, 256, 512, 1024, 1769),
        "architectures": (X86, ARM),
        "current": at(512),
        "monthly_invocations": 5_100_000,
    }
    here = Workspace(Path())  # a name may be no path at all
    return sample(name=name, **{"workspace": here, **known, **fields})


def cost(configuration: Configuration, mean_ms: float, *, width: float = 0.03, environments: int = 10) -> Estimate:
    value = float(PRICES.cost(configuration, mean_ms)) * 1e6
    return Estimate(
        value=value,
        low=value * (1 - width),
        high=value * (1 + width),
        confidence=0.99,
        environments=environments,
        invocations=8 * environments,
    )


def measured(configuration: Configuration, mean_ms: float, *, side: Side = HEAD, width: float = 0.03) -> Measurement:
    return Measurement(
        variant=Variant(side=side, configuration=configuration),
        status=Status.MEASURED,
        invocations=80,
        environments=10,
        mean_duration_ms=mean_ms,
        mean_duration_interval_ms=Interval(low=mean_ms * (1 - width), high=mean_ms * (1 + width), confidence=0.99),
        p50_duration_ms=mean_ms * 0.98,
        p95_duration_ms=mean_ms * 1.24,
        p95_interval_ms=Interval(low=mean_ms * 1.2, high=mean_ms * 1.3, confidence=0.99),
        p99_duration_ms=mean_ms * 1.4,
        p99_interval_ms=Interval(low=mean_ms * 1.3, high=math.inf, confidence=0.99),
        cv=0.08,
        mean_init_ms=212.0,
        mean_init_interval_ms=Interval(low=198.0, high=226.0, confidence=0.99),
        max_memory_used_mb=94,
        cost_per_million=cost(configuration, mean_ms, width=width),
    )


def failed(configuration: Configuration, status: Status, reason: str) -> Measurement:
    return Measurement(
        variant=Variant(side=HEAD, configuration=configuration),
        status=status,
        reason=reason,
        invocations=4,
        environments=4,
    )


def sweep(slower: float = 1.0) -> tuple[Measurement, ...]:
    x86 = {128: 1900.0, 256: 930.0, 512: 461.0, 1024: 228.0, 1769: 133.0}
    return (
        *(measured(at(size), ms * slower) for size, ms in x86.items()),
        *(measured(at(size, ARM), ms * slower * 0.93) for size, ms in x86.items()),
    )


def ratio(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, confidence=0.99, environments=40, invocations=640)


def comparison(verdict: Verdict = Verdict.NO_CHANGE, estimate: Estimate | None = None, reason: str = "") -> Comparison:
    return Comparison(
        base=at(512) if verdict is not Verdict.NOT_MEASURED else None,
        head=at(512),
        cost_ratio=estimate,
        threshold_percent=10.0,
        verdict=verdict,
        reason=reason,
        environments=40 if estimate else 0,
        rounds=2 if estimate else 0,
    )


def ready(path: str = "/repository/src/thumbnail/requirements.txt") -> Arm64Check:
    names = ("pillow", "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
    packages = tuple(
        PackageCheck(
            name=name,
            version="2.1.0",
            requested_by=("requirements.txt:1",),
            verdict=PackageVerdict.WHEEL if name == "pillow" else PackageVerdict.PURE,
            evidence=f"{name}-2.1.0-py3-none-any.whl",
            x86_64_verdict=PackageVerdict.WHEEL,
        )
        for name in names
    )
    return Arm64Check(path=path, verdict=Arm64Verdict.READY, packages=packages)


def recommended(configuration: Configuration, saving: float | None, monthly: str | None, **fields) -> Recommendation:
    known = {
        "strategy": Strategy.COST,
        "ties": (),
        "reason": "cheapest that keeps 20 % of the memory free",
        "saving_percent": saving,
        "saving_monthly_usd": Decimal(monthly) if monthly else None,
        "estimated": False,
    }
    return Recommendation(configuration=configuration, **{**known, **fields})


def advised(
    subject: Function, measurements: tuple[Measurement, ...], best: Configuration, *ties: Configuration, **fields
) -> Recommendation:
    """Recommend with the saving that the measurements show, in the words of the measurement."""
    rows = {one.variant.configuration: one for one in measurements if one.variant.side is HEAD and one.cost_per_million}
    if not {best, subject.setup.current} <= rows.keys():
        return recommended(best, None, None, ties=ties, **fields)
    before, after = (rows[one].cost_per_million.value for one in (subject.setup.current, best))
    traffic = subject.question.monthly_invocations
    monthly = f"{(before - after) * traffic / 1e6:.6f}" if traffic else None
    words = f"cheapest at ${after:.2f} per million and {rows[best].mean_duration_ms:.0f} ms"
    fields = {"reason": words, "ties": ties, **fields}
    return recommended(best, 100 * (1 - after / before), monthly, **fields)


def result(subject: Function | None = None, **fields) -> FunctionResult:
    subject = subject or function()
    measurements = fields.get("measurements", sweep())
    known = {
        "base": subject,
        "target": "python3.13, x86_64, glibc 2.34",
        "stop_reason": "one configuration is the cheapest beyond doubt",
        "measurements": measurements,
        "recommendation": advised(subject, measurements, at(1024, ARM), at(512, ARM), at(1769, ARM)),
        "comparison": comparison(Verdict.NO_CHANGE, ratio(1.004, 0.98, 1.03), "costs at most 3.0% more"),
        "arm64": ready(),
    }
    return FunctionResult(function=subject, **{**known, **fields})


def run(*results: FunctionResult, **fields) -> RunResult:
    worst = min((one.comparison.verdict for one in results), key=ORDER.index, default=Verdict.NOT_MEASURED)
    reason = next((one.comparison.reason for one in results if one.comparison.verdict is worst), "nothing was measured")
    known = {
        "created": "2026-11-23T12:00:00+00:00",
        "repository": "octo/demo",
        "pull_request": 7,
        "head_sha": "abc1234def5678abc1234def5678abc1234def56",
        "base_sha": "0123456789abcdef0123456789abcdef01234567",
        "endpoint": "aws",
        "seed": 1,
        "settings": {"gate": {"threshold_percent": 10}},
        "prices": PRICES,
        "spend": Spend(
            invocations=1240,
            usd=Decimal("0.0182"),
            seconds=143.2,
            deployments_created=11,
            deployments_removed=11,
            control_plane_calls=57,
        ),
        "verdict": worst,
        "verdict_reason": reason,
        "run_url": "https://github.com/octo/demo/actions/runs/42",
        "functions": results,
    }
    return RunResult(**{**known, **fields})


def report_of(made: RunResult | Report, *, root: Path | None = None) -> Report:
    """The report of a run, or the one that a label was looked for on."""
    return made if isinstance(made, Report) else document(made, root=root)


def written(made: RunResult | Report, *, root: Path | None = None, **fields: object) -> dict[str, Any]:
    """report.json as data, with other values in some of its fields."""
    return {**json.loads(dumps(report_of(made, root=root))), **fields}


def one_recommended() -> RunResult:
    return run(result())


def regression() -> RunResult:
    gate = comparison(Verdict.REGRESSION, ratio(1.182, 1.141, 1.225), "costs at least 14.1% more")
    base = measured(at(512), 461.0, side=BASE)
    return run(result(measurements=(base, *sweep(1.182)), comparison=gate))


def improvement() -> RunResult:
    gate = comparison(Verdict.IMPROVEMENT, ratio(0.71, 0.69, 0.74), "costs at least 26.0% less")
    base = measured(at(512), 649.0, side=BASE)
    return run(result(measurements=(base, *sweep()), comparison=gate))


def inconclusive() -> RunResult:
    gate = comparison(
        Verdict.INCONCLUSIVE,
        ratio(1.06, 0.93, 1.21),
        "between -7.0% and +21.0%: too wide to say",
    )
    base, stopped = measured(at(512), 435.0, side=BASE), "the budget is used up (invocations)"
    return run(result(measurements=(base, *sweep()), comparison=gate, stop_reason=stopped))


def no_change() -> RunResult:
    """Nothing of the function was changed, so nothing of it was measured."""
    identical = comparison(
        Verdict.NO_CHANGE, None, "base and head are the same package and settings: nothing was measured"
    )
    reason = "unchanged against the target branch, so not measured"
    unmeasured = {"measurements": (), "recommendation": None, "recommendation_reason": reason}
    spend = Spend(
        invocations=0,
        usd=Decimal(0),
        seconds=4.2,
        deployments_created=0,
        deployments_removed=0,
        control_plane_calls=3,
    )
    return run(result(comparison=identical, arm64=None, unchanged=True, stop_reason="", **unmeasured), spend=spend)


def kept() -> RunResult:
    """Today's configuration is the best one already."""
    subject = function(current=at(1024, ARM))
    gate = replace(comparison(Verdict.NO_CHANGE, ratio(1.004, 0.98, 1.03), "costs at most 3.0% more"))
    gate = replace(gate, base=at(1024, ARM), head=at(1024, ARM))
    return run(result(subject, measurements=(measured(at(1024, ARM), 211.0, side=BASE), *sweep()), comparison=gate))


def live_version() -> RunResult:
    """What is compared with is the version behind an alias, at the memory size that it has there."""
    gate = replace(comparison(Verdict.REGRESSION, ratio(1.17, 1.13, 1.21), "costs at least 13.0% more"), base=at(1024))
    base = measured(at(1024), 196.0, side=BASE)
    return run(result(measurements=(base, *sweep()), comparison=gate, base_is=BaseKind.LIVE_VERSION))


def blocked() -> RunResult:
    pandas = PackageCheck(
        name="fasttext",
        version="0.9.3",
        requested_by=("requirements.txt:3",),
        verdict=PackageVerdict.SDIST_ONLY,
        evidence="fasttext-0.9.3.tar.gz has C++ sources",
        fix="fasttext-wheel 0.9.2 has a wheel for aarch64",
        x86_64_verdict=PackageVerdict.SDIST_ONLY,
    )
    driver = PackageCheck(
        name="chromedriver-py",
        version="131.0.6778.85",
        requested_by=("requirements.txt:5", "selenium-kit 2.0"),
        verdict=PackageVerdict.NATIVE_FILE,
        evidence="chromedriver_py/chromedriver_linux64 is an x86_64 program",
        x86_64_verdict=PackageVerdict.WHEEL,
    )
    check = replace(ready(), verdict=Arm64Verdict.BLOCKED, packages=(pandas, driver, *ready().packages))
    absent = tuple(
        failed(at(size, ARM), Status.NOT_MEASURED, "ARM64 is blocked by fasttext, chromedriver-py")
        for size in (128, 256, 512, 1024, 1769)
    )
    rows = (measured(at(512), 460.0, side=BASE), *sweep()[:5], *absent)
    words = (
        "expected within 0.7 % of the cheapest (1024 MB x86_64) and faster: "
        "$4.03 per million and 133 ms against $4.00 per million and 228 ms"
    )
    best = advised(function(), rows, at(1769), at(512), at(1024), reason=words)
    return run(result(measurements=rows, recommendation=best, arm64=check))


def nothing_compared() -> RunResult:
    reason = (
        "the checkout holds one commit only, without its parent on the target branch.\n"
        "Let the workflow fetch the parent of the merge commit too:\n\n"
        "      - uses: actions/checkout@v5\n        with:\n          fetch-depth: 2"
    )
    return run(result(base=None, comparison=comparison(Verdict.NOT_MEASURED, None, reason)), base_sha=None)


def failed_rows() -> RunResult:
    rows = (
        failed(at(128), Status.OUT_OF_MEMORY, "RequestId: 8f5 Error: Runtime exited with error: signal: killed"),
        failed(at(256), Status.TIMEOUT, "Task timed out after 30.00 seconds"),
        *sweep()[2:5],
        failed(at(512, ARM), Status.ERROR, "KeyError: 'bucket' | see `log`"),
        failed(at(3008, ARM), Status.NOT_MEASURED, "this account allows at most 3,008 MB"),
    )
    rows = (measured(at(512), 460.0, side=BASE), *rows)
    subject = function(monthly_invocations=None, current_assumed=True)
    return run(result(subject, measurements=rows, recommendation=advised(subject, rows, at(1024), at(1769))))


def fails(failed: int, answered: int, reason: str = "") -> Failures:
    return Failures(failed=failed, answered=answered, reason=reason)


def failing(one: Measurement, failures: Failures, *, status: Status | None = None, reason: str = "") -> Measurement:
    """Return a row some of whose calls failed; with a status, one that was given up for them."""
    if status is not None:
        side = one.variant.side
        one = replace(failed(one.variant.configuration, status, reason), invocations=failures.answered)
        one = replace(one, variant=replace(one.variant, side=side))
    return replace(one, failures=failures)


def never_answers(kind: str, *, base: Failures, verdict: Verdict, reason: str, diagnosis: str = "") -> RunResult:
    """Head fails every call at its own size, so that no other was tried."""
    head = fails(10, 10, kind)
    skipped = "not tried, as every first call failed"
    rows = (
        failing(
            measured(at(512), 461.0, side=BASE),
            base,
            status=Status.ERROR if base.failed == base.answered else None,
            reason=f"{base} invocations: {base.reason}",
        ),
        failing(measured(at(512), 1.0), head, status=Status.ERROR, reason=f"10 of 10 invocations: {kind}"),
        *(failed(at(size, arm), Status.NOT_MEASURED, skipped) for size in (128, 1769) for arm in (X86, ARM)),
    )
    worse = verdict is Verdict.REGRESSION
    gate = replace(
        comparison(verdict, None, reason),
        base=at(512),
        reliability=Reliability(base=base, head=head, worse=worse, p_value=5e-6 if worse else None),
    )
    return run(
        result(
            measurements=rows,
            recommendation=None,
            recommendation_reason="every call failed",
            comparison=gate,
            stop_reason="every first call failed (10 of 10 at 512 MB x86_64), so nothing else was measured",
            diagnosis=diagnosis,
        )
    )


def head_fails() -> RunResult:
    kind = "HTTP 500: 'count'"
    words = f"head failed 10 of 10 calls ({kind}), base 0 of 10"
    told = f"10 of 10 calls failed at 512 MB x86_64: `small` was sent, and {kind} came back."
    return never_answers(kind, base=fails(0, 10), verdict=Verdict.REGRESSION, reason=words, diagnosis=told)


def head_fails_batches() -> RunResult:
    kind = "batchItemFailures: 10 records"
    words = f"head failed 10 of 10 calls ({kind}), base 0 of 10"
    told = f"10 of 10 calls failed at 512 MB x86_64: `small` was sent, and {kind} came back."
    return never_answers(kind, base=fails(0, 10), verdict=Verdict.REGRESSION, reason=words, diagnosis=told)


def both_fail() -> RunResult:
    kind = "KeyError: 'Records' (app.py, line 5)"
    words = f"base at 512 MB x86_64: 6 of 6 invocations: {kind}; head at 512 MB x86_64: 10 of 10 invocations: {kind}"
    told = (
        f"10 of 10 calls failed at 512 MB x86_64: `{{}}`, an empty event, was sent, and it raised {kind}. "
        "Give it an event like those that it is sent.\n"
        "functions:\n  thumbnail:\n    payloads:\n      - file: events/thumbnail.json"
    )
    return never_answers(kind, base=fails(6, 6, kind), verdict=Verdict.NOT_MEASURED, reason=words, diagnosis=told)


def some_fail() -> RunResult:
    """Both sides fail now and then, and neither more often beyond chance."""
    kind = "RuntimeError: the upstream hung up (app.py, line 6)"
    head, base = fails(3, 80, kind), fails(1, 80, kind)
    rows = (failing(measured(at(512), 449.0, side=BASE), base), *(_marked(one, at(512), head) for one in sweep()))
    gate = replace(
        comparison(Verdict.NO_CHANGE, ratio(1.004, 0.98, 1.03), "costs at most 3.0% more"),
        reliability=Reliability(base=base, head=head, worse=False, p_value=0.31),
    )
    subject = function()
    keep = advised(subject, rows, at(512), reason="cheapest; 3 of 80 calls failed, as may be chance")
    return run(result(subject, measurements=rows, comparison=gate, recommendation=keep))


def expected_404() -> RunResult:
    """A 404 that the settings allow is as good as any other answer."""
    gate = replace(
        comparison(Verdict.NO_CHANGE, ratio(1.004, 0.98, 1.03), "costs at most 3.0% more"),
        reliability=Reliability(base=fails(0, 80), head=fails(0, 80)),
    )
    rows = tuple(replace(one, failures=fails(0, 80)) for one in (measured(at(512), 449.0, side=BASE), *sweep()))
    return run(result(measurements=rows, comparison=gate))


def one_size_fails() -> RunResult:
    kind = "HTTP 503: out of time"
    bad = fails(9, 20, kind)
    good = tuple(replace(one, failures=fails(0, 20)) for one in sweep())
    rows = (measured(at(512), 449.0, side=BASE), *(_marked(one, at(128), bad) for one in good))
    gate = replace(
        comparison(Verdict.NO_CHANGE, ratio(1.004, 0.98, 1.03), "costs at most 3.0% more"),
        reliability=Reliability(base=fails(0, 80), head=fails(0, 80)),
    )
    subject = function()
    words = "cheapest; left out, as they fail more often than other sizes: 128 MB x86_64"
    return run(
        result(
            subject, measurements=rows, comparison=gate, recommendation=advised(subject, rows, at(1024), reason=words)
        )
    )


def _marked(one: Measurement, configuration: Configuration, failures: Failures) -> Measurement:
    return replace(one, failures=failures) if one.variant.configuration == configuration else one


def local() -> RunResult:
    estimated = tuple(
        replace(one, status=Status.ESTIMATED, reason="priced at the duration of x86_64", p95_duration_ms=None)
        for one in (measured(at(size, ARM), ms) for size, ms in {512: 461.0, 1024: 228.0, 1769: 133.0}.items())
    )
    gate = comparison(Verdict.REGRESSION, ratio(1.98, 1.87, 2.1), "costs at least 87.0% more")
    base = measured(at(512), 221.0, side=BASE)
    subject, rows = function(monthly_invocations=None), (base, *sweep()[1:5], *estimated)
    best = advised(subject, rows, at(1024), at(1769), at(512), estimated=True)
    return run(
        result(
            subject,
            measurements=rows,
            comparison=gate,
            recommendation=best,
            target="python3.11, x86_64, this machine",
        ),
        endpoint="local",
        notes=("2 vCPUs, CPU limited by cgroup v1",),
    )


def forty() -> RunResult:
    results = []
    for index in range(40):
        subject = function(f"service-{index:02}-handler")
        if index in {3, 17}:
            gate = comparison(Verdict.REGRESSION, ratio(1.1 + index / 100, 1.12, 1.4), "costs at least 12.0% more")
        else:
            gate = comparison(Verdict.NO_CHANGE, ratio(1.0, 0.97, 1.03), "costs at most 3.0% more")
        results.append(result(subject, comparison=gate))
    return run(*results)


def moved(name: str, value: float, verdict: Verdict, **fields: Any) -> FunctionResult:
    """A function whose cost changed by a factor, with a row of the base that says the same."""
    estimate = ratio(value, value * 0.97, value * 1.03)
    rows = (measured(at(512), 461.0 / value, side=BASE), *sweep())
    return result(
        fields.pop("subject", None) or function(name, **fields),
        measurements=rows,
        comparison=comparison(verdict, estimate, f"costs {100 * (value - 1):+.1f}%"),
    )


def refused(name: str) -> FunctionResult:
    error = "could not create 512 MB x86_64: lambda:CreateFunction is not allowed on it"
    return result(
        function(name),
        error=error,
        measurements=(),
        recommendation=None,
        comparison=comparison(Verdict.NOT_MEASURED, None, error),
        stop_reason="",
        arm64=None,
    )


def uncompared(name: str, *, new: bool = False) -> FunctionResult:
    reason = "the target branch (main) does not have this function" if new else "base is not built"
    return result(
        function(name), base=None, new=new, comparison=comparison(Verdict.NOT_MEASURED, None, reason), arm64=None
    )


def one_of_three_failed() -> RunResult:
    return run(moved("thumbnail", 3.43, Verdict.REGRESSION), refused("orders"), moved("ledger", 1.0, Verdict.NO_CHANGE))


def none_of_three_compared() -> RunResult:
    return run(*(uncompared(name, new=new) for name, new in (("thumbnail", True), ("orders", False), ("mails", False))))


def twelve_mixed() -> RunResult:
    """Every state that a function can be in."""
    return run(
        moved("orders", 1.3, Verdict.REGRESSION),
        moved("ledger", 1.6, Verdict.REGRESSION),
        moved("mails", 1.9, Verdict.REGRESSION, monthly_invocations=None),
        moved("photos", 0.7, Verdict.IMPROVEMENT),
        moved("audit", 1.04, Verdict.INCONCLUSIVE),
        refused("billing"),
        uncompared("search"),
        uncompared("thumbnail", new=True),
        *(moved(f"steady-{index}", 1.0, Verdict.NO_CHANGE) for index in range(4)),
    )


def arm64_would_save() -> RunResult:
    """The same size on the other architecture is the cheapest, and as fast."""
    subject = function(current=at(1024))
    rows = (measured(at(1024), 228.0, side=BASE), *sweep())
    gate = replace(comparison(Verdict.NO_CHANGE, ratio(1.0, 0.98, 1.02)), base=at(1024), head=at(1024))
    best = advised(subject, rows, at(1024, ARM))
    return run(result(subject, measurements=rows, comparison=gate, recommendation=best))


def finding() -> Finding:
    return Finding(
        rule="connections",
        title="A client is made in the handler",
        evidence="app.py:12 makes a boto3 client on every call",
        saving_monthly_usd=Decimal("12.10"),
        fix="Move it to module level.",
        place=Place(path=Path("src/thumbnail/app.py"), line=12),
    )


def events_chosen() -> RunResult:
    """Three functions for which nobody wrote an event: one was found, one was made, one gets `{}`."""
    payloads = {
        "orders": ("orders", PayloadOrigin.FOUND, "`events/orders.json`, found in the repository"),
        "items": ("SQS", PayloadOrigin.SYNTHETIC, "a synthetic SQS event of 10 records: no event was given"),
        "mails": (
            "empty",
            PayloadOrigin.EMPTY,
            "the empty event `{}`: no event was given, and what `X` sends is not known",
        ),
    }
    given = {
        name: (Payload(name=called, body=b"{}", weight=Decimal(1), origin=origin, described=words),)
        for name, (called, origin, words) in payloads.items()
    }
    return run(
        *(result(function(name, payloads=its), measurements=sweep()) for name, its in given.items() if name != "mails"),
        result(
            function("mails", payloads=given["mails"]),
            measurements=sweep(),
            recommendation=None,
            recommendation_reason="it was invoked with the empty event {}",
        ),
    )


def with_findings() -> RunResult:
    return run(result(findings=(finding(),)))


def overridden() -> Report:
    label = Override(label=ACCEPT_LABEL, by="octocat", at="2026-11-23T14:05:12+02:00", valid=True, reason="")
    return accept(document(regression()), label)


def not_accepted() -> Report:
    """The label was set before the last push."""
    moment = datetime(2026, 11, 23, 11, 58, tzinfo=UTC)
    label = judged(
        LabelSet(by="octocat", at=moment, person=True, may_write=True), pushed=datetime(2026, 11, 23, 12, tzinfo=UTC)
    )
    return accept(document(regression()), label)


def not_reached() -> RunResult:
    error = (
        "no usable AWS credentials\n"
        "Give the job a role before this step:\n\n"
        "permissions:\n  id-token: write\n"
        "steps:\n  - uses: aws-actions/configure-aws-credentials@v5"
    )
    gate = comparison(Verdict.NOT_MEASURED, None, "no usable AWS credentials")
    return run(result(error=error, measurements=(), recommendation=None, comparison=gate, stop_reason="", target=""))


EXPIRED = (
    "could not invoke 256 MB x86_64: the AWS credentials have expired (The security token is expired)\n"
    "Credentials of aws-actions/configure-aws-credentials last one hour: run the step again."
)
LEFT = ("log group /aws/lambda/lambdabot-1-2", "function lambdabot-1-2-thumbnail-512")


def credentials_expired() -> RunResult:
    """What was measured by then is shown, and what could not be removed."""
    why = EXPIRED.partition("\n")[0]
    gate = replace(comparison(Verdict.NOT_MEASURED, None, EXPIRED), base=at(512), refused=True)
    rows = (
        measured(at(512), 448.0, side=BASE),
        measured(at(512), 461.0),
        failed(at(256), Status.NOT_MEASURED, why),
    )
    one = result(
        measurements=rows,
        recommendation=None,
        recommendation_reason=why,
        comparison=gate,
        stop_reason="",
    )
    stays = EXPIRED.replace("invoke 256 MB x86_64", "remove the function lambdabot-1-2-thumbnail-512")
    return run(one, left_behind=LEFT, left_behind_reason=stays)


def left_behind() -> RunResult:
    """A finished run whose copies could not be removed."""
    why = "could not remove the function lambdabot-1-2-thumbnail-512: lambda:DeleteFunction is not allowed on it"
    return run(result(), left_behind=LEFT[1:], left_behind_reason=f"{why}\nAdd to the policy of the role: …")


def interrupted() -> RunResult:
    gate = replace(comparison(Verdict.INCONCLUSIVE, ratio(1.03, 0.81, 1.31)), environments=6, rounds=1)
    gate = replace(gate, reason="between -19.0% and +31.0%: too wide to say")
    rows = (measured(at(512), 448.0, side=BASE, width=0.2), measured(at(512), 461.0, width=0.2))
    keep = recommended(at(512), 0.0, None, reason="cheapest at $4.04 per million and 461 ms")
    return run(result(measurements=rows, recommendation=keep, comparison=gate, stop_reason=""), interrupted=True)


def hostile(name: str, words: str) -> RunResult:
    """Two functions, one measured and one not, whose every text is what somebody else wrote."""
    package = replace(blocked().functions[0].arm64.packages[0], name=name, evidence=words, fix=name)
    check = replace(
        ready(),
        verdict=Arm64Verdict.BLOCKED,
        reason=words,
        packages=(package,),
        native_files=(name,),
        drift=(words,),
    )
    whole = result(
        function(name),
        measurements=(*sweep()[1:], failed(at(128), Status.ERROR, words)),
        arm64=check,
        findings=(replace(finding(), title=name, evidence=words, fix=name, place=Place(path=Path(words), line=1)),),
        comparison=comparison(Verdict.NOT_MEASURED, None, words),
        notes=(words,),
        stop_reason=words,
        diagnosis=words,
        target=words,
    )
    return run(whole, result(function(f"2 {name}"), error=words), notes=(words,), verdict_reason=words)


def with_invocations() -> RunResult:
    seen = Invocation(
        variant=Variant(side=HEAD, configuration=at(512)),
        payload="small",
        round=0,
        wave=0,
        environment="2026/11/23/[$LATEST]0123",
        environment_known=True,
        cold=True,
        outcome=Outcome.OK,
        duration_ms=461.2,
        billed_ms=700,
        init_ms=212.0,
        max_memory_used_mb=94,
        at_seconds=1.5,
    )
    return run(result(invocations=(seen,)))
