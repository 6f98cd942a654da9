from dataclasses import replace

import numpy as np
import pytest

from benchmarks.lambda_simulator.run import SWEEP
from benchmarks.lambda_simulator.workload import Workload
from lambdabot.measurement.curve import posterior
from lambdabot.model import Architecture

WORKS = {
    "cpu-bound": Workload(cpu_ms=400, waiting_ms=4),
    "waiting": Workload(cpu_ms=20, waiting_ms=900, arm_factor=1.2),
    "two threads": Workload(cpu_ms=900, waiting_ms=30, threads=2, arm_factor=0.85),
    "staircase": Workload(cpu_ms=17, waiting_ms=1),
}


def log_truth(work: Workload) -> np.ndarray:
    return np.log([work.duration_ms(one) for one in SWEEP])


def draw(log_means, error, seed=1):
    return posterior(SWEEP, log_means, np.eye(len(SWEEP)) * error**2, np.random.default_rng(seed))


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS.keys())
def test_neighbours_halve_the_error_of_noisy_means(work) -> None:
    truth = log_truth(work)
    noisy = truth + np.random.default_rng(7).normal(0, 0.12, (20, len(SWEEP)))
    shared = np.array([draw(one, 0.12).mean(axis=0) for one in noisy])

    # The common level is as uncertain as before; what a sweep needs is sizes against one another.
    def error(found):
        return np.std((found - truth) - (found - truth).mean(axis=1, keepdims=True))

    assert error(shared) < 0.6 * error(noisy)


def test_what_is_measured_well_is_believed_whatever_the_model_says() -> None:
    odd = log_truth(WORKS["cpu-bound"])
    odd[3] += 0.3
    assert draw(odd, 0.002).mean(axis=0) == pytest.approx(odd, abs=0.01)


def test_truth_lies_within_the_draws() -> None:
    generator = np.random.default_rng(9)
    inside = []
    for work in WORKS.values():
        truth = log_truth(work)
        for _ in range(10):
            draws = draw(truth + generator.normal(0, 0.1, len(SWEEP)), 0.1)
            low, high = np.quantile(draws, [0.005, 0.995], axis=0)
            inside.append((low <= truth) & (truth <= high))
    assert np.mean(inside) > 0.95


def test_one_architecture_alone_has_a_curve_too() -> None:
    x86 = [place for place, one in enumerate(SWEEP) if one.architecture is Architecture.X86_64]
    truth = log_truth(WORKS["cpu-bound"])[x86]
    sweep = [SWEEP[place] for place in x86]
    draws = posterior(sweep, truth, np.eye(len(x86)) * 0.01**2, np.random.default_rng(1))
    assert draws.mean(axis=0) == pytest.approx(truth, abs=0.02)


def in_the_mean(cpu_ms: float, memory_mb: int) -> float:
    """Play work through a quota of 20 ms that begins at a thousand places of its period."""
    share, total = memory_mb / 1769, 0.0
    for place in range(1000):
        left, room = cpu_ms, (place + 0.5) / 50
        while left > (spent := min(share * 20, room)):
            left, total, room = left - spent, total + room, 20.0
        total += left
    return total / 1000


def test_on_the_embedded_endpoint_the_quota_is_known_so_that_noise_hardly_orders_the_sizes() -> None:
    sizes = (128, 256, 512, 1024, 1769)
    sweep = [replace(SWEEP[0], memory_mb=size) for size in sizes]
    truth = np.log([np.mean([in_the_mean(17 * speed, size) for speed in (0.8, 0.9, 1, 1.1, 1.2)]) for size in sizes])
    noisy = truth + np.random.default_rng(3).normal(0, 0.08, (20, len(sizes)))

    def error(*, local):
        found = [posterior(sweep, one, np.eye(5) * 0.08**2, np.random.default_rng(1), local=local) for one in noisy]
        means = np.array([draws.mean(axis=0) for draws in found]) - truth
        return np.std(means - means.mean(axis=1, keepdims=True))

    assert error(local=True) < 0.8 * error(local=False)
