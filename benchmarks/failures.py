"""The gate by failures: how often it is wrong where both sides fail alike, and how often it sees a head that fails."""

from benchmarks.figures import Figures
from benchmarks.lambda_simulator import unreliable


def run(seed: int) -> Figures:
    """Return the figures; some minutes on one core."""
    *same, worse = unreliable.rows(seed)
    values = {
        "failures.false_regression": max(one.test for one in same),
        "failures.false_regression_runs": sum(one.runs for one in same) / len(same),
        "failures.power_30": worse.runs,
    }
    rows = [
        f"| {one.base:.0%} | {one.head:.0%} | {one.test:.3%} | {one.runs:.2%} | {one.calls:.0f} |"
        for one in (*same, worse)
    ]
    title = (
        f"Head is said to fail more often than base: of {unreliable.TRIALS:,} trials of the test at all of its looks, "
        f"and of {unreliable.RUNS:,} runs of the whole decision within its usual budget"
    )
    header = "| base fails | head fails | test | runs | invocations of a run |\n| --: | --: | --: | --: | --: |"
    return Figures(values, f"**{title}**\n\n{header}\n" + "\n".join(rows))
