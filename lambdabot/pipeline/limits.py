"""What a run may spend, held against its functions' first answers before anything is made."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lambdabot.errors import UsageError
from lambdabot.settings.load import Settings

if TYPE_CHECKING:  # numpy comes with it
    from lambdabot.pipeline.lineup import Lineup


def require_budget(lineups: Iterable["Lineup"], *, settings: Settings) -> None:
    """Raise UsageError, with every function whose first answer would cost more than it may; nothing was made yet."""
    mistakes = []
    for lineup in lineups:
        head, outlook = lineup.pair.head, lineup.outlook()
        usd, invocations = min(head.question.budget.usd, settings.budget.usd), head.question.budget.invocations
        reasons = []
        if invocations is not None and outlook.least_invocations > invocations:
            reasons.append(
                f"{outlook.variants} Variants need {outlook.least_invocations} invocations for a first answer, and "
                f"`budget.invocations` is {invocations}: raise it (usual are {outlook.usual_invocations}), or measure "
                "fewer sizes, architectures or payloads"
            )
        if outlook.least_usd > usd:
            timeout = lineup.plan.timeout_seconds
            whose, lower = "", ", lower `timeout_seconds`,"
            if timeout != head.setup.timeout_seconds:
                whose, lower = ", which is the target branch's", ""
            reasons.append(
                f"its dearest first wave could cost ${outlook.least_usd:.4f} if every call ran into the timeout of "
                f"{timeout} s{whose}, and `budget.usd` leaves ${usd}: raise it{lower} or leave out the largest sizes"
            )
        place = settings.places[head.name]
        mistakes += [place.mistake(f"`{head.name}`: {one}") for one in reasons]
    if mistakes:
        raise UsageError(mistakes, advice="Nothing was created or invoked.")
