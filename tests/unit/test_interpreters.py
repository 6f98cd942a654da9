"""Which interpreters are the machine's: those of a project are a pull request's, and not even started."""

import os
import sys
from pathlib import Path

import pytest

from lambdabot import interpreters
from lambdabot.interpreters import Interpreter, python

TOLD = '#!/bin/sh\ntouch {mark}\necho \'["{program}", "{version}", ["{program}"]]\'\n'


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine whose PATH has one folder, with a home, a checkout and no interpreter."""
    for name in ("home", "bin", "checkout/.git", "checkout/sub", "tools", "opt"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "tools"))
    for name in ("GITHUB_WORKSPACE", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path / "checkout/sub")
    for function in (interpreters.node, python):
        function.cache_clear()
    yield tmp_path
    for function in (interpreters.node, python):
        function.cache_clear()


def write(path: Path, version: str) -> Path:
    """Write a program that tells its version, and leaves a mark when it is started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TOLD.format(mark=f"{path}.started", program=path, version=version))
    path.chmod(0o755)
    return path


def test_the_first_node_on_the_path_is_the_machines(machine):
    program = write(machine / "bin/node", "22.1.0")
    assert interpreters.node() == Interpreter(program=program, version="22.1.0", parts=(program,))


@pytest.mark.parametrize("place", ["checkout/bin", "checkout/node_modules/.bin", "opt/node_modules/.bin", "linked"])
def test_what_lies_in_a_project_is_not_even_started(machine, monkeypatch, place):
    hostile = write(machine / ("checkout/bin" if place == "linked" else place) / "node", "22.1.0")
    if place == "linked":
        (machine / "linked").mkdir()
        (machine / "linked/node").symlink_to(hostile)
    own = write(machine / "bin/node", "20.1.0")
    monkeypatch.setenv("PATH", f"{machine / place}{os.pathsep}sub{os.pathsep}{machine / 'bin'}:/usr/bin:/bin")

    assert interpreters.node().program == own
    assert not Path(f"{hostile}.started").exists()


def test_the_jobs_workspace_is_a_project_wherever_the_run_is_started(machine, monkeypatch):
    hostile = write(machine / "checkout/node", "22.1.0")
    monkeypatch.chdir("/")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(machine / "checkout"))
    monkeypatch.setenv("PATH", f"{machine / 'checkout'}:/bin")

    interpreters.node()

    assert not Path(f"{hostile}.started").exists()


def test_a_home_is_no_project(machine, monkeypatch):
    (machine / "home/.git").mkdir()
    monkeypatch.chdir(machine / "home")
    program = write(machine / "home/.nvm/bin/node", "22.1.0")
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    assert interpreters.node().program == program


def test_what_fails_to_tell_its_version_is_passed_over(machine):
    for number, text in enumerate(("exit 1", "echo nonsense", "echo '[1]'")):
        folder = machine / f"broken-{number}"
        folder.mkdir()
        (folder / "node").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "node").chmod(0o755)
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    program = write(machine / "bin/node", "20.1.0")

    assert interpreters.node().program == program


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.9",
        "tools/Python/3.9.18/x64/bin/python3.9",
        "home/.pyenv/versions/3.9.18/bin/python3.9",
        "home/.local/share/uv/python/cpython-3.9.18-linux-x86_64-gnu/bin/python3.9",
    ],
)
def test_a_python_is_found_where_tools_put_it(machine, place):
    program = write(machine / place, "3.9.18")
    write(machine / "tools/Python/3.90.1/x64/bin/python3.9", "3.90.1")

    found = python("3.9")

    assert (found.program, found.version) == (program, "3.9.18")


def test_our_own_version_is_not_looked_for(machine):
    own = interpreters.OWN_PYTHON
    write(machine / f"bin/python{own}", f"{own}.0")

    assert python(own) is None
    assert own == f"{sys.version_info.major}.{sys.version_info.minor}"


def test_an_interpreter_that_would_show_a_home_is_not_used(machine, monkeypatch):
    program = write(machine / "bin/python3.9", "3.9.18")
    text = program.read_text().replace(f'["{program}"]', f'["{machine}"]')
    program.write_text(text)

    assert python("3.9") is None
