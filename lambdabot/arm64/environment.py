"""Which indexes a check asks: the manifest's options, the environment as uv and pip read it, the public index."""

import ast
import os
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lambdabot.arm64.transport import redacted
from lambdabot.arm64.manifest import Indexes


@cache
def public_index() -> str:
    """Return the address of the public package index.

    pypi-simple knows it; it is read from its source, because importing it brings pydantic and an HTML parser along.
    """
    spec = find_spec("pypi_simple")
    if spec is not None and spec.origin is not None:
        for node in ast.parse(Path(spec.origin).read_text()).body:
            if (
                isinstance(node, ast.AnnAssign)
                and ast.unparse(node.target) == "PYPI_SIMPLE_ENDPOINT"
                and node.value is not None
            ):
                return str(ast.literal_eval(node.value))
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415  # the slow way, should its source look different one day

    return PYPI_SIMPLE_ENDPOINT


def addresses(indexes: Indexes, environ: Mapping[str, str] = os.environ) -> tuple[tuple[str, ...], bool]:
    """Return the indexes in the order to ask them, and whether the last one is the public one.

    Extra indexes come first, and the first that knows a project is believed (uv's `first-index`): a private name is
    not looked up publicly once its own index knows it.
    """
    if indexes.none:
        return (), False
    default = indexes.default or next(
        filter(None, (environ.get(key) for key in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"))), None
    )
    extra = [*indexes.extra]
    for key in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        extra += [
            word.partition("=")[2] if word.partition("=")[2].startswith("http") else word
            for word in environ.get(key, "").split()
        ]
    extra = [address for address in dict.fromkeys(extra) if address.startswith(("https://", "http://"))]
    public = public_index()
    last = default or public
    return (*extra, last), redacted(last).rstrip("/") == public.rstrip("/")
