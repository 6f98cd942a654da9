import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.local.api_error import ApiError
from lambdabot.local.filter_pattern import compile_pattern

MESSAGE = 'REPORT RequestId: 1-2\tDuration: 3 ms "quoted"'


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("REPORT", True),
        ("report", False),
        ("REPORT Duration", True),
        ("REPORT START", False),
        ('"RequestId: 1-2"', True),
        ('"RequestId: 1-3"', False),
        ("?START ?REPORT", True),
        ("?START ?END", False),
        ("REPORT -START", True),
        ('REPORT -"Duration: 3"', False),
        (r'"\"quoted\""', True),
    ],
)
def test_terms_phrases_and_signs(pattern, matches):
    assert compile_pattern(pattern)(MESSAGE) is matches


@pytest.mark.parametrize("pattern", ["{ $.type = 1 }", "[a, b]", "%re%", '"open', 'a"b"'])
def test_other_patterns_are_refused(pattern):
    with pytest.raises(ApiError) as error:
        compile_pattern(pattern)
    assert error.value.code == "InvalidParameterException"


@given(st.text())
def test_a_quoted_phrase_finds_itself(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert compile_pattern(f'"{quoted}"')(f"before {text} after")
