"""How many environments each Configuration of the sweep is worth."""

from collections.abc import Mapping
from math import ceil

import numpy as np

from lambdabot.measurement.constraints import hopeless, short_of_p95
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.race import race
from lambdabot.measurement.refinement import between
from lambdabot.measurement.samples import Cell
from lambdabot.model import Variant

FIRST = 2  # environments everywhere
_MOST, _LOCAL_MOST = 40, 6
_GROWTH = 1.5
# Expected regret that a hundred calls more are worth: what is still in doubt after many calls is hardly ever settled.
_WORTH, _LOCAL_WORTH = 0.001, 0.03
_SHARE = 0.5  # contenders that hold this share of what could still be gained are measured further


def wanted(plan: Plan, cells: Mapping[Variant, Cell]) -> dict[Variant, int]:
    """Return how many environments each Variant should have in all; empty when the sweep is done.

    Few everywhere first. Then those are dropped that cannot gain anything worth having over the leader, and the others
    are measured on, half as many again each time, until the leader's expected regret is small for what was spent.
    Successive elimination (Even-Dar et al., JMLR 7, 2006) with the knowledge gradient's question of what there is to
    gain (Frazier et al., INFORMS Journal on Computing 21, 2009). In the end sizes between the leader and its neighbours
    join, where the plan allows it and they promise enough.
    """
    racing = [one for one in plan.contest(cells) if cells[one].open and not hopeless(plan, cells[one])]
    short = {variant: FIRST for variant in racing if len(cells[variant].environments) < FIRST}
    if short or not racing:
        return short
    field = race(plan, [cells[variant] for variant in racing])
    leader = field.variants[field.leader]
    most, worth = (_LOCAL_MOST, _LOCAL_WORTH) if plan.local else (_MOST, _WORTH)
    contenders = [leader]
    spent = sum(cells[variant].invocations for variant in racing)
    if field.regrets.min() > worth * spent / 100:
        order = np.argsort(-field.gains)
        held = np.concatenate([[0.0], np.cumsum(field.gains[order])[:-1]])
        promising = order[held < _SHARE * field.gains.sum()]
        contenders += [field.variants[column] for column in promising if field.variants[column] != leader]
        grown = {one: min(most, ceil(_GROWTH * len(cells[one].environments))) for one in contenders}
        more = {one: count for one, count in grown.items() if count > len(cells[one].environments)}
        if more:
            return more
    more = {}
    if added := between(plan, cells, racing, leader):
        more[added] = FIRST
    if missing := short_of_p95(plan, cells[leader]):
        more[leader] = len(cells[leader].environments) + missing
    return more
