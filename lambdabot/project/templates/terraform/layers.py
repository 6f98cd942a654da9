"""Layers whose contents Terraform's files name, by `aws_lambda_layer_version` or by the terraform-aws-lambda module."""

import re
from pathlib import Path

from lambdabot.model import Attribute, DeclaredLayer, Place, Stated, Undecided
from lambdabot.project.templates.terraform.hcl_values import Found
from lambdabot.project.templates.terraform.module import Instance, Module

_ADDRESS = re.compile(
    r"(?:aws_lambda_layer_version\.(?P<label>[\w-]+)|module\.(?P<module>[\w-]+))(?:\[\"?(?P<key>[^\]\"]*)\"?\])?"
    r"\.(?:arn|lambda_layer_arn)"
)


def referred(module: Module, address: str) -> Instance | None:
    """Return the block of a module's own files that an address such as `aws_lambda_layer_version.deps.arn` names."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    kind = "resource" if found["label"] else "module"
    labels = ("aws_lambda_layer_version", found["label"]) if found["label"] else (found["module"],)
    block = module.block(kind, *labels)
    if block is None or (kind == "module" and "create_layer" not in block.attributes):
        return None
    instances = module.instances(block)
    keyed = [one for one in instances if isinstance(one.key, Found) and str(one.key.value) == found["key"]]
    return next(iter([*keyed, *(one for one in instances if one.key is None)]), None)


def declared(
    layer: Instance, contents: Attribute[Path | str], place: Place, *, whole: bool
) -> Attribute[DeclaredLayer]:
    """Return a layer as a function at `place` refers to it; of its folder, `whole` or not, the contents are made.

    terraform-aws-lambda puts what is more than one path together in its own way, which is not done again here.
    """
    name = layer.block.labels[-1]
    paths = layer.get("source_path")
    if paths is not None and not (isinstance(paths, Found) and isinstance(paths.value, str)):
        reason = f"the layer `{name}`: its `source_path` is more than a folder: build it, and name the zip in `layers`"
        return Undecided(reason=reason, place=paths.place)
    if isinstance(contents, Stated) and not whole:
        reason = f"the layer `{name}` is a part of its folder: build it, and name the zip in `layers`"
        return Undecided(reason=reason, place=contents.place)
    if isinstance(contents, Stated) and isinstance(contents.value, Path):
        return Stated(value=DeclaredLayer(name=name, source=contents.value), place=place)
    why = contents.reason if isinstance(contents, Undecided) else "it names no folder or .zip"
    why = why.replace("as `source`", "in `layers`")  # which is what lambdabot.yml has for it
    return Undecided(
        reason=f"the layer `{name}`: {why}", place=layer.block.place if contents is None else contents.place
    )
