"""Who may still be the best: expected regret of every Configuration, by what neighbours tell of one another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.curve import posterior
from lambdabot.measurement.fleet import level
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell
from lambdabot.model import Architecture, Configuration, Side, Strategy, Variant

Array = NDArray[np.float64]

_UNKNOWN = 100.0  # variance of the log mean of what was not measured: it weighs nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Joint draws for Variants (columns): dollars per invocation, milliseconds, and what the strategy minimises."""

    variants: tuple[Variant, ...]
    costs: Array
    durations: Array
    scores: Array

    def among(self, variants: Sequence[Variant]) -> "Posterior":
        """Return the race of some of the Variants; `balanced` stays relative to all."""
        columns = [self.variants.index(variant) for variant in variants]
        return Posterior(
            variants=tuple(variants),
            costs=self.costs[:, columns],
            durations=self.durations[:, columns],
            scores=self.scores[:, columns],
        )

    @property
    def regrets(self) -> Array:
        """Return for each Variant how much worse than the best it is expected to be, as a share."""
        return np.asarray((self.scores / self.scores.min(axis=1, keepdims=True)).mean(axis=0) - 1)

    @property
    def leader(self) -> int:
        """Return the column of least expected regret."""
        return int(self.regrets.argmin())

    @property
    def gains(self) -> Array:
        """Return what each Variant is expected to save over the leader in the cases where it is better."""
        return np.asarray(np.maximum(0.0, 1 - self.scores / self.scores[:, [self.leader]]).mean(axis=0))


def race(plan: Plan, cells: Sequence[Cell], candidates: Sequence[Configuration] = ()) -> Posterior:
    """Return the joint posterior of Cells that have environments; the same draws for the same plan and samples.

    Head at `candidates`, which were not measured, comes after the Cells: what the curve tells of it.
    """
    generator = np.random.default_rng(plan.seed)
    variants = [cell.variant for cell in cells] + [Variant(side=Side.HEAD, configuration=one) for one in candidates]
    configurations = [variant.configuration for variant in variants]
    log_means, covariance = np.zeros(len(variants)), _UNKNOWN * np.eye(len(variants))
    sizes = np.log2([one.memory_mb for one in configurations])
    for architecture in Architecture:
        every = [place for place, one in enumerate(configurations) if one.architecture is architecture]
        fleet = [place for place in every if place < len(cells)]
        if fleet:
            log_means[fleet], covariance[np.ix_(fleet, fleet)] = level(plan, [cells[place] for place in fleet])
            order = sorted(fleet, key=lambda place: float(sizes[place]))
            new = every[len(fleet) :]
            log_means[new] = np.interp(sizes[new], sizes[order], log_means[order])
    billed = np.exp(posterior(configurations, log_means, covariance, generator, local=plan.waiting_counted))
    rates = np.array([plan.rate(configuration) for configuration in configurations])
    costs = billed * rates + np.array([plan.fee(configuration) for configuration in configurations])
    return Posterior(
        variants=tuple(variants),
        costs=costs,
        durations=billed,
        scores=_scores(plan, costs, billed),
    )


def _scores(plan: Plan, costs: Array, durations: Array) -> Array:
    """Return what the strategy minimises; `balanced` weighs cost and duration, each relative to the least."""
    share = {Strategy.COST: 1.0, Strategy.SPEED: 0.0, Strategy.BALANCED: plan.balanced_weight}[plan.strategy]
    return np.asarray(
        share * costs / costs.min(axis=1, keepdims=True)
        + (1 - share) * durations / durations.min(axis=1, keepdims=True)
    )
