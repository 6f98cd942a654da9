"""The model's modules stand in one order, so that every annotation in them means something where it stands."""

import ast
import dataclasses
from pathlib import Path
from typing import get_type_hints

import pytest

from lambdabot import model
from tests.sample import function

FOLDER = Path(model.__file__).parent
ORDER = (
    "configuration",
    "place",
    "selection",
    "trigger",
    "expectation",
    "event_source",
    "layer",
    "declaration",
    "stand_in",
    "function",
    "event_list",
    "placeholders",
    "measured",
    "prices",
    "arm64",
    "runtimes",
    "variables",
    "result",
    "annotation",
)
PARTS = (model.Code, model.Setup, model.Question, model.Origin)
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


def test_no_two_parts_of_a_function_have_a_field_of_the_same_name():
    names = [field.name for part in PARTS for field in dataclasses.fields(part)]
    assert len(names) == len({*names, "name", "side"}) - 2


def test_a_field_is_changed_in_the_part_that_has_it(tmp_path):
    before = function(tmp_path, timeout_seconds=3, handler="app.handler", like="orders")

    after = before.changed(timeout_seconds=9, role="arn:aws:iam::123456789012:role/copies", like=None)

    assert (after.setup.timeout_seconds, after.value("like"), after.code) == (9, None, before.code)
    assert after.changed(timeout_seconds=3, role=None, like="orders") == before
