import numpy as np
import pytest

from benchmarks.lambda_simulator.hosts import MIXED
from benchmarks.lambda_simulator.run import SWEEP, sweep_plan
from lambdabot.measurement.fleet import level
from lambdabot.measurement.samples import Cell, Environment
from lambdabot.model import Side, Variant

X86 = SWEEP[:8]


@pytest.fixture
def fleet(invoked):
    """Cells of 100 ms at every size, each with some environments of the mixed hosts."""

    def make(generator, count, *, cpu_known=True, known=True):
        cells = []
        for configuration in X86:
            models, logs = MIXED.draw(generator, count)
            times = 100 * MIXED.effect(logs, configuration.memory_mb)
            environments = tuple(
                Environment(
                    str(number),
                    MIXED.models[model] if cpu_known else None,
                    known,
                    {"usual": [invoked(billed_ms=float(time))]},
                )
                for number, (model, time) in enumerate(zip(models, times, strict=True))
            )
            cells.append(Cell(variant=Variant(side=Side.HEAD, configuration=configuration), environments=environments))
        return cells

    return make


def spread(found) -> float:
    return float(np.std(np.array(found) - np.mean(found, axis=1, keepdims=True)))


def test_known_cpu_models_take_out_luck_with_hosts(fleet) -> None:
    plan, generator = sweep_plan(X86), np.random.default_rng(1)
    with_models, without = [], []
    for _ in range(30):
        state = generator.bit_generator.state
        with_models.append(level(plan, fleet(generator, 4))[0])
        generator.bit_generator.state = state
        without.append(level(plan, fleet(generator, 4, cpu_known=False))[0])
    assert spread(with_models) < 0.6 * spread(without)


def test_the_covariance_says_how_far_off_the_levels_are(fleet) -> None:
    plan, generator = sweep_plan(X86), np.random.default_rng(2)
    errors, variances = [], []
    for _ in range(60):
        found, covariance = level(plan, fleet(generator, 4))
        errors.append(found - np.log(100))
        variances.append(np.diag(covariance))
    # The shares of the CPU models are those that the run met, so that all sizes may lie off together.
    assert spread(errors) == pytest.approx(np.sqrt(np.mean(variances)), rel=0.5)


def test_lanes_are_never_taken_for_better_than_expected(fleet) -> None:
    plan = sweep_plan(X86)
    cells = fleet(np.random.default_rng(3), 3, cpu_known=False, known=False)
    quiet = [Cell(variant=cell.variant, environments=tuple(cell.environments[0] for _ in range(3))) for cell in cells]
    _, covariance = level(plan, quiet)
    assert covariance[0, 0] == pytest.approx((0.18**2 + 0.02**2) / 3)
