"""`lambdabot clean` on the embedded endpoint: what is removed, and above all what is not."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.journal import Journal, records
from lambdabot.cli import main
from lambdabot.local.endpoint import serve
from lambdabot.local.faults.document import Chaos
from lambdabot.local.faults.faults import Faults

REPOSITORY = "octo/shop"
NOW = datetime.now(UTC)
OLD, NEW = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


class Shop:
    """An account in which runs of a repository left things behind."""

    def __init__(self, url: str, folder, session: boto3.Session) -> None:
        self.url = url
        self.folder = folder
        options = {"endpoint_url": url, "region_name": "us-east-1"}
        self._lambdas, self._logs = session.client("lambda", **options), session.client("logs", **options)

    def function(self, name: str, tags: dict[str, str] | None = None) -> str:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", "")
        self._lambdas.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role="arn:aws:iam::123456789012:role/any",
            Handler="app.handler",
            Code={"ZipFile": package.getvalue()},
            Tags=tags or {},
        )
        return f"function {name}"

    def log_group(self, name: str, tags: dict[str, str] | None = None) -> str:
        self._logs.create_log_group(logGroupName=name, tags=tags or {})
        return f"log group {name}"

    def layer(self, name: str, description: str = "") -> str:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("python/common.py", "")
        for _ in range(2):  # as after a lost answer
            content = {"ZipFile": package.getvalue()}
            self._lambdas.publish_layer_version(LayerName=name, Description=description, Content=content)
        return f"layer {name}"

    @property
    def everything(self) -> set[str]:
        pages = self._lambdas.get_paginator("list_functions").paginate()
        layers = self._lambdas.get_paginator("list_layers").paginate()
        groups = self._logs.get_paginator("describe_log_groups").paginate()
        return {
            *(f"function {one['FunctionName']}" for page in pages for one in page["Functions"]),
            *(f"layer {one['LayerName']}" for page in layers for one in page["Layers"]),
            *(f"log group {one['logGroupName']}" for page in groups for one in page["logGroups"]),
        }

    def clean(self, *arguments: str) -> int:
        return main(["clean", "--endpoint", self.url, "--region", "us-east-1", "--repository", REPOSITORY, *arguments])


@pytest.fixture
def faults() -> Faults:
    return Faults(Chaos.model_validate({"version": 1, "canned": [{}]}))


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """Service models are read once for all tests."""
    return boto3.Session(aws_access_key_id="owner", aws_secret_access_key="any")


@pytest.fixture
def shop(tmp_path, monkeypatch, faults, session) -> Iterator[Shop]:
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setattr("lambdabot.aws.copies.removal._PAUSE_SECONDS", 0.01)
    with serve(anyone=True, faults=faults) as endpoint:
        yield Shop(endpoint.url, tmp_path / "lambdabot-journal", session)


def run(expires: datetime, *, run: str = "0123456789", repository: str | None = REPOSITORY) -> RunIdentity:
    return RunIdentity(repository=repository, pull_request=7, run=run, expires=expires)


def test_only_what_has_expired_and_is_this_repositorys_is_removed(shop, capsys):
    old, new = run(OLD, run="aaaaaaaaaa"), run(NEW, run="bbbbbbbbbb")
    other = run(OLD, repository="octo/other")
    expired, fresh = (
        {
            shop.function(f"{one.name}-x86_64-128", one.tags),
            shop.layer(f"{one.name}-layer-0-arm64", one.description),
            shop.log_group(one.log_group, one.tags),
        }
        for one in (old, new)
    )
    theirs = {
        shop.function("thumbnail", {"team": "images"}),
        shop.function("thumbnail-2", old.tags),  # our tags, but no name of ours
        shop.function(f"{other.name}-x86_64-128", other.tags),
        shop.function(f"{old.name}-not-tagged"),
        shop.function(f"{old.name}-other-tags", other.tags),
        shop.function(f"{new.name}-of-another-run", old.tags),
        shop.function(f"{old.name}-not-ours", {"lambdabot:repository": REPOSITORY}),
        shop.layer("tools", "for everybody"),
        shop.layer("tools-2", old.description),  # our words, but no name of ours
        shop.layer(f"{old.name}-layer-undescribed"),
        shop.layer(f"{other.name}-layer-0-arm64", other.description),
        shop.log_group("/aws/lambda/thumbnail"),
        shop.log_group(f"/aws/lambda/{run(OLD, run='cccccccccc').name}"),
    }

    assert shop.clean("--dry-run") == 0
    assert shop.everything == expired | fresh | theirs
    said = capsys.readouterr().out.splitlines()
    assert {line.removeprefix("would remove ") for line in said if line.startswith("would remove ")} == expired
    assert f"kept function {old.name}-not-tagged: it carries no tags, so it may not be lambdabot's" in said
    assert f"kept function {old.name}-other-tags: its tags are not this repository's" in said
    assert f"kept layer {old.name}-layer-undescribed: it carries no tags, so it may not be lambdabot's" in said
    assert sum("it expires at" in line for line in said) == 3

    assert shop.clean() == 0
    assert shop.everything == fresh | theirs
    assert shop.clean("--all") == 0
    assert shop.everything == theirs
    capsys.readouterr()
    assert shop.clean("--dry-run", "--all") == 0
    assert "remove" not in capsys.readouterr().out


def test_they_are_found_on_all_pages_and_removed(shop):
    old = run(OLD)
    for number in range(55):
        shop.function(f"aaa-{number}")  # a page holds 50
    for number in range(12):
        shop.function(f"{old.name}-{number}", old.tags)
    assert shop.clean() == 0
    assert len(shop.everything) == 55


def left_by(shop: Shop, identity: RunIdentity, *names: tuple[str, str], endpoint: str = "") -> Journal:
    """Write the journal of a run, as it is while the run lives."""
    journal = Journal.begin(shop.folder, identity, endpoint=endpoint or shop.url, region="us-east-1")
    for kind, name in names:
        journal.planned(kind, name)
    return journal


def test_a_journal_tells_what_tags_do_not(shop, capsys):
    old = run(OLD)
    journal = left_by(
        shop,
        old,
        ("function", f"{old.name}-untagged"),
        ("function", f"{old.name}-never-made"),
        ("log group", old.log_group),
        ("queue", f"{old.name}-of-a-later-version"),
        ("function", "thumbnail"),  # whoever wrote this: it is no name of ours
        ("function", f"{old.name}-of-others"),
    )
    journal.end(nothing_left=False)
    kept = {
        shop.function("thumbnail"),
        shop.function(f"{old.name}-of-others", run(OLD, repository="octo/other").tags),
    }
    shop.function(f"{old.name}-untagged")
    shop.log_group(old.log_group)

    assert shop.clean() == 0
    assert shop.everything == kept
    assert f"kept function {old.name}-of-others: its tags are not this repository's" in capsys.readouterr().out
    assert len(list(records(shop.folder))) == 1  # it still tells of what is left


def test_a_journal_ends_with_what_it_tells_of(shop):
    old = run(OLD)
    left_by(shop, old, ("function", f"{old.name}-128")).end(nothing_left=False)
    shop.function(f"{old.name}-128", old.tags)
    assert shop.clean() == 0
    assert list(records(shop.folder)) == []
    assert shop.everything == set()


def test_a_run_that_is_alive_keeps_what_it_has(shop, capsys):
    new = run(NEW)
    alive = left_by(shop, new, ("function", f"{new.name}-128"))
    kept = {shop.function(f"{new.name}-128", new.tags)}
    assert shop.clean("--all") == 0
    assert shop.everything == kept
    assert "its run is still under way on this machine" in capsys.readouterr().out
    alive.end(nothing_left=False)
    assert shop.clean("--all") == 0
    assert shop.everything == set()


def test_what_a_run_left_elsewhere_is_said(shop, capsys):
    old = run(OLD)
    left_by(shop, old, ("function", f"{old.name}-128"), endpoint="http://127.0.0.1:1").end(nothing_left=False)
    assert shop.clean() == 0
    assert "left something at http://127.0.0.1:1 in us-east-1: clean there too" in capsys.readouterr().out


def test_what_cannot_be_removed_is_said(shop, capsys, monkeypatch, faults):
    old = run(OLD)
    shop.function(f"{old.name}-128", old.tags)
    monkeypatch.setattr(faults, "_chaos", Chaos.model_validate({"version": 1, "denied": ["lambda:DeleteFunction"]}))
    assert shop.clean() == 3
    said = capsys.readouterr().out
    assert f"still there: function {old.name}-128" in said
    assert "lambda:DeleteFunction is not allowed" in said


def test_who_may_not_list_is_told_what_to_add_and_the_rest_is_removed(shop, capsys, monkeypatch, faults):
    old = run(OLD)
    left_by(shop, old, ("function", f"{old.name}-128")).end(nothing_left=False)
    kept = {shop.function(f"{old.name}-128", old.tags)}
    shop.log_group(old.log_group, old.tags)
    monkeypatch.setattr(faults, "_chaos", Chaos.model_validate({"version": 1, "denied": ["lambda:ListFunctions"]}))
    assert shop.clean() == 3
    said = capsys.readouterr()
    assert '"Action": "lambda:ListFunctions"' in said.err
    assert f"kept function {old.name}-128: whose it is could not be read" in said.out
    monkeypatch.undo()
    assert shop.everything == kept
    assert len(list(records(shop.folder))) == 1


def test_the_settings_name_the_bucket(shop, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", shop.url)
    config = tmp_path / "lambdabot.yml"
    config.write_text("version: 1\nbucket: packages\nfunctions:\n  a:\n    source: a\n    handler: a.b\n")
    assert shop.clean("--config", str(config)) == 3
    assert "list the objects of the bucket packages" in capsys.readouterr().err


def test_what_goes_away_meanwhile_is_nothing_to_remove(shop, monkeypatch, faults):
    old = run(OLD)
    shop.function(f"{old.name}-128", old.tags)
    section = {"version": 1, "consistency": {"get_function_seconds": 0}}
    monkeypatch.setattr(faults, "_chaos", Chaos.model_validate(section))
    meet = faults.meet

    def late(operation, call, perform):
        if operation == "lambda:ListTags":
            shop._lambdas.delete_function(FunctionName=f"{old.name}-128")
        return meet(operation, call, perform)

    monkeypatch.setattr(faults, "meet", late)
    assert shop.clean() == 0
    assert shop.everything == set()
