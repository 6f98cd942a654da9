"""What a comment remembers for the next one, in a hidden block: bounded, versioned, and trusted with nothing.

Whoever may write to the repository can edit it, so it tells how the push before stood, and no decision rests on it.
"""

import json
import re
from base64 import b64decode, b64encode
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lambdabot.model import Verdict
from lambdabot.report import numbers
from lambdabot.report.schema import Report

MARKER = "<!-- lambdabot:comment -->"

MAX_FUNCTIONS = 50
MAX_BLOCK = 16_384
_BLOCK = re.compile(rf"<!-- lambdabot:state:1 ([A-Za-z0-9+/=]{{1,{MAX_BLOCK}}}) -->")

Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]


class Standing(BaseModel):
    """One function's comparison at a push."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    change: Annotated[float, Field(allow_inf_nan=False)] | None


class Push(BaseModel):
    """A head commit and how its functions stood."""

    model_config = ConfigDict(frozen=True)

    head_sha: Sha
    run: Annotated[int, Field(ge=1, le=10**20)] | None = None  # a later one is greater, a re-run the same
    functions: Annotated[dict[Annotated[str, Field(max_length=64)], Standing], Field(max_length=MAX_FUNCTIONS)]


class State(BaseModel):
    """The push that a comment reports on, and the one before."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    push: Push
    before: Push | None = None

    def block(self) -> str:
        """Return the hidden block; the push before is left out when both do not fit."""
        for state in (self, self.model_copy(update={"before": None})):
            text = b64encode(state.model_dump_json().encode()).decode()
            if len(text) <= MAX_BLOCK:
                return f"<!-- lambdabot:state:1 {text} -->"
        return ""


def marker(report: Report) -> str:
    """Return the first line of a report's comment: how it is found again, and told from those of other jobs."""
    return MARKER.replace(" -->", f":{report.comment_key} -->") if report.comment_key else MARKER


def read(body: str) -> State | None:
    """Return the state in a comment's body; None when there is none, or none that this version understands."""
    found = _BLOCK.search(body)
    if not found:
        return None
    try:
        return State.model_validate(json.loads(b64decode(found[1], validate=True)))
    except (ValueError, RecursionError, ValidationError):
        return None


def follow(report: Report, last: State | None) -> State | None:
    """Return the state after this report: a re-run of the same head keeps the push before."""
    sha = report.head_sha
    if not sha or not re.fullmatch(r"[0-9a-f]{7,64}", sha):
        return None
    again = last is not None and last.push.head_sha == sha
    functions = {
        one.name: Standing(
            verdict=one.comparison.verdict,
            change=one.comparison.cost_ratio.value - 1 if one.comparison.cost_ratio else None,
        )
        for one in report.functions[:MAX_FUNCTIONS]
        if len(one.name) <= 64  # noqa: PLR2004  # Lambda's limit of a name
    }
    push = Push(head_sha=sha, run=run_of(report), functions=functions)
    return State(push=push, before=None if last is None else last.before if again else last.push)


def run_of(report: Report) -> int | None:
    """Return the number of the workflow's run in its address; None where it is not known."""
    return int(report.run_url.rpartition("/")[2]) if report.run_url else None


def since(state: State | None) -> dict[str, str] | None:
    """Return what to say of the push before: its commit and how it stood. Nothing when it stood the same."""
    if state is None or state.before is None:
        return None
    told = []
    for name, then in state.before.functions.items():
        now = state.push.functions.get(name)
        if now is None or now.verdict is then.verdict:
            continue
        change = f" ({numbers.signed_percent(100 * then.change)})" if then.change is not None else ""
        told.append((name, f"{then.verdict}{change}"))
    if not told:
        return None
    single = len(state.before.functions) == 1
    text = "; ".join(words if single else f"{name} {words}" for name, words in told[:5])
    return {"head_sha": state.before.head_sha, "text": text}
