"""The curve of duration over memory size, shared by all Configurations of a function."""

from collections.abc import Sequence
from itertools import product
from math import log

import numpy as np
from numpy.typing import NDArray

from lambdabot.model import Architecture, Configuration

Array = NDArray[np.float64]

FULL_CPU_MB = 1769  # one vCPU (AWS Lambda Developer Guide, "Configure Lambda function memory")
_PERIOD_MS = 20.0  # the quota is spent and refilled in periods of 20 ms (demystifying-serverless-costs, EuroSys'26)
_WAITING = 10 ** np.linspace(-2.5, 2.0, 13)  # waiting as a multiple of the CPU time at one vCPU
_THREADS = ((1.0, 0.70), (2.0, 0.22), (4.0, 0.08))  # threads that gain from more vCPUs, and how likely that is
_ARM = np.linspace(0.70, 1.40, 11)  # CPU time on arm64 over x86_64
# How far real curves depart from the model, as a share of the duration: hardly, somewhat, a lot. The data choose.
_DEPARTURES = ((0.01, 0.4), (0.04, 0.4), (0.15, 0.2))
# The embedded endpoint sets the quota itself: calls that compute keep to it within some percent (`local.cpu_law_*`).
_LOCAL_DEPARTURES = ((0.01, 0.7), (0.04, 0.2), (0.15, 0.1))
_PLACES = 10  # at which a call may begin in a period
_SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.2)  # of the processor from one moment to the next
_LENGTH = 1.0  # departures are alike where sizes are within a factor of two
_ROUGHNESS = 0.01  # and every Configuration has a little of its own
_STEP = 0.2  # how far off the staircase a mean may be, as a share of a step
_TINY = 1e-9  # keeps a covariance positive definite against rounding
_VAGUE = 10.0  # standard deviation of the log level: nothing is known of it


def posterior(
    configurations: Sequence[Configuration],
    log_means: Array,
    covariance: Array,
    generator: np.random.Generator,
    count: int = 300,
    *,
    local: bool = False,
) -> Array:
    """Return joint draws of log mean billed milliseconds: one row a draw, one column a Configuration.

    `log_means` are logarithms of measured means, `covariance` that of their errors. Every hypothesis of
    waiting, threads and arm64 factor is a curve; a Gaussian process over log2 of the size holds what real functions do
    besides (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 2.7). Hypotheses are weighed
    by their marginal likelihood, so the staircase and the plateau are used where the data show them. `local`: of the
    embedded endpoint, whose calls begin anywhere in a period, so that means have no steps.
    """
    sizes = np.array([one.memory_mb for one in configurations], dtype=np.float64)
    arm = np.array([one.architecture is Architecture.ARM64 for one in configurations])
    shapes, prior = _shapes(sizes, arm, log_means, np.diag(covariance), local=local)
    apart = np.log2(sizes)[:, None] - np.log2(sizes)[None, :]
    alike = np.exp(-((apart / _LENGTH) ** 2) / 2) * np.where(arm[:, None] == arm[None, :], 1.0, 0.7)
    # Where a step of the staircase falls depends on the host too: short work on a small share is rough.
    steps = np.where((sizes < FULL_CPU_MB) & (not local), _PERIOD_MS / np.exp(log_means), 0.0)
    rough = np.diag(_ROUGHNESS**2 + (_STEP * steps) ** 2)
    weights, fits = [], []
    residuals = log_means - shapes
    for departure, probability in _LOCAL_DEPARTURES if local else _DEPARTURES:
        curves = departure**2 * alike + rough + _VAGUE**2
        inverse = np.linalg.inv(curves + covariance)
        solved = residuals @ inverse
        _, log_determinant = np.linalg.slogdet(inverse)
        weights.append(prior + log(probability) + (log_determinant - (residuals * solved).sum(axis=1)) / 2)
        fits.append((curves, inverse, solved))
    likelihood = np.concatenate(weights)
    probabilities = np.exp(likelihood - likelihood.max())
    chosen = np.sort(generator.choice(len(probabilities), size=count, p=probabilities / probabilities.sum()))
    noise = generator.standard_normal((count, len(sizes)))
    ends = np.searchsorted(chosen, len(shapes) * np.arange(1, len(fits)))
    draws = []
    for (curves, inverse, solved), rows, part in zip(fits, np.split(chosen, ends), np.split(noise, ends), strict=True):
        left = curves - curves @ inverse @ curves
        root = np.linalg.cholesky(left + _TINY * np.eye(len(sizes)))
        picked = rows % len(shapes)
        draws.append(shapes[picked] + solved[picked] @ curves + part @ root.T)
    return np.concatenate(draws)


def _shapes(
    sizes: Array, arm: NDArray[np.bool_], log_means: Array, variances: Array, *, local: bool
) -> tuple[Array, Array]:
    """Return the log curves of all hypotheses, one row each, with their log prior; the level is free in them."""
    grid = list(product(_WAITING, _THREADS, _ARM if arm.any() and not arm.all() else (1.0,)))
    waiting = np.array([one[0] for one in grid])[:, None]
    threads = np.array([one[1][0] for one in grid])[:, None]
    factor = np.where(arm, np.array([one[2] for one in grid])[:, None], 1.0)
    prior = np.log([one[1][1] for one in grid])
    share = np.minimum(sizes / FULL_CPU_MB, threads)
    smooth = np.log(waiting + factor / share)
    # The staircase depends on the CPU time itself: take it from the level that fits the smooth curve best.
    precision = 1 / (variances + 0.05**2)
    level = ((log_means - smooth) * precision).sum(axis=1, keepdims=True) / precision.sum()
    work = np.exp(level) * factor
    quota = _PERIOD_MS * sizes / FULL_CPU_MB
    stairs = _anywhere(work, quota, threads) if local else _stairs(work, quota, threads)
    busy = np.where(share < threads, stairs, work / threads)
    return np.log(waiting * np.exp(level) + busy), prior


def _stairs(work: Array, quota: Array, threads: Array) -> Array:
    """Return how long work takes that begins with a period of the quota."""
    throttled = np.maximum(np.ceil(work / quota) - 1, 0)
    return np.asarray(throttled * _PERIOD_MS + (work - throttled * quota) / threads)


def _anywhere(work: Array, quota: Array, threads: Array) -> Array:
    """Return how long work takes in the mean that begins anywhere in a period, with a whole quota, on any moment."""
    rooms = (np.arange(_PLACES) + 0.5) / _PLACES * _PERIOD_MS
    times = []
    for room, speed in product(rooms, _SPEEDS):
        whole, first = work * speed, np.minimum(quota, room * threads)
        times.append(np.where(whole <= first, whole / threads, room + _stairs(whole - first, quota, threads)))
    return np.asarray(np.mean(times, axis=0))
