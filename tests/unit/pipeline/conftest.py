from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.model import Architecture, Budget, Configuration, Function
from tests.sample import function as sample


@pytest.fixture
def function(tmp_path: Path) -> Function:
    (tmp_path / "app.py").write_text("def handler(event, context): pass\n")
    return sample(
        tmp_path,
        memory_mb=(2048,),
        architectures=(Architecture.ARM64,),
        current=Configuration(memory_mb=2048, architecture=Architecture.ARM64),
        budget=Budget(invocations=100, usd=Decimal(1), minutes=10),
    )
