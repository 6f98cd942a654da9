"""`lambdabot init`: from the templates alone to settings that hold, and nothing of the user's overwritten."""

import json
import re
import subprocess
import textwrap

import pytest
import yaml

from lambdabot.aws.copies.identity import name_prefix
from lambdabot.aws.policy import NOBODY
from lambdabot.cli import main
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.starter import files_of_repository
from lambdabot.starter.files_of_repository import WORKFLOWS
from lambdabot.starter.release import action, schema_address

SAM = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: orders
          Handler: app.handler
          Runtime: python3.12
          Environment:
            Variables: {LEVEL: "yes: #1", TABLE: !Ref Table, 1ODD: x}
      Mails:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: orders, Handler: app.handler, Runtime: python3.12, MemorySize: !Ref Size}
      Gone:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: gone, Handler: app.handler, Runtime: python3.12}
"""

WRITTEN = [
    "lambdabot.yml",
    ".github/lambdabot/roles.json",
    ".github/workflows/lambdabot.yml",
    ".github/workflows/lambdabot-comment.yml",
]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "template.yaml").write_text(textwrap.dedent(SAM).lstrip())
    return tmp_path


def functions(repository):
    found = load(Inputs(config=repository / "lambdabot.yml", endpoint="local"), discover=discover).functions
    return {one.name: one for one in found}


def test_everything_is_written_and_the_settings_hold(repository, capsys):
    assert main(["init"]) == 0

    said = capsys.readouterr().out
    assert all(f"written  {name}" in said for name in WRITTEN)
    found = functions(repository)
    assert found.keys() == {"Orders", "Mails"}
    assert found["Orders"].setup.environment == {"LEVEL": "yes: #1"}
    text = (repository / "lambdabot.yml").read_text()
    assert text.startswith(f"# yaml-language-server: $schema={schema_address()}\n")
    assert "# TABLE: template.yaml:10: " in text
    assert "# Mails is all in template.yaml:11" in text
    assert "#    # current: {memory_mb: } # template.yaml:13: " in text
    assert "# Gone is not measured: template.yaml:14: its code `gone` does not exist here" in text


def test_a_second_run_changes_nothing(repository, capsys):
    main(["init"])
    before = {name: (repository / name).read_bytes() for name in WRITTEN}
    capsys.readouterr()

    assert main(["init"]) == 0

    assert {name: (repository / name).read_bytes() for name in WRITTEN} == before
    assert "written" not in capsys.readouterr().out
    assert main(["init", "--check"]) == 0
    assert capsys.readouterr().out == "nothing has drifted\n"


def test_a_user_s_file_is_never_overwritten(repository, capsys):
    (repository / ".github" / "workflows").mkdir(parents=True)
    mine = repository / ".github" / "workflows" / "lambdabot.yml"
    mine.write_text("name: mine\n")

    assert main(["init"]) == 0

    assert mine.read_text() == "name: mine\n"
    assert "kept     .github/workflows/lambdabot.yml" in capsys.readouterr().out
    assert main(["init", "--check"]) == 1
    assert "is not what `lambdabot init` writes today" in capsys.readouterr().out


def test_check_writes_nothing_and_says_what_is_missing(repository, capsys):
    assert main(["init", "--check"]) == 1

    assert not (repository / "lambdabot.yml").exists()
    assert capsys.readouterr().out.count(": missing") == len(WRITTEN)


def test_check_tells_settings_and_templates_that_came_apart(repository, capsys):
    main(["init"])
    template = repository / "template.yaml"
    renamed = template.read_text().replace("Orders:", "Sales:").replace("{LEVEL:", "{NEW: a, LEVEL:")
    template.write_text(renamed)
    capsys.readouterr()

    assert main(["init", "--check"]) == 1

    assert re.search(r"lambdabot\.yml:\d+:3: `functions\.Orders\.source` is missing", capsys.readouterr().out)


def test_an_existing_function_that_no_template_declares_is_no_drift(repository, capsys):
    main(["init"])
    with (repository / "lambdabot.yml").open("a") as settings:
        settings.write("  billing: {like: billing-production}\n")
    capsys.readouterr()

    assert main(["init", "--check"]) == 0
    assert "nothing has drifted" in capsys.readouterr().out


def test_check_tells_a_variable_that_the_template_has_got(repository, capsys):
    main(["init"])
    template = repository / "template.yaml"
    template.write_text(template.read_text().replace("{LEVEL:", "{NEW: a, LEVEL:"))
    capsys.readouterr()

    assert main(["init", "--check"]) == 1
    assert "`Orders` sets NEW, which lambdabot.yml does not" in capsys.readouterr().out


def test_check_tells_settings_with_mistakes(repository, capsys):
    main(["init"])
    (repository / "lambdabot.yml").write_text("version: 2\n")
    capsys.readouterr()

    assert main(["init", "--check"]) == 1
    assert "lambdabot.yml:1:1: `version`" in capsys.readouterr().out


def test_events_beside_the_code_become_payloads(repository):
    (repository / "orders" / "events").mkdir()
    (repository / "orders" / "events" / "one.json").write_text("{}")
    (repository / "orders" / "events" / "broken.json").write_text("{")

    main(["init"])

    assert [one.name for one in functions(repository)["Orders"].question.payloads] == ["one"]


QUEUE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: orders
          Handler: app.handler
          Runtime: python3.12
          Events: {Q: {Type: SQS, Properties: {BatchSize: 2}}}
      Mails:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: orders, Handler: app.handler, Runtime: python3.12}
"""


@pytest.fixture
def queue(repository):
    (repository / "template.yaml").write_text(textwrap.dedent(QUEUE).lstrip())
    return repository


def payloads(repository):
    return {name: one.question.payloads for name, one in functions(repository).items()}


def test_an_event_of_the_trigger_is_written_and_named(queue, capsys):
    assert main(["init"]) == 0

    assert "written  events/lambdabot/Orders.json" in capsys.readouterr().out
    text = (queue / "lambdabot.yml").read_text()
    assert "payloads: # synthetic, to be edited: no event lies in the repository" in text
    assert '- file: "events/lambdabot/Orders.json" # an SQS event of 2 records' in text
    assert "#    # payloads: # the empty event `{}`: no event was given, and no template tells what invokes it" in text
    (payload,) = payloads(queue)["Orders"]
    assert payload.body == (queue / "events" / "lambdabot" / "Orders.json").read_bytes()
    assert len(json.loads(payload.body)["Records"]) == 2


def test_an_event_that_is_there_is_named_and_none_is_made(queue):
    (queue / "events").mkdir()
    (queue / "events" / "orders.json").write_text('{"Records": [{"body": "", "eventSource": "aws:sqs"}]}')

    main(["init"])

    assert (
        'payloads: # found in the repository\n      - file: "events/orders.json"'
        in (queue / "lambdabot.yml").read_text()
    )
    assert not (queue / "events" / "lambdabot").exists()


def test_no_file_is_overwritten_by_an_event(queue):
    (queue / "events" / "lambdabot").mkdir(parents=True)
    own = queue / "events" / "lambdabot" / "Orders.json"
    own.write_text("mine")

    main(["init"])

    assert own.read_text() == "mine"
    assert '- file: "events/lambdabot/Orders-2.json"' in (queue / "lambdabot.yml").read_text()
    assert payloads(queue)["Orders"][0].name == "Orders-2"


def test_two_functions_never_share_the_file_of_an_event(queue):
    one, _, rest = (queue / "template.yaml").read_text().partition("  Mails:")
    other = one.partition("Resources:\n")[2].replace("  Orders:", '  "Orders!":')
    (queue / "template.yaml").write_text(f"{one}{other.replace('BatchSize: 2', 'BatchSize: 3')}  Mails:{rest}")

    main(["init"])

    sizes = [len(json.loads(its[0].body).get("Records", ())) for its in payloads(queue).values()]
    assert sorted(sizes) == [0, 2, 3]


def test_an_event_that_the_user_edits_or_removes_is_no_drift(queue, capsys):
    main(["init"])
    event = queue / "events" / "lambdabot" / "Orders.json"
    event.write_text('{"n": 1}')
    assert main(["init", "--check"]) == 0

    event.unlink()
    assert main(["init", "--check"]) == 0
    main(["init"])

    assert not event.exists()
    assert "nothing has drifted" in capsys.readouterr().out


def test_without_a_template_the_file_says_what_to_write(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["init"]) == 0

    text = (tmp_path / "lambdabot.yml").read_text()
    assert yaml.safe_load(text) == {"version": 1, "functions": {}}
    assert "No template declares a function here" in text
    assert "no template here declares one" in capsys.readouterr().out
    (tmp_path / "src/thumbnail").mkdir(parents=True)
    (tmp_path / "src/thumbnail/app.py").write_text("def handler(event, context):\n    return 1\n")
    shown = text[text.index("#   thumbnail:") : text.index("functions: {}")].replace("#   ", "  ")
    (tmp_path / "lambdabot.yml").write_text(f"version: 1\nfunctions:\n{shown}")
    assert functions(tmp_path).keys() == {"thumbnail"}  # what the comment shows holds as it stands


def test_what_cannot_be_read_is_said_in_the_file_and_on_the_terminal(repository, capsys):
    (repository / "serverless.ts").write_text("export default {provider: {name: 'aws'}}")

    main(["init"])

    assert "serverless.ts:1: is a program, which is not run" in capsys.readouterr().out
    assert "# serverless.ts:1: is a program" in (repository / "lambdabot.yml").read_text()


def resources(text):
    return json.loads(text)["Resources"]


@pytest.mark.parametrize("remote", ["git@github.com:acme/shop.git", "https://github.com/acme/shop"])
def test_the_roles_trust_this_repository_alone(repository, remote):
    git = ["/usr/bin/env", "git"]
    subprocess.run([*git, "init", "--quiet"], cwd=repository, check=True)
    subprocess.run([*git, "remote", "add", "origin", remote], cwd=repository, check=True)

    main(["init"])

    text = (repository / ".github" / "lambdabot" / "roles.json").read_text()
    (statement,) = resources(text)["JobRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    subject = statement["Condition"]["StringLike"]["token.actions.githubusercontent.com:sub"]
    assert subject == ["repo:acme/shop:pull_request", "repo:acme/shop:ref:refs/heads/gh-readonly-queue/*"]


def test_the_roles_are_those_of_the_policy_command(repository, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")

    main(["init"])

    text = (repository / ".github" / "lambdabot" / "roles.json").read_text()
    (document,) = (one["PolicyDocument"] for one in resources(text)["JobRole"]["Properties"]["Policies"])
    statements = {one["Sid"]: one for one in document["Statement"]}
    assert {"lambda:ListTags", "logs:ListTagsForResource"} == set(statements["ReadTags"]["Action"])  # for `clean`
    assert statements["CreateCopies"]["Condition"]["StringEquals"] == {
        "aws:RequestTag/lambdabot:repository": "acme/shop"
    }
    written = [one for name in ("CreateCopies", "UseCopies", "UseLogGroup") for one in statements[name]["Resource"]]
    assert all(f"{name_prefix('acme/shop')}*" in one["Fn::Sub"] for one in written)
    assert statements["PassExecutionRole"]["Resource"] == [{"Fn::GetAtt": ["ExecutionRole", "Arn"]}]


@pytest.mark.parametrize("remote", ["", "nowhere", "git@host:shop.git", "https://host/a b/shop", "../acme/shop x"])
def test_where_the_repository_is_not_known_aws_refuses_the_roles_and_it_is_said(
    repository, remote, capsys, monkeypatch
):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    git = ["/usr/bin/env", "git"]
    subprocess.run([*git, "init", "--quiet"], cwd=repository, check=True)
    if remote:
        subprocess.run([*git, "remote", "add", "origin", remote], cwd=repository, check=True)

    main(["init"])

    text = (repository / ".github" / "lambdabot" / "roles.json").read_text()
    (statement,) = resources(text)["JobRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": NOBODY}
    assert "AWS refuses .github/lambdabot/roles.json" in capsys.readouterr().out


def test_no_schema_is_written_and_the_address_is_the_release_s():
    assert schema_address("1.2.3").endswith("/lambdabot/lambdabot/v1.2.3/docs/schema.json")
    assert schema_address("").endswith("/lambdabot/lambdabot/main/docs/schema.json")


@pytest.mark.parametrize("workflow", sorted(WORKFLOWS))
def test_the_workflows_name_the_action_as_the_newest_release_is_named(workflow, monkeypatch):
    monkeypatch.setattr(files_of_repository, "action", lambda: action("1.2.3"))

    (used,) = re.findall(r"uses: (lambdabot/.*)", files_of_repository.workflow(workflow))

    assert used == "lambdabot/lambdabot@v1"


def test_the_workflows_are_yaml_with_least_permissions(repository):
    main(["init"])

    for name in ("lambdabot.yml", "lambdabot-comment.yml"):
        workflow = yaml.safe_load((repository / ".github" / "workflows" / name).read_text())
        assert workflow["permissions"] == {}
        (job,) = workflow["jobs"].values()
        assert job["permissions"]["pull-requests"] == "write"


@pytest.mark.parametrize(("name", "part"), [("lambdabot.yml", "services-shop"), ("cost.yml", "services-shop-cost")])
def test_settings_in_a_folder_are_named_by_workflows_at_the_top(repository, monkeypatch, name, part):
    (repository / ".git").mkdir()
    shop = repository / "services" / "shop"
    shop.mkdir(parents=True)
    for one in ("orders", "template.yaml"):
        (repository / one).rename(shop / one)
    monkeypatch.chdir(shop)

    assert main(["init", "--config", name]) == 0
    assert main(["init", "--config", name, "--check"]) == 0

    assert sorted(path.name for path in shop.iterdir()) == sorted(["orders", "template.yaml", name])
    for workflow in (f"lambdabot-{part}.yml", f"lambdabot-comment-{part}.yml"):
        written = yaml.safe_load((repository / ".github" / "workflows" / workflow).read_text())
        steps = [step for job in written["jobs"].values() for step in job["steps"]]
        (step,) = [one for one in steps if one.get("uses", "").startswith("lambdabot/")]
        assert step["with"]["config"] == f"services/shop/{name}"


def test_each_part_of_a_repository_has_workflows_of_its_own(repository, monkeypatch):
    (repository / ".git").mkdir()
    for part in ("shop", "été: 1"):
        (repository / part).mkdir()
        monkeypatch.chdir(repository / part)
        assert main(["init"]) == 0
    monkeypatch.chdir(repository)
    assert main(["init"]) == 0

    for part in ("shop", "été: 1", "."):
        monkeypatch.chdir(repository / part)
        assert main(["init", "--check"]) == 0
    workflows = [yaml.safe_load(path.read_text()) for path in sorted((repository / ".github/workflows").iterdir())]
    first = [one for one in workflows if "pull_request" in one[True]]  # YAML reads `on` as true
    second = [one for one in workflows if "workflow_run" in one[True]]
    assert {one["name"] for one in first} == {"lambdabot", "lambdabot shop", "lambdabot été: 1"}
    assert {name for one in second for name in one[True]["workflow_run"]["workflows"]} == {one["name"] for one in first}
    assert len({one["concurrency"]["group"] for one in workflows}) == 6
    assert "lambdabot-comment-shop.yml comments" in (repository / ".github/workflows/lambdabot-shop.yml").read_text()


def test_a_folder_that_is_a_link_is_refused_before_anything_is_written(repository, tmp_path_factory, capsys):
    home = tmp_path_factory.mktemp("home")
    (repository / ".git").mkdir()
    (repository / ".github").mkdir()
    (repository / ".github/workflows").symlink_to(home)

    assert main(["init"]) == 2

    assert ".github/workflows: is a link" in capsys.readouterr().err
    assert not (repository / "lambdabot.yml").exists()
    assert list(home.iterdir()) == []


def test_a_link_that_leads_nowhere_is_somebodys_file(repository, tmp_path_factory, capsys):
    home = tmp_path_factory.mktemp("home")
    (repository / "lambdabot.yml").symlink_to(home / "made.yml")

    assert main(["init"]) == 0

    assert "kept     lambdabot.yml" in capsys.readouterr().out
    assert (repository / "lambdabot.yml").is_symlink()
    assert list(home.iterdir()) == []
