"""Which indexes a check asks: the manifest's options, the environment as uv and pip read it, the public index."""

import ast
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from lambdabot.arm64.manifest import Indexes
from lambdabot.arm64.transport import redacted
from lambdabot.errors import Mistake, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Index addresses with their credentials, in the order to ask them.

    A project of `of_project` is looked up there and nowhere else.
    """

    addresses: tuple[str, ...]
    of_project: Mapping[str, str] = field(default_factory=dict)

    def believes(self, asked: tuple[str, ...]) -> bool:
        """Tell whether a 404 of these is certain: a private index says 404 also to who may not see."""
        return len(asked) == 1 and is_public(asked[0])


@cache
def public_index() -> str:
    """Return the address of the public package index.

    pypi-simple knows it; it is read from its source, because importing it brings pydantic and an HTML parser along.
    """
    spec = find_spec("pypi_simple")
    if spec is not None and spec.origin is not None:
        for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PYPI_SIMPLE_ENDPOINT" and node.value:
                return str(ast.literal_eval(node.value))
    from pypi_simple import PYPI_SIMPLE_ENDPOINT  # noqa: PLC0415  # the slow way, should its source look different one day

    return PYPI_SIMPLE_ENDPOINT


def sources(indexes: Indexes, environ: Mapping[str, str] | None = None) -> Sources:
    """Return where to look: the extra indexes first, and the first that knows a project is believed.

    That is uv's `first-index`: a name that its private index knows is never looked up publicly. Raises UsageError for
    what is no address.
    """
    known = os.environ if environ is None else environ
    of_project = {name: _with_credentials(url, indexes, known) for name, url in indexes.of_project.items()}
    if indexes.none:
        return Sources(addresses=(), of_project=of_project)
    set_by = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    default = indexes.default or next((known[key] for key in set_by if known.get(key)), None) or public_index()
    extra = list(indexes.extra)
    for key in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        extra += [re.sub(r"^[A-Za-z0-9._-]+=", "", word) for word in known.get(key, "").split()]  # uv's NAME=URL
    wanted = [_with_credentials(url, indexes, known) for url in dict.fromkeys((*extra, default))]
    addresses = tuple(url for url in wanted if url.startswith(("https://", "http://")))
    return Sources(addresses=addresses, of_project=of_project)


def is_public(address: str) -> bool:
    """Tell the public index by its address."""
    return redacted(address).rstrip("/") == public_index().rstrip("/")


def _with_credentials(url: str, indexes: Indexes, environ: Mapping[str, str]) -> str:
    """Add what UV_INDEX_<NAME>_USERNAME and _PASSWORD say, over https and where the address has none of its own."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:  # its own message would show credentials
        raise UsageError(
            [Mistake(message="an index address in the manifest or the environment cannot be read")]
        ) from error
    if "@" in parts.netloc or parts.scheme != "https":
        return url
    for name, named in indexes.named.items():
        if named == url:
            key = re.sub(r"[^A-Z0-9]", "_", name.upper())
            user = environ.get(f"UV_INDEX_{key}_USERNAME", "")
            password = environ.get(f"UV_INDEX_{key}_PASSWORD", "")
            if user or password:
                return urlunsplit(
                    parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}")
                )
    return url
