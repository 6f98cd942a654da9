"""How good the sweep's pick is, and what it costs to find: beside the rules of other tools, on the same functions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.lambda_simulator.hosts import MIXED
from benchmarks.lambda_simulator.peers import Caller, Rule, parrotfish, power_tuning, textbook
from benchmarks.lambda_simulator.replay import random_sizes, replays
from benchmarks.lambda_simulator.run import measure, sweep_plan
from benchmarks.lambda_simulator.simulator import Account, Simulator
from benchmarks.lambda_simulator.workload import Work, random_workload
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.race import race
from lambdabot.measurement.samples import cells
from lambdabot.model import Configuration, Side

FUNCTIONS = 400
_REPLAYS_EACH = 25

Outcome = tuple[float, int]  # regret, invocations


def on_random_functions(seed: int) -> Mapping[str, list[Outcome]]:
    """Return every rule's outcomes on the same random functions."""
    generator = np.random.default_rng(seed)
    peers: dict[str, Rule] = {"power_tuning": power_tuning, "parrotfish": parrotfish, "textbook": textbook}
    found: dict[str, list[Outcome]] = {"sweep": [], "sweep_cpu_unknown": [], **{name: [] for name in peers}}
    for number in range(FUNCTIONS):
        work = random_workload(generator)
        plan = sweep_plan(seed=seed + number)
        found["sweep"].append(_lambdabot(plan, work))
        found["sweep_cpu_unknown"].append(_lambdabot(plan, work, Account(cpu_known=False)))
        for name, rule in peers.items():
            picked, calls = rule(plan, Caller(work, MIXED, generator))
            found[name].append((regret(plan, work, picked), calls))
    return found


def on_replayed_functions(folder: Path, seed: int) -> list[Outcome]:
    """Return the outcomes on curves that others measured, over random choices of their sizes."""
    generator = np.random.default_rng(seed)
    found = []
    for replay in replays(folder):
        # The CPU-bound log has 195 sizes, so that every choice of eight is another function.
        for number in range(_REPLAYS_EACH * (8 if replay.name == "demystifying" else 1)):
            plan = sweep_plan(random_sizes(replay, generator), seed=seed + number)
            found.append(_lambdabot(plan, replay))
    return found


def regret(plan: Plan, work: Work, picked: Configuration) -> float:
    """Return how much more than the cheapest a pick truly costs, as a share."""
    cheapest = min(true_cost(plan, work, one) for one in plan.sweep)
    return true_cost(plan, work, picked) / cheapest - 1


def true_cost(plan: Plan, work: Work, configuration: Configuration) -> float:
    """Return the dollars of an average call; rounding up to a millisecond adds half of one."""
    return plan.cost(configuration, work.duration_ms(configuration) + 0.5)


def figures(name: str, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the three figures of a rule under its name."""
    regrets, calls = np.array(outcomes).T
    return {
        f"{name}.regret_mean": float(regrets.mean()),
        f"{name}.regret_p95": float(np.quantile(regrets, 0.95)),
        f"{name}.invocations_mean": float(calls.mean()),
    }


def _lambdabot(plan: Plan, work: Work, account: Account | None = None) -> Outcome:
    seen, _ = measure(plan, Simulator({Side.HEAD: work}, account or Account(), seed=plan.seed))
    known = cells(plan.swept, plan.weights, seen)
    field = race(plan, [cell for cell in known.values() if cell.environments])
    return regret(plan, work, field.variants[field.leader].configuration), len(seen)
