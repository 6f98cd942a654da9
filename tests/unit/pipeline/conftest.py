from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.aws.prices import prices
from lambdabot.model import Architecture, Budget, Build, Configuration, Function, Invocation, Outcome, Side, Variant
from lambdabot.packaging.layers import LayerBuilds
from lambdabot.pipeline.function import FunctionJob, Workshop
from lambdabot.pipeline.lineup import Bench, Lineup
from lambdabot.pipeline.pairs import Pair
from lambdabot.settings.schema import GateSection
from tests.sample import function as sample

HERE = Configuration(memory_mb=2048, architecture=Architecture.ARM64)


@pytest.fixture
def function(tmp_path: Path) -> Function:
    (tmp_path / "app.py").write_text("def handler(event, context): pass\n")
    return sample(
        tmp_path,
        memory_mb=(2048,),
        architectures=(Architecture.ARM64,),
        current=HERE,
        budget=Budget(invocations=100, usd=Decimal(1), minutes=10),
    )


@pytest.fixture
def bench() -> Bench:
    return Bench(machine=None, prices=prices("us-east-1"), concurrency=10, gate=GateSection(), seed=1)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(
        folder=tmp_path / "packages",
        cache=tmp_path / "cache",
        access=IndexAccess(tmp_path / "cache", 5),
        layers=LayerBuilds(tmp_path / "layers"),
    )


@pytest.fixture
def job(bench: Bench, workshop: Workshop) -> Callable[..., FunctionJob]:
    """A function without a base, but for what the test says of its sides."""

    def make(function: Function, *, layer_client: object = None, **sides: object) -> FunctionJob:
        usual = {"base": None, "no_base": "none was named"}
        return FunctionJob(
            Pair(head=function, **{**usual, **sides}),
            bench=bench,
            workshop=replace(workshop, layer_client=layer_client),
        )

    return make


@pytest.fixture
def line_up(bench: Bench) -> Callable[..., Lineup]:
    """A function without a base whose package is there (made by hand), but for what the test says."""

    def make(head: Function, *, sides: Mapping[str, object] | None = None, **changes: object) -> Lineup:
        pair = Pair(head=head, **{"base": None, "no_base": "none was named", **(sides or {})})
        lineup = Lineup(pair=pair, bench=bench, budget=head.question.budget)
        keys = {(variant.side, lineup.built_for(variant)) for variant in lineup.candidates}
        return replace(lineup, **{"builds": {key: built(*key) for key in keys}, **changes})

    return make


def built(side: Side, architecture: Architecture, sha256: str | None = None) -> Build:
    """A container image that nobody made: it needs no file. The sides' differ, unless the test gives one digest."""
    return Build(
        function="thumbnail",
        side=side,
        architecture=architecture,
        zip_path=None,
        image_uri=f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{side}",
        code_sha256=sha256 or side.value,
        zip_bytes=0,
        unzipped_bytes=0,
        target="",
    )


@pytest.fixture
def invoked() -> Callable[..., Invocation]:
    """An invocation that went well, but for what the test says."""

    def make(**changes: object) -> Invocation:
        usual = {
            "variant": Variant(side=Side.HEAD, configuration=HERE),
            "payload": "default",
            "round": 1,
            "wave": 1,
            "environment": "a",
            "environment_known": True,
            "cold": False,
            "outcome": Outcome.OK,
            "duration_ms": 999.5,
            "billed_ms": 1000,
            "max_memory_used_mb": 60,
            "at_seconds": 1.0,
        }
        return Invocation(**{**usual, **changes})

    return make
