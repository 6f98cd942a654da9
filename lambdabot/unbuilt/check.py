"""Why code cannot run as it lies there, and what builds it."""

import re
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from lambdabot.model import Declaration
from lambdabot.requirements_file import logical_lines, read_text
from lambdabot.unbuilt.build_step import BuildStep, build_step, step_that_makes
from lambdabot.unbuilt.handler_file import HandlerFile, handler_file
from lambdabot.unbuilt.installation import install_command
from lambdabot.unbuilt.missing_packages import missing_packages
from lambdabot.unbuilt.node_packages import package_folder
from lambdabot.unbuilt.package_files import PackageFiles, Packages
from lambdabot.workspace import FileRefusedError, Workspace

_NOT_OF_NAME = re.compile(r"[^\w.-]")

_INTERPRETED = ("python", "ruby")
"""Runtimes whose handler is a file that somebody wrote: where it is not there, it is rather named wrongly."""


def absent(code: Path, written: str, workspace: Workspace, declaration: Declaration | None) -> str:
    """Return why code that is not there is not, and what makes it; `written` is its name in settings or template."""
    if declaration is None:
        return f"there is no file or folder {code}"
    is_asset = declaration.family == "cdk"
    step = build_step(code, workspace, declaration) if is_asset else step_that_makes(code, workspace)
    remedy = step.words(workspace) if step else "build it before lambdabot runs, or give `source` in lambdabot.yml"
    return f"its code `{written}` does not exist here: {remedy}"


def unbuilt(  # a function's code, as settings and templates have it
    code: Path,
    written: str,
    *,
    handler: str,
    runtime: str,
    packages: Packages,
    declaration: Declaration | None,
    requirements: Path | None = None,
    layered: bool = False,
) -> str:
    """Return why a function's code cannot run as it lies there and what to do; empty where nothing is known against it.

    `written` is the code's name in settings or template. What is `layered` may have its handler, or a package of
    Node.js, in a layer. A package that nobody can read is packaging's to refuse.
    """
    workspace, files, wanted = packages.workspace, packages.of(code), handler_file(handler, runtime)
    if wanted is None or not files.readable:
        return ""
    if not files.has_file((*wanted.names, *wanted.patterns)):
        by_layer = layered and not files.has_any(wanted.sources)
        if by_layer or (requirements is not None and _brings(requirements, wanted.names[0], workspace)):
            return ""
        remedy = _remedy(code, handler, runtime, workspace, declaration)
        return f"its code `{written}` holds no `{wanted.names[0]}`: {remedy}"
    if runtime.startswith("nodejs") and files.is_folder and not layered:
        entry = _name(files, wanted)
        if missing := missing_packages(files, entry, runtime, packages.modules):
            what = f"its code `{written}` imports {_in_words(missing)}, which is not installed there"
            step = _installing(code, workspace, declaration).words(workspace)
            if undeclared := [name for name in missing if name not in packages.modules.dependencies(code)]:
                return f"{what}, nor part of {runtime}: add {_in_words(undeclared)} to package.json, and {step}"
            return f"{what}: {step}"
    return ""


def handler_name(code: Path, handler: str, runtime: str, workspace: Workspace) -> str:
    """Return the name of the file of the package that has a handler, empty where none has it or none is known."""
    files, wanted = PackageFiles(code, workspace), handler_file(handler, runtime)
    return _name(files, wanted) if wanted is not None and files.readable else ""


def _name(files: PackageFiles, wanted: HandlerFile) -> str:
    return next((name for name in (*wanted.names, *wanted.patterns) if files.has_file((name,))), "")


def _remedy(code: Path, handler: str, runtime: str, workspace: Workspace, declaration: Declaration | None) -> str:
    """Return what builds a file that a handler names, and to check the handler where that is rather wrong."""
    check = f"check its handler `{handler}`"
    sources = (declaration and declaration.built_from) or code
    step = build_step(sources, workspace, declaration) if workspace.is_dir(sources) else None
    if step is None:
        return f"{check}, or build it before lambdabot runs"
    by_plugin = f"the plugin `{declaration.builder}` builds it: " if declaration and declaration.builder else ""
    return f"{f'{check}, or ' if runtime.startswith(_INTERPRETED) else ''}{by_plugin}{step.words(workspace)}"


def _installing(code: Path, workspace: Workspace, declaration: Declaration | None) -> BuildStep:
    """Return what installs a function's packages where its package is made from."""
    is_built = declaration is not None and (declaration.family == "sam" or declaration.builder)
    if is_built and (step := build_step(code, workspace, declaration)):
        return step
    folder = package_folder(code, workspace) or code
    return BuildStep(command=install_command(folder, workspace), folder=folder)


def _brings(requirements: Path, file: str, workspace: Workspace) -> bool:
    """Tell whether a requirement has the name of a module, as a package that brings its own handler has."""
    try:
        lines = [line for _, line in logical_lines(read_text(requirements, workspace))]
    except FileRefusedError:
        return False
    module = canonicalize_name(file.partition("/")[0].removesuffix(".py"))
    return any(canonicalize_name(_NOT_OF_NAME.split(line, maxsplit=1)[0]) == module for line in lines)


def _in_words(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown  # noqa: PLR2004  # enough to know it
