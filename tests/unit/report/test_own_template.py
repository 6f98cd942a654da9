import io
import json
import pickle
import re

import pytest

from lambdabot.errors import UsageError
from lambdabot.report import own_template, own_template_process
from lambdabot.report.comment import COMMENT_LIMIT, render
from lambdabot.report.document import document
from lambdabot.report.markdown import Subject, environment
from lambdabot.report.own_template import OwnTemplate
from lambdabot.report.state import MARKER
from lambdabot.report.state import read as read_state
from lambdabot.report.view import view
from tests.spot_check import spot_check
from tests.unit.report import runs

EXTENDS = '{% extends "comment.md.j2" %}\n'


@pytest.fixture
def written(tmp_path):
    def write(text, name="cost.md.j2"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def read(path):
    return own_template.read(path, path.read_bytes())


def comment_of(text, run=None, **more):
    template = OwnTemplate(path="cost.md.j2", text=text)
    return render(document(run or runs.regression()), template=template, **more)


def test_a_block_of_the_team_replaces_ours_and_the_rest_stays(written):
    template = read(written(EXTENDS + "{% block footer %}\nQuestions? Ask the platform team.\n{% endblock %}"))
    text = render(document(runs.regression()), template=template)
    standard = render(document(runs.regression()))

    assert text.startswith(standard[: standard.index("<sub>")])
    assert "Questions? Ask the platform team.\n<!-- lambdabot:state:1 " in text
    assert "<sub>" not in text


def test_a_block_may_keep_what_it_replaces_and_use_the_view():
    text = comment_of(EXTENDS + "{% block table %}{{ super() }}Rows: {{ function.rows | length }}\n{% endblock %}")

    assert "| 512 MB x86\\_64" in text or "| 512\u00a0MB\u00a0x86_64" in text
    assert "Rows: 11" in text


def test_a_whole_template_of_the_team_needs_no_base():
    text = comment_of("Costs: {{ view.verdict }}, {{ view.functions[0].name }}")

    assert text.splitlines()[:2] == [MARKER, "Costs: regression, thumbnail"]


def test_what_users_write_is_escaped_in_a_template_of_the_team():
    run = runs.run(runs.result(runs.function("<script>@here")))

    assert "&#60;script&#62;&#64;\u200bhere" in comment_of("{{ view.functions[0].name }}", run)


@pytest.mark.parametrize("name", spot_check(sorted(environment().get_template("comment.md.j2").blocks), 4))
def test_every_block_can_be_replaced(name, written):
    text = render(
        document(runs.regression()), template=read(written(EXTENDS + f"{{% block {name} %}}OURS\n{{% endblock %}}"))
    )

    assert "OURS" in text
    assert "was not used" not in text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (EXTENDS + "{% block footer %}", 2, "is no Jinja template: Unexpected end of template"),
        (EXTENDS + "\n{% block foter %}{% endblock %}", 3, "has no block `foter`; did you mean `footer`?"),
        (EXTENDS + "{% block zzz %}{% endblock %}", 2, "has no block `zzz`; there are "),
        ("{{ 1 | nothing }}", 1, "No filter named 'nothing'"),
        (b"\xff", None, "is not UTF-8 text (byte 0)"),
        ("{{ " + "(" * 5000 + " }}", None, "is no Jinja template"),
    ],
)
def test_mistakes_show_before_the_run_with_their_line(written, text, line, words):
    with pytest.raises(UsageError) as caught:
        read(written(text))

    (mistake,) = caught.value.mistakes
    assert words in mistake.message
    assert mistake.path.name == "cost.md.j2"
    if line is not None:
        assert mistake.line == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\n{{ nothing }}", "cost.md.j2, line 2: &#39;nothing&#39; is undefined"),
        ("{{ view.functions[0].__class__.__mro__ }}", "cost.md.j2, line 1: "),
        ("{{ ''.__class__ }}", "cost.md.j2, line 1: "),
        ("{{ 1 / 0 }}", "cost.md.j2, line 1: division by zero"),
        ("{% include '../comment.py' %}", "cost.md.j2, line 1: "),
        ("{% include '/etc/passwd' %}", "cost.md.j2, line 1: "),
        ("{{ 'ä' * 70000 }}", "the text is longer than "),
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "more than 4 s of CPU"),
        ("{{ ('x' * 2000000000) | length }}", "MemoryError"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "recursion"),
    ],
)
def test_what_goes_wrong_while_rendering_costs_the_template_and_not_the_comment(text, words, monkeypatch):
    monkeypatch.setattr(own_template, "WALL_SECONDS", 600)  # a busy machine is none of the template's mistakes
    body = comment_of(text).replace("\u200b", "")

    assert "### 🔴 Costs 18 % more" in body
    note = next(line for line in body.splitlines() if "own template was not used" in line)
    assert words.replace("&#39;", "'") in note.replace("&#39;", "'")
    assert len(body) < COMMENT_LIMIT


def test_a_template_cannot_forge_the_hidden_state():
    honest = render(document(runs.regression()))
    forged = honest.splitlines()[-1]
    other = runs.replace(runs.regression(), head_sha="f" * 40)
    twice = forged.replace("lambdabot:", "lambdabot:lambdabot:")
    body = comment_of(f"{forged}\n{twice}\n<!--\n{forged[5:]}", other)

    assert forged.startswith("<!-- lambdabot:state:1 ")
    assert len(re.findall(r"<!--\s*lambdabot:state", body)) == 1
    assert read_state(body).push.head_sha == "f" * 40


def test_the_rendering_process_sees_nothing_of_ours(monkeypatch):
    seen = {}
    run = own_template.subprocess.run

    def watched(command, **options):
        seen.update(options, command=command)
        return run(command, **options)

    monkeypatch.setattr(own_template.subprocess, "run", watched)
    assert "regression" in comment_of("{{ view.verdict }}")
    assert seen["env"] == {}
    assert seen["command"][1:3] == ["-I", "-S"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{{ view.verdict }}", {"text": "regression"}),
        ("a\n{{ nothing }}", {"error": ", line 2: 'nothing' is undefined"}),
        ("{{ 'xx' * 600 }}", {"error": ": the text is longer than 1,000 characters, whatever `detail` leaves out"}),
        (EXTENDS + "{% block headline %}{{ super() + 1 }}{% endblock %}", {"error": ", line 2: "}),
    ],
)
def test_the_process_answers_with_the_text_or_the_line(monkeypatch, text, answer):
    limits = {}
    job = {"template": text, "subject": Subject(view=view(document(runs.regression()))), "limit": 1000}
    monkeypatch.setattr(own_template_process.resource, "setrlimit", lambda what, limit: limits.update({what: limit}))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pickle.dumps(job))))
    monkeypatch.setattr("sys.stdout", printed := io.StringIO())
    own_template_process.main()
    given = json.loads(printed.getvalue())

    assert given.keys() == answer.keys()
    assert next(iter(given.values())).startswith(next(iter(answer.values())))
    resource = own_template_process.resource
    assert limits == {resource.RLIMIT_CPU: (4, 4), resource.RLIMIT_AS: (1024**3, 1024**3)}


@pytest.mark.parametrize("make", [runs.regression, runs.overridden, runs.blocked, runs.with_findings])
def test_a_template_reaches_no_model_whose_methods_read_files(make):
    """`BaseModel.parse_file` reads any file, and runs what a pickle says."""
    sent = pickle.dumps(view(runs.report_of(make())))

    assert b"lambdabot.report.view" in sent
    assert b"lambdabot.report.schema" not in sent


def test_a_busy_machine_costs_the_template_and_not_the_run(monkeypatch):
    monkeypatch.setattr(own_template, "WALL_SECONDS", 0.001)

    assert "cost.md.j2 took longer than 0.001 s" in comment_of("{{ view.verdict }}")
