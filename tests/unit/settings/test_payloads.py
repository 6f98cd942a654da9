from pathlib import Path

import pytest

from lambdabot.errors import UsageError
from lambdabot.model import Drawn, Each, Form, Preparation
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import Settings, load

FUNCTION = "version: 1\nfunctions:\n  pay:\n    source: src\n    handler: app.handler\n"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:seed"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch):
    """Load lambdabot.yml with these lines more in its function."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").touch()

    def of(lines: str, **files: str) -> Settings:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        (tmp_path / "lambdabot.yml").write_text(f"{FUNCTION}    {lines}\n")
        return load(Inputs(config=tmp_path / "lambdabot.yml", endpoint="local"), discover=discover)

    return of


@pytest.fixture
def payloads(settings):
    return lambda lines, **files: settings(f"payloads: [{lines}]", **files).functions[0].question.payloads


@pytest.fixture
def mistakes(settings, tmp_path):
    def of(lines: str, **files: str) -> list[str]:
        with pytest.raises(UsageError) as caught:
            settings(lines, **files)
        return [str(one).replace(f"{tmp_path}/", "") for one in caught.value.mistakes]

    return of


def test_a_list_is_its_lines_and_is_named_after_its_file(payloads):
    (payload,) = payloads("{lines: orders.jsonl}", **{"orders.jsonl": '{"n": 1}\n{"n": "{{uuid}}"}\n{"n": 1}\n'})

    assert (payload.name, payload.form, payload.body) == ("orders", Form.LINES, b"")
    assert payload.events == (Drawn(b'{"n": 1}', 2), Drawn(b'{"n": "{{uuid}}"}', 1))


def test_a_folder_of_recorded_events_is_a_sample(payloads, tmp_path):
    (tmp_path / "recorded" / "inner").mkdir(parents=True)
    for name, text in {"a.json": "1", "inner/b.json": "1", "c.txt": "oops"}.items():
        (tmp_path / "recorded" / name).write_text(text)

    (payload,) = payloads("{sample: recorded}")

    assert (payload.form, payload.events, payload.left_out) == (Form.SAMPLE, (Drawn(b"1", 2),), "1 no JSON")


def test_what_lies_in_s3_is_named_and_not_read(payloads):
    one, several, recorded = payloads(
        '{file: "s3://events/a/one.json"}, {lines: "s3://events/all.jsonl"}, {name: real, sample: "s3://events/real/"}'
    )

    assert [one.location, several.location, recorded.location] == [
        "s3://events/a/one.json",
        "s3://events/all.jsonl",
        "s3://events/real/",
    ]
    assert [one.name, several.name, recorded.name] == ["one", "all", "real"]
    assert (one.body, several.events, recorded.events) == (b"", (), ())


def test_a_near_miss_is_told_where_it_stands(mistakes):
    found = mistakes(
        'payloads: [{file: e.json}, {lines: l.jsonl},\n      {event: {a: ["{{uuid}}",\n        "{{uuidd}}"]}}]',
        **{"e.json": '{\n"a": "{{noww}}"}', "l.jsonl": '1\n{"b": "{{count}}"}\n'},
    )

    assert [one.partition(" is no placeholder")[0] for one in found] == [
        "e.json:2: `{{noww}}`",
        "l.jsonl:2: `{{count}}`",
        "lambdabot.yml:8:9: `{{uuidd}}`",
    ]


def test_recorded_events_hold_no_placeholders(payloads, tmp_path):
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "a.json").write_text('"{{uuidd}}"')
    assert payloads("{sample: recorded}")[0].events == (Drawn(b'"{{uuidd}}"', 1),)


def test_what_placeholders_make_too_large_is_told(mistakes):
    event = '"' + "{{uuid}}" * 200_000 + '"'  # 1.6 MB that become 7.2
    assert mistakes("payloads: [{file: e.json}]", **{"e.json": event}) == [
        "e.json: its placeholders make it larger than the 6 MB that Lambda takes"
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "payloads: [{file: 's3://B/a'}]",
            "must be an object of S3's, as in `s3://bucket/events/order.json`, or a path",
        ),
        ("payloads: [{lines: none.jsonl}]", "`pay`: payload none.jsonl cannot be read: No such file or directory"),
        ("payloads: [{lines: bad.jsonl}]", "`pay`: payload bad.jsonl has no event in line 1: it is not valid JSON"),
        ("payloads: [{sample: none}]", "`pay`: payload none is no folder of the repository"),
        ("payloads: [{sample: ..}]", "`pay`: payload .. is no folder of the repository"),
        ("payloads: [{lines: ../all.jsonl}]", "`pay`: payload ../all.jsonl does not lie in the workspace"),
        ("payloads: [{event: {a: {{uuid}}}}]", "text in double braces stands in quotes"),
        ("before: {function: seeed}", "`pay`: there is no function `seeed` here that `before` could invoke"),
        ("after: {event: '{{uuidd}}'}", "`{{uuidd}}` is no placeholder"),
        (f"before: {{function: '{ARN}'}}", "`before` would invoke an existing function hundreds of times: write"),
        ("side_effects: accepted", "there is no `like`, nor an ARN in `before` or `after`"),
        ("pause_ms: -1", "`functions.pay.pause_ms`: must be at least 0; it is -1"),
        ("before: {each: time}", "`functions.pay.before.each`: must be 'call' or 'wave'; it is 'time'"),
    ],
)
def test_what_does_not_do_is_told(mistakes, lines, message):
    (found,) = mistakes(lines, **{"bad.jsonl": "oops\n"})
    assert message in found
    assert found.startswith(("lambdabot.yml:6:", "lambdabot.yml:3:3: `functions.pay.side_effects`"))


def test_whom_set_up_invokes_needs_a_role_on_aws_too(tmp_path, settings):
    role = "role: 'arn:aws:iam::123456789012:role/copies'"
    settings(f"before: {{function: seed}}\n    {role}\n  seed: {{source: src, handler: app.handler}}")

    with pytest.raises(UsageError, match="`seed` needs a `role` on AWS"):
        load(Inputs(config=tmp_path / "lambdabot.yml", functions=("pay",)), discover=discover)


def test_set_up_and_tear_down_are_the_functions(settings):
    found = settings(
        f"before: {{function: pay, event: {{n: 1}}, each: wave}}\n    after: {{function: '{ARN}'}}\n    pause_ms: 200\n"
        "    side_effects: accepted"
    )

    asked = found.functions[0].question
    assert asked.before == Preparation(function="pay", event=b'{"n":1}', each=Each.WAVE)
    assert asked.after == Preparation(function=ARN, event=b"{}", each=Each.CALL)
    assert (asked.pause_ms, asked.reaches) == (200, {ARN})
    assert not found.functions[0].origin.side_effects_accepted  # of a `like`, whose role the copies would get
    assert found.effective["functions"]["pay"]["before"]["event"] == "***"
