"""Layers whose contents a CloudFormation or SAM template names."""

from pathlib import Path

import yaml

from lambdabot.model import Attribute, DeclaredLayer, Place, Stated, Undecided
from lambdabot.project.templates.cloudformation.intrinsics import called
from lambdabot.project.templates.cloudformation.stack import Resource, Stack
from lambdabot.project.templates.yaml_nodes import Node

SERVERLESS_LAYER = "AWS::Serverless::LayerVersion"

LAYERS = (SERVERLESS_LAYER, "AWS::Lambda::LayerVersion")

CONTENTS = ("ContentUri", "Content")
"""The properties that name a layer's contents: SAM's, CloudFormation's."""

BUILT = (".aws-sam", "build")
"""The folder of what `sam build` makes, with a template of its own."""


def referred(stack: Stack, node: Node) -> Resource | None:
    """Return the layer of the same template that an item of `Layers` is, by `Ref`, `Fn::GetAtt` or `Fn::Sub`."""
    call = called(node)
    if call is None or call[0] not in {"Ref", "GetAtt", "Sub"}:
        return None
    found = [resource for name in stack.mentioned(call[1]) if (resource := stack.resources[name]).kind in LAYERS]
    return found[0] if len(found) == 1 else None


def declared(
    stack: Stack, resource: Resource, contents: Attribute[Path | str], place: Place
) -> Attribute[DeclaredLayer]:
    """Return a layer as a function at `place` refers to it; what SAM builds is in the template that it has built."""
    method = stack.document.get(resource.entry.value, "Metadata", "BuildMethod")
    is_built = stack.document.text.path.parts[-3:-1] == BUILT
    if resource.kind == SERVERLESS_LAYER and isinstance(method, yaml.ScalarNode) and not is_built:
        reason = f"the layer `{resource.name}` is not built: run `sam build` before lambdabot"
        return Undecided(reason=reason, place=stack.document.place(resource.entry.key))
    if isinstance(contents, Stated) and isinstance(contents.value, Path):
        return Stated(value=DeclaredLayer(name=resource.name, source=contents.value), place=place)
    why = contents.reason if isinstance(contents, Undecided) else "it names no folder or .zip"
    why = why.replace("as `source`", "in `layers`")  # which is what lambdabot.yml has for it
    where = contents.place if contents is not None else stack.document.place(resource.entry.key)
    return Undecided(reason=f"the layer `{resource.name}`: {why}", place=where)
