"""A new user's way from README.md alone: a fresh environment, the wheel, its commands, the first comment.

The dependencies come from the package index, without a cache; what is then run are the lines of README's last console.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from benchmarks.figures import Figures

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).parent / "uv"
PYTHON = "def handler(event, context):\n    return sum(number * number for number in range(200_000))\n"
NODE = "exports.handler = async () => [...Array(200000).keys()].reduce((sum, one) => sum + one * one, 0)\n"

PROJECTS = {
    "AWS SAM, Python": {
        "src/app.py": PYTHON,
        "template.yaml": """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Squares:
                Type: AWS::Serverless::Function
                Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13, MemorySize: 512}
            """,
    },
    "Serverless Framework, Python": {
        "app.py": PYTHON,
        "serverless.yml": """
            service: squares
            provider: {name: aws, runtime: python3.13, memorySize: 512}
            functions:
              squares: {handler: app.handler}
            """,
    },
    "Terraform, Python": {
        "src/app.py": PYTHON,
        "main.tf": """
            data "archive_file" "code" {
              type        = "zip"
              source_dir  = "${path.module}/src"
              output_path = "${path.module}/code.zip"
            }
            resource "aws_lambda_function" "squares" {
              function_name = "squares"
              role          = "arn:aws:iam::123456789012:role/squares"
              filename      = data.archive_file.code.output_path
              handler       = "app.handler"
              runtime       = "python3.13"
              memory_size   = 512
            }
            """,
    },
    "AWS SAM, TypeScript that is built": {
        "src/app.ts": "export const handler = async () => 1\n",
        "dist/app.js": NODE,
        "template.yaml": """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Squares:
                Type: AWS::Serverless::Function
                Properties: {CodeUri: dist, Handler: app.handler, Runtime: nodejs22.x, MemorySize: 512}
            """,
    },
}


def run(seed: int) -> Figures:  # noqa: ARG001  # nothing here is random
    """Return the seconds of each step, and whether a comment came of it."""
    with tempfile.TemporaryDirectory(prefix="lambdabot-newcomer-") as room:
        folder = Path(room)
        folder.chmod(0o755)  # code of others runs on this Python under user ids of its own
        install, program = _installed(folder)
        values = {"newcomer.install_seconds": install}
        rows = []
        for name, files in PROJECTS.items():
            project = folder / name.replace(" ", "-")
            for path, text in files.items():
                (project / path).parent.mkdir(parents=True, exist_ok=True)
                (project / path).write_text(textwrap.dedent(text).lstrip())
            steps = [_seconds(program, command, project) for command in _commands()]
            comment = project / "out" / "comment.md"
            headline = comment.read_text().splitlines()[1].lstrip("# ") if comment.exists() else "no comment"
            total = install + sum(steps)
            values[f"newcomer.{name.lower().replace(',', '').replace(' ', '_')}_seconds"] = total
            told = " | ".join(f"{one:.1f}" for one in (install, *steps, total))
            rows.append(f"| {name} | {told} | {headline} |")
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    columns = ["Project", "install", *(shlex.join(one) for one in _commands()), "in all", "First comment"]
    head = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    return Figures(values, "\n".join([head, *rows, "", f"Seconds; load at the end: {load} on {os.cpu_count()} cores."]))


def _commands() -> list[list[str]]:
    """Return the commands of lambdabot's that README.md gives for a project of one's own, in its last console."""
    consoles = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [words[1:] for line in consoles[-1].splitlines() if (words := shlex.split(line))[0] == "lambdabot"]


def _installed(folder: Path) -> tuple[float, Path]:
    """Build the wheel and install it; return the seconds of the installation, and the program."""
    wheels, venv = folder / "wheels", folder / "venv"
    build: list[str | Path] = [
        UV,
        "build",
        "--quiet",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        wheels,
    ]
    subprocess.run([*build, ROOT], check=True)
    (wheel,) = wheels.glob("*.whl")
    started = time.monotonic()
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    python = venv / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--no-cache", "--python", python, wheel], check=True)
    return time.monotonic() - started, python.with_name("lambdabot")


def _seconds(program: Path, command: list[str], project: Path) -> float:
    """Run a command as at a terminal; whether it did its work, the comment tells."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(project)}
    started = time.monotonic()
    subprocess.run([program, *command], cwd=project, env=environment, capture_output=True, check=False)
    return time.monotonic() - started
