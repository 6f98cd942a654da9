"""Terraform's files, folder by folder, read into the functions that they declare."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lambdabot.model import Declaration, Place, Undecided
from lambdabot.project.templates.source_text import SourceText, TemplateError
from lambdabot.project.templates.terraform.configuration import Configuration
from lambdabot.project.templates.terraform.hcl import HclFile
from lambdabot.project.templates.unforeseen import told
from lambdabot.workspace import Workspace


def read(folders: Mapping[Path, Sequence[Path]], workspace: Workspace, problems: list[Undecided]) -> list[Declaration]:
    """Return the functions of all files, which are given by folder; what cannot be read is added to the problems."""
    files: dict[Path, list[HclFile]] = {}
    broken: list[tuple[HclFile, Undecided]] = []
    for folder, paths in folders.items():
        for path in paths:
            try:
                file = HclFile(SourceText.read(path, workspace), workspace)
                if (problem := file.problem()) is not None:
                    broken.append((file, problem))
            except TemplateError as error:
                problems.append(error.undecided)
                continue
            files.setdefault(folder.resolve(), []).append(file)
    configuration = Configuration(files)
    found = list(told(configuration.functions(), Place(path=next(iter(folders)), line=1), problems))
    for file, problem in broken:
        # A value that another file lacks for it is told there; one of a `.tfvars` is replaced by a default.
        if file.may_declare or (found and file.text.path.suffix == ".tfvars"):
            problems.append(problem)
    problems += configuration.problems
    return found
