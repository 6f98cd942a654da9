"""The review comments that offer a recommendation with one click, made from the report alone."""

import re
from collections.abc import Iterator

from lambdabot.figures import LEAST_PERCENT
from lambdabot.model import Suggestion
from lambdabot.report import numbers, state
from lambdabot.report.escape import code, escape
from lambdabot.report.schema import FunctionSection, Report

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def marker(report: Report) -> str:
    """Return the first line of a report's suggestions: how they are found again, and told from those of other jobs."""
    return state.marker(report).replace(":comment", ":suggestion", 1)


def suggestions(report: Report) -> tuple[Suggestion, ...]:
    """Return the suggestions of a report, one for each line to change."""
    return tuple(one for function in report.functions for one in _of_function(function, marker(report)))


def _of_function(function: FunctionSection, first_line: str) -> Iterator[Suggestion]:
    recommendation = function.recommendation
    if recommendation is None or recommendation.configuration == function.current.configuration:
        return
    saving = recommendation.saving_percent or 0
    words_of_saving = f" would save {numbers.percent(saving)}" if saving >= LEAST_PERCENT else " is recommended"
    estimated = ", by estimate" if recommendation.estimated else ""
    text = f"{code(function.name)}: **{recommendation.configuration}**{words_of_saving}{estimated}."
    for edit in function.edits:
        note = f" {escape(edit.note[:1].upper() + edit.note[1:])}." if edit.note else ""
        block = _verbatim(edit.after)
        if block is None:
            continue
        yield Suggestion(
            path=edit.path,
            line=edit.line,
            line_text=edit.before,
            body=f"{first_line}\n{text}{note}\n\n{block}",
        )


def _verbatim(text: str) -> str | None:
    """Return a suggestion's block, which GitHub writes into the file as it stands; None where a comment cannot hold it.

    No run of backticks in the text ends the block.
    """
    lines = text.replace("\r\n", "\n")
    if _CONTROL.search(lines):
        return None
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", lines)), default=0))
    return f"{marks}suggestion\n{lines}\n{marks}"
