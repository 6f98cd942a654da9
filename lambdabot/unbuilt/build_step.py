"""The command that builds a project's code, read off the files that its tools have."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from lambdabot.model import Declaration
from lambdabot.unbuilt.node_packages import package_folder, package_json
from lambdabot.unbuilt.package_files import MOST_NAMES
from lambdabot.workspace import FileRefusedError, Workspace

_INSTALL = {
    "pnpm-lock.yaml": "pnpm install --frozen-lockfile",
    "yarn.lock": "yarn install --frozen-lockfile",
    "package-lock.json": "npm ci",
}
_BUILD_TARGET = re.compile(rb"(?m)^(build|package|all)[ \t]{0,9}:(?!=)")


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
    if declaration is not None and declaration.family in _FRAMEWORKS:
        folder = declaration.place.path.parent
        if declaration.family == "cdk":
            folder = next((each for each in folder.parents if workspace.is_file(each / "cdk.json")), folder.parent)
        return BuildStep(command=_FRAMEWORKS[declaration.family](folder, workspace), folder=folder)
    return tool_step(code, workspace)


def tool_step(code: Path, workspace: Workspace) -> BuildStep | None:
    """Return the build of the tool whose file lies in or next around a folder; it may be that the build makes it."""
    for folder in (code, *code.parents):
        if not workspace.holds(folder):
            return None
        names = list(_names(folder, workspace))
        for pattern, command in _TOOLS:
            if any(fnmatchcase(name, pattern) for name in names) and (found := command(folder, workspace)):
                return BuildStep(command=found, folder=folder)
    return None


def synth_command(folder: Path, workspace: Workspace) -> str:
    """Return how the CDK app in a folder is synthesized."""
    return _with_packages("npx cdk synth")(folder, workspace)


def install_command(folder: Path, workspace: Workspace) -> str:
    """Return how the packages of a folder's package.json are installed, by the lock that lies beside it."""
    return next((one for lock, one in _INSTALL.items() if workspace.is_file(folder / lock)), "npm install")


def _names(folder: Path, workspace: Workspace) -> Iterator[str]:
    if workspace.is_dir(folder):
        yield from (path.name for path in islice(folder.iterdir(), MOST_NAMES))


def _with_packages(command: str) -> Callable[[Path, Workspace], str]:
    def whole(folder: Path, workspace: Workspace) -> str:
        own = package_folder(folder, workspace)
        return f"{install_command(folder, workspace)} && {command}" if own == folder else command

    return whole


def _script(folder: Path, workspace: Workspace) -> str:
    """Return package.json's `build`, or the compiler where there is none but TypeScript's settings."""
    scripts = package_json(folder, workspace).get("scripts")
    if isinstance(scripts, dict) and "build" in scripts:
        return _with_packages("npm run build")(folder, workspace)
    return _with_packages("npx tsc")(folder, workspace) if workspace.is_file(folder / "tsconfig.json") else ""


def _make(folder: Path, workspace: Workspace) -> str:
    try:
        found = _BUILD_TARGET.search(workspace.read(folder / "Makefile"))
    except FileRefusedError:
        return ""
    return f"make {found[1].decode()}" if found else ""


def _gradle(folder: Path, workspace: Workspace) -> str:
    return "./gradlew build" if workspace.is_file(folder / "gradlew") else "gradle build"


def _always(command: str) -> Callable[[Path, Workspace], str]:
    return lambda _folder, _workspace: command


_FRAMEWORKS: dict[str, Callable[[Path, Workspace], str]] = {
    "sam": _always("sam build"),
    "serverless": _with_packages("npx serverless package"),
    "cdk": synth_command,
}

_TOOLS: tuple[tuple[str, Callable[[Path, Workspace], str]], ...] = (
    ("Makefile", _make),
    ("package.json", _script),
    ("build.gradle*", _gradle),
    ("pom.xml", _always("mvn package")),
    ("Cargo.toml", _always("cargo lambda build --release")),
    ("*.*proj", _always("dotnet publish --configuration Release")),
    ("go.mod", _always("GOOS=linux CGO_ENABLED=0 go build -tags lambda.norpc -o bootstrap .")),
)
"""Files by whose presence a tool is known, and its command; a Makefile or a script says more than a compiler."""
