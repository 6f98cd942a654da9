"""AWS without fear: runs that are killed, runs among failures, and the time until every Variant is ready."""

import os
import tempfile
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.hostile_lambda import setup
from benchmarks.hostile_lambda.chaos import chaos
from benchmarks.hostile_lambda.kill import kill
from lambdabot.model import Side

CHAOS_RUNS = 1_000
_DEPLOYMENTS = 12  # of the clean-up


def run(seed: int) -> Figures:
    """Return all figures; some ten minutes on two cores that nobody else uses."""
    values: dict[str, float] = {}
    sections = [_set_up(values), _kill(values), _chaos(seed, values)]
    return Figures(values, "\n\n".join([*sections, f"Load at the end: {os.getloadavg()[0]:.1f}."]))


def _set_up(values: dict[str, float]) -> str:
    all_of_them = setup.CONFIGURATIONS
    with tempfile.TemporaryDirectory() as name, setup.control_plane() as place:
        folder = Path(name)
        one = setup.lambdabot(place, folder, all_of_them, [Side.HEAD])
        both = setup.lambdabot(place, folder, all_of_them, list(Side))
        twelve = setup.lambdabot(place, folder, all_of_them[:_DEPLOYMENTS], [Side.HEAD])
        textbook, power_tuning = setup.peers(place.url)
    values |= {
        "setup.seconds_16": one.seconds,
        "setup.seconds_32": both.seconds,
        "setup.calls_per_variant": one.calls / one.variants,
        "setup.textbook_seconds_16": textbook,
        "setup.power_tuning_seconds_16": power_tuning,
        "cleanup.seconds_12": twelve.removal_seconds,
    }
    rows = ["| until all are ready, 2 s a transition, 15 requests/s | Variants | seconds |", "| --- | --: | --: |"]
    rows += [
        f"| lambdabot ({found.calls / found.variants:.1f} control-plane calls per Variant with the removal, "
        f"{found.refused} refused) | {found.variants} | {found.seconds:.1f} |"
        for found in (one, both, twelve)
    ]
    rows += [
        f"| textbook loop | {len(all_of_them)} | {textbook:.1f} |",
        f"| publisher of aws-lambda-power-tuning, an architecture each | {len(all_of_them)} | {power_tuning:.1f} |",
        f"| clean-up of {_DEPLOYMENTS} | | {twelve.removal_seconds:.1f} |",
    ]
    return "\n".join(rows)


def _kill(values: dict[str, float]) -> str:
    results = kill()
    wrong = [result for result in results if not result.right]
    values |= {
        "kill.trials": len(results),
        "kill.struck": sum(result.struck for result in results),
        "kill.leaks": sum(bool(result.left) for result in results),
        "kill.wrong_ends": len(wrong),
    }
    rows = ["| signal | trials | came in time | leaks |", "| --- | --: | --: | --: |"]
    for number in dict.fromkeys(result.trial.signal for result in results):
        these = [result for result in results if result.trial.signal is number]
        struck, leaks = sum(one.struck for one in these), sum(bool(one.left) for one in these)
        rows.append(f"| {number.name} | {len(these)} | {struck} | {leaks} |")
    return "\n".join([*rows, *(f"\nwrong: {one}" for one in wrong)])


def _chaos(seed: int, values: dict[str, float]) -> str:
    outcomes = chaos(range(seed, seed + CHAOS_RUNS))
    counts = {
        "runs": len(outcomes),
        "hangs": sum(one.hung for one in outcomes),
        "leaks": sum(bool(one.leaked) for one in outcomes),
        "wrong": sum(bool(one.wrong) for one in outcomes),
        "overspent": sum(one.overspent for one in outcomes),
        "measured": sum(one.measured for one in outcomes),
    }
    values |= {f"chaos.{name}": count for name, count in counts.items()}
    bad = [one for one in outcomes if one.hung or one.leaked or one.wrong or one.overspent]
    rows = ["| runs while 5 % of calls fail | |", "| --- | --: |"]
    rows += [f"| {name} | {count} |" for name, count in counts.items()]
    variants = sum(one.variants for one in outcomes)
    rows += [
        f"| control-plane calls per Variant | {sum(one.calls for one in outcomes) / variants:.1f} |",
        f"| invocations per Variant | {sum(one.invoked for one in outcomes) / variants:.1f} |",
        f"| slowest | {max(one.seconds for one in outcomes):.1f} s |",
    ]
    return "\n".join([*rows, *(f"\n{one}" for one in bad)])
