import os
from dataclasses import replace
from pathlib import Path

import pytest

from lambdabot.sandbox import isolation, system_files
from lambdabot.sandbox.confinement import Confinement
from lambdabot.sandbox.isolation import Isolation, Means

ALL = Means(namespaces="own", landlock=7, users=True)


@pytest.fixture
def package(tmp_path):
    (tmp_path / "boto3").mkdir(mode=0o755)
    return [tmp_path / "boto3"]


def confined_by(isolation: Isolation) -> Confinement:
    return isolation.confinement(user=61184, temporary=Path("/folder"), shown={}, largest_file_mb=512)


def test_says_what_it_does_and_what_is_missing(tmp_path, package):
    full = Isolation(ALL, package)
    assert full.describe() == (
        "Each worker has a user id of its own, its own view of files and processes, Landlock (version 7)."
    )
    assert full.warnings() == []

    bare = Isolation(Means(namespaces="none", landlock=0, users=False), package)
    assert bare.describe() == "Each worker has no isolation but a clean environment."
    text = " ".join(bare.warnings())
    assert "No namespaces" in text
    assert "No Landlock: the function reads every file that its user may read, yours among them." in text
    assert ("No user id of its own" in text) == (os.geteuid() == 0)


def test_gives_no_user_id_that_could_not_read_the_runtime(tmp_path, package):
    package[0].chmod(0o700)
    closed = Isolation(ALL, package)
    assert not closed.own_users
    assert closed.warnings() == [f"No user id of its own: {package[0]} is closed to other users."]


def test_gives_no_user_id_that_could_not_reach_the_interpreter(tmp_path, package, monkeypatch):
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home/python").mkdir()
    monkeypatch.setattr(isolation, "PROGRAMS", (str(tmp_path / "home/python"),))
    assert not Isolation(replace(ALL, namespaces="none"), package).own_users

    view = Isolation(ALL, package)
    assert view.own_users, "the closed folder is replaced in the view"
    confined = confined_by(view)
    assert any((tmp_path / "home").is_relative_to(folder) for folder in confined.view.hidden)
    assert str(tmp_path / "home/python") in {bind.target for bind in confined.view.binds}


def test_hides_the_folders_of_the_job(tmp_path, package, monkeypatch):
    monkeypatch.setattr(system_files, "TMP", Path("/elsewhere"))
    for name in ("home", "workspace", "workspace/inner", "event"):
        (tmp_path / name).mkdir()
    (tmp_path / "event/event.json").write_text("{}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event/event.json"))
    monkeypatch.setenv("RUNNER_TEMP", "/usr")
    monkeypatch.chdir(tmp_path / "workspace/inner")
    hidden = confined_by(Isolation(ALL, package)).view.hidden
    assert {str(tmp_path / name) for name in ("home", "workspace", "event")} <= set(hidden)
    assert not {"/usr", str(tmp_path / "workspace/inner")} & set(hidden)


def test_finds_means():
    found = Means.find()
    assert found.namespaces in {"none", "own", "user"}
    assert found.landlock >= 0
