"""The command that builds a project's code, read off the files that its tools have."""

import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from lambdabot.model import Declaration, Stated
from lambdabot.unbuilt.installation import install_command
from lambdabot.unbuilt.node_packages import package_folder, package_json
from lambdabot.unbuilt.package_files import MOST_NAMES
from lambdabot.workspace import FileRefusedError, Workspace

_TARGETS = tuple(re.compile(rb"(?m)^(%s)[ \t]{0,9}:(?!=)(.*)" % name) for name in (b"build", b"package", b"all"))
"""Rules of a Makefile that build, the one that says so most plainly first."""

_DEPLOYS = re.compile(rb"(?i)deploy|publish|push|release|upload")

_SCRIPT = re.compile(r"[\w:-]{1,50}")

_COMPILED = ("go", "provided", "java", "dotnet")
"""Runtimes of what a compiler makes, which the Serverless Framework leaves to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStep:
    """What somebody types in a folder, before lambdabot, to have the code that is deployed."""

    command: str
    folder: Path

    def words(self, workspace: Workspace) -> str:
        """Return `run … before lambdabot`, with the folder where it is not the workspace itself."""
        folder = os.path.relpath(self.folder.resolve(), workspace.root.resolve())
        return f"run `{self.command}`{'' if folder == '.' else f' in `{folder}`'} before lambdabot"


def build_step(code: Path, workspace: Workspace, declaration: Declaration | None) -> BuildStep | None:
    """Return how the code of a function is built: by its framework, else by the tools around it; None: not known."""
    if declaration is None or declaration.family not in _FRAMEWORKS:
        return tool_step(code, workspace)
    template, option = declaration.place.path, ""
    folder = template.parent
    if declaration.family == "cdk":
        apps = (each for each in (folder, *folder.parents) if workspace.is_file(each / "cdk.json"))
        if (app := next(apps, None)) is None:
            return None
        folder = app
    elif template.name not in _FOUND_BY_NAME:
        option = f" {_NAMED_BY[declaration.family]} {shlex.quote(template.name)}"
    command = f"{_FRAMEWORKS[declaration.family](folder, workspace)}{option}"
    compiler = tool_step(code, workspace) if _is_compiled_apart(declaration) else None
    first = f"{compiler.command} && " if compiler and compiler.folder == folder else ""
    return BuildStep(command=f"{first}{command}", folder=folder)


def tool_step(code: Path, workspace: Workspace, *, archive: str = "") -> BuildStep | None:
    """Return the build of the tool whose file lies in or next around a folder; it may be that the build makes it.

    A script of package.json that names the `archive` to be made goes before all others.
    """
    for folder in (code, *code.parents):
        if not workspace.holds(folder):
            return None
        names = list(_names(folder, workspace))
        if archive and (packs := _script_that_names(archive, folder, workspace)):
            return BuildStep(command=packs, folder=folder)
        for pattern, command in _TOOLS:
            if any(fnmatchcase(name, pattern) for name in names) and (found := command(folder, workspace)):
                return BuildStep(command=found, folder=folder)
    return None


def step_that_makes(code: Path, workspace: Workspace) -> BuildStep | None:
    """Return the build that makes some code, by the tools around it, or in it where it is a folder that is there."""
    if workspace.is_dir(code):
        return tool_step(code, workspace)
    return tool_step(code.parent, workspace, archive=code.name if code.suffix in {".zip", ".jar"} else "")


def synth_command(folder: Path, workspace: Workspace) -> str:
    """Return how the CDK app in a folder is synthesized."""
    return _with_packages("npx cdk synth")(folder, workspace)


def synth_output(folder: Path, workspace: Workspace) -> Path:
    """Return where the CDK app in a folder is synthesized to (AWS CDK, "cdk.json", `output`)."""
    said = package_json(folder, workspace, "cdk.json").get("output")
    return Path(os.path.normpath(folder / (said if isinstance(said, str) and "\0" not in said else "cdk.out")))


def _is_compiled_apart(one: Declaration) -> bool:
    """Tell whether a framework packages what another tool has to compile before, as it does without a plugin."""
    runtime = one.runtime.value if isinstance(one.runtime, Stated) else ""
    return one.family == "serverless" and not one.builder and runtime.startswith(_COMPILED)


def _names(folder: Path, workspace: Workspace) -> Iterator[str]:
    if workspace.is_dir(folder):
        yield from (path.name for path in islice(folder.iterdir(), MOST_NAMES))


def _with_packages(command: str) -> Callable[[Path, Workspace], str]:
    def whole(folder: Path, workspace: Workspace) -> str:
        own = package_folder(folder, workspace)
        return f"{install_command(folder, workspace)} && {command}" if own == folder else command

    return whole


def _script_that_names(archive: str, folder: Path, workspace: Workspace) -> str:
    scripts = package_json(folder, workspace).get("scripts")
    for name, text in scripts.items() if isinstance(scripts, dict) else ():
        if archive in str(text) and _SCRIPT.fullmatch(name) and not _DEPLOYS.search(f"{name} {text}".encode()):
            return _with_packages(f"npm run {name}")(folder, workspace)
    return ""


def _script(folder: Path, workspace: Workspace) -> str:
    """Return package.json's `build`, or the compiler where there is none but TypeScript's settings."""
    scripts = package_json(folder, workspace).get("scripts")
    if isinstance(scripts, dict) and "build" in scripts:
        return _with_packages("npm run build")(folder, workspace)
    return _with_packages("npx tsc")(folder, workspace) if workspace.is_file(folder / "tsconfig.json") else ""


def _make(folder: Path, workspace: Workspace) -> str:
    try:
        text = workspace.read(folder / "Makefile")
    except FileRefusedError:
        return ""
    found = next(filter(None, (target.search(text) for target in _TARGETS)), None)
    return f"make {found[1].decode()}" if found and not _DEPLOYS.search(found[2]) else ""


def _wrapped(tool: str, wrapper: str, task: str) -> Callable[[Path, Workspace], str]:
    """Return a command by the wrapper in a folder or next around it, as the parts of a project of many have it."""

    def whole(folder: Path, workspace: Workspace) -> str:
        own = next((each for each in (folder, *folder.parents) if workspace.is_file(each / wrapper)), None)
        return f"{f'{os.path.relpath(own, folder)}/{wrapper}' if own else tool} {task}"

    return whole


def _always(command: str) -> Callable[[Path, Workspace], str]:
    return lambda _folder, _workspace: command


_FRAMEWORKS: dict[str, Callable[[Path, Workspace], str]] = {
    "sam": _always("sam build"),
    "serverless": _with_packages("npx serverless package"),
    "cdk": synth_command,
}

_FOUND_BY_NAME = {f"{name}.{ending}" for name in ("template", "serverless") for ending in ("yaml", "yml", "json")}
_NAMED_BY = {"sam": "--template-file", "serverless": "--config"}
"""Templates that the frameworks' own commands find, and how they are told of another."""

_TOOLS: tuple[tuple[str, Callable[[Path, Workspace], str]], ...] = (
    ("Makefile", _make),
    ("package.json", _script),
    ("build.gradle*", _wrapped("gradle", "gradlew", "build")),
    ("pom.xml", _wrapped("mvn", "mvnw", "package")),
    ("Cargo.toml", _always("cargo lambda build --release")),
    ("*.*proj", _always("dotnet publish --configuration Release")),
    ("go.mod", _always("GOOS=linux CGO_ENABLED=0 go build -tags lambda.norpc -o bootstrap .")),
)
"""Files by whose presence a tool is known, and its command; a Makefile or a script says more than a compiler."""
