"""The measurement's claims as figures: sweep beside other tools' rules, coverage, error rates and power of the gate."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import fmean

import numpy as np

from benchmarks import chart
from benchmarks.figures import Figures
from benchmarks.lambda_simulator import coverage, duet, gates, refinements, speed, sweeps, tails
from benchmarks.lambda_simulator.replay import shared_data
from benchmarks.lambda_simulator.run import SWEEP, measure, sweep_plan
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Workload, random_workload
from lambdabot.measurement.conclusion import conclude
from lambdabot.model import Architecture, Configuration, Outcome, Payload, Side

_SMALL_ACCOUNT_FUNCTIONS = 60
_SKIPPED = "skipped: no shared data"


def run(seed: int) -> Figures:
    """Return all figures of the measurement; some minutes on one core."""
    values: dict[str, float] = {}
    sections = [
        _sweeps(seed, values),
        _refinements(seed, values),
        _small_account(seed),
        _payload_mix(seed),
        _coverage(seed, values),
        _tails(seed, values),
        _gate(seed, values),
        _power_curves(seed),
        _duet(),
    ]
    values["decide.milliseconds"] = speed.milliseconds(seed)
    sections.append(
        f"Deciding what to do next, {speed.VARIANTS} Variants of {speed.CALLS} invocations: "
        f"{values['decide.milliseconds']:.1f} ms"
    )
    return Figures(values, "\n\n".join(sections))


def _sweeps(seed: int, values: dict[str, float]) -> str:
    for name, outcomes in sweeps.on_random_functions(seed).items():
        values.update(sweeps.figures(name, outcomes))
    folder = shared_data()
    if folder is not None:
        values.update(sweeps.figures("replay", sweeps.on_replayed_functions(folder, seed)))
    rows = []
    for name, words in (
        ("sweep", "lambdabot"),
        ("sweep_cpu_unknown", "lambdabot, CPU models not known"),
        ("replay", "lambdabot, replayed curves"),
        ("power_tuning", "rules of aws-lambda-power-tuning"),
        ("parrotfish", "rules of Parrotfish"),
        ("textbook", "textbook loop (x86_64 only)"),
    ):
        found = [values.get(f"{name}.{figure}") for figure in ("regret_mean", "regret_p95", "invocations_mean")]
        mean, p95, calls = found
        if mean is None or p95 is None or calls is None:
            rows.append((words, _SKIPPED, "", ""))
        else:
            rows.append((words, f"{mean:.2%}", f"{p95:.2%}", f"{calls:.0f}"))
    title = f"Sweep of 8 sizes on both architectures, {sweeps.FUNCTIONS} random functions"
    table = _table(title, ("rule", "mean regret", "95th percentile", "invocations"), rows)
    names = ("sweep", "power_tuning", "parrotfish", "textbook")
    regrets = [100 * values[f"{name}.regret_mean"] for name in names]
    drawn = chart.bars("What the pick costs above the cheapest", ("rule", names), "mean regret, %", regrets)
    return f"{table}\n\n{drawn}"


def _refinements(seed: int, values: dict[str, float]) -> str:
    alone, between = refinements.refinements(seed)
    for name, one in (("sizes_alone", alone), ("sizes_between", between)):
        values[f"{name}.regret_mean"], values[f"{name}.regret_p95"] = one.above, one.above_p95
        values[f"{name}.invocations_mean"] = one.invocations
    rows = [
        (
            "with sizes between them" if one.refine else "the default sizes alone",
            f"{one.above:.2%}",
            f"{one.above_p95:.2%}",
            f"{one.invocations:.0f}",
            f"{one.added:.1f}",
        )
        for one in (alone, between)
    ]
    title = (
        f"What the recommended one costs above the cheapest of all sizes that fit, {refinements.FUNCTIONS} random "
        "functions that use 45 to 724 MB"
    )
    return _table(title, ("sweep", "mean", "95th percentile", "invocations", "sizes added"), rows)


def _small_account(seed: int) -> str:
    """Sweep on an account of concurrency 10: half of it for a wave, and a plan that asks for more than there is."""
    rows = []
    for concurrency in (5, 40):
        generator = np.random.default_rng(seed)
        regrets, calls, throttled = [], [], 0
        for number in range(_SMALL_ACCOUNT_FUNCTIONS):
            work = random_workload(generator)
            plan = sweep_plan(seed=seed + number, concurrency=concurrency)
            seen, _ = measure(plan, Simulator({Side.HEAD: work}, Account(concurrency=10), seed=plan.seed))
            throttled += sum(one.outcome is Outcome.DISCARDED for one in seen)
            calls.append(len(seen))
            found = conclude(plan, seen).recommendation
            if found is not None:
                regrets.append(sweeps.regret(plan, work, found.configuration))
        rows.append((str(concurrency), f"{fmean(regrets):.2%}", f"{fmean(calls):.0f}", str(throttled)))
    title = "Account of concurrency 10: what the recommended one, the faster among ties, costs above the cheapest"
    return _table(title, ("waves of at most", "mean", "invocations", "throttled"), rows)


def _payload_mix(seed: int) -> str:
    """Show what a trimmed mean makes of a rare slow payload."""
    work = Workload(cpu_ms=20, waiting_ms=20, payloads={"usual": 1.0, "rare": 20.0})
    payloads = tuple(
        Payload(name=name, body=b"{}", weight=Decimal(weight)) for name, weight in (("usual", "0.9"), ("rare", "0.1"))
    )
    here = Configuration(memory_mb=512, architecture=Architecture.ARM64)
    plan = sweep_plan(SWEEP, payloads=payloads, seed=seed)
    seen, _ = measure(plan, Simulator({Side.HEAD: work}, Account(), seed=seed))
    ours = next(one for one in conclude(plan, seen).measurements if one.variant.configuration == here).cost_per_million
    true = 1e6 * sum(
        share * plan.cost(here, work.duration_ms(here, name) + 0.5) for name, share in plan.weights.items()
    )
    calls = np.sort([work.duration_ms(here, name) for name in ["usual"] * 45 + ["rare"] * 5])
    trimmed = 1e6 * plan.rate(here) * calls[10:-10].mean()
    measured = "none" if ours is None else f"${ours.value:.2f} ({ours.low:.2f} to {ours.high:.2f})"
    title = "A payload of weight 10 % that takes 20 times as long: cost per million at 512 MB arm64"
    return _table(
        title, ("true", "lambdabot", "20 % trimmed mean of 50 calls"), [(f"${true:.2f}", measured, f"${trimmed:.2f}")]
    )


def _coverage(seed: int, values: dict[str, float]) -> str:
    cells = list(coverage.coverages(seed))
    others = list(coverage.other_fleets(seed))
    few = [one.covered for one in cells if one.environments == coverage.ENVIRONMENTS[0]]
    more = [one.covered for one in cells if one.environments != coverage.ENVIRONMENTS[0]]
    values["coverage.min_5"], values["coverage.max_5"] = min(few), max(few)
    values["coverage.min"], values["coverage.max"] = min(more), max(more)
    smallest = coverage.ENVIRONMENTS[0]
    values["coverage.other_fleets_min_5"] = min(one.covered for one in others if one.environments == smallest)
    values["coverage.other_fleets_min"] = min(one.covered for one in others if one.environments != smallest)
    values["coverage.min_lanes"] = min(one.covered for one in cells if one.lanes)
    rows = [
        (
            str(one.environments),
            f"{one.memory_mb} MB",
            one.hosts,
            one.payloads,
            "lanes only" if one.lanes else "known",
            f"{one.covered:.2%}",
            f"± {one.half_width:.1%}",
            f"{one.plain:.2%}",
            f"± {one.plain_half_width:.1%}",
            "" if one.alone is None else f"{one.alone:.1%}",
            "" if one.covered_alone is None else f"{one.covered_alone:.1%}",
        )
        for one in [*cells, *others]
    ]
    title = (
        f"Coverage of the 99 % interval of mean cost, {coverage.TRIALS:,} trials a row; beside it a plain t interval"
    )
    header = (
        "environments",
        "size",
        "hosts",
        "payloads",
        "environments are",
        "covers",
        "median",
        "plain covers",
        "median",
        "prior refuted",
        "covers then",
    )
    return _table(title, header, rows)


def _tails(seed: int, values: dict[str, float]) -> str:
    percentiles, cold_starts = list(tails.percentiles(seed)), list(tails.cold_starts(seed))
    values["coverage.percentile_min"] = min(one.covered for one in percentiles)
    values["coverage.cold_start_min"] = min(one.covered for one in cold_starts)
    rows = [
        (
            one.figure,
            one.drawn_from,
            str(one.environments),
            f"{one.covered:.1%}",
            f"{one.bounded:.0%}",
            f"{one.low:.2f} to {one.high:.2f}".replace("inf", "∞"),
        )
        for one in [*percentiles, *cold_starts]
    ]
    title = f"Coverage of the 99 % intervals of percentiles and of mean cold starts, {tails.TRIALS:,} trials a row"
    header = ("figure", "drawn from", "environments", "covers", "bounded above", "median, as a multiple of the truth")
    return _table(title, header, rows)


def _gate(seed: int, values: dict[str, float]) -> str:
    generator = np.random.default_rng(seed)
    found = {
        (change, known): gates.rates(generator, change, cpu_known=known)
        for known in (True, False)
        for change in gates.CHANGES
    }
    same, five, ten, quarter = gates.CHANGES
    for name, change, figure in (
        ("false_failure", same, "failed"),
        ("fail_at_5", five, "failed"),
        ("fail_at_10", ten, "failed_once"),
    ):
        values[f"gate.{name}"] = max(_average(found[change, known], figure) for known in (True, False))
    for words, known in (("cpu_known", True), ("cpu_unknown", False)):
        values[f"gate.power_25_{words}"] = _average(found[quarter, known], "failed")
        values[f"gate.decided_identical_{words}"] = _average(found[same, known], "decided")
    rows = []
    for known in (True, False):
        for column, size in enumerate([*(one.memory_mb for one in found[same, known]), None]):
            here = {
                change: [found[change, known][column]] if size else found[change, known] for change in gates.CHANGES
            }
            rows.append(
                (
                    "known" if known else "unknown",
                    f"{size} MB" if size else "average",
                    f"{_average(here[same], 'failed'):.3%}",
                    f"{_average(here[five], 'failed'):.3%}",
                    f"{_average(here[ten], 'failed_once'):.2%}",
                    f"{_average(here[quarter], 'failed'):.1%}",
                    f"{_average(here[same], 'decided'):.1%}",
                    f"{_average(here[same], 'environments'):.0f}",
                    _bar(_average(here[quarter], "failed")),
                )
            )
    title = f"Gate at 10 %, at most 40 environments a side and round, {gates.TRIALS:,} trials a cell"
    header = (
        "CPU models",
        "size",
        "identical fails",
        "+5 % fails",
        "+10 %, one round",
        "+25 % fails",
        "identical decided",
        "environments",
        "+25 %",
    )
    return _table(title, header, rows)


def _power_curves(seed: int) -> str:
    generator = np.random.default_rng(seed)
    series = {
        f"CPU models {words}": [100 * one for one in gates.power_curve(generator, cpu_known=known)]
        for words, known in (("known", True), ("unknown", False))
    }
    changes = [f"{100 * change:g}" for change in gates.CURVE]
    return chart.lines("How often the gate fails", ("what truly changed, %", changes), "of 100 jobs fail", series)


def _duet() -> str:
    folder = shared_data()
    title = "DuetFaaS (few environments a run: a demonstration, no rate): the gate beside a t test over invocations"
    if folder is None:
        return f"{title}: {_SKIPPED}"
    rows = []
    runs = duet.pairs(folder)
    for injected in sorted({one.injected_percent for one in runs}):
        these = [one for one in runs if one.injected_percent == injected]
        counts = [
            sum(one.verdict == verdict for one in these) for verdict in ("no change", "inconclusive", "regression")
        ]
        environments = sorted(one.environments for one in these)
        differs = sum(one.t_test_differs for one in these)
        rows.append(
            (
                "identical" if not injected else f"+{injected} %",
                str(len(these)),
                f"{environments[0]} to {environments[-1]}",
                *(str(count) for count in counts),
                f"{differs} of {len(these)} differ",
            )
        )
    header = ("builds", "runs", "environments", "no change", "inconclusive", "regression", "t test over invocations")
    return _table(title, header, rows)


def _average(rates: Iterable[gates.Rates], figure: str) -> float:
    return fmean(getattr(one, figure) for one in rates)


def _bar(share: float) -> str:
    return "█" * round(share * 20)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return f"**{title}**\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in lines)
