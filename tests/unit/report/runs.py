"""Runs to report on, as the pipeline would hand them over: hand-made, so that every situation can be shown."""

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from lambdabot.model import (
    Architecture,
    Arm64Check,
    Arm64Verdict,
    Budget,
    Comparison,
    Configuration,
    Constraints,
    Estimate,
    Finding,
    Function,
    FunctionResult,
    Interval,
    Invocation,
    Measurement,
    Outcome,
    PackageCheck,
    PackageVerdict,
    Payload,
    Prices,
    Recommendation,
    RunResult,
    Side,
    Spend,
    Status,
    Strategy,
    Variant,
    Verdict,
)

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
        "side": HEAD,
        "source": Path("/repository/src") / name,
        "handler": "app.handler",
        "runtime": "python3.13",
        "requirements": None,
        "role": None,
        "timeout_seconds": 30,
        "environment": {},
        "payloads": (Payload(name="small", body=b"{}", weight=Decimal(1)),),
        "memory_mb": (128, 256, 512, 1024, 1769),
        "architectures": (X86, ARM),
        "current": at(512),
        "current_assumed": False,
        "monthly_invocations": 5_100_000,
        "constraints": Constraints(),
        "strategy": Strategy.COST,
        "balanced_weight": 0.5,
        "tie_tolerance_percent": 2.0,
        "budget": Budget(invocations=1000, usd=Decimal("1.00"), minutes=10),
        "allow_build": frozenset(),
    }
    return Function(name=name, **{**known, **fields})


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


def result(subject: Function | None = None, **fields) -> FunctionResult:
    known = {
        "base": subject or function(),
        "target": "python3.13, x86_64, glibc 2.34",
        "stop_reason": "one configuration is the cheapest beyond doubt",
        "measurements": sweep(),
        "recommendation": recommended(at(1024, ARM), 26.0, "5.31", ties=(at(1769, ARM),)),
        "comparison": comparison(Verdict.NO_CHANGE, ratio(1.004, 0.98, 1.03), "the whole interval is below +10 %"),
        "arm64": ready(),
    }
    return FunctionResult(function=subject or function(), **{**known, **fields})


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


def one_recommended() -> RunResult:
    return run(result())


def regression() -> RunResult:
    gate = comparison(Verdict.REGRESSION, ratio(1.182, 1.141, 1.225), "the whole interval is above +10 %, twice")
    base = measured(at(512), 461.0, side=BASE)
    return run(result(measurements=(base, *sweep(1.182)), comparison=gate))


def improvement() -> RunResult:
    gate = comparison(Verdict.IMPROVEMENT, ratio(0.71, 0.69, 0.74), "the whole interval is below -10 %")
    base = measured(at(512), 649.0, side=BASE)
    return run(result(measurements=(base, *sweep()), comparison=gate))


def inconclusive() -> RunResult:
    gate = comparison(
        Verdict.INCONCLUSIVE,
        ratio(1.06, 0.93, 1.21),
        "the budget of 1,000 invocations was used up before +10 % was decided",
    )
    return run(result(comparison=gate))


def no_change() -> RunResult:
    keep = recommended(at(512), 0.0, "0", reason="cheapest that keeps 20 % of the memory free; it is today's")
    identical = comparison(Verdict.NO_CHANGE, None, "the package and the settings are the same on both sides")
    return run(result(recommendation=keep, comparison=identical))


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
    best = recommended(at(1024), 1.0, "0.21", ties=(at(1769), at(512)))
    return run(result(measurements=(*sweep()[:5], *absent), recommendation=best, arm64=check))


def nothing_compared() -> RunResult:
    reason = (
        "the checkout holds only the pull request's own commit. "
        "Give actions/checkout `with: {fetch-depth: 2}` so that its parent is there"
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
    best = recommended(at(1024), 1.0, None)
    return run(result(function(monthly_invocations=None, current_assumed=True), measurements=rows, recommendation=best))


def local() -> RunResult:
    estimated = tuple(
        replace(one, status=Status.ESTIMATED, reason="priced at the duration of x86_64", p95_duration_ms=None)
        for one in (measured(at(size, ARM), ms) for size, ms in {512: 461.0, 1024: 228.0, 1769: 133.0}.items())
    )
    gate = comparison(Verdict.REGRESSION, ratio(2.08, 1.97, 2.2), "the whole interval is above +10 %, twice")
    base = measured(at(512), 221.0, side=BASE)
    best = recommended(at(1769), 1.2, None, ties=(at(1024),), estimated=True)
    return run(
        result(
            function(monthly_invocations=None),
            measurements=(base, *sweep()[1:5], *estimated),
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
            gate = comparison(Verdict.REGRESSION, ratio(1.1 + index / 100, 1.12, 1.4), "above +10 %, twice")
        else:
            gate = comparison(Verdict.NO_CHANGE, ratio(1.0, 0.97, 1.03), "below +10 %")
        results.append(result(subject, comparison=gate))
    return run(*results)


def finding() -> Finding:
    return Finding(
        rule="connections",
        title="A client is made in the handler",
        evidence="app.py:12 makes a boto3 client on every call",
        saving_monthly_usd=Decimal("12.10"),
        fix="Move it to module level.",
        path="src/thumbnail/app.py",
        line=12,
    )


def with_findings() -> RunResult:
    return run(result(findings=(finding(),)))


def overridden() -> RunResult:
    shown = regression()
    gate = replace(
        shown.functions[0].comparison, verdict=Verdict.OVERRIDDEN, reason="`lambdabot: accept cost` was set by octocat"
    )
    return run(replace(shown.functions[0], comparison=gate))


def not_reached() -> RunResult:
    error = (
        "no usable AWS credentials\n"
        "Give the job a role before this step:\n\n"
        "permissions:\n  id-token: write\n"
        "steps:\n  - uses: aws-actions/configure-aws-credentials@v5"
    )
    gate = comparison(Verdict.NOT_MEASURED, None, "no usable AWS credentials")
    return run(result(error=error, measurements=(), recommendation=None, comparison=gate, stop_reason="", target=""))


def interrupted() -> RunResult:
    return run(
        result(measurements=sweep()[:2], recommendation=None, recommendation_reason="interrupted"), interrupted=True
    )


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
        findings=(replace(finding(), title=name, evidence=words, fix=name, path=words),),
        comparison=comparison(Verdict.NOT_MEASURED, None, words),
        notes=(words,),
        stop_reason=words,
        target=words,
    )
    return run(whole, result(function(name), error=words), notes=(words,), verdict_reason=words)


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
