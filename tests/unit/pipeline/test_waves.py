from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.aws.copies.deployments import NotDeployed
from lambdabot.errors import EndpointError
from lambdabot.measurement.decision import next_step
from lambdabot.model import Architecture, Configuration, Deployment, Outcome, Round, Side, Variant, Wave
from lambdabot.pipeline.around import Around
from lambdabot.pipeline.copies import Copies
from lambdabot.pipeline.event_series import EventSeries
from lambdabot.pipeline.waves import WaveEngine, Waves, batches
from lambdabot.report.progress import Progress
from tests.unit.pipeline.conftest import HERE


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


def test_a_wave_whose_environments_could_not_be_replaced_is_recorded_and_not_run(function, line_up):
    class Refusing:
        """Stands in for Deployments where AWS refuses every update: no endpoint can be told to."""

        log_group = "unused"

        def refresh(self, *deployments):
            return {one.variant: NotDeployed(reason="refused") for one in deployments}

    one = replace(wave(128, 2), fresh=True)
    payload = replace(function.question.payloads[0], name=one.payload)
    deployed = {one.variant: Deployment(variant=one.variant, function_name="copy", arn="arn:copy:$LATEST")}
    waves = Waves(
        connection=None,
        deployments=Refusing(),
        deployed=deployed,
        not_deployed={},
        series=EventSeries((payload,), seed=1, function="thumbnail", began=datetime.now(UTC)),
        around=Around(line_up(function), None, Refusing(), None),
        rules={},
        plan=line_up(function).plan,
        clock=lambda: 7.0,
    )

    (recorded,) = waves.run(Round(number=4, waves=(one,)))

    assert (recorded.outcome, recorded.reason, recorded.refused) == (Outcome.DISCARDED, "refused", True)
    assert (recorded.round, recorded.at_seconds, recorded.duration_ms) == (4, 7.0, None)


class Obliging:
    """Stands in for Deployments whose copies are live at once: what is looked at here calls no endpoint."""

    log_group = "unused"
    memory_cap_mb = None

    def create(self, copies):
        return {one.variant: Deployment(variant=one.variant, function_name="copy", arn="copy:1") for one in copies}


def test_storage_above_512_mb_is_spent_too(function, line_up, invoked):
    def spent(**changes) -> Decimal:
        return Copies(line_up(function.changed(**changes)), Obliging(), Path()).usd([invoked()])

    assert spent() == 2 * Decimal("0.0000133334") + Decimal("0.0000002")
    assert spent(ephemeral_storage_mb=1536) == spent() + Decimal("0.0000000309")


def test_snapshots_and_restores_are_spent_where_they_are_not_free(function, line_up, invoked, tmp_path):
    def spent(runtime: str, *, snap_start: bool) -> Decimal:
        lineup = line_up(function.changed(runtime=runtime, snap_start=snap_start))
        copies = Copies(lineup, Obliging(), tmp_path)
        copies.deploy(lineup.variants)
        return copies.usd([invoked(restore_ms=120.0), invoked()])

    free = spent("java21", snap_start=True)
    assert free == spent("python3.13", snap_start=False)
    paid = spent("python3.13", snap_start=True)
    assert paid - free == 2 * Decimal("0.0001397998") + 2 * 3 * 3600 * Decimal("0.0000015046")


def test_a_round_pays_for_the_snapshots_of_new_copies_and_of_fresh_environments(function, line_up):
    lineup = line_up(function.changed(snap_start=True))
    (variant,) = lineup.variants
    other = replace(variant, configuration=replace(HERE, memory_mb=1024))
    waves = [Wave(variant=one, payload="default", concurrency=1, fresh=one == variant) for one in (variant, other)]
    copies = Copies(lineup, Obliging(), Path())
    copies.deploy(lineup.variants)

    copies.make_ready(Round(number=1, waves=tuple(waves)))

    snapshot = lineup.bench.prices.snapshot
    assert copies.usd(()) == 2 * snapshot(HERE) + snapshot(other.configuration)

    copies.make_ready(Round(number=2, waves=(waves[1],)), renewed=lambda _: True)

    assert copies.usd(()) == 2 * snapshot(HERE) + 2 * snapshot(other.configuration)


def test_what_a_round_can_cost_at_most_is_told_before_it_begins(function, line_up):
    class Expired:
        """Stands in for a Connection whose credentials expire between the copies and the first round."""

        def invoker(self, timeout_seconds):
            raise EndpointError("the credentials have expired")

    lineup = line_up(function)
    steps = WaveEngine(Expired(), Obliging(), folder=Path(), progress=Progress()).measure(lineup)
    live, begun = next(steps), next(steps)
    with pytest.raises(EndpointError):
        next(steps)

    calls = sum(wave.concurrency for wave in next_step(lineup.plan, ()).waves)
    assert calls > 0
    assert live.unsettled_usd == 0
    assert begun.unsettled_usd == calls * lineup.bench.prices.cost(HERE, (3 + 10) * 1000)  # its timeout, after INIT
    assert begun.usd == 0
