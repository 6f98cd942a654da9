"""What the hosts' CPU models do to durations, learnt from all Variants of a run together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lambdabot.measurement.interval import environment_means
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.samples import Cell

Array = NDArray[np.float64]

_SPREAD = 0.2  # standard deviation of the log effect of a CPU model at 512 MB before any was seen
_REFERENCE = 0.14  # CPU models matter as much as environments differ: in proportion to 512 MB
_SCALE_DEGREES = 8  # what is known of the noise counts as much as eight observed deviations


def level(plan: Plan, cells: Sequence[Cell]) -> tuple[Array, Array]:
    """Return log mean billed milliseconds of Cells as all hosts of the fleet would show them, and their covariance.

    Where the CPU models are known, a Variant that met the fast ones by luck is not taken for cheap: effects of the
    models are fitted to the deviations within all Variants (least squares with a prior), taken out of the samples, and
    put back in the shares that the whole run met. Cells are of one fleet: one architecture.
    """
    environments = [one for cell in cells for one in cell.environments]
    counts = np.array([len(cell.environments) for cell in cells])
    owner = np.repeat(np.arange(len(cells)), counts)
    means = environment_means(environments, plan.weights)
    names = [one.cpu_model for one in environments]
    known = None not in names
    codes = {name: code for code, name in enumerate(dict.fromkeys(names if known else [None]))}
    member = np.eye(len(codes))[[codes[name] if known else 0 for name in names]]
    noises = [plan.noise(cell.variant.configuration.memory_mb) for cell in cells]
    calls = [cell.calls / len(cell.environments) / len(plan.payloads) for cell in cells]
    # One model in all: the fleet may have others, so that environments differ as they do on mixed hosts.
    expected = np.array(
        [noise.variance(count, same_cpu=len(codes) > 1) for noise, count in zip(noises, calls, strict=True)]
    )
    force = np.array([noise.between for noise in noises]) / _REFERENCE

    met = _sums(member, owner, len(cells)) / counts[:, None]
    design = force[owner, None] * (member - met[owner])
    logs = np.log(means)
    logs = logs - (_sums(logs[:, None], owner, len(cells)) / counts[:, None])[owner, 0]
    precision = 1 / expected[owner]
    uncertainty = np.linalg.inv(np.eye(len(codes)) / _SPREAD**2 + design.T @ (design * precision[:, None]))
    effects = uncertainty @ (design.T @ (logs * precision))

    shares = member.mean(axis=0)
    plain = means / np.exp(force[owner] * (member @ effects))
    plain_means = _sums(plain[:, None], owner, len(cells))[:, 0] / counts
    squares = float(((plain / plain_means[owner] - 1) ** 2 * precision).sum())
    scale = (_SCALE_DEGREES + squares) / (_SCALE_DEGREES + len(means) - len(cells))
    if not all(one.known for one in environments):
        scale = max(1.0, scale)  # lanes mix environments and differ too little
    own = scale * expected / counts
    lean = force[:, None] * (shares - met)
    # A logarithm of a noisy mean is too low by half its variance.
    log_means = np.log(plain_means) + np.log(np.exp(force[:, None] * effects) @ shares) + own / 2
    return log_means, np.asarray(np.diag(own) + lean @ uncertainty @ lean.T)


def _sums(rows: Array, owner: NDArray[np.int64], count: int) -> Array:
    """Add up the rows of each owner."""
    total = np.zeros((count, rows.shape[1]))
    np.add.at(total, owner, rows)
    return total
