import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.project.templates import json_nodes
from lambdabot.project.templates.source_text import SourceText, TemplateError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def read(text):
    return json_nodes.read(SourceText(Path("t.json"), text))


def value(node):
    match node:
        case yaml.MappingNode():
            return {key.value: value(one) for key, one in node.value}
        case yaml.SequenceNode():
            return [value(one) for one in node.value]
    return node.value if node.tag.endswith(":str") else json.loads(node.value)


@given(VALUES, st.sampled_from([None, 2, "\t"]))
def test_the_tree_holds_what_the_text_says_at_its_place(data, indent):
    text = json.dumps(data, indent=indent)

    node = read(f"\n {text}\t")

    assert value(node) == data
    assert (node.start_mark.index, node.end_mark.index) == (2, 2 + len(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it ends too early"),
        ("[1, 2", "`,` was expected"),
        ("[1,", "it ends too early"),
        ('{"a": 1} x', "there is more after the end"),
        ('{"a" 1}', "`:` was expected"),
        ("{a: 1}", "a key in double quotes was expected"),
        ('{"a": nope}', "a value was expected"),
        ('{"a": "open}', "a value was expected"),
        ("[" * 300 + "]" * 300, "it nests deeper than 200"),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(text, reason):
    with pytest.raises(TemplateError, match=reason):
        read(text)


@given(st.text(alphabet='{}[]",:1aé\\ \n\t', max_size=40))
def test_any_text_is_read_or_refused(text):
    with suppress(TemplateError):
        read(text)
