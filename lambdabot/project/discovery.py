"""The functions that a repository's templates declare: found, read, and named so that no two are called the same."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from lambdabot.declaration import Declaration, Discovery, Place, Undecided
from lambdabot.project.templates import cloudformation, serverless, terraform_plan
from lambdabot.project.templates.intrinsics import Known, Result, Unknown
from lambdabot.project.templates.nodes import Document, documents
from lambdabot.project.templates.source_text import MAX_BYTES, SourceText, TemplateError
from lambdabot.project.templates.stack import Stack, is_template, nested, unreadable

MOST_FILES = 50_000
"""Files that are looked at; a repository with more names its templates."""

DEEPEST_NESTING = 3
"""Stacks in stacks whose parameters are followed."""

SKIPPED = frozenset(
    "node_modules vendor venv site-packages __pycache__ bower_components target coverage lambdabot-report".split()  # noqa: SIM905  # a list of names
)
"""Folders of other people's files, beside those whose names begin with a dot."""

SUFFIXES = {".yaml", ".yml", ".json", ".template", ".tf", ".tfvars"}

_CLOUDFORMATION = re.compile(rb"AWS::Serverless::|AWS::Lambda::|AWS::CloudFormation::Stack")
_PLAN = re.compile(rb'"planned_values"')
_SERVICE = re.compile(rb"(?m)^[\s{]*[\"']?service[\"']?\s*:")

_PROVIDER = re.compile(rb"\bprovider[\"']?\s*:")

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


def discover(root: Path, named: Sequence[str] | None = None) -> Discovery:
    """Return the functions of the templates below a folder, or of those that are named there.

    A template that cannot be read costs no other: it is a problem of the discovery, with its place.
    """
    root = root.resolve()
    reading = _Reading()
    paths = list(_walk(root, reading)) if named is None else list(_named(root, named, reading))
    for path in paths:
        reading.add(path)
    return reading.discovery(root)


def _named(root: Path, named: Sequence[str], reading: "_Reading") -> Iterator[Path]:
    for name in named:
        path = root / name
        found = sorted(root.glob(name)) if any(sign in name for sign in "*?[") else [path]
        for one in found:
            if one.is_dir():
                yield from sorted(child for child in one.iterdir() if child.suffix in SUFFIXES and child.is_file())
            elif one.is_file():
                yield one
            else:
                found = []
        if not found:
            reading.problems.append(Undecided(reason="there is no such template", place=Place(path=path, line=1)))


def _walk(root: Path, reading: "_Reading") -> Iterator[Path]:
    """Yield what may be templates, the folders of other people's files left out."""
    seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(one for one in folders if one not in SKIPPED and not one.startswith((".", "{")))
        here = Path(folder)
        synthesized = here.name == cloudformation.GENERATED
        if synthesized:
            folders[:] = []  # the assets are copies of what lies elsewhere
        for name in sorted(names):
            seen += 1
            if Path(name).suffix in SUFFIXES and (name.endswith(".template.json") or not synthesized):
                yield here / name
            elif name in {"serverless.ts", "serverless.js"} and _hinted(here / name, _PROVIDER):
                reason = "is a program, which is not run: give its functions in lambdabot.yml"
                reading.problems.append(Undecided(reason=reason, place=Place(path=here / name, line=1)))
        if seen > MOST_FILES:
            reason = f"holds more than {MOST_FILES} files: name the `templates` in lambdabot.yml"
            reading.problems.append(Undecided(reason=reason, place=Place(path=root, line=1)))
            return


@dataclass
class _Reading:
    """What was read so far."""

    functions: list[Declaration] = field(default_factory=list)
    problems: list[Undecided] = field(default_factory=list)
    templates: list[Path] = field(default_factory=list)
    stacks: dict[Path, list[Stack]] = field(default_factory=dict)
    terraform: dict[Path, list[Path]] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Read one file, Terraform's apart: those are read by folder."""
        if path.suffix in {".tf", ".tfvars"}:
            self.terraform.setdefault(path.parent, []).append(path)
            return
        certain = _hinted(path, _CLOUDFORMATION, _PLAN)
        if not (certain or (_hinted(path, _SERVICE) and _hinted(path, _PROVIDER))):
            return
        try:
            for document in documents(SourceText.read(path)):
                self._document(document)
        except TemplateError as error:
            if certain or path.stem.startswith("serverless"):
                self.problems.append(error.undecided)

    def _document(self, document: Document) -> None:
        path = document.text.path
        if is_template(document):
            self.templates.append(path)
            self.stacks.setdefault(path.resolve(), []).append(Stack(document, {}))
            self.problems += unreadable(document)
        elif terraform_plan.is_plan(document):
            self.templates.append(path)
            self.functions += terraform_plan.functions(document)
        elif serverless.is_service(document):
            self.templates.append(path)
            for one in serverless.functions(document):
                (self.problems if isinstance(one, Undecided) else self.functions).append(one)  # type: ignore[arg-type]  # each its own

    def discovery(self, root: Path) -> Discovery:
        """Return everything, once all files are read."""
        self._nested()
        if self.terraform:
            self._terraform()
        return Discovery(
            functions=tuple(_unique(_with_plans(self.functions), root)),
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
                for path, parameters in nested(stack):
                    if path not in self.stacks and path.is_file():
                        self.add(path)
                    known_to_child = passed.setdefault(path, {})
                    for name, value in parameters.items():
                        known_to_child[name] = _agreed(known_to_child.get(name, value), value)
            given = passed
        for path, stacks in self.stacks.items():
            for stack in stacks:
                self.functions += cloudformation.functions(Stack(stack.document, given.get(path, {})))

    def _terraform(self) -> None:
        from lambdabot.project.templates.hcl import HclFile  # noqa: PLC0415  # the parser, only where there is HCL
        from lambdabot.project.templates.terraform_configuration import Configuration  # noqa: PLC0415  # likewise

        files: dict[Path, list[HclFile]] = {}
        for folder, paths in self.terraform.items():
            for path in paths:
                try:
                    file = HclFile(SourceText.read(path))
                except TemplateError as error:
                    self.problems.append(error.undecided)
                    continue
                if (problem := file.problem()) is not None:
                    self.problems.append(problem)
                files.setdefault(folder.resolve(), []).append(file)
        found = list(Configuration(files).functions())
        self.templates += dict.fromkeys(one.place.path for one in found)
        self.functions += found


def _agreed(one: Result, other: Result) -> Result:
    """Return what two stacks of the same template give for a parameter, where they give the same."""
    if isinstance(one, Known) and isinstance(other, Known) and one.value != other.value:
        return Unknown(f"one stack gives {one.value}, another {other.value}", other.place)
    return other if isinstance(other, Unknown) else one


def _hinted(path: Path, *hints: re.Pattern[bytes]) -> bool:
    """Tell whether a regular file holds one of the hints in its first part: what is no template is never parsed."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            beginning = file.read(MAX_BYTES + 1)
    except OSError:
        return False
    return any(hint.search(beginning) for hint in hints)


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
            known = {
                each.name: getattr(plan, each.name)
                for each in fields(Declaration)
                if isinstance(getattr(one, each.name), Undecided) and getattr(plan, each.name) is not None
            }
            yield replace(one, **known)
        else:
            yield one


def _unique(functions: Iterator[Declaration], root: Path) -> Iterator[Declaration]:
    """Give functions of the same name the folder of their template in front, then its name, then a number."""
    named = [replace(one, name=_fit(one.name)) for one in functions]
    for qualified in (_with_folder, _with_file):
        count = Counter(one.name for one in named)
        named = [replace(one, name=_fit(qualified(one, root))) if count[one.name] > 1 else one for one in named]
    seen: Counter[str] = Counter()
    for one in named:
        seen[one.name] += 1
        yield one if seen[one.name] == 1 else replace(one, name=f"{one.name[:60]}-{seen[one.name]}")


def _with_folder(one: Declaration, root: Path) -> str:
    parent = one.place.path.parent
    folder = parent.relative_to(root) if parent.is_relative_to(root) else Path(parent.name)
    return "-".join((*folder.parts, one.name))


def _with_file(one: Declaration, root: Path) -> str:  # noqa: ARG001  # as its neighbour above
    return f"{one.place.path.name.partition('.')[0]}-{one.name}"


def _fit(name: str) -> str:
    """Return a name that Lambda allows: the end of it, where it is too long, tells more than the beginning."""
    return _UNFIT.sub("-", name).strip("-")[-64:] or "function"
