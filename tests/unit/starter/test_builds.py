"""The workflow that `init` writes for built code: its steps are run by a shell, on both sides, without GitHub."""

import os
import shutil
import subprocess
from importlib.resources import files

import pytest
import yaml

from lambdabot.cli import main
from lambdabot.github.event import Context
from lambdabot.pipeline.pairs import pair_all
from lambdabot.pipeline.terms import terms
from lambdabot.project.changes import differing
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.starter.builds import Part, with_builds
from lambdabot.workspace import Workspace

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: dist/hello, Handler: app.handler, Runtime: python3.13}
  Empty:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: dist/not made, Handler: app.handler, Runtime: python3.13}
"""
MAKEFILE = "build:\n\tmkdir -p dist/hello\n\tsed s/ANSWER/42/ app.py >dist/hello/app.py\n\tchmod +x dist/hello/app.py\n"


def git(folder, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S607  # the developer's own git


def shell(script, folder, **variables):
    subprocess.run(["bash", "-e", "-c", script], cwd=folder, check=True, env={**os.environ, **variables})  # noqa: S607  # as a runner does


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository with one function that make builds, as `init` found it and with a pull request's change."""
    root = tmp_path / "work"
    (root / "api").mkdir(parents=True)
    monkeypatch.chdir(root)
    git(root, "init", "--quiet")
    (root / ".gitignore").write_text("dist\n")
    texts = {
        "template.yaml": TEMPLATE,
        "Makefile": MAKEFILE,
        "app.py": "def handler(event, context):\n    return ANSWER\n",
    }
    for name, text in texts.items():
        (root / "api" / name).write_text(text)
    assert main(["init"]) == 0
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "base")
    (root / "api" / "app.py").write_text("def handler(event, context):\n    return ANSWER + 1\n")
    git(root, "commit", "--quiet", "--all", "--message", "head")
    return root


def jobs(root):
    return yaml.safe_load((root / ".github/workflows/lambdabot.yml").read_text())["jobs"]


def test_both_sides_are_built_without_credentials_and_meet_in_the_job_that_measures(repository, tmp_path):
    build, measure = jobs(repository)["build"], jobs(repository)["measure"]
    (part,) = build["strategy"]["matrix"]["part"]
    checkout, base_commit, _, _, command, pack, _ = build["steps"]
    temporary = tmp_path / "runner"
    for number, side in enumerate(build["strategy"]["matrix"]["side"]):
        there = tmp_path / side
        git(tmp_path, "clone", "--quiet", str(repository), str(there))
        if side == "base":
            shell(base_commit["run"], there)
        shell(command["run"], there / part["folder"], COMMAND=part["run"])
        place = temporary / "builds" / f"build-{side}-{number}"
        place.mkdir(parents=True)
        shell(pack["run"], there, OUTPUT=part["output"], RUNNER_TEMP=str(place))
    lay = next(step for step in measure["steps"] if step.get("name") == "Lay them beside their sources")

    shell(lay["run"], repository, RUNNER_TEMP=str(temporary))

    action = next(step["with"] for step in measure["steps"] if step.get("name") == "Measure and gate")
    inputs = Inputs(
        config=repository / "lambdabot.yml", workspace=Workspace(repository), base=action["base"], endpoint="local"
    )
    context = Context(in_workflow=True, pull_request=7, workspace=repository)
    (pair,) = pair_all(terms(load(inputs, discover=discover), context, tmp_path / "base-tree"))
    assert pair.head.code.source == repository / "api/dist/hello"
    assert pair.base.code.source == repository / ".lambdabot-base/api/dist/hello"
    assert differing(pair.head, pair.base) == [pair.head.code.source / "app.py"]
    assert "return 42 + 1" in (pair.head.code.source / "app.py").read_text()
    assert os.access(pair.base.code.source / "app.py", os.X_OK)
    assert pair.head.origin.declaration.stale == ""
    assert "persist-credentials" in checkout["with"]
    assert part["output"] == "api/dist/hello\napi/dist/not made"
    assert build["permissions"] == {"contents": "read"}
    assert measure["needs"] == "build"


def test_a_build_writes_nothing_but_its_output(repository, tmp_path):
    """The pull request's build chooses what it packs; what it packs beside its output is not taken."""
    evil = tmp_path / "evil"
    for name in (
        "api/dist/hello/app.py",
        "lambdabot.yml",
        ".git/config",
        ".lambdabot-base/lambdabot.yml",
        "api/Makefile",
    ):
        (evil / name).parent.mkdir(parents=True, exist_ok=True)
        (evil / name).write_text("evil")
    (evil / "api/dist/hello/.git").mkdir()
    (evil / "api/dist/hello/.git/config").write_text("evil")
    place = tmp_path / "runner" / "builds" / "build-head-0"
    place.mkdir(parents=True)
    shell("tar -cf build.tar -C ../../../evil api lambdabot.yml .git .lambdabot-base", place)
    lay = next(step for step in jobs(repository)["measure"]["steps"] if "worktree" in step.get("run", ""))

    shell(lay["run"], repository, RUNNER_TEMP=str(tmp_path / "runner"))

    written = [path for path in repository.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]
    assert written == [repository / "api/dist/hello/app.py"]


def test_what_was_built_here_and_lies_in_no_commit_is_built_in_the_workflow_as_well(repository):
    shell("make build", repository / "api")
    (repository / ".github/workflows/lambdabot.yml").unlink()

    assert main(["init"]) == 0

    (part,) = jobs(repository)["build"]["strategy"]["matrix"]["part"]
    assert (part["folder"], part["run"]) == ("api", "make build")
    assert "api/dist/hello" in part["output"].splitlines()


def test_what_lies_in_git_is_built_already(repository, capsys):
    shell("make build && mkdir 'dist/not made' && touch 'dist/not made/app.py'", repository / "api")
    git(repository, "add", "--force", "api/dist")
    git(repository, "commit", "--quiet", "--message", "built")
    (repository / ".github/workflows/lambdabot.yml").unlink()

    assert main(["init"]) == 0

    assert jobs(repository).keys() == {"measure"}


def test_an_app_that_is_synthesized_elsewhere_is_taken_from_there(repository):
    (repository / "app").mkdir()
    (repository / "app" / "cdk.json").write_text('{"output": "../made"}')
    (repository / "app" / "package.json").write_text("{}")
    (repository / "app" / "pnpm-lock.yaml").touch()
    (repository / ".github/workflows/lambdabot.yml").unlink()

    assert main(["init"]) == 0

    build = jobs(repository)["build"]
    part = next(part for part in build["strategy"]["matrix"]["part"] if part["folder"] == "app")
    assert (part["run"], part["output"]) == ("pnpm install --frozen-lockfile && npx cdk synth", "made")
    assert [step["if"] for step in build["steps"] if step.get("run") == "corepack enable"] == [
        "contains(matrix.part.run, 'pnpm ')"
    ]


@pytest.mark.parametrize("name", ["a; b.yaml", "${{ github.token }}.yaml", "a\nb.yaml"])
def test_a_template_s_name_is_held_to_the_same(repository, name):
    built = TEMPLATE.replace("dist/hello", ".").replace("python3.13", "java21")
    (repository / "api/template.yaml").rename(repository / "api" / name)
    (repository / "api" / name).write_text(built)
    (repository / "api/pom.xml").touch()
    (repository / ".github/workflows/lambdabot.yml").unlink()

    assert main(["init"]) == 0

    rows = jobs(repository).get("build", {"strategy": {"matrix": {"part": []}}})["strategy"]["matrix"]["part"]
    assert [row["run"] for row in rows] == ["make build"]


@pytest.mark.parametrize("name", ["api; rm -rf ~", "api${{ github.token }}", "api\nb"])
def test_a_name_that_a_shell_or_a_workflow_would_run_is_written_nowhere(repository, name):
    shutil.move(repository / "api", repository / name)
    (repository / ".github/workflows/lambdabot.yml").unlink()

    assert main(["init"]) == 0

    assert jobs(repository).keys() == {"measure"}


def test_a_handler_that_no_file_can_be_named_after_costs_the_other_functions_nothing(repository):
    template = repository / "api" / "template.yaml"
    template.write_text(f"""{TEMPLATE}  Long:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: ., Handler: {"h" * 300}.handler, Runtime: python3.13}}
""")
    (repository / ".github/workflows/lambdabot.yml").unlink()

    assert main(["init"]) == 0

    parts = jobs(repository)["build"]["strategy"]["matrix"]["part"]
    assert ("api", "make build") in [(part["folder"], part["run"]) for part in parts]


def test_what_a_matrix_has_no_room_for_is_named():
    plain = (files("lambdabot.starter") / "files" / "lambdabot.yml").read_text(encoding="utf-8")
    many = [
        Part(folder=f"part{number}", command="make", outputs=(f"part{number}/dist",), lock="") for number in range(103)
    ]

    text = with_builds(plain, many)

    (found,) = (job for job in yaml.safe_load(text)["jobs"].values() if "strategy" in job)
    assert len(found["strategy"]["matrix"]["part"]) == 100
    assert "# Not built here, as a matrix has 256 jobs at most: part100, part101, part102\n" in text
    assert "part102/dist" not in text
