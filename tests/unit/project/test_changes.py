import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from lambdabot.model import Architecture, Configuration, Declaration, Layer, Place, Selection, Side, Stated, Undecided
from lambdabot.project.base import BaseTree, NoBase
from lambdabot.project.changes import changes, describe, same_settings
from lambdabot.workspace import Workspace
from tests.sample import function as sample


@pytest.fixture
def sides(tmp_path):
    for side in ("head", "base"):
        (tmp_path / side / "src").mkdir(parents=True)
        (tmp_path / side / "src" / "app.py").write_text("x = 1\n")
    head = sample(
        tmp_path / "head" / "src",
        name="f",
        runtime="python3.12",
        current=Configuration(memory_mb=512, architecture=Architecture.X86_64),
        declaration=declared(tmp_path),
    )
    return head, replace(
        head.changed(workspace=Workspace(tmp_path / "base"), source=tmp_path / "base" / "src"), side=Side.BASE
    )


def declared(root, layers=("a",)):
    place = Place(path=root / "head" / "template.yaml", line=4)
    return Declaration(
        name="f",
        family="sam",
        place=place,
        memory_mb=Stated(value=512, place=place),
        layers=tuple(Stated(value=one, place=place) for one in layers),
    )


def said(head, base):
    return [(one.path.name, one.setting, one.line) for one in changes(head, base, config=Path("lambdabot.yml"))]


def test_sides_that_are_the_same_have_no_change(sides):
    assert said(*sides) == []
    assert same_settings(*sides)


def test_files_that_differ_or_that_one_side_lacks_are_changes(sides, tmp_path):
    head, base = sides
    (head.code.source / "app.py").write_text("x = 2\n")
    (head.code.source / "new.py").write_text("")
    (base.code.source / "old.py").write_text("")
    (head.code.source / "__pycache__").mkdir()
    (head.code.source / "__pycache__" / "app.pyc").write_text("")

    assert [name for name, _, _ in said(head, base)] == ["app.py", "new.py", "old.py"]


def test_what_is_not_packaged_is_no_change(sides):
    head, base = (one.changed(selection=Selection(patterns=("!tests/**",))) for one in sides)
    (head.code.source / "tests").mkdir()
    (head.code.source / "tests" / "app_test.py").write_text("")
    (head.code.source / ".env").write_text("")
    (head.code.source / ".github").mkdir()
    (head.code.source / ".github" / "x.yml").write_text("")

    assert [name for name, _, _ in said(head, base)] == ["x.yml"]


def test_a_text_that_the_template_holds_is_a_change_there(sides, tmp_path):
    place = Place(path=tmp_path / "head" / "template.yaml", line=4)

    def inline(text):
        return Selection(patterns=("!**",), texts=(("index.py", Stated(value=text, place=place)),))

    head, base = (one.changed(selection=inline("1")) for one in sides)
    (head.code.source / "app.py").write_text("x = 2\n")

    assert said(head, base) == []
    assert [name for name, _, _ in said(head.changed(selection=inline("2")), base)] == ["template.yaml"]


def test_zips_that_hold_the_same_are_no_change(sides, tmp_path):
    head, base = (one.changed(source=one.code.source / "own.zip") for one in sides)

    def write(path, year, text, mode=0o644):
        with zipfile.ZipFile(path, "w") as opened:
            entry = zipfile.ZipInfo("app.py", (year, 1, 1, 0, 0, 0))
            entry.external_attr = mode << 16
            opened.writestr(entry, text)

    write(head.code.source, 2026, "x = 1")
    write(base.code.source, 2025, "x = 1")
    assert said(head, base) == []

    write(base.code.source, 2026, "x = 1", mode=0o755)
    assert [name for name, _, _ in said(head, base)] == ["own.zip"]
    write(base.code.source, 2026, "x = 2")
    assert [name for name, _, _ in said(head, base)] == ["own.zip"]
    base.code.source.write_bytes(b"no zip")
    assert [name for name, _, _ in said(head, base)] == ["own.zip"]


def test_a_setting_is_a_change_where_the_template_writes_it(sides):
    head, base = sides
    base = base.changed(current=Configuration(memory_mb=256, architecture=Architecture.ARM64), timeout_seconds=9)

    assert not same_settings(head, base)
    assert said(head, base) == [
        ("lambdabot.yml", "timeout 9 -> 3", None),
        ("template.yaml", "configuration 256 MB arm64 -> 512 MB x86_64", 4),
    ]


def test_what_is_kept_ready_is_a_setting(sides):
    head, base = sides
    base = base.changed(provisioned_concurrency=2)

    assert not same_settings(head, base)
    assert said(head, base) == [("lambdabot.yml", "provisioned concurrency 2 -> 0", None)]


def test_layers_by_their_arns_count(sides):
    head, base = (one.changed(layers={Architecture.X86_64: arns}) for one, arns in zip(sides, ["a", "ab"], strict=True))

    assert not same_settings(head, base)
    assert said(head, base) == [("template.yaml", "layers a, b -> a", 4)]


def test_what_a_layer_of_the_repository_holds_is_a_change_of_files(sides, tmp_path):
    for side, text in (("head", "2"), ("base", "1")):
        folder = tmp_path / side / "layer" / "python"
        folder.mkdir(parents=True)
        (folder / "common.py").write_text(text)
        (folder / "same.py").write_text("")
    head, base = (
        one.changed(
            layers={
                Architecture.X86_64: (
                    Layer(name="Common", source=tmp_path / one.side / "layer", workspace=one.code.workspace),
                )
            }
        )
        for one in sides
    )

    assert same_settings(head, base)  # which says nothing of packages
    assert said(head, base) == [("common.py", "", None)]


def test_values_of_variables_stay_unsaid(sides):
    head, base = sides

    assert said(head.changed(environment={"KEY": "secret"}), base) == [("lambdabot.yml", "environment changed", None)]


def test_archives_and_images_are_compared_as_they_are(sides, tmp_path):
    head, base = sides
    for side, text in (("head", "1"), ("base", "2")):
        (tmp_path / side / "a.zip").write_text(text)
    zips = [one.changed(source=one.code.source.parent / "a.zip") for one in sides]
    images = [head.changed(source="r/i:2"), base.changed(source="r/i:1")]

    assert said(*zips) == [("a.zip", "", None)]
    assert said(zips[0], zips[0]) == []
    assert said(*images) == [("lambdabot.yml", "code r/i:1 -> r/i:2", None)]


def test_the_plan_lists_places_with_their_functions(sides, tmp_path):
    head, base = sides
    (head.code.source / "app.py").write_text("x = 2\n")
    tree = BaseTree(path=tmp_path / "base", workspace=Workspace(tmp_path / "base"), sha=None, description="main")
    same = replace(base, name="same")

    text = describe(
        [(head, base, ""), (same, same, ""), (replace(head, name="new"), None, "it is new")],
        tree,
        config=tmp_path / "head" / "lambdabot.yml",
        root=tmp_path / "head",
    )

    assert text.splitlines() == [
        "",
        "changed against main",
        "  new is measured alone: it is new",
        "  src/app.py -> f",
        "unchanged, not measured: same",
    ]
    nothing = describe([], NoBase("no base"), config=tmp_path, root=tmp_path)
    assert nothing.strip() == "changed: not known, no base"


def test_an_undecided_layer_is_known_by_its_reason(sides, tmp_path):
    head, base = sides
    missing = [
        (Undecided(reason="known when deployed", place=Place(path=tmp_path / name, line=line)),)
        for name, line in (("head.yaml", 1), ("base.yaml", 2))
    ]

    assert same_settings(head.changed(missing_layers=missing[0]), base.changed(missing_layers=missing[1]))
    assert not same_settings(head, base.changed(missing_layers=missing[1]))
