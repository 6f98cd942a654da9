import pytest

from lambdabot.measurement.noise import Noise, prior


def test_the_public_figures_stand_at_their_sizes_and_between_them() -> None:
    assert prior(512, local=False) == Noise(between=0.14, within=0.03)
    assert prior(256, local=False).between == pytest.approx(0.16)
    assert prior(10240, local=False) == Noise(between=0.02, within=0.10)


def test_one_machine_differs_little_from_itself() -> None:
    assert prior(128, local=True).between < prior(128, local=False).between


def test_calls_are_repeated_where_environments_hardly_differ() -> None:
    assert prior(128, local=False).calls == 1
    assert prior(3008, local=False).calls == 2


def test_payloads_average_out_within_an_environment_and_not_between() -> None:
    noise = Noise(between=0.1, within=0.2)
    assert noise.variance(2) == pytest.approx(0.01 + 0.02)
    assert noise.variance(2, shares=(0.5, 0.5)) == pytest.approx(0.01 + 0.01)
    assert noise.variance(2, same_cpu=True) == pytest.approx(0.001 + 0.02)


def test_calls_of_one_machine_differ_more_than_was_reckoned_with_before_their_waiting_was_counted() -> None:
    now, before = prior(128, local=True), prior(128, local=True, waiting_counted=False)
    assert (now.calls, before.calls) == (5, 2)
    assert now.variance(5) > before.variance(2)
