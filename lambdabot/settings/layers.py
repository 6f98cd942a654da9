"""Layers that settings and templates name: ARNs, and folders or zips of the repository."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from lambdabot.model import Declaration, DeclaredLayer, Layer, Stated, Undecided
from lambdabot.settings.forms import LAYER_ARN
from lambdabot.workspace import OUTSIDE, Workspace

_LAYER = re.compile(LAYER_ARN)


def said_layers(
    one: Declaration, folder: Path, workspace: Workspace, elsewhere: Collection[str], *, built: bool
) -> tuple[dict[str, list[str]], tuple[Undecided, ...]]:
    """Return a template's layers as lambdabot.yml would say them, in their order, and why others are left out.

    Both are empty where the keys that lambdabot.yml has `elsewhere` name them all, or a function that has them all.
    Without `built`, contents are not looked for.
    """
    if "layers" in elsewhere:
        return {}, ()
    said: list[str] = []
    missing: list[Undecided] = []
    for layer in one.layers:
        match layer:
            case Undecided():
                missing.append(layer)
            case Stated(value=DeclaredLayer(name=name, source=source)):
                path = os.path.relpath(source, folder)
                if built and (fault := layer_fault(source, path, workspace)):
                    missing.append(Undecided(reason=f"the layer `{name}`: {fault}", place=layer.place))
                else:
                    said.append(path)
            case Stated(value=str(arn)) if _LAYER.fullmatch(arn):
                said.append(arn)
            case Stated():
                reason = f"the layer `{layer.value}` is neither an ARN nor contents that the template names"
                missing.append(Undecided(reason=reason, place=layer.place))
    if not said or (missing and "like" in elsewhere):
        return {}, () if "like" in elsewhere else tuple(missing)
    return {"layers": said}, tuple(missing)


def layer_fault(path: Path, written: str, workspace: Workspace) -> str:
    """Return why a path, as it is `written`, is no layer's contents; empty when it is."""
    if not workspace.holds(path):
        return f"`{written}` {OUTSIDE}"
    if workspace.is_dir(path) or (workspace.is_file(path) and path.suffix == ".zip"):
        return ""
    if path.exists():
        return f"`{written}` is neither a folder nor a .zip"
    return f"`{written}` does not exist here: build it before lambdabot runs"


def layer_of(text: str, folder: Path, workspace: Workspace, declaration: Declaration | None) -> Layer:
    """Return a layer of the repository by its path, seen from a folder, with the name that the template has for it."""
    path = (folder / text).resolve()
    written = declaration.layers if declaration else ()
    known = (one.value for one in written if isinstance(one, Stated) and isinstance(one.value, DeclaredLayer))
    return Layer(name=next((one.name for one in known if one.source == path), text), source=path, workspace=workspace)
