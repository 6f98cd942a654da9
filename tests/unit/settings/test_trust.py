from decimal import Decimal
from pathlib import Path

import pytest

from lambdabot.project.discovery import discover
from lambdabot.settings.load import Inputs, load, load_base
from lambdabot.settings.trust import trusted

ROLE = "arn:aws:iam::123456789012:role/copies"
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

    def of(head: str, target: str = TARGET):
        for name, text in (("head.yml", head), ("target.yml", target)):
            (tmp_path / name).write_text(text)
        settings = load(Inputs(config=tmp_path / "head.yml", endpoint="aws"), discover=discover)
        return trusted(settings, load_base(tmp_path / "target.yml", discover))

    return of


def test_the_same_settings_are_the_same(judge):
    found = judge(TARGET)
    assert (found.notes, found.refused) == ((), {})


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
    assert found.settings.functions[0].budget.usd == Decimal(2)
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
    assert (function.role, function.like, function.side_effects_accepted) == (ROLE, None, False)
    assert function.given == {"source", "handler", "role", "budget"}
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
    assert (function.name, function.role, function.budget.usd) == ("Mails", ROLE, Decimal(2))
    assert found.settings.effective["functions"]["Mails"]["role"] == ROLE
    assert found.notes[0].startswith("This pull request changes `role`, `budget` of `Mails`")


def test_a_function_that_only_the_pull_requests_template_has_gets_no_role_of_its_own(judge, tmp_path):
    (tmp_path / "new.yaml").write_text(TEMPLATE.format(name="Fresh"))
    head = TARGET.replace("version: 1\n", f'version: 1\ntemplates: [new.yaml]\ndefaults: {{role: "{ADMIN}"}}\n')

    found = judge(head, TARGET.replace("version: 1\n", "version: 1\ntemplates: []\n"))

    assert list(found.refused) == ["Fresh"]
    assert "nor its role" in found.refused["Fresh"]
