"""Layers whose contents the repository holds, packaged once for all functions and architectures."""

from dataclasses import replace
from pathlib import Path
from threading import Lock

from lambdabot.errors import PackagingError
from lambdabot.model import Architecture, Build, Function, Layer, LayerBuild
from lambdabot.packaging import archive

_EXTENSIONS = "extensions/"
"""Where Lambda looks for external extensions in a layer (Lambda Developer Guide, "Lambda Extensions API")."""


class LayerBuilds:
    """The packaged layers of one run."""

    def __init__(self, folder: Path, *, direct: bool = True, stand_ins: bool = False) -> None:
        """Package nothing yet; zips are written to `folder`.

        `direct`: they go to Lambda itself, which takes 50 MB then. `stand_ins`: a function's `local_layers` stand for
        ARNs, as where it is not AWS that is asked.
        """
        self._folder = folder
        self._direct = direct
        self._stand_ins = stand_ins
        self._lock = Lock()
        self._turns: dict[Path, Lock] = {}
        self._done: dict[Path, LayerBuild | PackagingError] = {}

    def attached(self, build: Build, function: Function, architecture: Architecture) -> Build:
        """Return a function's package with its layers for an architecture, in their order.

        Raises PackagingError when one cannot be packaged, or all of it is more than Lambda unpacks.
        """
        if not function.code.layers_for(architecture):
            return build
        stand_ins = function.code.local_layers if self._stand_ins else {}
        try:
            named = (
                stand_ins.get(one, one) if isinstance(one, str) else one
                for one in function.code.layers_for(architecture)
            )
            layers = tuple(one if isinstance(one, str) else self._build(one) for one in named)
            sizes = {f"layer {one.name}": one.unzipped_bytes for one in layers if isinstance(one, LayerBuild)}
            archive.check_unzipped({"the package itself": build.unzipped_bytes, **sizes})
        except PackagingError as error:
            what = f"`{function.name}` ({function.side}) cannot be packaged for {architecture}: {error.what}"
            raise PackagingError(what, advice=error.advice) from error
        return replace(build, layers=layers)

    def _build(self, layer: Layer) -> LayerBuild:
        with self._lock:
            turn = self._turns.setdefault(layer.source, Lock())
            place = self._folder / f"layer-{len(self._turns)}.zip"  # of its own: who comes later finds it done
        with turn:
            if layer.source not in self._done:
                try:
                    self._done[layer.source] = _package(layer, place, direct=self._direct)
                except PackagingError as error:
                    what = f"the layer `{layer.name}` cannot be packaged: {error.what}"
                    self._done[layer.source] = PackagingError(what, advice=error.advice)
            done = self._done[layer.source]
        if isinstance(done, PackagingError):
            raise done
        return replace(done, name=layer.name)


def _package(layer: Layer, destination: Path, *, direct: bool) -> LayerBuild:
    """Zip a folder as it lies, which Lambda shows at /opt; a zip is taken as it is."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    if layer.workspace.is_dir(layer.source):
        contents = dict(archive.files(layer.source, layer.workspace))
        if not contents:
            what = "its folder holds no file"
            raise PackagingError(what, advice="Build it before lambdabot runs, or name another folder.")
        made = archive.write(contents, {}, destination, direct=direct)
    else:
        made = archive.take(layer.source, layer.workspace, destination, direct=direct)
    return LayerBuild(
        name=layer.name,
        zip_path=made.path,
        code_sha256=made.sha256,
        contents=made.contents,
        zip_bytes=made.zip_bytes,
        unzipped_bytes=made.unzipped_bytes,
        extensions=tuple(
            sorted(
                name.removeprefix(_EXTENSIONS)
                for name in made.names
                if name.startswith(_EXTENSIONS) and name.count("/") == 1 and name != _EXTENSIONS
            )
        ),
    )
