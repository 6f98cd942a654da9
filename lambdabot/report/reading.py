"""A report.json read back: whoever wrote it, it is what the schema lets through, or a mistake with its field."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lambdabot.errors import Mistake, UsageError
from lambdabot.report.bounds import MOST_FUNCTIONS
from lambdabot.report.schema import Report, Section

MAX_BYTES = 16 * 1024 * 1024
"""What is read of a report.json: forty functions with all their dependencies need less than 1 MB."""

NO_REPORT = "Pass the report.json that `lambdabot run` wrote; `lambdabot schema --report` prints its form."

AnySection = TypeVar("AnySection", bound=Section)


def load(path: Path) -> Report:
    """Read and validate a report.json. Raises UsageError that names the field."""
    try:
        if path.exists() and not path.is_file():  # a pipe would keep the reader waiting for ever
            raise UsageError([Mistake(message="is not a file", path=path)])
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError([Mistake(message=f"cannot be read: {error.strerror}", path=path)]) from error
    if len(text) > MAX_BYTES:
        message = f"is larger than {MAX_BYTES // 2**20} MB, so it is no report of lambdabot"
        raise UsageError([Mistake(message=message, path=path)])
    try:
        data = json.loads(text, parse_constant=_no_number)  # pydantic's own parser copies all of it into every error
    except (ValueError, RecursionError) as error:
        raise UsageError([Mistake(message=f"is no JSON: {str(error)[:200]}", path=path)], advice=NO_REPORT) from error
    report = validated(Report, data, path)
    names = [one.name for one in report.functions]
    if len(names) > MOST_FUNCTIONS or len(set(names)) < len(names):
        message = f"functions: there are more than {MOST_FUNCTIONS}, or two have one name"
        raise UsageError([Mistake(message=message, path=path)], advice=NO_REPORT)
    return report


def _no_number(name: str) -> float:
    message = f"{name} is no number"
    raise ValueError(message)


def validated(kind: type[AnySection], data: object, path: Path | None = None) -> AnySection:
    """Return a report, or a part of it. Raises UsageError that names every field that its schema refuses."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        mistakes = [
            Mistake(message=f"{'.'.join(map(str, one['loc'])) or 'report'}: {one['msg']}", path=path)
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise UsageError(mistakes, advice=NO_REPORT) from error
