import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.model.placeholders import Call, EventTemplate
from tests.growth import cpu_seconds

BEGAN = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def rendered(event: object, number: int = 0, *, key: str = "1/pay/small", copy: str = "lambdabot-copy") -> object:
    call = Call(key=key, number=number, began=BEGAN, copy=copy)
    return json.loads(EventTemplate.read(json.dumps(event).encode()).rendered(call))


def missed(event: object) -> list[str]:
    return [one.text for one in EventTemplate.read(json.dumps(event, ensure_ascii=False).encode()).near_misses]


def test_every_placeholder_becomes_what_it_says():
    found = rendered(
        {"id": "{{uuid}}", "at": "{{now}}", "to": "{{copy}}", "text": "n {{ counter }}, {{random 7 7}}"}, 4
    )

    assert UUID(found["id"]).version == 4
    assert (found["at"], found["to"], found["text"]) == ("2026-03-01T12:00:00.254Z", "lambdabot-copy", "n 5, 7")


def test_a_string_that_is_nothing_but_a_number_becomes_one_and_a_key_does_not():
    assert rendered({"n": "{{counter}}", "r": ["{{random -3 -3}}"], "t": "{{counter}} "}) == {
        "n": 1,
        "r": [-3],
        "t": "1 ",
    }
    assert rendered({"{{counter}}": 1}) == {"1": 1}
    assert rendered("{{counter}}") == 1


def test_an_event_inside_a_string_has_placeholders_too():
    event = {"body": '{"order": "{{uuid}}", "n": {{counter}}, "said": "{{counter}}"}'}
    body = json.loads(rendered(event, 2)["body"])

    assert (UUID(body["order"]).version, body["n"], body["said"]) == (4, 3, "3")


def test_calls_of_one_number_are_alike_and_of_two_are_not():
    event = ["{{uuid}}", "{{uuid}}", "{{random 1 1000000000}}", "{{now}}", "{{counter}}"]
    first, again, second = rendered(event, 1), rendered(event, 1, copy="another"), rendered(event, 2)

    assert first == again
    assert all(one != other for one, other in zip(first, second, strict=True))
    assert first[0] != first[1]
    assert rendered(event, 1, key="2/pay/small")[0] != first[0]


@pytest.mark.parametrize(
    "text",
    ["{{user}}", "{{#each items}}", "{{user.id}}", "{{{raw}}}", "{{id}}", "{{}}", "{{ row }}", "{{>part}}", "{{"],
)
def test_braces_of_others_are_left_alone(text):
    assert rendered({"t": text}) == {"t": text}
    assert missed({"t": text}) == []


@pytest.mark.parametrize(
    "text",
    ["uuidd", "UUID", "$guid", "random", "random 5 1", "random 1", "random 1 1e9", "counter 1", "now | date", "Now"],
)
def test_what_can_be_taken_for_a_placeholder_is_told(text):
    assert missed({"t": f"a {{{{{text}}}}}"}) == [text]


def test_a_backslash_keeps_the_braces():
    assert rendered({"t": r"\{{uuid}} \{{uuidd}} \{{user}}"}) == {"t": r"{{uuid}} {{uuidd}} \{{user}}"}
    assert missed({"t": r"\{{uuid}} \{{uuidd}}"}) == []


def test_a_near_miss_stands_in_its_line():
    (found,) = EventTemplate.read(b'{\n  "a": "{{uuid}}",\n  "b": "{{uuidd}}"\n}').near_misses
    assert found.line == 3
    assert str(found).startswith("`{{uuidd}}` is no placeholder: there are `{{uuid}}`, `{{now}}`")


def test_an_event_without_placeholders_is_sent_as_it_stands():
    body = b'{"price": 1.10, "n": 12345678901234567890, "t": "{{user}}"}'
    template = EventTemplate.read(body)
    assert template.is_plain
    assert template.rendered(Call(key="k", number=0, began=BEGAN, copy="c")) == body


json_values = st.recursive(
    st.none()
    | st.integers(-9, 9)
    | st.text(st.sampled_from('{}"\\uid now{{uuid}}'), max_size=20)
    | st.just("{{counter}}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, st.integers(0, 10**6))
def test_what_is_rendered_is_json_and_no_longer_than_foretold(event, number):
    template = EventTemplate.read(json.dumps(event).encode())
    body = template.rendered(Call(key="k", number=number, began=BEGAN, copy="c" * 64))

    json.loads(body)
    assert len(body) <= template.longest


@pytest.mark.parametrize("piece", ["{{uuid}} ", "{{", "{{ " + " " * 90, '\\"{{counter}}', "{{uuidd"])
def test_reading_takes_time_in_proportion_to_the_length(piece):
    less, more = (json.dumps({"t": piece * times}).encode() for times in (4_000, 32_000))
    assert cpu_seconds(lambda: EventTemplate.read(more)) < 30 * cpu_seconds(lambda: EventTemplate.read(less))  # 8 times
