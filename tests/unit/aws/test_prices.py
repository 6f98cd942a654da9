import json
from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.aws import prices as module
from lambdabot.aws.prices import prices
from lambdabot.model import Architecture, Configuration

TABLE = json.loads(Path(module.__file__).with_name("prices.json").read_text())


def test_us_east_1_as_published():
    here = prices("us-east-1")
    assert here.gb_second == {Architecture.X86_64: Decimal("0.0000166667"), Architecture.ARM64: Decimal("0.0000133334")}
    assert here.request == Decimal("0.0000002")
    assert here.storage_gb_second == Decimal("0.0000000309")
    assert (here.region, here.published, here.source) == ("us-east-1", "2025-10", "AWS Price List, bundled")


def test_a_million_calls_of_a_second_at_one_gigabyte():
    cost = prices("us-east-1").cost(Configuration(memory_mb=1024, architecture=Architecture.ARM64), 1000)
    assert cost * 1_000_000 == Decimal("13.5334")


@pytest.mark.parametrize("region", TABLE["regions"])
def test_dearer_and_cheaper_regions_have_their_own(region):
    here = prices(region)
    assert here.gb_second != prices("us-east-1").gb_second
    assert here.gb_second[Architecture.ARM64] == Decimal(TABLE["regions"][region]["arm64"])
    assert here.request == Decimal(TABLE["regions"][region]["request"])
    assert here.source == "AWS Price List, bundled"


def test_arm64_is_the_cheaper_one_everywhere():
    for region in [*TABLE["regions"], *TABLE["shared"]["regions"]]:
        figures = prices(region).gb_second
        assert Decimal("0.7") < figures[Architecture.ARM64] / figures[Architecture.X86_64] < Decimal("0.9")


def test_an_unknown_region_gets_us_east_1_and_says_so():
    there = prices("mars-north-1")
    assert there.gb_second == prices("us-east-1").gb_second
    assert there.region == "mars-north-1"
    assert there.source == (
        "AWS Price List, bundled; us-east-1's prices, which most Regions share, stand in for mars-north-1"
    )
