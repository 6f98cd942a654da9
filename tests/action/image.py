"""The action's image, built and run as GitHub's runner does, without Docker: buildah, podman, and a stand-in base.

The base is Debian's own Python in a minimal file system: no registry is needed. It is made once and kept in
LAMBDABOT_CONTAINER_CACHE (default: `.cache` in the checkout).
"""

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, TextIO, cast

ROOT = Path(__file__).parents[2]
BASE = "localhost/python:stand-in"
TAG = "localhost/lambdabot:test"
SUITE = "bookworm"
COMMANDS = "/github/file_commands"
FILES = ("set_output", "add_path", "set_env", "step_summary", "save_state")


def missing() -> str:
    """Return what this machine lacks for it, in words; empty when it lacks nothing."""
    absent = [
        program for program in ("buildah", "podman", "crun", "mmdebstrap", "unshare") if shutil.which(program) is None
    ]
    if os.geteuid() != 0:
        absent.append("root")
    return ", ".join(absent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a step leaves behind."""

    exit_code: int
    log: str
    outputs: Mapping[str, str]
    summary: str


@dataclass(frozen=True)
class Image:
    """A built image in a store of its own."""

    folder: Path

    @classmethod
    def build(cls) -> Self:
        """Build the image from the checkout; what did not change since the last time is taken from there."""
        image = cls(Path(os.environ.get("LAMBDABOT_CONTAINER_CACHE") or ROOT / ".cache"))
        image.folder.mkdir(parents=True, exist_ok=True)
        image.make_base()
        certificates = Path("/etc/ssl/certs")
        mounts = ["-v", f"{certificates}:{certificates}:ro"] if certificates.is_dir() else []
        options = ["--isolation", "chroot", "--network", "host", "--layers", *mounts]
        done(["buildah", *image.store, "bud", *options, "--build-arg", f"BASE={BASE}", "-t", TAG, str(ROOT)])
        return image

    def make_base(self) -> None:
        """Make the stand-in base, unless it is there."""
        known = [*self.podman, "image", "exists", BASE]
        if subprocess.run(known, check=False, capture_output=True).returncode == 0:
            return
        tar = self.folder / "base.tar"
        if not tar.is_file():
            part = tar.with_suffix(f".{secrets.token_hex(4)}.tar")
            packages = "--include=python3,python3-venv,ca-certificates"
            done(["mmdebstrap", "--variant=minbase", packages, SUITE, str(part)])
            part.replace(tar)
        done([*self.podman, "import", str(tar), BASE])

    @cached_property
    def store(self) -> Sequence[str]:
        """Return podman's and buildah's options that keep the images apart from the machine's own."""
        folder = self.folder
        return ["--root", str(folder / "store"), "--runroot", str(folder / "run"), "--storage-driver", "overlay"]

    @cached_property
    def podman(self) -> Sequence[str]:
        """Return podman with the images above, and with its own and its runtime's state beside them.

        Both keep it in /run and /dev/shm otherwise, wherever the images lie. podman asks the runtime for what it can
        do without the options that it is given, so that a program in its place says where.
        """
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        runtime = state / "runtime"
        runtime.write_text(f'#!/bin/sh\nXDG_RUNTIME_DIR="{state}" exec {shutil.which("crun")} "$@"\n')
        runtime.chmod(0o755)
        settings = state / "containers.conf"
        lines = ("[engine]", 'lock_type = "file"', 'runtime = "crun"', "[engine.runtimes]", f'crun = ["{runtime}"]')
        settings.write_text("".join(f"{line}\n" for line in lines))
        return ["env", f"CONTAINERS_CONF={settings}", "podman", *self.store, "--tmpdir", str(state / "podman")]

    @property
    def megabytes(self) -> float:
        """Size above the base, unpacked."""
        inspect = [*self.podman, "image", "inspect", "--format", "{{.Size}}"]
        whole, base = (int(done([*inspect, name])) for name in (TAG, BASE))
        return (whole - base) / 1e6

    def run(
        self,
        workspace: Path,
        inputs: Mapping[str, str],
        *,
        event: str,
        environ: Mapping[str, str],
        command: Sequence[str] = (),
        interrupt_at: str | None = None,
        seconds: float = 300,
    ) -> Finished:
        """Run it as a step of a job: the runner's variables, its mounts, HOME overridden, no terminal.

        `event` is the event file's text; `environ` is added to the runner's variables; `command` replaces the entry
        point and its arguments; SIGINT is sent, as a cancelled job gets it, once a line of the log holds
        `interrupt_at`. The container is killed after `seconds`.
        """
        with tempfile.TemporaryDirectory(prefix="run-action-") as name:
            folder, token = Path(name), secrets.token_hex(8)
            for sub in ("home", "workflow", "file_commands", "runner_temp"):
                (folder / sub).mkdir()
            (folder / "workflow" / "event.json").write_text(event)
            for file in FILES:
                (folder / "file_commands" / f"{file}_{token}").touch()
            variables = {
                **runners_variables(token),
                **environ,
                **{f"INPUT_{key.upper().replace(' ', '_')}": value for key, value in inputs.items()},
            }
            options = [
                *(
                    "--rm",
                    "--name",
                    f"lambdabot-{token}",
                    "--timeout",
                    str(int(seconds)),
                    "--network",
                    "host",
                    "--workdir",
                    "/github/workspace",
                ),
                # podman may raise no limits inside another container.
                *("--ulimit", "nofile=20000:20000", "--ulimit", "nproc=4096:4096"),
                *(part for key, value in variables.items() for part in ("-e", f"{key}={value}")),
                *(part for sub in folder.iterdir() for part in ("-v", f"{sub}:/github/{sub.name}")),
                *("-v", f"{workspace}:/github/workspace"),
                *(("--entrypoint", command[0]) if command else ()),
            ]
            podman = [*self.podman, "run", *options, TAG, *command[1:]]
            # podman takes a machine with both cgroup versions mounted for one that it cannot use.
            script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"'
            process = subprocess.Popen(
                ["/usr/bin/unshare", "-m", "sh", "-c", script, "sh", *podman],
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            log = []
            with process, cast("TextIO", process.stdout) as stream:
                for line in stream:
                    log.append(line)
                    if interrupt_at is not None and interrupt_at in line:
                        done([*self.podman, "kill", "--signal", "INT", f"lambdabot-{token}"])
                        interrupt_at = None
            files = folder / "file_commands"
            return Finished(
                exit_code=process.returncode,
                log="".join(log),
                outputs=parsed((files / f"set_output_{token}").read_text()),
                summary=(files / f"step_summary_{token}").read_text(),
            )


def runners_variables(token: str) -> dict[str, str]:
    """Return what GitHub's runner sets in a docker action's container."""
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_ENV": f"{COMMANDS}/set_env_{token}",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": "/github/workflow/event.json",
        "GITHUB_OUTPUT": f"{COMMANDS}/set_output_{token}",
        "GITHUB_PATH": f"{COMMANDS}/add_path_{token}",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "octo/demo",
        "GITHUB_RUN_ID": "1",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": "0" * 40,
        "GITHUB_STATE": f"{COMMANDS}/save_state_{token}",
        "GITHUB_STEP_SUMMARY": f"{COMMANDS}/step_summary_{token}",
        "GITHUB_WORKSPACE": "/github/workspace",
        "HOME": "/github/home",
        "RUNNER_ARCH": "X64",
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": "/github/runner_temp",
    }


def parsed(text: str) -> dict[str, str]:
    """Read an output file as the runner does: `name=value`, or `name<<DELIMITER`, lines, the delimiter."""
    values: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if found := re.match(r"([^=<]+)<<(.+)$", line):
            value = []
            for part in lines:
                if part == found[2]:
                    break
                value.append(part)
            values[found[1]] = "\n".join(value)
        elif "=" in line:
            name, _, text_value = line.partition("=")
            values[name] = text_value
    return values


def done(command: Sequence[str]) -> str:
    """Run a program to its end and return its output. Raises RuntimeError with the end of it when it fails."""
    process = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if process.returncode:
        msg = f"{command[0]} ended with {process.returncode}:\n{process.stdout[-4000:]}"
        raise RuntimeError(msg)
    return process.stdout
