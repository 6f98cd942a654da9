"""What stands for a target branch whose code a step of the workflow builds, on this side only."""

import subprocess

import pytest

from lambdabot.github.event import Context
from lambdabot.pipeline.pairs import pair_all
from lambdabot.pipeline.terms import terms
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.workspace import Workspace

SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: esbuild, BuildProperties: {Minify: false}}
    Properties:
      CodeUri: hello
      Handler: app.handler
      Runtime: nodejs20.x
"""
BUILT = SAM.replace("CodeUri: hello", "CodeUri: Hello")
HEAD = {"template.yaml": SAM + "      MemorySize: 512\n", "hello/app.ts": "export const a = 1\n", "README.md": "Old\n"}


class Repository:
    """A real git repository with one commit of the target branch and one of a pull request."""

    def __init__(self, root):
        self.root = root
        root.mkdir()
        self._git("init", "--quiet")
        (root / ".gitignore").write_text(".aws-sam\ndist\n")
        (root / "lambdabot.yml").write_text("version: 1\n")

    def commit(self, files):
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        self._git("add", "--all")
        self._git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "change")

    def pair(self):
        inputs = Inputs(
            config=self.root / "lambdabot.yml", workspace=Workspace(self.root), base="HEAD~1", endpoint="local"
        )
        settings = load(inputs, discover=discover)
        (found,) = pair_all(terms(settings, Context(), self.root.parent / "work"))
        return found

    def _git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True)  # noqa: S607  # the developer's own git


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


@pytest.fixture
def sam(repository):
    """Return the pair of a function that `sam build` built on the pull request's side, after a change."""
    repository.commit(HEAD)

    def of(change):
        repository.commit(change)
        build = {".aws-sam/build/template.yaml": BUILT, ".aws-sam/build/Hello/app.js": "exports.handler = 1\n"}
        for name, text in build.items():
            (repository.root / name).parent.mkdir(parents=True, exist_ok=True)
            (repository.root / name).write_text(text)
        return repository.pair()

    return of


@pytest.mark.parametrize(
    "change",
    [
        {"template.yaml": SAM + "      MemorySize: 1024\n"},
        {"template.yaml": SAM},
        {"template.yaml": SAM + "      MemorySize: 512\n      Timeout: 9 # longer\n      Architectures: [arm64]\n"},
        {"README.md": "New\n", ".github/dependabot.yml": "version: 2\n", "lambdabot.yml": "version: 1\n# new\n"},
    ],
    ids=["another memory", "no memory", "timeout and architecture", "words"],
)
def test_a_change_of_settings_alone_is_compared_with_the_same_package(sam, repository, change):
    pair = sam(change)

    assert pair.base.code.source == pair.head.code.source == repository.root / ".aws-sam" / "build" / "Hello"
    assert pair.base.setup.current.memory_mb == 512
    assert "No file that a build takes differs, so this side's build stands for both." in pair.notes[0]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"hello/app.ts": "export const a = 2\n"}, "hello/app.ts"),
        ({"hello/more.ts": ""}, "hello/more.ts"),
        ({".github/workflows/build.yml": "on: push\n"}, ".github/workflows/build.yml"),
        ({"template.yaml": HEAD["template.yaml"].replace("Minify: false", "Minify: true")}, "template.yaml"),
        ({"template.yaml": HEAD["template.yaml"].replace("Handler: app", "Handler: ./app")}, "template.yaml"),
    ],
    ids=["code", "new file", "workflow", "build", "handler"],
)
def test_a_change_of_what_a_build_takes_needs_a_build_of_the_base_and_says_how(sam, change, differs):
    pair = sam(change)

    assert pair.base is None
    assert "is not built here: " in pair.no_base
    assert f"`{differs}` differs, so it needs a build of its own" in pair.no_base
    assert "- run: git worktree add --detach .lambdabot-base" in pair.no_base
    assert "- run: sam build\n        working-directory: .lambdabot-base\n" in pair.no_base
    assert pair.no_base.endswith("and name its folder: `base: .lambdabot-base`.")


def test_code_that_runs_as_it_lies_is_not_compared_with_a_build(repository):
    python = SAM.replace("nodejs20.x", "python3.13")
    repository.commit({"template.yaml": python, "hello/app.py": "def handler(event, context): return 1\n"})
    repository.commit({"hello/app.py": "def handler(event, context): return 2\n"})
    build = {"template.yaml": python.replace("CodeUri: hello", "CodeUri: Hello"), "Hello/app.py": "handler = 2\n"}
    for name, text in build.items():
        (repository.root / ".aws-sam" / "build" / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.root / ".aws-sam" / "build" / name).write_text(text)

    pair = repository.pair()

    assert pair.base is None
    assert "is not built here, where this side is" in pair.no_base
    assert "`hello/app.py` differs" in pair.no_base


def test_a_folder_that_a_template_names_is_built_by_the_projects_own_command(repository):
    named = SAM.replace("CodeUri: hello", "CodeUri: dist").replace("nodejs20.x", "python3.13")
    repository.commit({"template.yaml": named, "Makefile": "build: src\n\tcp src/app.py dist\n", "src/app.py": "1\n"})
    repository.commit({"src/app.py": "2\n"})
    (repository.root / "dist").mkdir()
    (repository.root / "dist" / "app.py").write_text("def handler(event, context): return 1\n")

    pair = repository.pair()

    assert "its code `dist` does not exist here: run `make build` before lambdabot" in pair.no_base
    assert "- run: make build\n        working-directory: .lambdabot-base\n" in pair.no_base


def test_what_lambdabot_yml_names_is_built_by_the_projects_own_command(repository):
    own = "version: 1\nfunctions:\n  hello: {source: dist, handler: app.handler, runtime: nodejs20.x}\n"
    package = '{"scripts": {"build": "tsc"}}'
    repository.commit({"lambdabot.yml": own, "src/app.ts": "1\n", "package.json": package, "package-lock.json": "{}"})
    repository.commit({"src/app.ts": "2\n"})
    (repository.root / "dist").mkdir()
    (repository.root / "dist" / "app.js").write_text("exports.handler = 1\n")

    pair = repository.pair()

    assert pair.base is None
    assert "`src/app.ts` differs" in pair.no_base
    assert "- run: npm ci && npm run build\n" in pair.no_base
    assert str(repository.root.parent) not in pair.no_base


CDK = """{"Resources": {"Orders1": {"Type": "AWS::Lambda::Function", "Metadata": {
 "aws:cdk:path": "Shop/Orders/Resource", "aws:asset:path": "asset.1"},
 "Properties": {"Handler": "app.handler", "Runtime": "python3.13", "MemorySize": 512}}}}"""


@pytest.mark.parametrize(("change", "same"), [("README.md", True), ("lib/shop.ts", False)])
def test_a_template_that_a_program_makes_is_the_bases_where_the_program_is_the_same(repository, change, same):
    (repository.root / ".gitignore").write_text("cdk.out\n")
    repository.commit({"cdk.json": "{}", "lib/shop.ts": "1\n", "README.md": "1\n"})
    repository.commit({change: "2\n"})
    made = {"Shop.template.json": CDK, "asset.1/app.py": "def handler(event, context): return 1\n"}
    for name, text in made.items():
        (repository.root / "cdk.out" / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.root / "cdk.out" / name).write_text(text)

    pair = repository.pair()

    assert (pair.base is not None) == same
    assert not pair.new
    if same:
        assert pair.base.code.source == pair.head.code.source
    else:
        assert "`lib/shop.ts` differs" in pair.no_base
        assert "- run: npx cdk synth\n        working-directory: .lambdabot-base\n" in pair.no_base
