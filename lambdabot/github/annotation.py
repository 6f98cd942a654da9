"""What to say beside the code: on the handler whose cost failed, on the requirement that blocks ARM64."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lambdabot.model import PackageVerdict, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A remark; `path` is relative to the workspace, None where there is no line to set it beside."""

    level: Literal["failure", "warning"]
    message: str
    path: str | None = None
    line: int = 1


def annotations(document: Mapping[str, Any], *, workspace: Path | None) -> tuple[Annotation, ...]:
    """Return what a report.json gives to say, failures first, the same text at the same place once."""
    said = [one for function in document["functions"] for one in _of_function(function, workspace)]
    return tuple(sorted(dict.fromkeys(said), key=lambda one: one.level != "failure"))


def _of_function(one: Mapping[str, Any], workspace: Path | None) -> Iterator[Annotation]:
    comparison, at = one["comparison"], one["location"] or {}
    verdict, ratio = comparison["verdict"], comparison["cost_ratio"]
    path, line = at.get("path"), at.get("line") or 1
    if one["error"]:  # the same of every function, and no line of code is at fault
        yield Annotation(level="failure", message=f"nothing measured: {one['error']}")
    elif verdict == "regression":
        change = f"{100 * (ratio['value'] - 1):.0f} % " if ratio else ""
        message = f"{one['name']} costs {change}more than that of the {one['base_is']}: {comparison['reason']}"
        yield Annotation(level="failure", message=message, path=path, line=line)
    elif verdict == "inconclusive":
        yield Annotation(
            level="warning", message=f"{one['name']}: {verdict}: {comparison['reason']}", path=path, line=line
        )
    elif verdict == "not measured":
        yield Annotation(level="warning", message=f"{one['name']}: {verdict}: {comparison['reason']}")
    yield from _of_packages(one["arm64"], workspace)


def _of_packages(arm64: Mapping[str, Any], workspace: Path | None) -> Iterator[Annotation]:
    """Yield the requirements that block ARM64, each on its line: those without one stand in the comment's table."""
    for package in arm64["packages"]:
        place = Place.parse(package["requested_by"][0]) if package["requested_by"] else None
        if PackageVerdict(package["verdict"]).blocks and place:
            path = _manifest(arm64["path"], place.path, workspace)
            if path is not None:
                name = " ".join(filter(None, [package["name"], package["version"]]))
                through = f" (through {' > '.join(package['requested_by'][1:])})" if package["requested_by"][1:] else ""
                fix = f" {package['fix']}" if package["fix"] else ""
                message = f"{name}{through} blocks arm64: {package['verdict']}: {package['evidence']}.{fix}"
                yield Annotation(level="warning", message=message, path=path, line=place.line)


def _manifest(checked: str, named: Path, workspace: Path | None) -> str | None:
    """Return the requirement file that is named from the checked folder, or from the folder of the checked file."""
    for folder in (Path(checked), Path(checked).parent):
        path = folder / named
        if workspace is not None and not path.is_absolute() and (workspace / path).is_file():
            return path.as_posix()
    return None
