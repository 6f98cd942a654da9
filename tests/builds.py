"""Projects as they lie there before and after their build, and what lambdabot is to say of each: one row a kind."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambdabot.project.discovery import discover
from lambdabot.settings.declared import complete
from lambdabot.settings.yaml_source import read
from lambdabot.workspace import Workspace

Files = Mapping[str, "str | Files"]
"""Texts by their place in the project; a mapping stands for a zip."""

PYTHON = "def handler(event, context):\n    return 1\n"
NODE = "exports.handler = async () => 1\n"
SETTINGS = "version: 1\n"


@dataclass(frozen=True, slots=True)
class Project:
    """A repository, and what is measured of it."""

    kind: str
    files: Files
    code: Mapping[str, str] = field(default_factory=dict)  # of each function that is measured, seen from the project
    told: Mapping[str, str] = field(default_factory=dict)  # of each function that is left out, a part of why
    notes: tuple[str, ...] = ()  # a part of each line on what is not read

    def write(self, root: Path) -> None:
        """Write its files below a folder."""
        for name, content in {"lambdabot.yml": SETTINGS, **self.files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else zipped(content))


@dataclass(frozen=True, slots=True)
class Said:
    """What lambdabot says of a project."""

    code: Mapping[str, str]
    told: Mapping[str, str]
    notes: tuple[str, ...]


def said(root: Path) -> Said:
    """Return what is said of the project in a folder before anything of it is measured."""
    workspace = Workspace(root)
    declared = complete(read(root / "lambdabot.yml", workspace), discover(root, None, workspace), workspace)
    functions = declared.source.data["functions"]
    return Said(
        code={name: one["source"] for name, one in functions.items() if name not in declared.left_out},
        told=declared.left_out,
        notes=declared.notes,
    )


def zipped(files: Files) -> bytes:
    """Return a zip of some texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text if isinstance(text, str) else zipped(text))
    return buffer.getvalue()


def sam(uri: str, handler: str, runtime: str, **more: str) -> str:
    """Return a template with one function, `Hello`."""
    extra = "".join(f"      {key}: {value}\n" for key, value in more.items())
    return (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Hello:\n    Type: AWS::Serverless::Function\n"
        f"    Properties:\n      CodeUri: {uri}\n      Handler: {handler}\n      Runtime: {runtime}\n{extra}"
    )


def serverless(functions: str, runtime: str = "nodejs20.x", top: str = "") -> str:
    """Return a service."""
    return f"service: shop\n{top}provider:\n  name: aws\n  runtime: {runtime}\nfunctions:\n{functions}"


def terraform(filename: str, handler: str, runtime: str) -> str:
    """Return a resource of Terraform, `hello`."""
    return (
        'resource "aws_lambda_function" "hello" {\n'
        f'  function_name = "hello"\n  filename = "{filename}"\n  handler = "{handler}"\n  runtime = "{runtime}"\n'
        '  role = "arn:aws:iam::123456789012:role/hello"\n}\n'
    )


def own(source: str, handler: str, runtime: str) -> str:
    """Return settings with a function of their own, `hello`."""
    return f"version: 1\nfunctions:\n  hello: {{source: {source}, handler: {handler}, runtime: {runtime}}}\n"


PACKAGE = '{"dependencies": {"uuid": "^9.0.0", "aws-sdk": "^2.0.0"}, "devDependencies": {"esbuild": "^0.19.0"}}'
SCRIPT = '{"scripts": {"build": "esbuild src/app.ts --outdir=dist"}}'
CDK = """\
Resources:
  Hello:
    Type: AWS::Lambda::Function
    Properties: {Code: {S3Bucket: b, S3Key: abc.zip}, Handler: app.handler, Runtime: python3.13}
    Metadata: {"aws:cdk:path": Shop/Hello/Resource, "aws:asset:path": asset.abc, "aws:asset:property": Code}
"""
USES_UUID = "const { v4 } = require('uuid')\nexports.handler = async () => v4()\n"

PROJECTS = (
    # What cannot run as it lies there.
    Project(
        "sam typescript",
        {"template.yaml": sam("hello", "app.handler", "nodejs20.x"), "hello/app.ts": "", "hello/package.json": "{}"},
        told={"Hello": "its code `hello` holds no `app.js`: run `sam build` before lambdabot"},
    ),
    Project(
        "sam typescript, with a layer by ARN",
        {
            "template.yaml": sam(
                "hello", "app.handler", "nodejs20.x", Layers="[arn:aws:lambda:us-east-1:123456789012:layer:tools:3]"
            ),
            "hello/app.ts": "",
        },
        told={"Hello": "holds no `app.js`: run `sam build` before lambdabot"},
    ),
    Project(
        "sam java",
        {
            "template.yaml": sam("App", "x.App::handle", "java21"),
            "App/build.gradle": "",
            "App/src/main/java/x/App.java": "",
        },
        told={"Hello": "holds no `x/App.class`: run `sam build` before lambdabot"},
    ),
    Project(
        "sam go",
        {"template.yaml": sam("api", "bootstrap", "provided.al2023"), "api/main.go": "package main"},
        told={"Hello": "holds no `bootstrap`: run `sam build` before lambdabot"},
    ),
    Project(
        "sam go 1.x",
        {"template.yaml": sam("api", "main", "go1.x"), "api/main.go": "package main"},
        told={"Hello": "holds no `main`: run `sam build` before lambdabot"},
    ),
    Project(
        "sam dotnet",
        {"template.yaml": sam("src", "Shop::Shop.Function::Handle", "dotnet8"), "src/Shop.csproj": ""},
        told={"Hello": "holds no `Shop.dll`: run `sam build` before lambdabot"},
    ),
    Project(
        "sam node.js, packages not installed",
        {
            "template.yaml": sam("hello", "app.handler", "nodejs20.x"),
            "hello/app.js": USES_UUID,
            "hello/package.json": PACKAGE,
        },
        told={"Hello": "imports `uuid`, which is not installed there: run `sam build` before lambdabot"},
    ),
    Project(
        "python handler that is not there",
        {"template.yaml": sam("src", "app.handler", "python3.13"), "src/other.py": PYTHON},
        told={"Hello": "holds no `app.py`: check its handler `app.handler`, or run `sam build` before lambdabot"},
    ),
    Project(
        "ruby handler that is not there",
        {"template.yaml": sam("src", "lib/app.Shop.handle", "ruby3.3"), "src/app.rb": ""},
        told={"Hello": "holds no `lib/app.rb`: check its handler"},
    ),
    Project(
        "serverless typescript with a plugin",
        {
            "serverless.yml": serverless(
                "  list:\n    handler: src/list.handler\n  add:\n    handler: src/add.handler\n",
                top="plugins:\n  - serverless-offline\n  - serverless-esbuild\n",
            ),
            "package.json": PACKAGE,
            "package-lock.json": "{}",
            "src/list.ts": "",
            "src/add.ts": "",
        },
        told={
            "list": "holds no `src/list.js`: the plugin `serverless-esbuild` builds it: "
            "run `npm ci && npx serverless package` before lambdabot",
            "add": "holds no `src/add.js`: the plugin `serverless-esbuild` builds it",
        },
    ),
    Project(
        "serverless, plugins as a mapping",
        {
            "api/serverless.yml": serverless(
                "  list:\n    handler: list.handler\n", top="plugins: {modules: [serverless-webpack]}\n"
            ),
            "api/list.ts": "",
        },
        told={"list": "the plugin `serverless-webpack` builds it: run `npx serverless package` in `api` before"},
    ),
    Project(
        "serverless node.js, packages not installed",
        {
            "serverless.yml": serverless("  list:\n    handler: src/list.handler\n"),
            "package.json": PACKAGE,
            "yarn.lock": "",
            "src/list.js": "import { get } from './ids.mjs'\nexport const handler = get\n",
            "src/ids.mjs": "import { v4 } from 'uuid'\nexport const get = async () => v4()\n",
        },
        told={"list": "imports `uuid`, which is not installed there: run `yarn install --frozen-lockfile` before"},
    ),
    Project(
        "serverless node.js with a plugin, packages not installed",
        {
            "serverless.yml": serverless("  list:\n    handler: list.handler\n", top="plugins: [serverless-webpack]\n"),
            "package.json": PACKAGE,
            "list.js": USES_UUID,
        },
        told={"list": "is not installed there: run `npm install && npx serverless package` before lambdabot"},
    ),
    Project(
        "terraform zip that is not built",
        {
            "main.tf": terraform("dist/hello.zip", "app.handler", "nodejs20.x"),
            "package.json": SCRIPT,
            "src/app.ts": "",
        },
        told={"hello": "its code `dist/hello.zip` does not exist here: run `npm install && npm run build` before"},
    ),
    Project(
        "terraform zip by the script that packs it",
        {
            "main.tf": terraform("hello.zip", "app.handler", "nodejs20.x"),
            "package.json": '{"scripts": {"build": "tsc", "ship": "aws s3 cp hello.zip s3://b # deploy", '
            '"dist": "npm run build && cd dist && zip ../hello.zip app.js"}}',
        },
        told={"hello": "does not exist here: run `npm install && npm run dist` before lambdabot"},
    ),
    Project(
        "terraform zip by make",
        {
            "main.tf": terraform("hello.zip", "app.handler", "python3.13"),
            "Makefile": "package: app.py\n\tzip hello.zip\n",
        },
        told={"hello": "its code `hello.zip` does not exist here: run `make package` before lambdabot"},
    ),
    Project(
        "cloudformation java by maven",
        {
            "stack.yaml": sam("target/shop.jar", "x.App", "java21")
            .replace("Serverless::Function", "Lambda::Function")
            .replace("CodeUri", "Code"),
            "pom.xml": "",
        },
        told={"Hello": "its code `target/shop.jar` does not exist here: run `mvn package` before lambdabot"},
    ),
    Project(
        "rust by hand",
        {"lambdabot.yml": own("api", "bootstrap", "provided.al2023"), "api/Cargo.toml": "", "api/src/main.rs": ""},
        told={"hello": "holds no `bootstrap`: run `cargo lambda build --release` in `api` before lambdabot"},
    ),
    Project(
        "dotnet by hand",
        {"lambdabot.yml": own("api", "Shop", "dotnet8"), "api/Shop.csproj": ""},
        told={"hello": "holds no `Shop.dll`: run `dotnet publish --configuration Release` in `api` before"},
    ),
    Project(
        "typescript by hand, without a script",
        {
            "lambdabot.yml": own("api", "app.handler", "nodejs20.x"),
            "api/app.ts": "",
            "api/tsconfig.json": "{}",
            "api/package.json": "{}",
            "api/pnpm-lock.yaml": "",
        },
        told={"hello": "holds no `app.js`: run `pnpm install --frozen-lockfile && npx tsc` in `api` before lambdabot"},
    ),
    Project(
        "a zip without the handler",
        {"lambdabot.yml": own("hello.zip", "app.handler", "nodejs20.x"), "hello.zip": {"src/app.js": NODE}},
        told={"hello": "its code `hello.zip` holds no `app.js`: check its handler `app.handler`, or build it before"},
    ),
    Project(
        "sam, a template of another name",
        {"sam.yml": sam("App", "x.App", "java21"), "App/pom.xml": "", "App/src/main/java/x/App.java": ""},
        told={"Hello": "holds no `x/App.class`: run `sam build --template-file sam.yml` before lambdabot"},
    ),
    Project(
        "serverless, a service of another name",
        {
            "serverless-eu.yml": serverless("  list:\n    handler: list.handler\n"),
            "list.ts": "",
            "package.json": "{}",
        },
        told={"list": "run `npm install && npx serverless package --config serverless-eu.yml` before lambdabot"},
    ),
    Project(
        "serverless go by make",
        {
            "serverless.yml": serverless("  list:\n    handler: bin/list\n", runtime="go1.x"),
            "list/main.go": "",
            "Makefile": "build:\n\tgo build -o bin/list ./list\n",
        },
        told={"list": "holds no `bin/list`: run `make build && npx serverless package` before lambdabot"},
    ),
    Project(
        "serverless go by a plugin",
        {
            "serverless.yml": serverless(
                "  list:\n    handler: list/main.go\n",
                runtime="provided.al2023",
                top="plugins: [serverless-go-plugin]\n",
            ),
            "list/main.go": "",
            "Makefile": "build:\n",
        },
        told={"list": "the plugin `serverless-go-plugin` builds it: run `npx serverless package` before lambdabot"},
    ),
    Project(
        "a part of a gradle project",
        {
            "template.yaml": sam("api/build/distributions/api.zip", "x.App", "java21"),
            "gradlew": "",
            "api/build.gradle": "",
        },
        told={"Hello": "does not exist here: run `../gradlew build` in `api` before lambdabot"},
    ),
    Project(
        "a maven project with its wrapper",
        {"template.yaml": sam("target/shop.jar", "x.App", "java21"), "mvnw": "", "pom.xml": ""},
        told={"Hello": "does not exist here: run `./mvnw package` before lambdabot"},
    ),
    Project(
        "a makefile whose first rule deploys",
        {
            "template.yaml": sam("target/shop", "bootstrap", "provided.al2023"),
            "Makefile": "all: build deploy\ndeploy:\n\tsam deploy\nbuild:\n\tcargo lambda build\n",
            "alone/template.yaml": sam("target/shop", "bootstrap", "provided.al2023").replace("Hello", "Other"),
            "alone/Makefile": "all: compile deploy\n",
            "alone/Cargo.toml": "",
        },
        told={
            "Hello": "does not exist here: run `make build` before lambdabot",
            "Other": "does not exist here: run `cargo lambda build --release` in `alone` before lambdabot",
        },
    ),
    Project(
        "packages of a workspace",
        {
            "package.json": '{"workspaces": ["services/*"]}',
            "yarn.lock": "",
            "services/a/main.tf": terraform("a.zip", "app.handler", "nodejs20.x").replace('"hello"', '"a"'),
            "services/a/package.json": SCRIPT,
            "tools/b/main.tf": terraform("b.zip", "app.handler", "nodejs20.x").replace('"hello"', '"b"'),
            "tools/b/package.json": SCRIPT,
            "c/pnpm-workspace.yaml": "packages: [d]\n",
            "c/pnpm-lock.yaml": "",
            "c/d/main.tf": terraform("d.zip", "app.handler", "nodejs20.x").replace('"hello"', '"d"'),
            "c/d/package.json": SCRIPT,
            "e/bun.lock": "",
            "e/main.tf": terraform("e.zip", "app.handler", "nodejs20.x").replace('"hello"', '"e"'),
            "e/package.json": SCRIPT,
        },
        told={
            "a": "run `yarn install --frozen-lockfile && npm run build` in `services/a` before",
            "b": "run `npm install && npm run build` in `tools/b` before",
            "d": "run `pnpm install --frozen-lockfile && npm run build` in `c/d` before",
            "e": "run `bun install --frozen-lockfile && npm run build` in `e` before",
        },
    ),
    Project(
        "a synthesized template that was taken out of its app",
        {
            "app/cdk.json": "{}",
            "app/template.yml": CDK,
            "elsewhere/template.yml": CDK.replace("Hello", "Other"),
        },
        told={
            "Hello": "does not exist here: run `npx cdk synth` in `app` before lambdabot",
            "Other": "does not exist here: build it before lambdabot runs, or give `source` in lambdabot.yml",
        },
        notes=("is a CDK app that is not synthesized",),
    ),
    Project(
        "node.js with the other generation of the SDK",
        {
            "lambdabot.yml": "version: 1\nfunctions:\n"
            "  two: {source: a, handler: two.handler, runtime: nodejs20.x}\n"
            "  before: {source: a, handler: two.handler, runtime: nodejs16.x}\n"
            "  three: {source: a, handler: three.handler, runtime: nodejs16.x}\n"
            "  later: {source: a, handler: three.handler, runtime: nodejs18.x}\n"
            "  where_needed: {source: a, handler: maybe.handler, runtime: nodejs20.x}\n"
            "  listed: {source: b, handler: two.handler, runtime: nodejs20.x}\n"
            "  installed: {source: c, handler: two.handler, runtime: nodejs20.x}\n",
            "a/two.js": "const s3 = require('aws-sdk/clients/s3')\n",
            "a/three.mjs": "import { S3 } from '@aws-sdk/client-s3'\n",
            "a/maybe.js": "// const old = require('aws-sdk')\ntry {\n  require('aws-sdk')\n} catch {}\n",
            "b/two.js": "const AWS = require('aws-sdk')\n",
            "b/package.json": PACKAGE,
            "c/two.js": "const AWS = require('aws-sdk')\n",
            "c/node_modules/aws-sdk/package.json": "{}",
        },
        code={"before": "a", "later": "a", "where_needed": "a", "installed": "c"},
        told={
            "two": "imports `aws-sdk`, which is not installed there, nor part of nodejs20.x: "
            "add `aws-sdk` to package.json, and run `npm install` in `a` before lambdabot",
            "three": "imports `@aws-sdk/client-s3`, which is not installed there, nor part of nodejs16.x: add",
            "listed": "imports `aws-sdk`, which is not installed there: run `npm install` in `b` before lambdabot",
        },
    ),
    Project(
        "folders that have the names of files",
        {
            "lambdabot.yml": "version: 1\nfunctions:\n"
            "  dotnet: {source: shop, handler: Shop, runtime: dotnet8}\n"
            "  node: {source: shop, handler: routes.get, runtime: nodejs22.x}\n"
            "  own: {source: shop, handler: x, runtime: provided.al2023}\n",
            "shop/Shop/Shop.csproj": "",
            "shop/routes/get.js": NODE,
            "shop/bootstrap/main.go": "",
        },
        told={"dotnet": "holds no `Shop.dll`", "node": "holds no `routes.js`", "own": "holds no `bootstrap`"},
    ),
    Project(
        "a handler beside the package",
        {"lambdabot.yml": own("src", "../app.handler", "nodejs22.x"), "app.js": NODE, "src/x": ""},
        told={"hello": "its code `src` holds no `../app.js`"},
    ),
    Project(
        "a handler longer than a name can be",
        {"template.yaml": sam("src", "h" * 300 + ".handler", "python3.13"), "src/app.py": PYTHON},
        told={"Hello": "`handler`: must be a handler as in `app.handler`"},
    ),
    Project(
        "named in lambdabot.yml, and not built",
        {
            "lambdabot.yml": "version: 1\nfunctions:\n  Hello: {environment: {A: b}}\n",
            "template.yaml": sam("dist", "app.handler", "python3.13"),
            "good/template.yaml": sam(".", "app.handler", "python3.13"),
            "good/app.py": PYTHON,
        },
        code={"good-Hello": "good"},
        told={"Hello": "its code `dist` does not exist here"},
    ),
    Project(
        "serverless artifact that is not there",
        {
            "serverless.yml": serverless(
                "  list:\n    handler: list.handler\n", top="package: {artifact: bin/shop.zip}\n"
            )
        },
        told={"list": "its code `bin/shop.zip` does not exist here: build it before lambdabot runs"},
    ),
    # What can.
    Project(
        "sam built",
        {
            "template.yaml": sam("hello", "app.handler", "nodejs20.x"),
            "hello/app.ts": "",
            ".aws-sam/build/template.yaml": sam("Hello", "app.handler", "nodejs20.x"),
            ".aws-sam/build/Hello/app.js": NODE,
        },
        code={"Hello": ".aws-sam/build/Hello"},
    ),
    Project(
        "sam built from further up",
        {
            "api/template.yaml": sam("hello", "app.handler", "nodejs20.x"),
            "api/hello/app.ts": "",
            ".aws-sam/build/template.yaml": sam("Hello", "app.handler", "nodejs20.x"),
            ".aws-sam/build/Hello/app.js": NODE,
            "other/template.yaml": sam(".", "app.handler", "python3.13").replace("Hello", "Other"),
            "other/app.py": PYTHON,
        },
        code={"Hello": ".aws-sam/build/Hello", "Other": "other"},
    ),
    Project(
        "sam built, in a stack of a stack",
        {
            "template.yaml": "Resources:\n  Inner:\n    Type: AWS::Serverless::Application\n"
            "    Properties: {Location: inner/stack.yaml}\n",
            "inner/stack.yaml": sam("src", "x.App", "java21"),
            "inner/src/main/java/x/App.java": "",
            ".aws-sam/build/template.yaml": "Resources:\n  Inner:\n    Type: AWS::Serverless::Application\n"
            "    Properties: {Location: Inner/template.yaml}\n",
            ".aws-sam/build/Inner/template.yaml": sam("Hello", "x.App", "java21"),
            ".aws-sam/build/Inner/Hello/x/App.class": "",
        },
        code={"Hello": ".aws-sam/build/Inner/Hello"},
    ),
    Project(
        "sam built, without one function",
        {
            "template.yaml": sam("hello", "app.handler", "python3.13"),
            "hello/app.py": PYTHON,
            ".aws-sam/build/template.yaml": sam("Gone", "app.handler", "python3.13"),
        },
        code={"Hello": "hello"},
    ),
    Project(
        "serverless packaged",
        {
            "serverless.yml": serverless(
                "  list:\n    handler: src/list.handler\n", top="plugins: [serverless-esbuild]\n"
            ),
            "src/list.ts": "",
            ".serverless/shop.zip": {"src/list.js": NODE},
        },
        code={"list": ".serverless/shop.zip"},
    ),
    Project(
        "serverless packaged, one zip for each",
        {
            "serverless.yml": serverless(
                "  list:\n    handler: src/list.handler\n  add:\n    handler: src/add.handler\n",
                top="package: {individually: true}\n",
            ),
            "src/list.ts": "",
            "src/add.ts": "",
            ".serverless/list.zip": {"src/list.js": NODE},
            ".serverless/shop-add.zip": {"src/add.js": NODE},
            ".serverless/serverless-state.json": '{"service": {"functions": {"add": {"package": '
            '{"artifact": "/home/runner/work/shop/.serverless/shop-add.zip"}}}}}',
        },
        code={"list": ".serverless/list.zip", "add": ".serverless/shop-add.zip"},
    ),
    Project(
        "serverless packaged, by the name of a zip alone",
        {
            "serverless.yml": serverless("  list:\n    handler: src/list.handler\n"),
            "src/list.js": NODE,
            ".serverless/shop.zip": "cut off",
        },
        code={"list": "."},
    ),
    Project(
        "serverless state that leads elsewhere",
        {
            "serverless.yml": serverless("  list:\n    handler: src/list.handler\n"),
            "src/list.js": NODE,
            "other.zip": {"src/list.js": NODE},
            ".serverless/serverless-state.json": '{"package": {"artifact": "../other.zip"}}',
        },
        code={"list": "."},
    ),
    Project(
        "a jar",
        {"template.yaml": sam("target/shop.jar", "x.App::handle", "java21"), "target/shop.jar": {"x/App.class": ""}},
        code={"Hello": "target/shop.jar"},
    ),
    Project(
        "java with its jars beside",
        {"lambdabot.yml": own("shop.zip", "x.App", "java21"), "shop.zip": {"lib/shop.jar": {"x/App.class": ""}}},
        code={"hello": "shop.zip"},
    ),
    Project(
        "an own runtime",
        {"lambdabot.yml": own("api", "hello", "provided.al2023"), "api/bootstrap": "#!/bin/sh\n"},
        code={"hello": "api"},
    ),
    Project(
        "an own runtime of a layer",
        {
            "template.yaml": sam(
                "api", "index.php", "provided.al2023", Layers="[arn:aws:lambda:us-east-1:123456789012:layer:php:3]"
            ),
            "api/index.php": "",
            "api/Makefile": "test:\n\tphpunit\n",
        },
        code={"Hello": "api"},
    ),
    Project(
        "a handler of a layer",
        {
            "template.yaml": sam(
                "src", "wrapper.handler", "python3.13", Layers="[arn:aws:lambda:us-east-1:123456789012:layer:dd:3]"
            ),
            "src/app.py": PYTHON,
        },
        code={"Hello": "src"},
    ),
    Project(
        "a handler of a dependency",
        {
            "lambdabot.yml": own("src", "shop_handlers.orders.handle", "python3.13"),
            "src/requirements.txt": "# ours\nshop-handlers[fast]>=2 ; python_version > '3'\n",
        },
        code={"hello": "src"},
    ),
    Project(
        "python packages and compiled modules",
        {
            "lambdabot.yml": "version: 1\nfunctions:\n"
            "  package: {source: a, handler: shop.handler}\n  dotted: {source: a, handler: shop.orders.handler}\n"
            "  slashed: {source: a, handler: shop/orders.handler}\n  compiled: {source: a, handler: fast.handler}\n",
            "a/shop/__init__.py": PYTHON,
            "a/shop/orders.py": PYTHON,
            "a/fast.cpython-313-x86_64-linux-gnu.so": "",
        },
        code=dict.fromkeys(("package", "dotted", "slashed", "compiled"), "a"),
    ),
    Project(
        "node.js modules of every kind",
        {
            "lambdabot.yml": "version: 1\ndefaults: {runtime: nodejs22.x}\nfunctions:\n"
            "  esm: {source: a, handler: one.handler}\n  cjs: {source: a, handler: two.handler}\n"
            "  folder: {source: a, handler: three.handler}\n"
            "  nested: {source: a, handler: four/app.routes.get}\n  package: {source: a, handler: wrapped.handler}\n",
            "a/one.mjs": "",
            "a/two.cjs": "",
            "a/three/index.js": "",
            "a/four/app.js": "",
            "a/node_modules/wrapped/package.json": "{}",
        },
        code=dict.fromkeys(("esm", "cjs", "folder", "nested", "package"), "a"),
    ),
    Project(
        "packages that have the names of node.js's own modules",
        {
            "lambdabot.yml": own("a", "app.handler", "nodejs20.x"),
            "a/app.js": "const crypto = require('crypto')\nconst { Readable } = require('stream')\n" + NODE,
            "a/package.json": '{"dependencies": {"crypto": "^1.0.1", "stream": "0.0.2"}}',
        },
        code={"hello": "a"},
    ),
    Project(
        "node.js packages that are installed, of the runtime, or of the build",
        {
            "lambdabot.yml": own("a", "app.handler", "nodejs20.x"),
            "a/app.js": USES_UUID
            + "require('@aws-sdk/client-s3'); require('node:fs'); require('esbuild'); require('./x')\n",
            "a/package.json": PACKAGE,
            "a/node_modules/uuid/package.json": "{}",
        },
        code={"hello": "a"},
    ),
    Project(
        "a bundle beside its package.json",
        {
            "lambdabot.yml": own("a", "app.handler", "nodejs20.x"),
            "a/app.js": NODE + "// const { v4 } = require('uuid')\n/**\n * import('uuid')\n */\n",
            "a/test.js": USES_UUID,
            "a/package.json": PACKAGE,
        },
        code={"hello": "a"},
    ),
    Project(
        "dotnet published",
        {"lambdabot.yml": own("out", "Shop::Shop.Function::Handle", "dotnet8"), "out/Shop.dll": ""},
        code={"hello": "out"},
    ),
    Project(
        "ruby",
        {"lambdabot.yml": own("a", "lib/app.Shop.handle", "ruby3.3"), "a/lib/app.rb": ""},
        code={"hello": "a"},
    ),
    Project(
        "a runtime that nobody knows yet",
        {"lambdabot.yml": own("a", "app.handler", "python9.99"), "a/app.py": PYTHON},
        code={"hello": "a"},
    ),
    # What only its own tool can read.
    Project(
        "cdk, not synthesized",
        {"cdk.json": '{"app": "npx ts-node bin/app.ts"}', "package.json": "{}", "package-lock.json": "{}"},
        notes=("cdk.json:1: is a CDK app that is not synthesized: run `npm ci && npx cdk synth` there before",),
    ),
    Project(
        "cdk, synthesized in stages",
        {"cdk.json": "{}", "cdk.out/manifest.json": "{}", "cdk.out/assembly-Prod/ProdShop.template.json": "{}"},
    ),
    Project(
        "cdk, whose output is outside",
        {"app/cdk.json": '{"output": "../.."}', "app/x": ""},
        notes=("is a CDK app that is not synthesized",),
    ),
    Project(
        "cdk, whose output is another folder",
        {"cdk.json": '{"output": "."}'},
        notes=("is a CDK app that is not synthesized",),
    ),
    Project(
        "cdk, synthesized elsewhere",
        {"cdk.json": '{"output": "made"}', "made/Shop.template.json": "{}"},
    ),
    Project(
        "programs",
        {
            "a/sst.config.ts": "",
            "b/Pulumi.yaml": "",
            "c/app.py": "",
            "c/.chalice/config.json": "{}",
            "d/zappa_settings.json": "{}",
            "e/amplify/backend.ts": "",
            "f/app.arc": "",
            "g/terragrunt.hcl": 'terraform { source = "../lambda" }',
            "h/terragrunt.hcl": 'terraform { source = "../network" }',
            "i/backend.ts": "",
            "j/app.py": "",
        },
        notes=(
            "a/sst.config.ts:1: is an SST app",
            "b/Pulumi.yaml:1: is a Pulumi project",
            "c/app.py:1: is a Chalice app: run `chalice package packaged` there before lambdabot",
            "d/zappa_settings.json:1: is a Zappa project",
            "e/amplify/backend.ts:1: is an Amplify backend",
            "f/app.arc:1: is an Architect app",
            "g/terragrunt.hcl:1: is Terragrunt",
        ),
    ),
    Project(
        "many apps",
        {f"{name}/cdk.json": "{}" for name in "abcdefg"},
        notes=(
            (
                "a/cdk.json:1: is a CDK app that is not synthesized: run `npx cdk synth` there before lambdabot "
                "(6 more: b/cdk.json, c/cdk.json, d/cdk.json, e/cdk.json, …)"
            ),
        ),
    ),
)
