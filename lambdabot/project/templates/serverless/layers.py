"""Layers of a service's own: a folder each, or an artifact that is made of it."""

from pathlib import Path

from lambdabot.model import Attribute, DeclaredLayer, Place, Stated, Undecided
from lambdabot.project.templates import attributes
from lambdabot.project.templates.cloudformation.intrinsics import Result, attribute
from lambdabot.project.templates.serverless.variables import Variables


def logical_name(layer: str) -> str:
    """Return what the framework calls a layer in its CloudFormation template (Serverless Framework, "Layers")."""
    plain = layer.replace("-", "Dash").replace("_", "Underscore")
    return f"{plain[:1].upper()}{plain[1:]}LambdaLayer"


def declared(
    name: str, section: Result, variables: Variables, *, folder: Path, place: Place
) -> Attribute[DeclaredLayer]:
    """Return a layer by its section below `layers`, as a function at `place` refers to it; `folder` is its service."""
    if isinstance(section, Undecided):
        return Undecided(reason=f"the layer `{name}`: {section.reason}", place=section.place)
    for keys in (("package", "artifact"), ("path",)):
        node = section.document.get(section.node, *keys)
        path = None if node is None else attribute(variables.resolve(node, section.document), attributes.text)
        if isinstance(path, Stated):
            return Stated(value=DeclaredLayer(name=name, source=(folder / path.value).resolve()), place=place)
        if path is not None:
            return path
    return Undecided(reason=f"the layer `{name}`: it has no `path`", place=place)
