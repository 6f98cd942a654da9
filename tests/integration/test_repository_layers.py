"""Layers that the repository holds: packaged, seen at /opt, and compared."""

import json
import platform
import subprocess
from collections.abc import Iterator

import boto3
import pytest

from lambdabot.cli import main
from lambdabot.local.endpoint import serve

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the expected rows are those of an x86_64 machine"
)

TOOLS = "arn:aws:lambda:us-east-1:111122223333:layer:tools:7"

TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
  Common:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.13
      MemorySize: 512
      Layers:
        - !Ref Common
"""

SETTINGS = """version: 1
templates: [template.yaml]
defaults:
  memory_mb: [512]
  architectures: [x86_64]
  budget: {invocations: 120, minutes: 1}
"""

PLAIN = """  Plain:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: plain}
"""

HANDLER = "import common\n\ndef handler(event, context):\n    return common.work()\n"

WORK = """import time


def work():
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
    return 1
"""


def both(project, path, base, head):
    project.write(f"base/{path}", base)
    project.write(path, head)


@pytest.fixture
def repository(project):
    """A function that has its work from a layer of its template; head and base are the same."""
    for path, text in {
        "template.yaml": TEMPLATE,
        "src/app.py": HANDLER,
        "layer/python/common.py": WORK.format(seconds=0.02),
    }.items():
        both(project, path, text, text)
    project.settings(SETTINGS)
    project.write("base/lambdabot.yml", SETTINGS)
    return project


@pytest.fixture(params=["local", "url"])
def door(request) -> Iterator[str]:
    """The embedded endpoint of the run's own, and one that the same code reaches by its address as it does AWS."""
    if request.param == "local":
        yield "local"
        return
    with serve(anyone=True) as served:
        yield served.url
        client = boto3.client(
            "lambda", region_name="us-east-1", endpoint_url=served.url, aws_access_key_id="a", aws_secret_access_key="b"
        )
        assert client.list_layers()["Layers"] == []
        assert client.list_functions()["Functions"] == []


def test_a_layer_alone_that_costs_more_fails_the_gate(repository, door):
    repository.write("layer/python/common.py", WORK.format(seconds=0.05))

    code, report = repository.run("--base", str(repository.folder / "base"), endpoint=door)

    (function,) = report["functions"]
    assert (code, report["verdict"]) == (1, "regression")
    assert function["comparison"]["cost_ratio"]["low"] > 1.1


def test_the_same_layer_is_the_same_package(repository):
    code, report = repository.run("--base", str(repository.folder / "base"))

    assert (code, report["verdict"]) == (0, "no change")
    assert "same package and settings" in report["verdict_reason"]


def test_a_folder_stands_for_an_arn_on_the_embedded_endpoint(repository):
    both(repository, "template.yaml", *[TEMPLATE.replace("!Ref Common", TOOLS)] * 2)
    settings = SETTINGS + f'  local_layers: {{"{TOOLS}": layer}}\n'
    repository.settings(settings)
    repository.write("src/app.py", HANDLER + "# another package\n")

    _, report = repository.run("--base", str(repository.folder / "base"))

    (function,) = report["functions"]
    assert {one["status"] for one in function["measurements"] if one["memory_mb"] == 512} == {"measured"}
    assert function["comparison"]["cost_ratio"] is not None  # the base's settings name none: it has the head's
    assert any("layer stands for the layer arn:aws:lambda:us-east-1:****" in note for note in function["notes"])


def test_an_arn_that_nothing_stands_for_is_refused_with_the_way_out(repository):
    both(repository, "template.yaml", *[TEMPLATE.replace("!Ref Common", TOOLS)] * 2)
    repository.write("src/app.py", HANDLER + "# another package\n")

    code, report = repository.run("--base", str(repository.folder / "base"))

    (function,) = report["functions"]
    assert code == 3
    assert function["error"] == (
        "the embedded endpoint does not have arn:aws:lambda:us-east-1:****:layer:tools:7: name a folder or .zip with "
        "the layer's contents under `local_layers` in lambdabot.yml, or measure on AWS"
    )
    assert "Nothing measured: the embedded endpoint does not have arn:aws:lambda" in repository.comment
    assert report["spend"]["deployments_created"] == 0


def test_an_endpoint_that_is_an_address_says_itself_that_it_has_no_such_layer(repository):
    both(repository, "template.yaml", *[TEMPLATE.replace("!Ref Common", TOOLS)] * 2)
    repository.write("src/app.py", HANDLER + "# another package\n")
    with serve(anyone=True) as served:
        code, report = repository.run("--base", str(repository.folder / "base"), endpoint=served.url)

    (function,) = report["functions"]
    assert code == 3
    assert any("under `local_layers` in lambdabot.yml" in note for note in function["notes"])


def test_what_is_not_built_is_named_where_the_function_fails_for_it(repository):
    built = TEMPLATE.replace("    Properties: {ContentUri: layer}", "    Metadata: {BuildMethod: python3.13}")
    both(repository, "template.yaml", built, built)
    repository.write("src/app.py", HANDLER + "# another package\n")

    _, report = repository.run("--base", str(repository.folder / "base"))

    (function,) = report["functions"]
    why = "(left out: the layer `Common` is not built: run `sam build` before lambdabot)"
    assert why in function["comparison"]["reason"]
    assert "Runtime.ImportModuleError" in function["comparison"]["reason"]
    assert any("The copies run without that layer" in note for note in function["notes"])


def test_what_only_the_head_has_built_is_not_compared(repository):
    built = TEMPLATE.replace("    Properties: {ContentUri: layer}", "    Metadata: {BuildMethod: python3.13}")
    both(repository, "template.yaml", built, built)
    output = built.replace(
        "{BuildMethod: python3.13}", "{BuildMethod: python3.13}\n    Properties: {ContentUri: Common}"
    )
    repository.write(".aws-sam/build/template.yaml", output.replace("CodeUri: src", "CodeUri: Fn"))
    repository.write(".aws-sam/build/Fn/app.py", HANDLER)
    repository.write(".aws-sam/build/Common/python/common.py", WORK.format(seconds=0.001))

    _, report = repository.run("--base", str(repository.folder / "base"))

    (function,) = report["functions"]
    assert {one["status"] for one in function["measurements"] if one["architecture"] == "x86_64"} == {"measured"}
    assert function["comparison"]["verdict"] == "not measured"
    assert "is not built here: the layer `Common` is not built" in function["comparison"]["reason"]


def test_a_layer_that_is_built_here_stands_for_both_sides_while_no_input_of_the_build_differs(repository):
    def git(*words: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words]
        subprocess.run(command, cwd=repository.folder, check=True, capture_output=True)

    built = TEMPLATE.replace("    Properties: {ContentUri: layer}", "    Metadata: {BuildMethod: python3.13}")
    repository.write("template.yaml", built + "        - !Ref Plain\n" + PLAIN)
    repository.write("plain/data", "x")
    repository.write(".gitignore", ".aws-sam\nout\nbase\n")
    git("init", "--quiet", "--initial-branch=main")
    git("add", "-A")
    git("commit", "--quiet", "-m", "base")
    output = built.replace(
        "{BuildMethod: python3.13}", "{BuildMethod: python3.13}\n    Properties: {ContentUri: Common}"
    )
    output += "        - !Ref Plain\n" + PLAIN.replace("plain", "../../plain")
    repository.write(".aws-sam/build/template.yaml", output.replace("CodeUri: src", "CodeUri: Fn"))
    repository.write(".aws-sam/build/Fn/app.py", HANDLER)
    repository.write(".aws-sam/build/Common/python/common.py", WORK.format(seconds=0.001))
    git("checkout", "--quiet", "-b", "feature")
    repository.write("README.md", "no input of a build")
    git("add", "-A")
    git("commit", "--quiet", "-m", "change")

    code, report = repository.run("--base", "main")

    assert (code, report["verdict"]) == (0, "no change")

    repository.write("layer/python/common.py", WORK.format(seconds=0.05))
    git("commit", "--quiet", "-a", "-m", "the layer")

    _, report = repository.run("--base", "main")

    (function,) = report["functions"]
    assert function["comparison"]["verdict"] == "not measured"
    assert "`layer/python/common.py` differs, so it needs a build of its own" in function["comparison"]["reason"]


def test_a_dry_run_names_layers_and_which_files_of_them_changed(repository, capsys):
    both(repository, "template.yaml", *[TEMPLATE + f"        - {TOOLS}\n        - !Ref Nothing\n"] * 2)
    repository.write("layer/python/common.py", WORK.format(seconds=0.05))

    arguments = ["--config", str(repository.folder / "lambdabot.yml"), "--base", str(repository.folder / "base")]
    assert main(["run", "--dry-run", "--endpoint", "local", *arguments]) == 0

    told = capsys.readouterr().out
    assert "  layers       Common (layer), arn:aws:lambda:us-east-1:****:layer:tools:7\n" in told
    assert (
        "  endpoint     the embedded endpoint does not have arn:aws:lambda:us-east-1:****:layer:tools:7: name" in told
    )
    assert "  layers       missing: `Nothing` is neither a parameter nor a resource of this template\n" in told
    assert "layer/python/common.py -> Fn\n" in told


def test_later_layers_lie_over_earlier_ones_and_are_found_as_on_lambda(repository):
    app = """import subprocess

import common
import deep


def handler(event, context):
    names = open("/opt/names.txt").read(), subprocess.check_output(["tool"], text=True)
    assert (common.work(), deep.NAME, *names) == (2, "deep", "later", "tool"), (common.__file__, names)
    return 1
"""
    version = ".".join(platform.python_version_tuple()[:2])
    repository.write("layer/names.txt", "earlier")
    repository.write("layer/bin/tool", "#!/bin/sh\nprintf tool\n")
    (repository.folder / "layer/bin/tool").chmod(0o755)
    repository.write("later/names.txt", "later")
    repository.write("later/python/common.py", "def work():\n    return 2\n")
    repository.write(f"later/python/lib/python{version}/site-packages/deep.py", "NAME = 'deep'\n")
    repository.write("later/extensions/watcher", "#!/bin/sh\n")
    repository.write("src/app.py", app)
    repository.settings(
        "version: 1\n"
        "templates: [template.yaml]\n"
        "functions:\n"
        "  Fn:\n"
        "    layers: [layer, later]\n"
        "    memory_mb: [512]\n"
        "    architectures: [x86_64]\n"
        "    budget: {invocations: 30, minutes: 1}\n"
    )

    _, report = repository.run()

    (function,) = report["functions"]
    assert [one["status"] for one in function["measurements"]] == ["measured"]
    assert "External extensions are not run on the embedded endpoint: watcher of the layer later." in function["notes"]
    samples = [json.loads(line) for line in (repository.out / "samples.jsonl").read_text().splitlines()]
    assert {one["outcome"] for one in samples} == {"ok"}
