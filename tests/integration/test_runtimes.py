"""From `init` to a recommendation on the embedded endpoint, in runtimes other than Python's."""

import json
import platform

import pytest

from lambdabot import interpreters
from lambdabot.cli import main
from lambdabot.local.runtimes.nodejs import is_too_old
from tests import provided
from tests.builds import sam

NODE = interpreters.node()

SETTINGS = """\
version: 1
defaults: {memory_mb: [512, 1024], architectures: [x86_64], budget: {invocations: 120, minutes: 2}}
functions:
  Hello: {monthly_invocations: 1000000, payloads: [{name: usual, event: {loops: 2000000}}]}
"""

NODE_APP = """\
import { squares } from "./squares.mjs";
export const handler = async event => {
  if (event.loops === undefined) throw new RangeError("no loops");
  return squares(event.loops);
};
"""
SQUARES = """\
export function squares(loops) {
  let total = 0;
  for (let n = 0; n < loops; n++) total += n * n;
  return total;
}
"""

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the settings are those of an x86_64 machine")


@pytest.fixture
def started(project, monkeypatch, capsys):
    """Write a SAM project of one function, and let `init` begin."""

    def start(runtime, handler, files):
        monkeypatch.chdir(project.folder)
        project.write("template.yaml", sam("src", handler, runtime))
        for name, data in files.items():
            path = project.write(f"src/{name}", "")
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
            path.chmod(0o755)
        assert main(["init"]) == 0
        assert "is not run by" not in capsys.readouterr().out
        project.settings(SETTINGS)
        return project

    return start


def measured(report):
    (function,) = report["functions"]
    assert {one["status"] for one in function["measurements"] if one["architecture"] == "x86_64"} == {"measured"}
    assert function["recommendation"]["architecture"] == "x86_64"
    return function


@pytest.mark.skipif(NODE is None or is_too_old(NODE), reason="needs Node.js on the PATH")
def test_a_node_function_is_measured_by_the_machines_own_node(started):
    project = started("nodejs24.x", "app.handler", {"app.mjs": NODE_APP, "squares.mjs": SQUARES})

    code, report = project.run()

    assert code == 0
    notes = measured(report)["notes"]
    assert f"It was run by Node.js {NODE.version} of this machine, where it asks for nodejs24.x." in notes
    assert not any("requirements" in note for note in notes)
    assert "nodejs24.x" in project.comment

    project.settings(SETTINGS.replace("{loops: 2000000}", "{}"))
    code, report = project.run()

    assert code == 3
    assert "RangeError: no loops (app.mjs, line 3)" in json.dumps(report)


@pytest.mark.skipif(bool(provided.missing()), reason=f"needs {provided.missing()}")
def test_a_function_with_its_own_program_is_measured(started):
    project = started("provided.al2023", "any", {"bootstrap": provided.bootstrap()})

    code, report = project.run()

    assert code == 0
    assert not any("run by" in note for note in measured(report)["notes"])


def test_what_cannot_be_run_is_said_once_for_a_function(started):
    project = started("provided.al2023", "any", {"bootstrap": b"#!/bin/sh\n", "any.class": b""})
    project.write("template.yaml", sam("src", "any", "java21"))

    code, report = project.run()

    assert code == 3
    (function,) = report["functions"]
    assert function["error"].startswith("java21 is not run by the embedded endpoint, which has Python, Node.js and")
    assert function["error"].endswith("`--endpoint aws` measures it")
    assert project.comment.count("java21 is not run by") == 2, "in the headline, and for all sizes together"
