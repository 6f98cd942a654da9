"""What is packaged of a service is what the Serverless Framework itself packages, file by file."""

import json
import zipfile

import pytest

from lambdabot import globs
from lambdabot.model import Stated
from lambdabot.packaging import archive
from lambdabot.project.discovery import discover
from lambdabot.workspace import Workspace
from tests.tools import node, real_tool

FILES = (
    "src/list.js",
    "src/get.js",
    "src/list.test.js",
    "src/deep/er/data.json",
    "docs/a.md",
    "README.md",
    ".gitignore",
    ".hidden/x",
    "npm-debug.log",
    ".env.local",
    "sub/npm-debug.log",
    "yarn-error.log",
    "layer/lib.js",
    "a{b}.txt",
    "shared.yml",
)

PACKAGES = {
    "uuid": {"bin": {"uuid": "bin.js"}, "dependencies": {"both": "1"}},
    "both": {"peerDependencies": {"peer": "1"}},
    "peer": {},
    "typescript": {"bin": {"tsc": "bin.js"}, "dependencies": {"both": "1", "dev-only": "1"}},
    "dev-only": {"bin": "bin.js"},
    "@types/node": {"dependencies": {"nested": "1"}},
    "@types/node/node_modules/nested": {},
    "nested": {"name": "nested"},
    "optional": {},
    "extraneous": {},
}
"""Below node_modules; `nested` is there twice, once for development alone."""

MANIFEST = {
    "name": "shop",
    "version": "1.0.0",
    "dependencies": {"uuid": "1", "nested": "1"},
    "optionalDependencies": {"optional": "1"},
    "devDependencies": {"typescript": "1", "@types/node": "1"},
}

HEAD = "service: shop\nframeworkVersion: '3'\nprovider: {name: aws, runtime: nodejs20.x}\n"
FUNCTIONS = "functions:\n  list: {handler: src/list.handler}\n"

SERVICES = {
    "all": HEAD + FUNCTIONS,
    "braces, variables, development included": HEAD
    + "custom: {left: docs}\npackage:\n"
    + "  patterns: ['!{${self:custom.left},src}/**', 'src/deep/**/*.{json,md}', '!*.md']\n"
    + FUNCTIONS,
    "include and exclude": HEAD
    + "package: {exclude: ['src/**', '!src/get.js', '**/*.md'], include: [src/list.js, node_modules/typescript/**]}\n"
    + FUNCTIONS,
    "individually": HEAD
    + "package: {individually: true, excludeDevDependencies: false, patterns: ['!**', '${file(shared.yml):kept}']}\n"
    + "functions:\n  list: {handler: src/list.handler, package: {patterns: [src/list.js, '!src/deep/**']}}\n"
    + "  get: {handler: src/get.handler, package: {patterns: [src/get.js], exclude: [docs/**]}}\n",
    "one individually": HEAD
    + "package: {patterns: ['!docs/**', '!src/*/**']}\nfunctions:\n"
    + "  list: {handler: src/list.handler, package: {individually: true, patterns: ['!src/get.js']}}\n"
    + "  get: {handler: src/get.handler, package: {patterns: ['!src/list.js']}}\n",
    "variables of a machine": HEAD + "useDotenv: true\n" + FUNCTIONS,
}

GLOBS = (  # noqa: SIM905  # a list of words
    "** * *.js **/*.js src/** src/* src/**/*.js ./src/** src src/ {src,docs}/** {src,docs}/*.{js,md} a{b}.txt [s]rc/* "
    "[^s]rc/* s?c/** **/deep/** **/er/* .hidden/** .* **/.* *.test.* src/*.test.js /src/** src//list.js s** src/*/** "
    "**/*/** src/**/data.json **/**/data.json {a,b}{1,2} src/{list,get}.js {src/list.js,docs/*} *{.md,.log} [a-d]*/** "
    "deep [a-d]/**"
).split()


@pytest.fixture(scope="module")
def modules():
    return real_tool("serverless")


def write_service(folder, text):
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n")
    (folder / "src" / "get.js").chmod(0o755)
    (folder / "shared.yml").write_text("kept: docs/a.md\n")
    (folder / "package.json").write_text(json.dumps(MANIFEST))
    for name, said in PACKAGES.items():
        package = folder / "node_modules" / name
        package.mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0", **said}))
        (package / "index.js").write_text(name)
    (folder / "node_modules" / ".bin").mkdir()
    for program in ("uuid", "tsc", "dev-only"):
        (folder / "node_modules" / ".bin" / program).write_text("#!/usr/bin/env node\n")
    if "useDotenv" in text:
        (folder / ".env").write_text("KEY=secret\n")
    (folder / "serverless.yml").write_text(text)


def unzipped(path):
    with zipfile.ZipFile(path) as opened:
        return {one.filename: (opened.read(one), one.external_attr >> 16 & 0o777) for one in opened.infolist()}


@pytest.mark.network
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_packaged_as_the_framework_packages_it(modules, tmp_path, name):
    folder = tmp_path / "shop"
    write_service(folder, SERVICES[name])
    workspace = Workspace(folder)
    ours = {}
    for one in discover(folder, None, workspace).functions:
        assert isinstance(one.code, Stated)
        assert one.selection.notes == ()
        contents = dict(archive.files(one.code.value, workspace, one.selection))
        archive.write(contents, {}, tmp_path / f"{one.name}.zip")
        ours[one.name] = unzipped(tmp_path / f"{one.name}.zip")

    node([str(modules / "serverless" / "bin" / "serverless.js"), "package"], cwd=folder, home=tmp_path)

    for function, package in ours.items():
        made = folder / ".serverless" / f"{function}.zip"
        its = unzipped(made if made.exists() else folder / ".serverless" / "shop.zip")
        assert package == its


@pytest.mark.network
def test_globs_fit_what_micromatch_fits(modules, tmp_path):
    script = "const m = require(process.argv[1]); const [g, f] = JSON.parse(process.argv[2]);"
    script += "console.log(JSON.stringify(g.map(one => m(f, [one], {dot: true}))))"
    names = [*FILES, "src", "deep", "b1", "a2", "a3"]
    printed = node(["-e", script, str(modules / "micromatch"), json.dumps([GLOBS, names])], cwd=tmp_path, home=tmp_path)

    def fits(name, glob):
        return any(len(steps) in globs.taken(name.split("/"), steps) for steps in globs.alternatives(glob))

    ours = [[name for name in names if fits(name, one)] for one in GLOBS]
    assert dict(zip(GLOBS, ours, strict=True)) == dict(zip(GLOBS, json.loads(printed), strict=True))
