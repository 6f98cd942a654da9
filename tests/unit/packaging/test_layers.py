"""Layers are packaged once, as they lie, and within what Lambda unpacks with the function."""

import zipfile
from pathlib import Path

import pytest

from lambdabot.errors import PackagingError
from lambdabot.model import Architecture, Build, Layer, LayerBuild, Side
from lambdabot.packaging import archive
from lambdabot.packaging.layers import LayerBuilds
from lambdabot.workspace import Workspace
from tests.sample import function as sample

HERE = Architecture.X86_64
ARN = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(
        function="f",
        side=Side.HEAD,
        architecture=HERE,
        zip_path=tmp_path / "f.zip",
        image_uri=None,
        code_sha256="x",
        zip_bytes=22,
        unzipped_bytes=22,
        target="python3.13",
    )


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    (tmp_path / "layer/python").mkdir(parents=True)
    (tmp_path / "layer/python/common.py").write_text("X = 1\n")
    (tmp_path / "layer/extensions").mkdir()
    (tmp_path / "layer/extensions/watcher").write_text("#!/bin/sh\n")
    return Layer(name="Common", source=tmp_path / "layer", workspace=Workspace(tmp_path))


@pytest.fixture
def builds(tmp_path: Path) -> LayerBuilds:
    return LayerBuilds(tmp_path / "packages")


def test_a_folder_is_packaged_as_it_lies_and_keeps_its_place_in_the_order(build, layer, builds, tmp_path):
    function = sample(tmp_path, layers={HERE: (layer, ARN), Architecture.ARM64: (ARN,)})

    made = builds.attached(build, function, HERE).layers
    other = builds.attached(build, function, Architecture.ARM64).layers

    assert other == (ARN,)
    assert made[1] == ARN
    assert (made[0].name, made[0].extensions) == ("Common", ("watcher",))
    with zipfile.ZipFile(made[0].zip_path) as written:
        assert written.namelist() == ["extensions/watcher", "python/common.py"]
    (layer.source / "python/common.py").unlink()  # packaged once for all functions
    assert builds.attached(build, function, HERE).layers == made


def test_the_same_contents_are_the_same_layer_whatever_they_are_called(build, layer, builds, tmp_path):
    with zipfile.ZipFile(tmp_path / "taken.zip", "w") as written:
        written.writestr("python/common.py", "X = 1\n")
    taken = Layer(name="taken", source=tmp_path / "taken.zip", workspace=layer.workspace)
    function = sample(tmp_path, layers={HERE: (taken,)})

    (made,) = builds.attached(build, function, HERE).layers

    assert made.zip_path.read_bytes() == (tmp_path / "taken.zip").read_bytes()
    assert (made.name, made.unzipped_bytes, made.extensions) == ("taken", 6, ())


def test_what_stands_for_an_arn_does_so_where_it_is_not_aws_that_is_asked(build, layer, builds, tmp_path):
    function = sample(tmp_path, layers={HERE: (ARN,)}, local_layers={ARN: layer})

    (local,) = LayerBuilds(tmp_path / "local", stand_ins=True).attached(build, function, HERE).layers

    assert isinstance(local, LayerBuild)
    assert builds.attached(build, function, HERE).layers == (ARN,)


def test_function_and_layers_unzip_to_250_mb_together(build, layer, builds, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_UNZIPPED_BYTES", 30)
    function = sample(tmp_path, name="f", layers={HERE: (layer,)})

    with pytest.raises(PackagingError, match=r"`f` \(head\) cannot be packaged for x86_64: the package is .* unzipped"):
        builds.attached(build, function, HERE)


@pytest.mark.parametrize(("link", "why"), [(False, "holds no file"), (True, "leads out of empty")])
def test_what_cannot_be_packaged_names_the_layer(build, builds, tmp_path, link, why):
    (tmp_path / "empty").mkdir()
    if link:
        (tmp_path / "empty/out").symlink_to("/etc/passwd")
    layer = Layer(name="Common", source=tmp_path / "empty", workspace=Workspace(tmp_path))
    function = sample(tmp_path, layers={HERE: (layer,)})

    for _ in range(2):  # who asks later is told the same
        with pytest.raises(PackagingError, match=f"the layer `Common` cannot be packaged: .*{why}"):
            builds.attached(build, function, HERE)
