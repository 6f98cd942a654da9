"""Whose settings are in force, and which functions stand against one another; no function runs here."""

import subprocess
from dataclasses import replace

import pytest

from lambdabot.errors import UsageError
from lambdabot.github.event import Context
from lambdabot.model import BaseKind
from lambdabot.pipeline import terms as module
from lambdabot.pipeline.pairs import pair_all
from lambdabot.pipeline.terms import Terms, terms
from lambdabot.project.base import BaseTree, NoBase
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.settings.target_branch import TargetBranch, Unknown
from lambdabot.workspace import Workspace

ROLE = "arn:aws:iam::123456789012:role/copies"
TARGET = f"""\
version: 1
defaults: {{role: "{ROLE}"}}
functions:
  orders: {{source: src, handler: app.handler}}
gate: {{threshold_percent: 20}}
"""
SOFT = TARGET.replace("20", "5000")


@pytest.fixture
def agree(tmp_path):
    """Return the terms of a run on a pull request (or at a terminal) against a folder that the workflow names."""
    root, base = tmp_path / "head", tmp_path / "base"
    for folder in (root, base):
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "app.py").write_text("def handler(event, context):\n    return 1\n")

    def of(
        head: str,
        target: str | None = TARGET,
        *,
        name: str = "lambdabot.yml",
        terminal: bool = False,
        named: str | None = "base",
        **inputs,
    ) -> Terms:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(head)
        if target is not None:
            (base / "lambdabot.yml").write_text(target)
        given = Inputs(
            config=root / name,
            workspace=Workspace(root),
            base=str(base) if named == "base" else named,
            **{"endpoint": "local", **inputs},
        )
        context = Context() if terminal else Context(in_workflow=True, pull_request=7, workspace=root)
        return terms(load(given, discover=discover), context, tmp_path / "work")

    of.root, of.base = root, base
    return of


def threshold(agreed: Terms) -> float:
    return agreed.settings.gate.threshold_percent


def names(agreed: Terms) -> dict[str, str]:
    return {pair.head.name: pair.no_base for pair in pair_all(agreed)}


@pytest.mark.parametrize("terminal", [False, True])
def test_the_bases_own_settings_are_in_force(agree, terminal):
    agreed = agree(SOFT, terminal=terminal)

    assert threshold(agreed) == 20
    assert any("changes `gate` (threshold_percent 20.0 to 5000.0)" in note for note in agreed.notes)
    assert names(agreed) == {"orders": ""}


def test_who_names_no_base_at_a_terminal_takes_the_file_at_its_word(agree):
    agreed = agree(SOFT, terminal=True, named=None, endpoint="aws")

    assert (threshold(agreed), agreed.notes, agreed.refused) == (5000, (), {})
    assert isinstance(agreed.base, Unknown)


def test_where_that_gives_power_the_default_branch_decides(agree, tmp_path, monkeypatch):
    default = tmp_path / "default"
    default.mkdir()
    files = BaseTree(path=default, workspace=Workspace(default), sha=None, description="main")
    monkeypatch.setattr(module, "default_branch", lambda *_: files)
    assert threshold(agree(SOFT, terminal=True, named=None)) == 5000  # on the embedded endpoint it gives none
    assert threshold(agree(SOFT, terminal=True, named=None, endpoint="aws")) == 5000  # it has no settings

    (default / "lambdabot.yml").write_text(TARGET)
    agreed = agree(SOFT, terminal=True, named=None, endpoint="aws")

    assert threshold(agreed) == 20
    assert "`--base HEAD` takes the commit's own" in agreed.notes[0]
    assert "no base was named" in names(agreed)["orders"]


def test_a_base_without_settings_allows_nothing_at_a_terminal_either(agree):
    head = SOFT.replace("app.handler", "app.handler, allow_build: [any], like: orders, side_effects: accepted")
    agreed = agree(head, None, terminal=True, endpoint="aws")

    assert threshold(agreed) == 5000
    assert agreed.settings.functions[0].code.allow_build == frozenset()
    assert agreed.refused.keys() == {"orders"}
    assert agreed.settings.effective["functions"]["orders"]["allow_build"] == []
    assert "allows it to build `any`" in agreed.notes[0]


def test_a_target_branch_without_settings_leaves_lambdabots_own(agree):
    agreed = agree(SOFT, None)

    assert threshold(agreed) == 10
    assert "the target branch has no lambdabot.yml, so lambdabot's own default is in force" in agreed.notes[0]
    assert names(agreed) == {"orders": ""}  # its code is there


def test_events_are_compared_with_where_the_target_branch_names_none(agree):
    head = TARGET.replace("app.handler", "app.handler, payloads: [{event: {n: 1}}]")
    (agree.base / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  orders:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13}\n"
    )

    assert agree(head, None).settings.functions[0].question.gate_payloads == ()
    (payload,) = agree(head, TARGET).settings.functions[0].question.gate_payloads
    assert payload.body == b"{}"


def test_a_target_branch_without_settings_names_no_role(agree):
    assert "nor its role" in agree(SOFT, None, endpoint="aws").refused["orders"]


def test_a_known_function_without_a_role_there_is_not_tried(agree):
    agreed = agree(TARGET, TARGET.replace(f'role: "{ROLE}"', ""), endpoint="aws")

    assert "has no `role` for orders" in agreed.refused["orders"]
    assert [pair.refused for pair in pair_all(agreed)] == [agreed.refused["orders"]]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (TARGET + "colour: red\n", "the target branch's own settings have mistakes: lambdabot.yml:6:1: `colour`"),
        ("functions: [", "the target branch's own settings have mistakes: "),
    ],
)
def test_settings_that_cannot_be_read_are_nobodys(agree, target, words):
    agreed = agree(SOFT, target)

    assert threshold(agreed) == 10
    assert words in agreed.notes[0]
    assert "lambdabot's own defaults are in force in place of this pull request's `gate`" in agreed.notes[0]
    (pair,) = pair_all(agreed)
    assert pair.base is None
    assert pair.no_base.startswith(words)


@pytest.mark.parametrize("endpoint", ["aws", "http://127.0.0.1:9"])
def test_where_it_would_have_power_a_pull_request_without_a_target_branch_stops(agree, endpoint):
    with pytest.raises(
        UsageError, match=r"on its own word a pull request gets no role, no budget and no gate: .*colour"
    ):
        agree(TARGET, TARGET + "colour: red\n", endpoint=endpoint)


def test_the_lines_to_paste_are_the_advice(agree):
    with pytest.raises(UsageError) as refused:
        agree(TARGET, named="mian", endpoint="aws")
    assert refused.value.mistakes[0].message.endswith(
        "so there is no `mian`: git rev-parse: fatal: not a git repository (or any of the parent directories): .git"
    )


@pytest.mark.parametrize("where", ["elsewhere", "nowhere", "folder"])
def test_what_is_no_file_of_the_target_branchs_own_is_not_read(agree, tmp_path, where):
    (tmp_path / "elsewhere").write_text(SOFT)
    if where == "folder":
        (agree.base / "lambdabot.yml").mkdir()
    else:
        (agree.base / "lambdabot.yml").symlink_to(tmp_path / where)

    agreed = agree(SOFT, None)

    assert threshold(agreed) == 10
    assert "is no file of its own, but a link that leads elsewhere, or a folder" in agreed.notes[0]


def test_a_link_inside_of_the_target_branch_is_its_own(agree):
    (agree.base / "ci").mkdir()
    (agree.base / "ci" / "cost.yml").write_text(TARGET)
    (agree.base / "lambdabot.yml").symlink_to("ci/cost.yml")

    assert threshold(agree(SOFT, None)) == 20


def test_code_that_a_step_builds_is_no_mistake_of_the_settings(agree):
    unbuilt = TARGET.replace("source: src", "source: dist/built.zip")
    agreed = agree(SOFT, unbuilt)

    assert threshold(agreed) == 20
    assert isinstance(agreed.base, TargetBranch)
    assert agreed.base.absent.keys() == {"orders"}
    (pair,) = pair_all(agreed)
    assert pair.base is None
    assert "there is no file or folder" in pair.no_base
    assert "name its folder: `base: " in pair.no_base


def test_an_event_that_the_target_branch_lacks_is_no_mistake_either(agree):
    (agree.root / "small.json").write_text("{}")
    settings = TARGET.replace("app.handler", "app.handler, payloads: [{file: small.json}]")
    agreed = agree(settings, settings)

    assert [one.name for one in agreed.settings.functions[0].question.payloads] == ["small"]
    assert "payload small.json cannot be read" in pair_all(agreed)[0].no_base


def test_settings_that_were_moved_are_held_against_what_they_were(agree):
    moved = SOFT.replace("source: src", "source: ../src")

    assert threshold(agree(moved, name="ci/lambdabot.yml")) == 20


def test_settings_that_may_be_either_of_two_are_nobodys(agree):
    for name in ("one", "two"):
        (agree.base / name).mkdir()
        (agree.base / name / "lambdabot.yml").write_text(TARGET)

    agreed = agree(SOFT.replace("source: src", "source: ../src"), None, name="ci/lambdabot.yml")

    assert threshold(agreed) == 10
    assert "more than one lambdabot.yml that is not here: one/lambdabot.yml, two/lambdabot.yml" in agreed.notes[0]


def test_the_inputs_override_the_target_branch_too(agree):
    agreed = agree(
        TARGET + 'comment: {mode: "off"}\n', TARGET + "comment: {when: change}\n", comment="new", check="true"
    )

    assert (agreed.settings.comment.mode, agreed.settings.comment.when) == ("new", "change")
    assert agreed.settings.check == "lambdabot"


TWO = TARGET.replace("gate:", "  mails: {source: more, handler: mails.handler}\ngate:")


def test_a_function_that_is_taken_out_is_a_row(agree):
    for folder in (agree.root, agree.base):
        (folder / "more").mkdir()
        (folder / "more" / "mails.py").write_text("def handler(event, context):\n    return 1\n")

    agreed = agree(TARGET, TWO)

    _, removed = pair_all(agreed)
    assert (removed.head.name, removed.removed, removed.base) == ("mails", True, None)
    assert removed.no_base.startswith("removed: the target branch measures it, and this pull request does not, while")
    assert removed.head.code.source == agree.root / "more"

    (agree.root / "more" / "mails.py").unlink()
    (agree.root / "more").rmdir()
    assert pair_all(agreed)[1].no_base == "removed: the target branch measures it, and this pull request does not"


def test_what_the_workflow_does_not_choose_is_not_removed(agree):
    (agree.base / "more").mkdir()

    assert names(agree(TARGET, TWO, functions=("orders",))).keys() == {"orders"}


def test_what_is_built_on_neither_side_is_not_removed(agree):
    template = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Built:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {CodeUri: dist/built.zip, Handler: app.handler, Runtime: python3.13}\n"
    )
    for folder in (agree.root, agree.base):
        (folder / "template.yaml").write_text(template)
    assert names(agree(TARGET)).keys() == {"orders"}

    (agree.base / "dist").mkdir()
    (agree.base / "dist" / "built.zip").touch()
    assert names(agree(TARGET))["Built"].startswith("not measured here any more: ")

    (agree.root / "template.yaml").unlink()
    assert names(agree(TARGET))["Built"].startswith("removed: ")


def test_a_renamed_function_is_what_it_was(agree):
    agreed = agree(
        TARGET.replace("orders:", "sales:").replace("app.handler", "app.handler, monthly_invocations: 1"),
        TARGET.replace("app.handler", "app.handler, monthly_invocations: 1000000"),
    )

    (pair,) = pair_all(agreed)
    assert (pair.head.name, pair.head.question.monthly_invocations) == ("sales", 1_000_000)
    assert pair.base is not None
    assert "`sales` is `orders` of the target branch, by its code." in agreed.notes
    assert agreed.settings.effective["functions"]["sales"]["monthly_invocations"] == 1_000_000


def test_the_settings_of_today_count_where_the_code_is_compared_with_an_older_commit(agree, monkeypatch, tmp_path):
    today = tmp_path / "today"
    today.mkdir()
    (today / "lambdabot.yml").write_text(TARGET.replace("20", "15"))
    now = BaseTree(path=today, workspace=Workspace(today), sha=None, description="today")
    older = replace(now, path=agree.base, workspace=Workspace(agree.base), description="older", settings=now)
    monkeypatch.setattr(module, "resolve_base", lambda *_, **__: older)
    agreed = agree(SOFT)
    assert threshold(agreed) == 15
    assert pair_all(agreed)[0].base.code.source == agree.base / "src"

    monkeypatch.setattr(module, "resolve_base", lambda *_, **__: NoBase("hidden", settings=now))
    agreed = agree(SOFT)
    assert threshold(agreed) == 15
    assert names(agreed) == {"orders": "hidden"}


def git(at, *words):
    command = ["git", "-c", "user.email=a@example.org", "-c", "user.name=a", "-c", "init.defaultBranch=main", *words]
    return subprocess.run(command, cwd=at, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def committed(tmp_path):
    """Return the terms of a run of a workflow whose checkout has these settings, one commit after the other."""
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    git(root, "init", "--quiet")

    def of(*texts: str, event_name: str, endpoint: str = "aws", default: bool = True) -> Terms:
        commits = []
        for text in texts:
            (root / "lambdabot.yml").write_text(text)
            git(root, "add", "--all")
            git(root, "commit", "--quiet", "--allow-empty", "-m", "more")
            commits.append(git(root, "rev-parse", "HEAD"))
        before, after = commits
        git(root, "update-ref", "refs/remotes/origin/main", after if default else before)
        inputs = Inputs(config=root / "lambdabot.yml", workspace=Workspace(root), endpoint=endpoint)
        context = Context(
            in_workflow=True,
            event_name=event_name,
            queued=event_name == "merge_group",
            head_sha=after,
            base_sha=before,
            before=before,
            default_branch="main",
            workspace=root,
        )
        return terms(load(inputs, discover=discover), context, tmp_path / "work")

    return of


@pytest.mark.parametrize("endpoint", ["aws", "local"])
def test_in_a_merge_queue_the_target_branch_decides_as_on_the_pull_request(committed, endpoint):
    agreed = committed(TARGET, SOFT, event_name="merge_group", endpoint=endpoint)

    assert threshold(agreed) == 20
    assert any("changes `gate` (threshold_percent 20.0 to 5000.0)" in note for note in agreed.notes)


@pytest.mark.parametrize("event_name", ["push", "schedule"])
def test_what_is_on_the_default_branch_has_its_own_settings_in_force(committed, event_name):
    agreed = committed(TARGET, SOFT, event_name=event_name)

    assert (threshold(agreed), agreed.notes) == (5000, ())
    assert isinstance(agreed.tree, BaseTree)


def test_what_is_pushed_to_another_branch_gets_no_power_that_the_default_branch_does_not_give(committed):
    agreed = committed(TARGET, SOFT, event_name="push", default=False)

    assert threshold(agreed) == 20
    assert agreed.tree.kind is BaseKind.PUSHED_OVER


def test_what_a_push_takes_out_is_told_in_its_words(committed):
    agreed = committed(TARGET, TARGET.replace("orders", "refunds"), event_name="push")

    assert names(agreed)["orders"].startswith("removed: the last push measures it, and this commit does not")
