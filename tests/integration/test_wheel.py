"""The wheel, installed where no checkout is: everything that the package holds is in it, and it does its work."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13, MemorySize: 512}
"""


def ran(*command, cwd, status=0):
    """Run a program as at a terminal of its own, where nothing names the checkout; return what it printed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}  # noqa: S108  # the tests' own
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build it with the backend that is here, so that no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--wheel", "--offline", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    ran(UV, "build", *options, str(ROOT), cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel):
    """Install it into an environment of its own, to which this one lends the dependencies and nothing else."""
    with tempfile.TemporaryDirectory(prefix="lambdabot-wheel-") as room:
        folder = Path(room)
        folder.chmod(0o755)  # code of others runs on this Python under user ids of its own
        python = folder / "venv" / "bin" / "python"
        ran(UV, "venv", "--quiet", "--offline", "--python", sys.executable, folder / "venv", cwd=folder)
        ran(UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel, cwd=folder)
        ours = ran(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
        Path(ours, "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # .pth files in there are not followed
        told = ran(python, "-c", "import lambdabot; print(lambdabot.__file__)", cwd=folder)
        assert Path(told.strip()).is_relative_to(folder)
        yield python.with_name("lambdabot")


def test_everything_that_the_package_holds_is_in_the_wheel(wheel):
    held = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "lambdabot").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("lambdabot/")}

    assert packed == held
    assert {"lambdabot/aws/prices.json", "lambdabot/report/assets/vega.min.js"} < packed


def test_it_helps_begins_and_measures_outside_of_the_checkout(program, tmp_path):
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return sum(range(20000))\n")
    (tmp_path / "template.yaml").write_text(TEMPLATE)

    assert "usage: lambdabot" in ran(program, "--help", cwd=tmp_path)
    assert "1 function(s) in 1 template(s)" in ran(program, "init", cwd=tmp_path)
    written = (tmp_path / "lambdabot.yml").read_text()
    assert yaml.safe_load(written)["version"] == 1
    with (tmp_path / "lambdabot.yml").open("a") as settings:
        settings.write("defaults: {memory_mb: [512], architectures: [x86_64, arm64], budget: {invocations: 30}}\n")
    ran(program, "run", "--endpoint", "local", cwd=tmp_path)

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [one["name"] for one in report["functions"]] == ["Hello"]
    assert any(one["status"] == "measured" for one in report["functions"][0]["measurements"])
    page = (tmp_path / "out" / "report.html").read_text()
    assert "vega" in page
    assert (tmp_path / "out" / "comment.md").read_text().startswith("<!-- lambdabot")
