"""The model's modules stand in one order, so that every annotation in them means something where it stands."""

import ast
import dataclasses
from pathlib import Path
from typing import get_type_hints

import pytest

from lambdabot import model

FOLDER = Path(model.__file__).parent
ORDER = (
    "configuration",
    "place",
    "declaration",
    "function",
    "measured",
    "prices",
    "arm64",
    "runtimes",
    "result",
)
NOUNS = [noun for name in model.__all__ if dataclasses.is_dataclass(noun := getattr(model, name))]


def test_every_module_has_its_place_in_the_order():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*ORDER, "__init__"}


@pytest.mark.parametrize("name", ORDER)
def test_no_module_imports_a_later_one(name):
    imported = {
        node.module.removeprefix("lambdabot.model.")
        for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lambdabot.model")
    }
    assert imported <= set(ORDER[: ORDER.index(name)])


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_annotation_can_be_read(noun):
    assert get_type_hints(noun).keys() == {field.name for field in dataclasses.fields(noun)}
