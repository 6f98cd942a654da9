import json

import pytest

from lambdabot.model import Drawn
from lambdabot.model.event_list import LARGEST_EVENT_BYTES, MOST_RECORDED, Sample, fault, of_lines


def test_lines_are_events_and_those_alike_count():
    assert of_lines(b'{"n": 1}\n\n  {"n": 2}\r\n{"n": 1}\n') == (Drawn(b'{"n": 1}', 2), Drawn(b'{"n": 2}', 1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\n \n", "holds no event: it wants one a line"),
        (b'1\n{"a":\n', "has no event in line 2: it is not valid JSON: Expecting value: line 1 column 6 (char 5)"),
        (b"1\n\xff\n", "has no event in line 2: it is not valid JSON: it is no text, or holds too long a number"),
    ],
)
def test_a_line_that_is_no_event_is_told(data, message):
    with pytest.raises(ValueError, match=r".") as caught:
        of_lines(data)
    assert str(caught.value) == message


def test_what_is_nested_too_deeply_or_too_large_is_no_event():
    assert "nested too deeply" in fault(b"[" * 10**6)
    assert "6 MB at most" in fault(b'"%s"' % (b"a" * LARGEST_EVENT_BYTES))


def test_recorded_events_of_equal_content_are_one_whatever_the_order_of_their_keys():
    sample = Sample()
    for body in (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}', b'{"a": 2}', b"oops", b"1" * (LARGEST_EVENT_BYTES + 1)):
        sample.add(body)

    assert sample.events == (Drawn(b'{"a": 1, "b": 2}', 2), Drawn(b'{"a": 2}', 1))
    assert sample.words == "1 no JSON, 1 larger than 6 MB"


def test_a_sample_is_full_at_its_most_events():
    sample = Sample()
    for number in range(MOST_RECORDED):
        assert not sample.is_full
        sample.add(json.dumps(number % 7).encode())
    assert sample.is_full
    assert sum(one.count for one in sample.events) == MOST_RECORDED


def test_a_sample_without_events_says_what_was_left_out():
    sample = Sample()
    sample.add(b"oops")
    with pytest.raises(ValueError, match=r"holds no recorded event \(1 no JSON\)"):
        _ = sample.events
