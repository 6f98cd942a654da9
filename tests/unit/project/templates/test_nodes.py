"""Where a value is written, and where another one would be: the shapes that YAML allows."""

from pathlib import Path

import pytest

from lambdabot.model import NoSlot
from lambdabot.project.templates.source_text import SourceText
from lambdabot.project.templates.yaml_nodes import documents


def document(text, name="t.yaml"):
    (found,) = documents(SourceText(Path(name), text))
    return found


def added(text, name="t.yaml"):
    """Return the line that a key is added to, as it will stand."""
    one = document(text, name)
    slot = one.addition(one.get(one.root, "P"), "New", "", "")
    if isinstance(slot, NoSlot):
        return slot.reason
    return f"{slot.line_text[: slot.start]}{slot.prefix}1{slot.suffix}{slot.line_text[slot.end :]}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P:\n  a: 1 # one\n  b: 2\n", "  a: 1 # one\n  New: 1"),
        ("P:\n    a:\n      b: 1\n    c: 2\n", "    c: 2\n    New: 1"),
        ("P:\n  a:\n    b: 1\n  c: |\n    text\n", "  New: 1\n  a:"),
        ("P:\r\n  a: 1\r\n", "  a: 1\r\n  New: 1"),
        ("P: {a: 1}\n", "P: {New: 1, a: 1}"),
        ("P: {\n  a: 1}\n", "  New: 1,\n  a: 1}"),
        ("P: {}\n", "there is no block to add `New` to"),
        ("P:\n", "there is no block to add `New` to"),
        ('{"P": {"a": 1}}', '{"P": {"New": 1, "a": 1}}'),
    ],
)
def test_a_key_is_added_beside_its_neighbours(text, expected):
    assert added(text) == expected


def test_a_mapping_that_begins_inside_a_line_takes_a_line_after_one_of_its_own():
    one = document("P:\n- a: 1\n  b: 2\n")
    item = one.get(one.root, "P").value[0]

    slot = one.addition(item, "New", "", "")

    assert (slot.line, slot.prefix) == (2, "\n  New: ")
    lonely = document("P:\n- a:\n    b: 1\n")
    assert isinstance(lonely.addition(lonely.get(lonely.root, "P").value[0], "New", "", ""), NoSlot)


def test_a_value_over_several_lines_or_in_an_endless_one_takes_no_edit():
    one = document("P: |\n  512\nQ: 1 #" + "x" * 3000 + "\nR: [1]\n")

    assert "no simple value" in one.literal(one.get(one.root, "P")).reason
    assert "longer than" in one.literal(one.get(one.root, "Q")).reason
    assert "no simple value" in one.literal(one.get(one.root, "R")).reason


def test_merges_are_followed_own_keys_win_and_a_circle_ends():
    one = document("A: &a {x: 1, y: 2}\nB: &b {<<: *a, y: 3}\nC: {<<: [*b, *a], z: 4, [k]: 5}\nD: &d {<<: *d, v: 6}\n")

    entries = one.entries(one.get(one.root, "C"))
    assert {key: (entry.value.value, entry.merged) for key, entry in entries.items()} == {
        "x": ("1", True),
        "y": ("3", True),
        "z": ("4", False),
    }
    assert set(one.entries(one.get(one.root, "D"))) == {"v"}


def test_an_alias_is_replaced_where_it_stands():
    one = document("A: &a 1\nB: *a # here\n")
    entry = one.entries(one.root)["B"]

    slot = one.expression(entry)

    assert one.is_alias(entry)
    assert (slot.line, slot.line_text[slot.start : slot.end]) == (2, "*a")


def test_an_empty_document_has_no_entries():
    assert [one.entries(one.root) for one in documents(SourceText(Path("t.yaml"), "---\n---\n"))] == [{}, {}]
