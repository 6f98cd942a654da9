"""Settings on top of the repository's templates: lambdabot.yml wins, and names only what the templates do not say."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lambdabot.errors import Mistake
from lambdabot.model import Attribute, Declaration, Discovery, Place, Stated, Undecided
from lambdabot.settings.layers import said_layers
from lambdabot.settings.mistakes import wanted
from lambdabot.settings.schema import FunctionSection
from lambdabot.settings.yaml_source import Location, YamlSource
from lambdabot.unbuilt.check import absent, unbuilt
from lambdabot.unbuilt.package_files import Packages
from lambdabot.workspace import OUTSIDE, Workspace

MOST_NAMES = 20
"""Functions that one line names."""

_AT = re.compile(r"\A[^\n]*?:\d+: ")
"""The place that a reason begins with."""

_NO_CODE = frozenset({".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"})
"""Archives that Lambda does not unpack; any other single file is a function's only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The file's data completed by the templates, and what they leave open."""

    source: YamlSource
    packages: Packages  # of the workspace, which holds every file that may be named
    declarations: Mapping[str, Declaration] = field(default_factory=dict)  # by the function's name in the settings
    left_out: Mapping[str, str] = field(default_factory=dict)  # functions that cannot be measured as they are declared
    missing_layers: Mapping[str, tuple[Undecided, ...]] = field(default_factory=dict)  # of a function, by its name
    contradictions: tuple[Mistake, ...] = ()  # what lambdabot.yml says of today, and a template says otherwise
    notes: tuple[str, ...] = ()  # templates that could not be read

    @property
    def workspace(self) -> Workspace:
        """Return what holds every file that may be named."""
        return self.packages.workspace


Discover = Callable[[Path, Sequence[str] | None, Workspace], Discovery]
"""Reads the templates below a folder, or those that are named: `lambdabot.project.discovery.discover`."""


def with_templates(source: YamlSource, discover: Discover, workspace: Workspace, *, built: bool = True) -> Declared:
    """Return the settings with every function of the templates that they name, or that lie below their folder."""
    named = source.data.get("templates")
    if not isinstance(named, list | None) or not all(isinstance(one, str) for one in named or ()):
        return Declared(source=source, packages=Packages(workspace))  # left to the schema
    return complete(source, discover(source.path.parent, named, workspace), workspace, built=built)


def complete(source: YamlSource, discovery: Discovery, workspace: Workspace, *, built: bool = True) -> Declared:
    """Return the settings with every function that the templates declare.

    A function is known by its logical name, or by its function name where lambdabot.yml uses that. One that
    lambdabot.yml does not name and that lacks something is left out, with the reason; one that it names is
    completed, and what it still lacks is a mistake of the settings. One whose code is not built is left out as well,
    and stays among the data, whose other mistakes count. Without `built`, no code is looked for.
    """
    written, packages = source.data.get("functions"), Packages(workspace)
    if (written is not None and not isinstance(written, dict)) or not _mapping(source.data, "defaults"):
        return Declared(source=source, packages=packages)  # left to the schema
    defaults = source.data.get("defaults") or {}
    named = _named(discovery, written or {})
    functions: dict[str, Any] = dict(written or {})
    places: dict[Location, Place] = {}
    undecided: dict[Location, str] = {}
    left_out: dict[str, str] = {}
    missing_layers: dict[str, tuple[Undecided, ...]] = {}
    contradictions: list[Mistake] = []
    for name, declaration in named.items():
        own = functions.get(name)
        if name in functions and not isinstance(own, dict | None):
            continue
        said = _said(declaration, source.path.parent)
        elsewhere = frozenset({*defaults, *(own or {})})
        layers, missing = said_layers(declaration, source.path.parent, workspace, elsewhere, built=built)
        said |= layers
        merged = {**said, **defaults, **(own or {})}
        merged["current"] = {**said["current"], **_current(defaults), **_current(own)}
        if name not in functions and (reason := _lacks(declaration, merged)):
            left_out[name] = reason
            continue
        missing_layers[name] = missing
        contradictions += _contradictions(source, name, declaration, merged["current"])
        functions[name] = merged if merged["current"] else {key: one for key, one in merged.items() if key != "current"}
        for key, attribute in _attributes(declaration).items():
            if attribute is not None:
                places["functions", name, *key] = attribute.place
            if isinstance(attribute, Undecided):
                undecided["functions", name, *key] = attribute.reason
    if built:
        for name, one in functions.items():
            own_code = "source" in {**defaults, **_mapped(_mapped(written).get(name))}
            of_template = None if own_code else named.get(name)
            reason = _code_lacks({**defaults, **_mapped(one)}, source.path.parent, packages, of_template)
            left_out |= {name: reason} if reason else {}
    return Declared(
        source=replace(source, data={**source.data, "functions": functions}, declared=places, undecided=undecided),
        declarations={name: one for name, one in named.items() if name in functions and name not in left_out},
        left_out=left_out,
        missing_layers=missing_layers,
        contradictions=tuple(contradictions),
        notes=tuple(str(problem) for problem in discovery.problems),
        packages=packages,
    )


def _contradictions(source: YamlSource, name: str, one: Declaration, current: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield a mistake for what lambdabot.yml gives as today's configuration and the template gives otherwise.

    What is deployed is the template's, and what is compared must be what is deployed.
    """
    for key, attribute in (("memory_mb", one.memory_mb), ("architecture", one.architecture)):
        if isinstance(attribute, Stated) and key in current and current[key] != attribute.value:
            own, default = ("functions", name, "current", key), ("defaults", "current", key)
            message = (
                f"`{name}`: `current.{key}` is {current[key]}, and the template deploys {attribute.value} "
                f"({attribute.place}): leave it out here, or change it there"
            )
            yield source.place(own if own in source.written else default).mistake(message)


def _mapping(data: Mapping[str, Any], key: str) -> bool:
    return isinstance(data.get(key), dict | None)


def _mapped(section: Any) -> dict[str, Any]:  # noqa: ANN401  # unvalidated data
    return section if isinstance(section, dict) else {}


def _current(section: Any) -> dict[str, Any]:  # noqa: ANN401  # unvalidated data
    return _mapped(_mapped(section).get("current"))


def _named(discovery: Discovery, written: Mapping[str, Any]) -> dict[str, Declaration]:
    """Return the declarations by the names that the settings use."""
    named: dict[str, Declaration] = {}
    for one in discovery.functions:
        function_name = one.function_name.value if isinstance(one.function_name, Stated) else None
        alias = function_name in written and one.name not in written
        named[str(function_name) if alias else one.name] = one
    return named


def _attributes(one: Declaration) -> dict[tuple[str, ...], Attribute[Any]]:
    """Return what a template may say, by where lambdabot.yml says it."""
    return {
        ("source",): one.code,
        ("handler",): one.handler,
        ("runtime",): one.runtime,
        ("timeout_seconds",): one.timeout_seconds,
        ("ephemeral_storage_mb",): one.ephemeral_storage_mb,
        ("provisioned_concurrency",): one.provisioned_concurrency,
        ("current", "memory_mb"): one.memory_mb,
        ("current", "architecture"): one.architecture,
    }


def _said(one: Declaration, folder: Path) -> dict[str, Any]:
    """Return what a template decides, in the words of lambdabot.yml."""
    said: dict[str, Any] = {"current": {}}
    for (*section, key), attribute in _attributes(one).items():
        if isinstance(attribute, Stated):
            value = attribute.value
            target = said["current"] if section else said
            target[key] = os.path.relpath(value, folder) if isinstance(value, Path) else value
    return said


def _lacks(one: Declaration, merged: Mapping[str, Any]) -> str:
    """Return why a function cannot be measured with what is known of it, or nothing."""
    for key, attribute in (("source", one.code), ("handler", one.handler), ("runtime", one.runtime)):
        if key not in merged and isinstance(attribute, Undecided):
            return f"{attribute.place}: its {'code' if key == 'source' else key} cannot be decided: {attribute.reason}"
    try:
        section = FunctionSection.model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{one.place}: `{'.'.join(map(str, first['loc']))}`: {wanted(first)}"
    is_image = isinstance(one.code, Stated) and isinstance(one.code.value, str)
    if section.source is None or is_image:
        return ""  # an existing function has it, or the registry
    return "" if section.handler is not None else f"{one.place}: it has no handler"


def _code_lacks(merged: Mapping[str, Any], folder: Path, packages: Packages, declaration: Declaration | None) -> str:
    """Return why a function's code cannot run, or nothing; what else is wrong with the function is told elsewhere.

    Without a declaration lambdabot.yml names the code: when that is not there at all, it is a mistake of the settings.
    """
    try:
        section = FunctionSection.model_validate(merged)
    except ValidationError:
        return ""
    code = None if section.source is None else code_of(section.source, folder)
    if not isinstance(code, Path):
        return ""  # an existing function has it, or the registry
    fault = code_fault(code, section.source or "", packages.workspace, declaration)
    if fault:
        return "" if declaration is None else f"{declaration.place}: {fault}"
    fault = unbuilt_fault(section, code, packages, declaration)
    return f"{declaration.place}: {fault}" if fault and declaration is not None else fault


def not_measured(notes: Iterable[str], left_out: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the templates have and a run does not measure: each reason once, at the first function's place."""
    alike: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        alike.setdefault(_AT.sub("", reason), []).append(name)
    lines = (
        f"{', '.join(line)} {'are' if line[1:] else 'is'} not measured: {left_out[line[0]]}"
        for names in alike.values()
        for line in (names[start : start + MOST_NAMES] for start in range(0, len(names), MOST_NAMES))
    )
    return (*notes, *lines)


def outside(what: str) -> str:
    """Return what is wrong with a path that leads out of the workspace."""
    return f"`{what}` {OUTSIDE}"


def code_of(text: str, folder: Path) -> Path | str:
    """Tell an image URI (`registry/name:tag`, `registry/name@digest`) from a path, which is seen from a folder."""
    path = (folder / text).resolve()
    registry, slash, name = text.partition("/")
    is_image = bool(slash) and "." in registry.strip(".") and (":" in name or "@" in name) and not path.exists()
    return text if is_image else path


def code_fault(code: Path, written: str, workspace: Workspace, declaration: Declaration | None) -> str:
    """Return why a path, as it is written in settings or template, cannot be packaged; empty when it can."""
    if not workspace.holds(code):
        return outside(written)
    if not code.exists():
        return absent(code, written, workspace, declaration)
    if not code.is_dir() and (not code.is_file() or code.suffix in _NO_CODE):
        return f"{code.name} is neither a folder nor a .zip nor an image URI"
    return ""


def unbuilt_fault(section: FunctionSection, code: Path, packages: Packages, declaration: Declaration | None) -> str:
    """Return why code that is there cannot run as it is; empty where nothing is known against it."""
    if section.handler is None or (declaration is not None and declaration.selection.texts):
        return ""
    return unbuilt(
        code,
        section.source or "",
        handler=section.handler,
        runtime=section.runtime,
        packages=packages,
        declaration=declaration,
        requirements=code / (section.requirements or "requirements.txt"),
        layered=bool(section.layers) or (declaration is not None and bool(declaration.layers)),
    )
