"""From `init` to `apply` on code that real tools build, on both sides: AWS SAM CLI, AWS CDK, Serverless Framework."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from lambdabot.cli import main
from tests import provided
from tests.tools import real_tool, sam

PYTHON = f"python3.{sys.version_info.minor}"

# Who waits needs no memory: a smaller size is cheaper, whatever the machine does.
FAST, SLOW = (f"import time\n\n\ndef work():\n    time.sleep({seconds})\n" for seconds in (0.01, 0.1))
FAST_TS, SLOW_TS = (
    "export const handler = async (): Promise<number> => "
    f"new Promise<number>(resolve => {{ setTimeout(() => resolve(1), {ms}) }})\n"
    for ms in (10, 100)
)
FAST_C, SLOW_C = (
    provided.SOURCE.read_text().replace("    int fails", f"    usleep({us});\n    int fails")
    for us in (10_000, 100_000)
)
HANDLER = "from helper import work\n\n\ndef handler(event, context):\n    return work()\n"

SETTINGS = """\
version: 1
defaults: {memory_mb: [128, 512], architectures: [x86_64], budget: {invocations: 120, minutes: 2}}
"""


class Project:
    """A real git repository, whose target branch is built in a folder beside it as the workflow of `init` does."""

    def __init__(self, root: Path, tools: list[Path]) -> None:
        self.root = root
        self.home = root.parent / "home"
        self.home.mkdir()
        self._path = ":".join([*map(str, tools), str(Path(sys.executable).parent), os.environ["PATH"]])

    def commit(self, files: dict[str, str]) -> None:
        if not (self.root / ".git").exists():
            self.call("git", "init", "--quiet")
        self.write(files)
        self.call("git", "add", "--all")
        self.call("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "change")

    def write(self, files: dict[str, str], folder: str = ".") -> None:
        for name, text in files.items():
            path = self.root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def call(self, *command: str, folder: str = ".") -> None:
        environment = {"PATH": self._path, "HOME": str(self.home), "TMPDIR": str(self.home), "CI": "1"}
        environment |= {"SAM_CLI_TELEMETRY": "0", "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
        made = subprocess.run(
            command, cwd=self.root / folder, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert made.returncode == 0, made.stdout + made.stderr

    def build_both(self, *command: str, links: Mapping[str, Path] = MappingProxyType({})) -> None:
        self.call("git", "worktree", "add", "--detach", ".lambdabot-base", "HEAD^1")
        for name, target in links.items():
            (self.root / ".lambdabot-base" / name).symlink_to(target)
        for folder in (".", ".lambdabot-base"):
            self.call(*command, folder=folder)

    def run(self, *more: str) -> tuple[int, dict[str, Any]]:
        code = main(["run", "--endpoint", "local", "--base", ".lambdabot-base", "--out", "out", *more])
        report = json.loads((self.root / "out" / "report.json").read_text())
        return code, {one["name"]: one for one in report["functions"]}


@pytest.fixture
def project(tmp_path, monkeypatch):
    root = tmp_path / "work"
    root.mkdir()
    monkeypatch.chdir(root)
    for name in ("GITHUB_ACTIONS", "GITHUB_REPOSITORY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def of(*tools: Path) -> Project:
        return Project(root, list(tools))

    return of


SAM = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Timeout: 9}
Resources:
  Python:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello/
      Handler: app.handler
      Runtime: PYTHON
      MemorySize: 512
  TypeScript:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: esbuild, BuildProperties: {EntryPoints: [app.ts]}}
    Properties: {CodeUri: typescript/, Handler: app.handler, Runtime: nodejs22.x, MemorySize: 512}
  Own:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties: {CodeUri: own/, Handler: bootstrap, Runtime: provided.al2023, MemorySize: 512}
  Jar:
    Type: AWS::Serverless::Function
    Metadata: {SkipBuild: true}
    Properties: {CodeUri: jar/shop.jar, Handler: "x.App::handle", Runtime: java21}
""".replace("PYTHON", PYTHON)


def test_sam_builds_python_typescript_an_own_runtime_and_a_jar(project, capsys):
    repository = project(real_tool("cdk") / ".bin", sam().parent)
    (repository.root / "jar").mkdir()
    with zipfile.ZipFile(repository.root / "jar" / "shop.jar", "w") as jar:
        jar.writestr("x/App.class", b"\xca\xfe\xba\xbe")
    repository.commit(
        {
            "template.yaml": SAM,
            ".gitignore": ".aws-sam\nout\n.lambdabot-base\n",
            "lambdabot.yml": SETTINGS,
            "hello/app.py": HANDLER,
            "hello/helper.py": FAST,
            "hello/requirements.txt": "six==1.17.0\n",
            "typescript/app.ts": FAST_TS,
            "typescript/package.json": '{"name": "typescript", "version": "1.0.0"}',
            "own/Makefile": "build-Own:\n\tgcc -O1 -static -o $(ARTIFACTS_DIR)/bootstrap bootstrap.c\n",
            "own/bootstrap.c": FAST_C,
        }
    )
    repository.commit({"hello/helper.py": SLOW, "typescript/app.ts": SLOW_TS, "own/bootstrap.c": SLOW_C})

    assert main(["init"]) == 0
    said = capsys.readouterr().out
    assert "its code `typescript` holds no `app.js`: run `sam build` before lambdabot" in said
    assert "its code `own` holds no `bootstrap`: run `sam build` before lambdabot" in said
    assert 'run: "sam build"' in (repository.root / ".github/workflows/lambdabot.yml").read_text()

    repository.build_both("sam", "build")
    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0
    said = capsys.readouterr().out
    for what in (
        ".aws-sam/build/Python, app.handler in app.py",
        ".aws-sam/build/TypeScript, app.handler in app.js",
        ".aws-sam/build/Own, bootstrap in bootstrap",
        "jar/shop.jar, x.App::handle in x/App.class",
    ):
        assert f"  code         {what}\n" in said
    assert "is not measured" not in said

    code, functions = repository.run()
    assert code == 1
    verdicts = {name: one["comparison"]["verdict"] for name, one in functions.items()}
    assert verdicts == {**dict.fromkeys(("Python", "TypeScript", "Own"), "regression"), "Jar": "no change"}

    assert main(["apply", "--report", "out/report.json"]) == 0
    edited = (repository.root / "template.yaml").read_text()
    assert edited == SAM.replace("MemorySize: 512", "MemorySize: 128")


CDK = """\
import * as cdk from 'aws-cdk-lib'
import * as lambda from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import * as path from 'node:path'

const stack = new cdk.Stack(new cdk.App(), 'Shop')
new NodejsFunction(stack, 'Orders', {
  entry: path.join(process.cwd(), 'lambda/orders.ts'),
  runtime: lambda.Runtime.NODEJS_22_X,
  depsLockFilePath: path.join(process.cwd(), 'package-lock.json'),
})
new lambda.Function(stack, 'Mails', {
  code: lambda.Code.fromAsset('mails'),
  handler: 'app.handler',
  runtime: new lambda.Runtime('PYTHON'),
  memorySize: 512,
})
""".replace("PYTHON", PYTHON)


def test_cdk_synthesizes_a_typescript_app_with_a_bundled_function(project, capsys):
    modules = real_tool("cdk")
    repository = project(modules / ".bin")
    repository.root.joinpath("node_modules").symlink_to(modules)
    repository.commit(
        {
            ".gitignore": "cdk.out\nout\n.lambdabot-base\nnode_modules\n",
            "lambdabot.yml": SETTINGS,
            "cdk.json": '{"app": "tsx bin/app.ts"}',
            "package.json": "{}",
            "package-lock.json": "{}",
            "bin/app.ts": CDK,
            "lambda/orders.ts": FAST_TS,
            "mails/app.py": HANDLER,
            "mails/helper.py": FAST,
        }
    )
    repository.commit({"mails/helper.py": SLOW, "lambda/orders.ts": SLOW_TS})

    assert main(["init"]) == 0
    told = "cdk.json:1: is a CDK app that is not synthesized: run `npm ci && npx cdk synth` there before lambdabot"
    assert told in capsys.readouterr().out
    assert 'output: "cdk.out"' in (repository.root / ".github/workflows/lambdabot.yml").read_text()
    assert main(["run", "--endpoint", "local"]) == 2
    assert told in capsys.readouterr().err

    repository.build_both("cdk", "synth", "--quiet", links={"node_modules": modules})
    assert main(["run", "--dry-run", "--endpoint", "local"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Orders \(nodejs22\.x\)\n  code +cdk\.out/asset\.\w+, index\.handler in index\.js\n", said)
    assert re.search(r"Mails \(python3\.\d+\)\n  code +cdk\.out/asset\.\w+, app\.handler in app\.py\n", said)

    code, functions = repository.run()
    assert code == 1
    assert {name: one["comparison"]["verdict"] for name, one in functions.items()} == dict.fromkeys(
        ("Orders", "Mails"), "regression"
    )
    assert "change the construct `Shop/Mails/Resource`" in functions["Mails"]["edits_reason"]


SERVERLESS = """\
service: shop
plugins:
  - serverless-esbuild
provider:
  name: aws
  runtime: nodejs20.x
package:
  individually: true
functions:
  orders:
    handler: src/orders.handler
    memorySize: 512
  mails:
    runtime: PYTHON
    handler: mails/app.handler
    memorySize: 512
    package: {patterns: ["!**", "mails/**"]}
""".replace("PYTHON", PYTHON)


def test_serverless_packages_typescript_by_a_plugin_and_python_by_patterns(project, capsys):
    modules = real_tool("serverless")
    repository = project(modules / ".bin")
    repository.root.joinpath("node_modules").symlink_to(modules)
    repository.commit(
        {
            ".gitignore": ".serverless\n.esbuild\nout\n.lambdabot-base\nnode_modules\n",
            "serverless.yml": SERVERLESS,
            "package.json": "{}",
            "lambdabot.yml": SETTINGS,
            "src/orders.ts": FAST_TS,
            "mails/app.py": HANDLER.replace("helper", "mails.helper"),
            "mails/helper.py": FAST,
        }
    )
    repository.commit({"src/orders.ts": SLOW_TS, "mails/helper.py": SLOW})

    assert main(["init"]) == 0
    told = "holds no `src/orders.js`: the plugin `serverless-esbuild` builds it: run"
    assert told in capsys.readouterr().out

    repository.build_both("serverless", "package", links={"node_modules": modules})
    assert main(["run", "--dry-run", "--endpoint", "local", "--base", ".lambdabot-base"]) == 0
    said = capsys.readouterr().out
    assert "  code         .serverless/orders.zip, src/orders.handler in src/orders.js\n" in said
    assert "  .serverless/orders.zip -> orders\n" in said

    code, functions = repository.run()
    assert code == 1
    assert {name: one["comparison"]["verdict"] for name, one in functions.items()} == dict.fromkeys(
        ("orders", "mails"), "regression"
    )

    assert main(["apply", "--report", "out/report.json"]) == 0
    edited = (repository.root / "serverless.yml").read_text()
    assert edited == SERVERLESS.replace("memorySize: 512", "memorySize: 128")


@pytest.mark.parametrize(
    ("template", "holds"),
    [
        ("python", ""),
        ("nodejs", ""),
        ("ruby", ""),
        ("golang", "its code `hello-world` holds no `hello-world`"),
        ("dotnet", "its code `src/HelloWorld` holds no `HelloWorld.dll`"),
        ("java-gradle", "its code `HelloWorldFunction` holds no `helloworld/App.class`"),
        ("java-maven", "its code `HelloWorldFunction` holds no `helloworld/App.class`"),
    ],
)
def test_what_sam_init_makes_is_measured_or_told(project, capsys, monkeypatch, template, holds):
    """Those of its templates that AWS SAM CLI brings along; the others it would take from GitHub."""
    (templates,) = sam().parents[1].glob("lib/*/site-packages/samcli/lib/init/templates")
    repository = project(sam().parent)
    where = str(templates / f"cookiecutter-aws-sam-hello-{template}")
    repository.call("sam", "init", "--location", where, "--name", "app", "--no-input")
    monkeypatch.chdir(repository.root / "app")

    assert main(["init"]) == 0

    said = capsys.readouterr().out
    assert (f"{holds}: run `sam build` before lambdabot" in said) == bool(holds)
    assert ("HelloWorldFunction is not measured" in said) == bool(holds)
