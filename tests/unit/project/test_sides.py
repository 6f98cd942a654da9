import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lambdabot.model import (
    Architecture,
    Configuration,
    Function,
    Layer,
    Place,
    Selection,
    Side,
    Stated,
)
from lambdabot.project.base import BaseTree
from lambdabot.project.sides import base_function, former_names, settings_in_base
from lambdabot.workspace import Workspace
from tests.sample import function as sample

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


@pytest.fixture
def head(tmp_path: Path) -> Function:
    source = tmp_path / "repository" / "service" / "src"
    source.mkdir(parents=True)
    (source / "app.py").touch()
    return sample(source, name="hello", current_assumed=True)


def find(head: Function, base: Path, own: Function | None = None, **options: bool) -> Function | None:
    root = head.code.source.parents[1]
    return base_function(head, own, config=root / "service" / "lambdabot.yml", root=root, base=tree(base), **options)


def tree(folder: Path) -> BaseTree:
    return BaseTree(path=folder, workspace=Workspace(folder), sha=None, description="main")


@pytest.mark.parametrize("place", ["service/src", "src"])
def test_the_source_is_found_below_the_repositorys_or_the_settings_top(head, tmp_path, place):
    (tmp_path / "base" / place).mkdir(parents=True)

    assert find(head, tmp_path / "base") == replace(
        head.changed(workspace=Workspace(tmp_path / "base"), source=tmp_path / "base" / place), side=Side.BASE
    )


@pytest.mark.parametrize("module", ["app.py", "app/__init__.py"])
def test_a_folder_that_holds_the_handler_is_the_source(head, tmp_path, module):
    (tmp_path / "base" / module).parent.mkdir(parents=True)
    (tmp_path / "base" / module).touch()

    assert find(head, tmp_path / "base").code.source == tmp_path / "base"


def test_a_function_that_the_target_branch_does_not_have_has_no_base(head, tmp_path):
    (tmp_path / "base").mkdir()

    assert find(head, tmp_path / "base") is None
    image = head.changed(source="host.example/image:1", handler=None)
    base = tree(tmp_path / "base")
    assert base_function(image, None, config=tmp_path / "lambdabot.yml", root=tmp_path, base=base) is None


def test_a_text_that_the_heads_template_holds_is_not_the_bases(head, tmp_path):
    (tmp_path / "base" / "service" / "src").mkdir(parents=True)
    text = Stated(value="x = 1", place=Place(path=tmp_path / "template.yaml", line=3))

    assert find(head.changed(selection=Selection(texts=(("index.py", text),))), tmp_path / "base") is None


def test_requirements_move_with_the_source(head, tmp_path):
    moved = tmp_path / "base" / "src"
    moved.mkdir(parents=True)
    head = head.changed(requirements=head.code.source / "requirements.txt")

    assert find(head, tmp_path / "base").code.requirements is None
    (moved / "requirements.txt").touch()
    assert find(head, tmp_path / "base").code.requirements == moved / "requirements.txt"


def test_a_zip_has_no_requirements_of_its_own(head, tmp_path):
    archive = head.code.source.parent / "app.zip"
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "app.zip").touch()
    head = head.changed(source=archive, requirements=archive.parent / "requirements.txt")

    assert find(head, tmp_path / "base").code.requirements is None


def test_the_target_branchs_own_settings_win_but_not_the_payloads(head, tmp_path):
    own = replace(
        head.changed(
            source=tmp_path,
            handler="old.handler",
            timeout_seconds=9,
            provisioned_concurrency=4,
            current=Configuration(memory_mb=512, architecture=Architecture.ARM64),
            payloads=(),
            memory_mb=(256,),
        ),
        side=Side.BASE,
    )

    base = find(head, tmp_path, own)

    assert (base.code.source, base.code.handler, base.setup.timeout_seconds) == (tmp_path, "old.handler", 9)
    assert (base.setup.current, base.setup.provisioned_concurrency) == (own.setup.current, 4)
    assert (base.question.payloads, base.question.memory_mb) == (head.question.payloads, head.question.memory_mb)


def test_without_settings_of_its_own_the_target_branch_runs_with_the_heads_variables(head, tmp_path):
    head = head.changed(environment={"STAGE": "test"}, allow_build=frozenset({"lib"}))
    own = replace(head, side=Side.BASE).changed(environment={}, allow_build=frozenset(), timeout_seconds=9)

    base = find(head, tmp_path, own, own_settings=False)

    assert (base.setup.environment, base.code.allow_build) == ({"STAGE": "test"}, {"lib"})
    assert base.setup.timeout_seconds == 9
    written = find(head, tmp_path, own)
    assert (written.setup.environment, written.code.allow_build) == ({}, frozenset())


def test_the_settings_of_the_target_branch_lie_at_the_same_place_or_at_the_top(tmp_path):
    root, base = tmp_path / "repository", tmp_path / "base"
    (base / "service").mkdir(parents=True)
    config = root / "service" / "lambdabot.yml"

    assert settings_in_base(config, root, base) == (base / "service" / "lambdabot.yml",)  # where it would be
    (base / "lambdabot.yml").touch()
    assert settings_in_base(config, root, base) == (base / "lambdabot.yml",)
    assert settings_in_base(tmp_path / "elsewhere" / "lambdabot.yml", root, base) == (base / "lambdabot.yml",)
    (base / "service" / "lambdabot.yml").touch()
    assert settings_in_base(config, root, base) == (base / "service" / "lambdabot.yml",)


def test_settings_that_the_pull_request_moved_are_found_where_they_were(tmp_path):
    root, base = tmp_path / "repository", tmp_path / "base"
    for name in ("old", "other", "new"):
        (base / name).mkdir(parents=True)
        (root / name).mkdir(parents=True)
    config = root / "new" / "lambdabot.yml"
    for path in (
        config,
        base / "old" / "lambdabot.yml",
        base / "other" / "lambdabot.yml",
        root / "other" / config.name,
    ):
        path.touch()

    assert settings_in_base(config, root, base) == (base / "old" / "lambdabot.yml",)

    (root / "other" / "lambdabot.yml").unlink()
    assert settings_in_base(config, root, base) == (base / "old" / "lambdabot.yml", base / "other" / "lambdabot.yml")


def test_other_settings_at_the_top_are_those_of_other_functions(tmp_path):
    root, base = tmp_path / "repository", tmp_path / "base"
    for folder in (root, base):
        folder.mkdir()
        (folder / "lambdabot.yml").touch()
    config = root / "service" / "lambdabot.yml"

    assert settings_in_base(config, root, base) == (base / "service" / "lambdabot.yml",)


@pytest.fixture
def gone(head, tmp_path):
    """A function of the base that the head does not have by its name."""
    source = tmp_path / "base" / "service" / "src"
    source.mkdir(parents=True)
    (source / "app.py").write_text("old")
    return replace(head.changed(source=source, workspace=Workspace(tmp_path / "base")), name="old", side=Side.BASE)


def former(head: Function, tmp_path: Path, *bases: Function) -> dict[str, str]:
    return former_names([head], bases, root=tmp_path / "repository", base=tmp_path / "base")


def test_a_renamed_function_is_known_by_where_its_code_is(head, gone, tmp_path):
    assert former(head, tmp_path, gone) == {"hello": "old"}
    assert former(head.changed(handler="other.handler"), tmp_path, gone) == {}


def test_a_renamed_function_that_moved_is_known_by_its_code(head, gone, tmp_path):
    shutil.rmtree(head.code.source)
    moved = head.changed(source=tmp_path / "repository" / "moved", workspace=Workspace(tmp_path / "repository"))
    moved.code.source.mkdir()
    (moved.code.source / "app.py").write_text("old")

    assert former(moved, tmp_path, gone) == {"hello": "old"}

    (moved.code.source / "app.py").write_text("new")
    assert former(moved, tmp_path, gone) == {}


@pytest.mark.parametrize("place", ["repository/service/src", "base/copy"])
def test_a_copy_of_its_code_is_another_function(head, gone, tmp_path, place):
    shutil.rmtree(head.code.source)
    copy = head.changed(source=tmp_path / "repository" / "copy", workspace=Workspace(tmp_path / "repository"))
    shutil.copytree(gone.code.source, copy.code.source)
    assert former(copy, tmp_path, gone) == {"hello": "old"}

    (tmp_path / place).mkdir()

    assert former(copy, tmp_path, gone) == {}


def test_the_same_image_is_the_same_code(head, gone, tmp_path):
    image = "host.example/image:1"
    head = head.changed(source=image)

    assert former(head, tmp_path, gone.changed(source=image)) == {"hello": "old"}
    assert former(head, tmp_path, gone) == {}


def test_what_may_be_either_of_two_is_neither(head, gone, tmp_path):
    assert former(head, tmp_path, gone, replace(gone, name="older")) == {}
    two = [head, replace(head, name="hello-2")]
    assert former_names(two, [gone], root=tmp_path / "repository", base=tmp_path / "base") == {}
    assert former(head, tmp_path, gone, replace(gone, name="hello")) == {}


def test_layers_are_the_bases_own_and_one_that_it_lacks_is_missing(head, tmp_path):
    root, base = tmp_path / "repository", tmp_path / "base"
    (base / "service/src").mkdir(parents=True)
    (base / "shared").mkdir()
    shared, new = (Layer(name=one, source=root / one, workspace=Workspace(root)) for one in ("shared", "new"))
    head = head.changed(layers={Architecture.X86_64: (new, LAYER, shared)})

    code = find(head, base).code

    arn, its = code.layers[Architecture.X86_64]
    assert arn == LAYER
    assert its == Layer(name="shared", source=base / "shared", workspace=Workspace(base))
    assert [one.reason for one in code.missing_layers] == ["the layer `new` is not in the target branch"]


def test_what_stands_for_an_arn_serves_both_sides_where_only_one_names_it(head, tmp_path):
    root = tmp_path / "repository"
    here, there = (Layer(name=name, source=root / name, workspace=Workspace(root)) for name in ("here", "there"))
    head = head.changed(local_layers={LAYER: here, f"{LAYER}0": here})
    own = replace(head.changed(local_layers={LAYER: there}), side=Side.BASE)

    assert find(head, tmp_path / "base", own).code.local_layers == {LAYER: there, f"{LAYER}0": here}
