"""The attacks of tests/trust: which are held, and which work once their guard is taken out, as the control."""

import os
from collections import Counter

import pytest

from benchmarks.figures import Figures
from tests.trust.table import Attack

HELD, CONTROL = "test_it_is_held", "test_it_works_once_its_guard_is_taken_out"


class _Outcomes:
    """A plugin of pytest that keeps what became of each row."""

    def __init__(self) -> None:
        self.rows: dict[Attack, dict[str, str]] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Function, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]  # noqa: ANN202, ARG002  # a wrapper's own type is pytest's
        report = (yield).get_result()
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        attack = parameters.get("attack")
        if isinstance(attack, Attack) and (report.when == "call" or report.outcome != "passed"):
            self.rows.setdefault(attack, {})[item.originalname] = report.outcome


def run(seed: int) -> Figures:  # noqa: ARG001  # nothing here is random
    """Return how many attacks there are, and how many of them are held and proved to work without their guard."""
    os.environ["CI"] = "true"  # no control is left out
    outcomes = _Outcomes()
    pytest.main(["-q", "--no-header", "--tb=line", "-p", "no:cacheprovider", "tests/trust/test_attacks.py"], [outcomes])
    lines = [
        "| door | a pull request … | promise | held | works without the guard | not at each door, for |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    words = {"passed": "yes", "failed": "**no**", "skipped": "not tried here", "elsewhere": "at another door"}
    counts: Counter[bool] = Counter()
    for attack, found in outcomes.rows.items():
        held, control = found.get(HELD, "failed"), found.get(CONTROL, "failed" if attack.control else "elsewhere")
        if held != "skipped":
            counts[held == "passed" and control != "failed"] += 1
        told = (attack.door, attack.name, attack.promise, words[held], words[control], attack.only)
        lines.append(f"| {' | '.join(told)} |")
    return Figures({"trust.attacks": counts.total(), "trust.held": counts[True]}, "\n".join(lines))
