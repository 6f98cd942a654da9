"""From a function's source and requirements to its Build for one architecture."""

import os
import re
from pathlib import Path

from lambdabot.errors import PackagingError
from lambdabot.model import Architecture, Build, Function
from lambdabot.packaging import archive, distributions, requirements
from lambdabot.packaging.archive import Archive
from lambdabot.packaging.install import install
from lambdabot.packaging.target import Target

_MANIFESTS = {
    "requirements.txt": "set `requirements: {path}`",
    "uv.lock": "export it before lambdabot runs, with `uv export --no-dev -o requirements.txt`",
    "poetry.lock": "export it before lambdabot runs, with `poetry export -o requirements.txt`",
    "pdm.lock": "export it before lambdabot runs, with `pdm export --prod -o requirements.txt`",
    "Pipfile": "export it before lambdabot runs, with `pipenv requirements > requirements.txt`",
    "pyproject.toml": "export it before lambdabot runs, with `uv pip compile pyproject.toml -o requirements.txt`",
}
"""What may name dependencies beside a requirements file, and what to do with it."""


def package(
    function: Function,
    architecture: Architecture,
    target: Target,
    *,
    workdir: Path,
    cache_dir: Path | None = None,
    direct: bool = True,
) -> Build:
    """Return the function's code as Lambda would get it: zipped reproducibly, or as it is when it is a zip or image.

    `direct`: it goes to Lambda itself, which takes 50 MB then, and not through S3.

    Raises PackagingError, whose message begins with the function's name, when it cannot be packaged for the target.
    """
    words = target.describe() if _is_python(function) else f"{function.code.runtime}, {architecture}"
    if function.code.source is None:
        what = f"the code of `{function.origin.like}` was not read"
        raise PackagingError(what, advice="Name it in `source`.")
    if isinstance(function.code.source, str):
        return Build(
            function=function.name,
            side=function.side,
            architecture=architecture,
            zip_path=None,
            image_uri=function.code.source,
            code_sha256=function.code.source,
            zip_bytes=0,
            unzipped_bytes=0,
            target=words,
        )
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        stem = workdir / re.sub(r"[^\w.-]", "_", f"{function.side}-{function.name}-{architecture}")
        source, workspace = function.code.source, function.code.workspace
        if source.is_dir() or not archive.is_zip(source, workspace):
            built = _zip(function, source, target, stem, cache_dir, direct=direct)
        else:
            built = archive.take(source, workspace, _beside(stem, "taken.zip"), direct=direct)
    except PackagingError as error:
        what = f"`{function.name}` ({function.side}) cannot be packaged for {architecture}: {error.what}"
        raise PackagingError(what, advice=error.advice) from error
    return Build(
        function=function.name,
        side=function.side,
        architecture=architecture,
        zip_path=built.path,
        image_uri=None,
        code_sha256=built.sha256,
        contents=built.contents,
        zip_bytes=built.zip_bytes,
        unzipped_bytes=built.unzipped_bytes,
        target=words,
    )


def uninstalled(function: Function) -> str:
    """Return why a source was packaged without dependencies, and how it gets them; nothing where it has its own."""
    source = function.code.source
    if not isinstance(source, Path) or function.code.requirements is not None or not _is_python(function):
        return ""
    if function.code.selection.is_texts_alone:
        return "No dependency was installed: the template's own text is all of the package. Name a folder as `source`"
    if not source.is_dir():
        alone = f"No dependency was installed: {source.name} is all of the package. Name a folder as `source`"
        return "" if archive.is_zip(source, function.code.workspace) else alone
    told = f"No dependency was installed: there is no requirements.txt in {source.name}, and no `requirements`"
    for folder in (source, source.parent):
        for name, remedy in _MANIFESTS.items():
            if function.code.workspace.is_file(folder / name):
                path = Path(os.path.relpath(folder / name, function.code.source))
                return f"{told}. {path} is not read: {remedy.format(path=path)}"
    return told


def _is_python(function: Function) -> bool:
    return function.code.runtime.startswith("python")


def _zip(
    function: Function, source: Path, target: Target, stem: Path, cache_dir: Path | None, *, direct: bool
) -> Archive:
    """Zip a folder and its dependencies, or a file; what is written begins with the stem."""
    selection = function.code.selection
    contents = dict(archive.files(source, function.code.workspace, selection))
    replaced: dict[str, bytes] = {}
    if function.code.requirements is not None and target.python is not None and _is_python(function):
        wanted = requirements.read(
            function.code.requirements, function.code.workspace, source=source, allow_build=function.code.allow_build
        )
        if wanted.requirements:
            folder = _beside(stem, "packages")
            install(wanted, target, folder, allow_build=function.code.allow_build, cache_dir=cache_dir)
            installed = dict(distributions.files(folder))
            replaced = {
                name: content
                for name, file in installed.items()
                if name not in contents and (content := distributions.reproducible(name, file)) is not None
            }
            contents = {**installed, **contents}  # the function's own file wins, as after `cp -r`
    replaced |= {name: text.value.encode() for name, text in selection.texts}
    if not contents and not replaced:
        what = "its source folder holds no file that is packaged"
        raise PackagingError(what, advice="Check `source` in lambdabot.yml.")
    return archive.write(contents, replaced, _beside(stem, "zip"), direct=direct)


def _beside(stem: Path, kind: str) -> Path:
    return stem.with_name(f"{stem.name}.{kind}")  # `with_suffix` would cut a name with a dot
