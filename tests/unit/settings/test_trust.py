from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.settings.schema import FunctionSection, SettingsFile
from lambdabot.settings.target_branch import load_base
from lambdabot.settings.trust import (
    HEADS_OWN,
    HEADS_OWN_OF_A_FUNCTION,
    OF_A_FUNCTION,
    OF_THE_RUN,
    trusted,
    unbound,
)

ROLE = "arn:aws:iam::123456789012:role/copies"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"
ADMIN = "arn:aws:iam::123456789012:role/admin"
TARGET = f"""\
version: 1
functions:
  orders: {{source: src, handler: app.handler, role: "{ROLE}", budget: {{usd: 2}}}}
gate: {{threshold_percent: 10}}
budget: {{usd: 5}}
bucket: the-teams-bucket
"""


@pytest.fixture
def judge(tmp_path: Path):
    """Return what is in force when a pull request's settings meet the target branch's."""
    (tmp_path / "src").mkdir()
    for name in ("app.py", "a.py", "other.txt"):
        (tmp_path / "src" / name).touch()

    def of(head: str, target: str = TARGET, *, endpoint: str = "aws"):
        for name, text in (("head.yml", head), ("target.yml", target)):
            (tmp_path / name).write_text(text)
        settings = load(Inputs(config=tmp_path / "head.yml", endpoint=endpoint), discover=discover)
        return trusted(settings, load_base(tmp_path / "target.yml", discover))

    return of


def test_the_same_settings_are_the_same(judge):
    found = judge(TARGET)
    assert (found.notes, found.refused) == ((), {})


def test_what_stands_for_aws_is_the_pull_requests_and_is_told(judge, tmp_path):
    """It is reached by the code anyway, and a table that a pull request needs is in its own seed alone."""
    (tmp_path / "seed.json").write_text('[{"s3": "create-bucket", "input": {"Bucket": "receipts"}}]')
    head = TARGET.replace("{source: src", "{local: {aws: moto, seed: seed.json}, source: src")
    found = judge(head)
    assert [call.operation for call in found.settings.functions[0].question.stand_in.seed] == ["CreateBucket"]
    assert found.notes == ("This pull request changes `local` of `orders`: it is measured with its own.",)
    assert judge(head, head).notes == ()


def test_a_gate_that_the_pull_request_softens_stays_as_it_was(judge):
    softened = TARGET.replace("threshold_percent: 10", "threshold_percent: 500, inconclusive: pass")
    found = judge(softened)
    assert found.settings.gate.threshold_percent == 10
    assert found.settings.effective["gate"]["threshold_percent"] == 10
    (note,) = found.notes
    assert note.startswith("This pull request changes `gate` (threshold_percent 10.0 to 500.0): the target branch's is")


def test_money_and_bucket_are_the_target_branchs(judge):
    found = judge(TARGET.replace("usd: 5", "usd: 5000").replace("usd: 2", "usd: 900").replace("the-teams", "another"))
    assert found.settings.budget.usd == 5
    assert found.settings.functions[0].question.budget.usd == Decimal(2)
    assert found.settings.bucket == "the-teams-bucket"
    assert found.settings.effective["functions"]["orders"]["budget"]["usd"] == "2"
    assert [note.partition(":")[0] for note in found.notes] == [
        "This pull request changes `budget` (usd 5 to 5000)",
        "This pull request changes `bucket` (the-teams-bucket to another-bucket)",
        "This pull request changes `budget` of `orders`",
    ]


def test_a_role_and_accepted_side_effects_are_the_target_branchs(judge):
    found = judge(TARGET.replace(f'role: "{ROLE}"', "like: orders, side_effects: accepted"))
    (function,) = found.settings.functions
    assert (function.setup.role, function.origin.like, function.origin.side_effects_accepted) == (ROLE, None, False)
    assert function.origin.given == {"source", "handler", "role", "budget"}
    assert "`role`, `like`, `side_effects` of `orders`" in found.notes[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f'{{source: src, handler: a.b, role: "{ROLE}"}}', None),
        (f'{{source: src, handler: a.b, role: "{ADMIN}"}}', "nor its role"),
        ("{like: orders, side_effects: accepted}", "accepts no side effects of orders"),
        (f'{{like: orders, role: "{ROLE}"}}', None),
    ],
)
def test_a_function_that_only_the_pull_request_has_gets_no_power_of_its_own(judge, line, words):
    found = judge(TARGET.replace("gate:", f"  fresh: {line}\ngate:"))
    assert found.notes == ()
    if words is None:
        assert found.refused == {}
    else:
        assert found.refused.keys() == {"fresh"}
        assert words in found.refused["fresh"]


def test_a_bucket_of_the_pull_requests_own_is_not_used(judge):
    found = judge(TARGET, TARGET.replace("bucket: the-teams-bucket", ""))
    assert found.settings.bucket is None
    assert "(none to the-teams-bucket)" in found.notes[0]


def test_every_key_is_the_target_branchs_or_named_as_the_pull_requests_own():
    assert SettingsFile.model_fields.keys() > HEADS_OWN
    assert FunctionSection.model_fields.keys() > HEADS_OWN_OF_A_FUNCTION
    assert OF_THE_RUN == ("gate", "comment", "check", "budget", "bucket", "expires_hours")
    assert set(OF_A_FUNCTION) == {
        "after",
        "allow_build",
        "allowed_errors",
        "before",
        "budget",
        "expect",
        "like",
        "monthly_invocations",
        "pause_ms",
        "payloads",
        "role",
        "side_effects",
    }


def test_what_the_gate_measures_with_is_the_target_branchs(judge):
    own = "payloads: [{name: one, event: {n: 1}}], monthly_invocations: 1, allow_build: [any], "
    theirs = "payloads: [{name: one, event: {n: 9}}, {name: two, event: {}}], monthly_invocations: 9, "

    found = judge(
        TARGET.replace("budget: {", own + "budget: {", 1), TARGET.replace("budget: {", theirs + "budget: {", 1)
    )

    (function,) = found.settings.functions
    assert [(one.name, one.body) for one in function.question.payloads] == [("one", b'{"n":1}')]
    assert [(one.name, one.body) for one in function.question.gate_payloads] == [
        ("one (target branch)", b'{"n":9}'),
        ("two", b"{}"),
    ]
    assert function.question.monthly_invocations == 9
    assert function.code.allow_build == frozenset()
    changes, events = found.notes
    assert changes.startswith("This pull request changes `monthly_invocations`, `allow_build` of `orders`: ")
    assert events.startswith("This pull request changes `payloads` of `orders`: the gate compares both sides with the ")


def test_set_up_and_pauses_are_the_target_branchs(judge):
    arn = "arn:aws:lambda:us-east-1:123456789012:function:seed"
    around = f"before: {{function: '{arn}'}}, side_effects: accepted, pause_ms: 9000, "

    found = judge(TARGET.replace("budget: {", around + "budget: {", 1))

    (function,) = found.settings.functions
    assert (function.question.before, function.question.pause_ms) == (None, 0)
    assert found.notes[0].startswith(
        "This pull request changes `before`, `pause_ms` of `orders`: the target branch's is"
    )


def test_events_in_s3_are_read_where_the_target_branch_names_them(judge):
    mine = TARGET.replace("budget: {", "payloads: [{sample: 's3://events/orders/'}], budget: {", 1)
    theirs = TARGET.replace("budget: {", "payloads: [{name: secret, file: 's3://secrets/key'}], budget: {", 1)

    same = judge(mine, mine)
    assert (same.notes, same.settings.reach) == ((), {"s3://events/orders/"})
    assert same.settings.functions[0].question.payloads[0].location == "s3://events/orders/"

    other = judge(theirs, mine)
    (function,) = other.settings.functions
    assert [one.location for one in function.question.payloads] == ["s3://events/orders/"]
    assert function.question.gate_payloads == ()
    assert (
        "names events of `orders` that the target branch's lambdabot.yml does not name (`s3://secrets/key`)"
        in (other.notes[0])
    )


def test_what_a_new_function_names_of_aws_is_within_the_target_branchs_reach_alone(judge):
    line = f'{{source: src, handler: a.b, role: "{ROLE}", payloads: [{{file: "s3://secrets/key"}}]}}'

    found = judge(TARGET.replace("gate:", f"  fresh: {line}\ngate:"))

    (_, fresh) = found.settings.functions
    assert fresh.question.reaches - found.settings.reach == {"s3://secrets/key"}


def test_who_runs_at_a_terminal_with_a_base_has_nothing_of_aws_read_or_invoked(judge, tmp_path):
    (tmp_path / "head.yml").write_text(TARGET.replace("budget: {", "payloads: [{file: 's3://a-b/c'}], budget: {", 1))
    settings = load(Inputs(config=tmp_path / "head.yml", endpoint="aws"), discover=discover)

    assert unbound(settings, based=True).settings.reach == frozenset()
    assert unbound(settings, based=False).settings.reach is None


def test_a_function_that_only_helps_has_the_target_branchs_role_and_is_not_told_of(judge, tmp_path):
    helping = f'  seed: {{source: src, handler: a.b, role: "{ADMIN}"}}\ngate:'
    judge(TARGET.replace("gate:", helping), TARGET.replace("gate:", helping.replace(ADMIN, ROLE)))

    settings = load(Inputs(config=tmp_path / "head.yml", endpoint="aws", functions=("orders",)), discover=discover)
    found = trusted(settings, load_base(tmp_path / "target.yml", discover))

    assert [one.name for one in found.settings.functions] == ["orders"]
    assert [(one.name, one.setup.role) for one in found.settings.others] == [("seed", ROLE)]
    assert found.notes == ()


def test_other_code_than_the_target_branchs_is_told(judge, tmp_path):
    (tmp_path / "trivial").mkdir()
    (tmp_path / "trivial" / "app.py").touch()

    (note,) = judge(TARGET.replace("source: src", "source: trivial")).notes

    assert note == "This pull request changes `source` of `orders` (src to trivial): it is measured with its own."


def test_the_same_events_are_measured_once(judge):
    (function,) = judge(TARGET).settings.functions

    assert function.question.gate_payloads == ()


@pytest.mark.parametrize(
    ("head", "target", "words"),
    [
        ("memory_mb: [128]", "memory_mb: [128, 256]", "`memory_mb` of `orders` (128, 256 to 128)"),
        ("architectures: [arm64]", "tracing: false", "`architectures` of `orders` (x86_64, arm64 to arm64)"),
        ("constraints: {p95_ms: 9}", "tracing: false", "(memory_headroom_percent 20.0 to p95_ms 9.0, memory_headroom_"),
        ("strategy: speed", "tracing: false", "`strategy` of `orders` (cost to speed)"),
        ("tie_tolerance_percent: 50", "tracing: false", "`tie_tolerance_percent` of `orders` (2.0 to 50.0)"),
        ("environment: {A: secret}", "environment: {}", "`environment` of `orders`: it is measured with its own."),
        ("current: {memory_mb: 256}", "tracing: false", "`current` of `orders` (128 MB x86_64 to 256 MB x86_64)"),
        ("requirements: other.txt", "tracing: false", "`requirements` of `orders` (none to other.txt)"),
        (f"layers: [{LAYER}]", "layers: []", f"`layers` of `orders` (none to {LAYER})"),
        ("layers: [src]", "layers: []", "`layers` of `orders` (none to src)"),
    ],
)
def test_what_a_pull_request_changes_of_its_own_is_told(judge, head, target, words):
    before = "budget: {usd: 2}"
    found = judge(TARGET.replace(before, f"{before}, {head}"), TARGET.replace(before, f"{before}, {target}"))

    (note,) = found.notes
    assert words in note
    assert "secret" not in note
    assert found.refused == {}


def test_a_function_that_only_the_pull_request_has_builds_nothing_and_has_the_usual_budget(judge):
    fresh = "  fresh: {source: src, handler: a.b, allow_build: [any], budget: {usd: 900}}\n"
    found = judge(
        TARGET.replace("gate:", fresh + "gate:").replace(f'role: "{ROLE}"', "tracing: false"), endpoint="local"
    )

    function = found.settings.functions[-1]
    assert (function.code.allow_build, function.question.budget.usd) == (frozenset(), 1)
    assert found.settings.effective["functions"]["fresh"]["budget"]["usd"] == "1.00"
    assert found.settings.effective["functions"]["fresh"]["allow_build"] == []
    assert [note.partition(":")[0] for note in found.notes[1:]] == [
        "`fresh` builds nothing",
        "`fresh` has the usual `budget`",
    ]


def test_the_role_of_the_target_branchs_defaults_is_one_that_it_names(judge):
    line = f'  fresh: {{source: src, handler: a.b, role: "{ADMIN}"}}\n'
    target = TARGET.replace("version: 1\n", f'version: 1\ndefaults: {{role: "{ADMIN}"}}\n')

    assert judge(TARGET.replace("gate:", line + "gate:"), target).refused == {}


TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: src, Handler: app.handler, Runtime: python3.13}}
"""


def test_a_function_of_a_template_has_its_role_and_money_from_the_target_branch(judge, tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE.format(name="Mails"))
    target = f'version: 1\ndefaults: {{role: "{ROLE}", budget: {{usd: 2}}}}\n'

    found = judge(target.replace(ROLE, ADMIN).replace("usd: 2", "usd: 900"), target)

    (function,) = found.settings.functions
    assert (function.name, function.setup.role, function.question.budget.usd) == ("Mails", ROLE, Decimal(2))
    assert found.settings.effective["functions"]["Mails"]["role"] == ROLE
    assert found.notes[0].startswith("This pull request changes `role`, `budget` of `Mails`")


def test_a_function_that_only_the_pull_requests_template_has_gets_no_role_of_its_own(judge, tmp_path):
    (tmp_path / "new.yaml").write_text(TEMPLATE.format(name="Fresh"))
    head = TARGET.replace("version: 1\n", f'version: 1\ntemplates: [new.yaml]\ndefaults: {{role: "{ADMIN}"}}\n')

    found = judge(head, TARGET.replace("version: 1\n", "version: 1\ntemplates: []\n"))

    assert list(found.refused) == ["Fresh"]
    assert "nor its role" in found.refused["Fresh"]


def test_what_a_good_answer_is_the_target_branch_says(judge):
    own = "expect: {status: 500}, allowed_errors: [KeyError, 500], payloads: [{event: {}, expect: {status: 500}}], "
    theirs = "expect: {status: 200}, payloads: [{name: one, event: {}, expect: {status: [200, 404]}}], "

    found = judge(
        TARGET.replace("budget: {", own + "budget: {", 1), TARGET.replace("budget: {", theirs + "budget: {", 1)
    )

    question = found.settings.functions[0].question
    assert question.expect.status == (200,)
    assert question.allowed_errors == frozenset()
    assert [one.expect.status for one in (*question.payloads, *question.gate_payloads)] == [(200, 404)] * 2
    assert "This pull request changes `allowed_errors`, `expect` of `orders`: " in " ".join(found.notes).replace(
        "`expect`, `allowed_errors`", "`allowed_errors`, `expect`"
    )
    assert any(note.startswith("This pull request changes `expect` of payloads of `orders`: ") for note in found.notes)


def test_an_event_of_the_pull_requests_own_expects_what_the_target_branch_expects_of_others(judge):
    own = "payloads: [{event: {n: 1}, expect: {status: 500}}], "

    (function,) = judge(TARGET.replace("budget: {", own + "budget: {", 1)).settings.functions

    assert [one.expect for one in function.question.payloads] == [None]


def test_failures_that_the_pull_request_would_only_warn_of_fail_the_gate(judge):
    found = judge(TARGET.replace("threshold_percent: 10", "threshold_percent: 10, failures: warn"))

    assert found.settings.gate.failures == "fail"
    assert found.notes[0].startswith("This pull request changes `gate` (failures fail to warn): the target branch's is")


SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.12, Events: {Jobs: {Type: SQS}}}
"""
MESSAGE = '{"Records": [{"eventSource": "aws:sqs", "body": "%s"}]}'
FOUND = "`events/orders.json`, found in the repository"
MADE = "a synthetic SQS event of 10 records: no event was given"


@pytest.fixture
def events_in_force(tmp_path: Path):
    """Return the function and the notes where two sides hold events, by their path, and maybe a lambdabot.yml."""

    def events_in_force(head, target, *, head_says="", target_says=None):
        for side, files in (("head", head), ("target", target)):
            says = {"head": head_says, "target": target_says}[side]
            given = {"template.yaml": SAM, "src/app.py": "", **files}
            given |= {} if says is None else {"lambdabot.yml": f"version: 1\n{says}"}
            for name, text in given.items():
                (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / side / name).write_text(text)
        settings = load(Inputs(config=tmp_path / "head" / "lambdabot.yml", endpoint="local"), discover=discover)
        found = trusted(settings, load_base(tmp_path / "target" / "lambdabot.yml", discover))
        (function,) = found.settings.functions
        return function.question, found.notes

    return events_in_force


@pytest.mark.parametrize("target_says", [None, ""], ids=["no lambdabot.yml there", "one that names no events"])
@pytest.mark.parametrize(
    ("files", "before", "after"),
    [
        (({"events/orders.json": MESSAGE % 1}, {}), MADE, FOUND),
        (({}, {"events/orders.json": MESSAGE % 1}), FOUND, MADE),
        (({"events/orders.json": MESSAGE % 1}, {"events/orders.json": MESSAGE % 2}), FOUND, FOUND),
    ],
    ids=["brings", "removes", "changes"],
)
def test_the_gate_keeps_the_target_branchs_events_that_nobody_wrote_down(
    events_in_force, files, before, after, target_says
):
    question, notes = events_in_force(*files, target_says=target_says)

    assert [one.described for one in question.payloads] == [after]
    assert [one.described for one in question.gate_payloads] == [before]
    assert {one.name for one in question.payloads}.isdisjoint(one.name for one in question.gate_payloads)
    (note,) = notes
    assert note.startswith(
        f"This pull request changes the events of `Orders` ({before} to {after}): the gate compares "
    )


def test_events_that_lie_alike_on_both_sides_are_measured_once(events_in_force):
    for files in ({}, {"events/orders.json": MESSAGE % 1}):
        question, notes = events_in_force(files, files)
        assert (question.gate_payloads, notes) == ((), ())


def test_an_event_that_is_merely_written_down_now_changes_nothing(events_in_force):
    written = "functions: {Orders: {payloads: [{file: events/orders.json}]}}"
    files = {"events/orders.json": MESSAGE % 1}

    question, notes = events_in_force(files, files, head_says=written, target_says="")

    assert (question.gate_payloads, notes) == ((), ())


def test_the_first_lambdabot_yml_names_the_first_events_but_not_others_than_the_target_branchs(events_in_force):
    written = "functions: {Orders: {payloads: [{event: {n: 1}}]}}"

    first, notes = events_in_force({}, {}, head_says=written)
    assert (first.gate_payloads, notes) == ((), ())

    later, notes = events_in_force({}, {}, head_says=written, target_says="")
    assert [one.described for one in later.gate_payloads] == [MADE]
    assert f"the events of `Orders` ({MADE} to `payloads`)" in notes[0]


@pytest.mark.parametrize(
    ("says", "empty_handed"),
    [("", True), ("functions: {Orders: {payloads: [{event: {}}]}}", False)],
    ids=["for want of any", "written by somebody"],
)
def test_the_empty_event_is_what_is_meant_where_somebody_wrote_it(tmp_path, says, empty_handed):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").touch()
    (tmp_path / "template.yaml").write_text(SAM.replace("Type: SQS", "Type: AppSync"))
    (tmp_path / "lambdabot.yml").write_text(f"version: 1\n{says}")

    (function,) = load(Inputs(config=tmp_path / "lambdabot.yml", endpoint="local"), discover=discover).functions

    assert function.question.payloads[0].body == b"{}"
    assert function.empty_handed is empty_handed
