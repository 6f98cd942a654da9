"""What to say beside the code: on the handler whose cost failed, on the requirement that blocks ARM64."""

from collections.abc import Iterator
from pathlib import Path

from lambdabot.model import Annotation, Place, Verdict
from lambdabot.report.schema import Arm64Section, FunctionSection, Report


def annotations(report: Report, *, workspace: Path | None) -> tuple[Annotation, ...]:
    """Return the remarks that a report gives rise to, failures first, the same text at the same place once."""
    said = [one for function in report.functions for one in _of_function(function, workspace)]
    if report.left_behind:
        names = f"left behind: {', '.join(report.left_behind)}: `lambdabot clean --all` removes what is named"
        said.append(Annotation(level="warning", message="\n".join(filter(None, [names, report.left_behind_reason]))))
    return tuple(sorted(dict.fromkeys(said), key=lambda one: one.level != "failure"))


def _of_function(one: FunctionSection, workspace: Path | None) -> Iterator[Annotation]:
    comparison, at = one.comparison, one.location
    path, line = (at.path, at.line or 1) if at else (None, 1)
    undecided = f"{one.name}: {comparison.verdict}: {comparison.reason}"
    if one.error:  # every function has the same error, and no line of code is at fault
        yield Annotation(level="failure", message=f"nothing measured: {one.error}")
    elif comparison.refused:  # nor here
        yield Annotation(level="failure", message=f"{one.name}: not compared: {comparison.reason}")
    elif comparison.verdict is Verdict.REGRESSION:
        change = f"{100 * (comparison.cost_ratio.value - 1):.0f} % " if comparison.cost_ratio else ""
        fails = comparison.reliability is not None and comparison.reliability.worse and not comparison.cost_ratio
        what = "fails more often" if fails else f"costs {change}more"
        message = f"{one.name} {what} than that of the {one.base_is}: {comparison.reason}"
        yield Annotation(level="failure", message=message, path=path, line=line)
    elif comparison.verdict is Verdict.INCONCLUSIVE:
        yield Annotation(level="warning", message=undecided, path=path, line=line)
    elif comparison.verdict is Verdict.NOT_MEASURED:
        yield Annotation(level="warning", message=undecided)
    yield from _of_packages(one.arm64, workspace)


def _of_packages(arm64: Arm64Section, workspace: Path | None) -> Iterator[Annotation]:
    """Yield the requirements that block ARM64, each on its line: those without one stand in the comment's table."""
    for package in arm64.packages:
        place = Place.parse(package.requested_by[0]) if package.requested_by else None
        if package.verdict.blocks and place:
            path = _manifest(arm64.path, place.path, workspace)
            if path is not None:
                name = " ".join(filter(None, [package.name, package.version]))
                through = f" (through {' > '.join(package.requested_by[1:])})" if package.requested_by[1:] else ""
                fix = f" {package.fix}" if package.fix else ""
                message = f"{name}{through} blocks arm64: {package.verdict}: {package.evidence}.{fix}"
                yield Annotation(level="warning", message=message, path=path, line=place.line)


def _manifest(checked: str, named: Path, workspace: Path | None) -> str | None:
    """Return the requirement file that is named from the checked folder, or from the folder of the checked file."""
    for folder in (Path(checked), Path(checked).parent):
        path = folder / named
        if workspace is not None and not path.is_absolute() and (workspace / path).is_file():
            return path.as_posix()
    return None
