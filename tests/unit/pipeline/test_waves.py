from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lambdabot.aws.copies.deployments import NotDeployed
from lambdabot.model import Architecture, Configuration, Deployment, Outcome, Round, Side, Variant, Wave
from lambdabot.pipeline.waves import Waves, batches


def wave(memory_mb: int, concurrency: int) -> Wave:
    configuration = Configuration(memory_mb=memory_mb, architecture=Architecture.X86_64)
    return Wave(variant=Variant(side=Side.HEAD, configuration=configuration), payload="one", concurrency=concurrency)


def test_waves_run_side_by_side_while_they_fit():
    waves = [wave(128, 4), wave(256, 4), wave(512, 4)]

    assert list(batches(waves, 8)) == [waves[:2], waves[2:]]


def test_a_variants_second_wave_waits_for_its_first():
    waves = [wave(128, 1), wave(128, 1)]

    assert list(batches(waves, 100)) == [waves[:1], waves[1:]]


@given(st.lists(st.builds(wave, st.sampled_from([128, 256, 512]), st.integers(1, 10))), st.integers(1, 20))
def test_no_wave_is_lost_and_the_limit_is_kept_by_all_that_can(waves, limit):
    cut = list(batches(waves, limit))

    assert [one for batch in cut for one in batch] == waves
    assert all(len(batch) == 1 or sum(one.concurrency for one in batch) <= limit for batch in cut)
    assert all(len({one.variant for one in batch}) == len(batch) for batch in cut)


def test_a_wave_whose_environments_could_not_be_replaced_is_recorded_and_not_run():
    class Refusing:
        """Stands in for Deployments where AWS refuses every update: no endpoint can be told to."""

        log_group = "unused"

        def refresh(self, *deployments):
            return {one.variant: NotDeployed(reason="refused") for one in deployments}

    one = replace(wave(128, 2), fresh=True)
    deployed = {one.variant: Deployment(variant=one.variant, function_name="copy", arn="arn:copy:$LATEST")}
    waves = Waves(
        connection=None,
        deployments=Refusing(),
        deployed=deployed,
        not_deployed={},
        payloads=(),
        timeout_seconds=3,
        concurrency=2,
        clock=lambda: 7.0,
    )

    (recorded,) = waves.run(Round(number=4, waves=(one,)))

    assert (recorded.outcome, recorded.reason) == (Outcome.DISCARDED, "refused")
    assert (recorded.round, recorded.at_seconds, recorded.duration_ms) == (4, 7.0, None)
