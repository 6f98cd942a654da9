"""From the functions' verdicts to the run's, and to the exit code."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, Protocol

from lambdabot.errors import ExitCode
from lambdabot.model import FunctionResult, Verdict

if TYPE_CHECKING:  # pydantic's models of it come after the first API call
    from lambdabot.report.schema import FunctionSection, Report


class GatePolicy(Protocol):
    """What the gate does when it has no clear answer."""

    @property
    def inconclusive(self) -> Literal["pass", "fail"]:
        """Comparisons that ended without a decision."""

    @property
    def not_measured(self) -> Literal["pass", "fail"]:
        """Comparisons that could not be made."""


def overall(functions: "Iterable[FunctionResult | FunctionSection]") -> tuple[Verdict, str]:
    """Return the worst of the functions' verdicts, with the names and reasons behind it."""
    results = tuple(functions)
    if not results:
        return Verdict.NOT_MEASURED, "nothing was measured"
    worst = next(verdict for verdict in Verdict if any(result.comparison.verdict is verdict for result in results))
    causes = [result for result in results if result.comparison.verdict is worst]
    if len(results) == 1:
        return worst, causes[0].comparison.reason
    reasons = {result.comparison.reason for result in causes}
    names = ", ".join(result.name for result in causes)
    return worst, f"{names}: {reasons.pop()}" if len(reasons) == 1 else names


def exit_code(report: "Report", gate: GatePolicy) -> ExitCode:
    """Return the exit code of a report; a failed gate beats "could not be measured", an override opens the gate.

    A run of which the endpoint refused a part ends as one that measured nothing: it vouches for no cost.
    """
    verdicts = {function.comparison.verdict for function in report.functions}
    accepted = report.override is not None and report.override.valid
    if not accepted and (
        Verdict.REGRESSION in verdicts
        or (Verdict.INCONCLUSIVE in verdicts and gate.inconclusive == "fail")
        or (Verdict.NOT_MEASURED in verdicts and gate.not_measured == "fail")
    ):
        return ExitCode.GATE_FAILED
    return ExitCode.NOT_MEASURED if report.could_not_measure else ExitCode.DONE
