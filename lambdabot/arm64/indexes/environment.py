"""Which indexes a check asks: the manifest's options, the environment as uv and pip read it, the public index."""

import ast
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from lambdabot.arm64.indexes.transport import redacted
from lambdabot.errors import Mistake, UsageError
from lambdabot.requirements_file import has_variable

_WEB = re.compile(r"https?://")
_NAMED = re.compile(r"([A-Za-z0-9._-]+)=(.*)")  # uv's NAME=URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """Where projects are looked up: `extra` before `default`; None is the environment's or the public one."""

    default: str | None = None
    extra: tuple[str, ...] = ()
    none: bool = False  # --no-index
    of_project: Mapping[str, str] = field(default_factory=dict)  # the only index to ask for a project


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Index addresses in the order to ask them; a project of `of_project` is looked up there and nowhere else.

    `own` are the addresses that the job's environment names, with the credentials that it gives them: they go to the
    same scheme, host and port, whoever asks, and nowhere else.
    """

    addresses: tuple[str, ...]
    of_project: Mapping[str, str] = field(default_factory=dict)
    own: tuple[str, ...] = ()

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
    defaults = [url for key in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL") for url in _named(key, known)]
    extras = [url for key in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL") for url in _named(key, known)]
    for url in (*indexes.extra, *filter(None, [indexes.default]), *indexes.of_project.values()):
        _check(url)
    default = indexes.default or next(iter(defaults), None) or public_index()
    addresses = (url for url in dict.fromkeys((*indexes.extra, *extras, default)) if _WEB.match(url))
    return Sources(
        addresses=() if indexes.none else tuple(addresses),
        of_project={name: url for name, url in indexes.of_project.items() if _WEB.match(url)},
        own=tuple(dict.fromkeys((*extras, *defaults))),
    )


def is_public(address: str) -> bool:
    """Tell the public index by its address."""
    return redacted(address).rstrip("/") == public_index().rstrip("/")


def _named(key: str, environ: Mapping[str, str]) -> list[str]:
    """Return the addresses of a variable of uv or pip, with the credentials of those that have a name (`NAME=URL`).

    UV_INDEX_<NAME>_USERNAME and _PASSWORD go over https, and where the address has none of its own. A name that a
    manifest gives an address of its choice counts for nothing.
    """
    found = []
    for word in environ.get(key, "").split():
        name, url = match.groups() if (match := _NAMED.fullmatch(word)) else ("", word)
        parts = _check(url)
        stem = f"UV_INDEX_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_"
        user, password = (environ.get(stem + end, "") for end in ("USERNAME", "PASSWORD"))
        if name and (user or password) and "@" not in parts.netloc and parts.scheme == "https":
            url = urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))
        found.append(url)
    return found


def _check(url: str) -> SplitResult:
    """Return an address in parts; raise UsageError for what is none, or would need the environment's variables."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:  # its own message would show credentials
        message = "an index address in the manifest or the environment cannot be read"
        raise UsageError([Mistake(message=message)]) from error
    if has_variable(url):
        message = "an index address has a variable, and none is expanded"
        raise UsageError([Mistake(message=message)], advice="Give the index to the job, as UV_INDEX=NAME=ADDRESS.")
    return parts
