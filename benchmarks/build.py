"""What is said of projects before and after their build: how many kinds, and what is said wrongly of them."""

import tempfile
from pathlib import Path

from benchmarks.figures import Figures
from tests.builds import PROJECTS, Project, Said, said


def run(_seed: int) -> Figures:
    """Ask of every project what is measured and what is told; an unbuilt function counts where it is told in full."""
    wrong: list[str] = []
    told = unbuilt = false_told = 0
    for project in PROJECTS:
        found = _found(project)
        right = [name for name, part in project.told.items() if part in found.told.get(name, "")]
        false = found.told.keys() - project.told.keys()
        told, unbuilt, false_told = told + len(right), unbuilt + len(project.told), false_told + len(false)
        notes = len(found.notes) == len(project.notes) and all(map(str.__contains__, found.notes, project.notes))
        if found.code != project.code or false or len(right) < len(project.told) or not notes:
            wrong.append(project.kind)
    values = {
        "build.kinds": float(len(PROJECTS)),
        "build.wrong": float(len(wrong)),
        "build.unbuilt_told": told / unbuilt,
        "build.false_told": float(false_told),
    }
    rows = [f"| {name} | {value:g} |" for name, value in values.items()]
    return Figures(
        values, "\n".join(["| figure | value |", "| :-- | --: |", *rows, *(f"\nwrong: {one}" for one in wrong)])
    )


def _found(project: Project) -> Said:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        project.write(root)
        return said(root)
