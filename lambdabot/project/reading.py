"""Templates of every family, read file by file into the functions that they declare."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lambdabot.model import Declaration, Discovery, NoSlot, Place, Undecided
from lambdabot.project.builds.sam import SamBuilds
from lambdabot.project.templates.attributes import editable
from lambdabot.project.templates.cloudformation import template as cloudformation
from lambdabot.project.templates.cloudformation.intrinsics import Known, Result
from lambdabot.project.templates.cloudformation.stack import Stack, is_template, nested, unreadable
from lambdabot.project.templates.hints import TERRAFORM, certain, possible
from lambdabot.project.templates.serverless import template as serverless
from lambdabot.project.templates.source_text import SourceText, TemplateError
from lambdabot.project.templates.terraform import plan as terraform_plan
from lambdabot.project.templates.terraform.sharing import with_shared
from lambdabot.project.templates.unforeseen import told, unforeseen
from lambdabot.project.templates.yaml_nodes import Document, documents
from lambdabot.workspace import FileRefusedError, Workspace

DEEPEST_NESTING = 3
"""Stacks in stacks whose parameters are followed."""

LONGEST_NAME = 64
"""Characters of a function's name (Lambda API reference, "CreateFunction")."""

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass
class Reading:
    """What was read so far of a repository's templates, all of it in its workspace."""

    workspace: Workspace
    functions: list[Declaration] = field(default_factory=list)
    problems: list[Undecided] = field(default_factory=list)
    templates: list[Path] = field(default_factory=list)
    stacks: dict[Path, list[Stack]] = field(default_factory=dict)
    terraform: dict[Path, list[Path]] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Read one file that may be a template; Terraform's are read by folder, once all are known."""
        if path.suffix in TERRAFORM:
            self.terraform.setdefault(path.parent, []).append(path)
            return
        try:
            for document in documents(SourceText.read(path, self.workspace)):
                self._document(document)
        except TemplateError as error:
            if path.stem.startswith("serverless") or self._is_certain(path):
                self.problems.append(error.undecided)
        except Exception as error:  # noqa: BLE001  # the last line of defence for the other files
            self.problems.append(unforeseen(error, Place(path=path, line=1)))

    def _document(self, document: Document) -> None:
        path = document.text.path
        if is_template(document):
            self.templates.append(path)
            self.stacks.setdefault(path.resolve(), []).append(Stack(document, {}))
            self.problems += unreadable(document)
        elif terraform_plan.is_plan(document):
            self.templates.append(path)
            self._take(terraform_plan.functions(document))
        elif serverless.is_service(document):
            self.templates.append(path)
            self._take(serverless.functions(document, self.workspace))

    def _take(self, read: Iterable[Declaration | Undecided]) -> None:
        """Keep what was read: functions, and what stands for those that could not be."""
        for one in read:
            if isinstance(one, Undecided):
                self.problems.append(one)
            else:
                self.functions.append(one)

    def discovery(self, root: Path) -> Discovery:
        """Return everything, once all files are read."""
        self._nested()
        if self.terraform:
            self._terraform()
        return Discovery(
            functions=tuple(with_shared(tuple(_unique(_with_plans(self.functions), root)))),
            problems=tuple(dict.fromkeys(self.problems)),
            templates=tuple(dict.fromkeys(self.templates)),
        )

    def _nested(self) -> None:
        """Read the functions of every stack, nested ones with the parameters that they get."""
        given: dict[Path, dict[str, Result]] = {}
        for _ in range(DEEPEST_NESTING):
            passed: dict[Path, dict[str, Result]] = {}
            known = {
                path: Stack(one.document, given.get(path, {})) for path, all_ in self.stacks.items() for one in all_
            }
            for stack in known.values():
                for path, parameters in told(nested(stack), _first_line(stack), self.problems):
                    if path not in self.stacks:
                        self._inner(path, stack)
                    known_to_child = passed.setdefault(path, {})
                    for name, value in parameters.items():
                        known_to_child[name] = _agreed(known_to_child.get(name, value), value)
            given = passed
        sam = SamBuilds(self.workspace)
        builds = sam.of([one for stacks in self.stacks.values() for one in stacks])
        for path, stacks in self.stacks.items():
            for one in stacks:
                stack = Stack(one.document, given.get(path, {}))
                found = sam.built(cloudformation.functions(stack), builds.get(path))
                self._take(told(found, _first_line(one), self.problems))
                self.problems += stack.left_out(*cloudformation.FUNCTIONS)

    def _inner(self, path: Path, stack: Stack) -> None:
        """Read a nested stack's template, where there is one in the repository."""
        try:
            if possible(path, self.workspace):
                self.add(path)
        except FileRefusedError as error:
            if path.exists():
                reason = f"its nested stack `{path.name}` {error}"
                self.problems.append(Undecided(reason=reason, place=_first_line(stack)))

    def _is_certain(self, path: Path) -> bool:
        try:
            return certain(path, self.workspace)
        except FileRefusedError:
            return True

    def _terraform(self) -> None:
        from lambdabot.project.templates.terraform.folders import read  # noqa: PLC0415  # the parser, only where there is HCL

        found = read(self.terraform, self.workspace, self.problems)
        self.templates += dict.fromkeys(one.place.path for one in found)
        self.functions += found


def _first_line(stack: Stack) -> Place:
    return Place(path=stack.document.text.path, line=1)


def _agreed(one: Result, other: Result) -> Result:
    """Return what two stacks of the same template give for a parameter, where they give the same."""
    if isinstance(one, Known) and isinstance(other, Known) and one.value != other.value:
        return Undecided(reason=f"one stack gives {one.value}, another {other.value}", place=other.place)
    return other if isinstance(other, Undecided) else one


def _with_plans(functions: Sequence[Declaration]) -> Iterator[Declaration]:
    """Complete what Terraform's own files leave open by a plan's values for the same function."""
    plans = {one.name: one for one in functions if one.family == "terraform plan"}
    written = {one.name for one in functions if one.family == "terraform"}
    for one in functions:
        if one.family == "terraform plan":
            if one.name not in written:
                yield one
        elif one.family == "terraform" and one.name in plans:
            plan = plans[one.name]
            known: dict[str, Any] = {
                each.name: editable(value, NoSlot(reason=str(undecided)))
                for each in fields(Declaration)
                if isinstance(undecided := getattr(one, each.name), Undecided)
                and not undecided.elsewhere
                and (value := getattr(plan, each.name)) is not None
            }
            yield replace(one, **known)
        else:
            yield one


def _unique(functions: Iterator[Declaration], root: Path) -> Iterator[Declaration]:
    """Give functions of the same name their folder in front, then their file, then a number.

    The sides of a pull request are compared by name: only a number depends on which others are declared before.
    """
    every = [replace(one, name=_clean(one.name)) for one in functions]
    names = [one.name for one in every]
    for qualified in (_with_root_module, _with_folder, _with_file):
        count = Counter(map(_fit, names))
        names = [
            qualified(one, root) if count[_fit(name)] > 1 else name for one, name in zip(every, names, strict=True)
        ]
    count = Counter(map(_fit, dict.fromkeys(names)))
    seen: Counter[str] = Counter()
    for one, full in zip(every, names, strict=True):
        name = _fit(full) if count[_fit(full)] == 1 else _digested(full)
        seen[name] += 1
        yield replace(one, name=name if seen[name] == 1 else f"{name[:60]}-{seen[name]}")


def _with_root_module(one: Declaration, root: Path) -> str:
    """Return the name with the folder of the root module that a shared module's function is made by."""
    if one.root_module in {None, one.place.path.parent}:
        return one.name
    return "-".join((*_folder(one, root).parts[-1:], one.name))


def _with_folder(one: Declaration, root: Path) -> str:
    return "-".join((*_folder(one, root).parts, one.name))


def _with_file(one: Declaration, root: Path) -> str:
    return f"{one.place.path.name.partition('.')[0]}-{_with_folder(one, root)}"


def _folder(one: Declaration, root: Path) -> Path:
    """Return the folder that a function is deployed from, seen from the root of all."""
    folder = one.root_module or one.place.path.parent
    return folder.relative_to(root) if folder.is_relative_to(root) else Path(folder.name)


def _clean(name: str) -> str:
    """Return a name in the characters that Lambda allows."""
    return _UNFIT.sub("-", name).strip("-") or "function"


def _fit(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name of Lambda's length: the last words, where it is too long, tell more than the first."""
    name = _clean(name)
    if len(name) <= longest:
        return name
    end = name[-longest:]
    words = end if name[-longest - 1] == "-" else end.partition("-")[2]
    return words if len(words) > longest // 2 else end


def _digested(name: str) -> str:
    """Return a name of Lambda's length for one of several whose last words are the same."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{digest}-{_fit(name, LONGEST_NAME - len(digest) - 1)}"
