"""What is read of a repository's code to know whether it can run: no file twice, and none outside a package."""

from collections import Counter
from pathlib import Path

import pytest

from lambdabot.workspace import Workspace
from tests.builds import NODE, PACKAGE, Project, own, said, serverless

SERVICE = serverless("".join(f"  f{number}:\n    handler: src/f{number}.handler\n" for number in range(9)))


@pytest.fixture
def reads(monkeypatch):
    """Return how often each file is opened."""
    count = Counter()
    real = Workspace.open

    def opened(self, path, **more):
        count[path.name] += 1
        return real(self, path, **more)

    monkeypatch.setattr(Workspace, "open", opened)
    return count


def test_what_functions_share_is_read_once(tmp_path, reads):
    handlers = {f"src/f{number}.js": "require('./lib')\nrequire('../src/lib')\n" + NODE for number in range(9)}
    files = {"serverless.yml": SERVICE, "package.json": PACKAGE, "src/lib.js": "require('./lib')\n", **handlers}
    Project("shared", files).write(tmp_path)

    found = said(tmp_path)

    assert len(found.code) == 9
    assert {reads["lib.js"], reads["f0.js"]} == {1}
    assert reads["package.json"] == 2  # what the framework packages of it is another question


def test_the_names_of_a_zip_are_read_once(tmp_path, reads):
    service = SERVICE.replace("functions:", "package: {artifact: all.zip}\nfunctions:")
    names = {f"src/f{number}.js": NODE for number in range(9)}
    Project("shared", {"serverless.yml": service, "all.zip": names}).write(tmp_path)

    found = said(tmp_path)

    assert set(found.code.values()) == {"all.zip"}
    assert reads["all.zip"] == 1


def test_a_module_beside_the_package_is_not_followed(tmp_path):
    files = {
        "lambdabot.yml": own("a", "app.handler", "nodejs20.x"),
        "a/app.js": "require('../b/app')\n",
        "b/app.js": "require('uuid')\n",
        "package.json": PACKAGE,
    }
    Project("beside", files).write(tmp_path)

    assert said(tmp_path).code == {"hello": "a"}


@pytest.mark.parametrize("count", [3, 9])
def test_how_old_sources_are_is_looked_up_once_for_all_their_packages(tmp_path, monkeypatch, count):
    walked = Counter()
    real_walk, real_glob = Workspace.walk, Path.glob
    monkeypatch.setattr(
        Workspace, "walk", lambda self, path, **more: walked.update(["walk"]) or real_walk(self, path, **more)
    )
    monkeypatch.setattr(Path, "glob", lambda self, pattern: walked.update([pattern]) or real_glob(self, pattern))
    names = [f"f{number}" for number in range(count)]
    service = serverless("".join(f"  {name}:\n    handler: {name}.handler\n" for name in names))
    packages = {f".serverless/{name}.zip": {f"{name}.js": NODE} for name in names}
    Project("each its own", {"serverless.yml": service, **packages}).write(tmp_path)

    found = said(tmp_path)

    assert found.code == {name: f".serverless/{name}.zip" for name in names}
    assert (walked["walk"], walked["*.zip"]) == (3, 1)  # however many there are
