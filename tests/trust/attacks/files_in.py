"""What a pull request names to be read."""

import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

from lambdabot.errors import ExitCode
from lambdabot.workspace import Workspace
from tests.trust.arena import SETTINGS, Arena, Seen
from tests.trust.table import Attack, Door

PROMISE = "files are the workspace's own"
HOLDS = "lambdabot.workspace:Workspace._real"
OPEN = "lambdabot.workspace:Workspace.open"
PRIVATE = "lambdabot.workspace:is_private"

SECRET = "secret-of-the-runner"  # an attack's prey
TELLING = "def handler(event, context):\n    raise ValueError(str(event))\n"
FUNCTION = "Type: AWS::Lambda::Function, Properties: {Handler: app.handler, Runtime: python3.13, Code: ../work/src}"
TEMPLATE = f"Resources:\n  Secretive: {{{FUNCTION}}}\n"


def anywhere(self: Workspace, path: Path) -> Path:  # in the guard's place
    return path.resolve()


def anything(self: Workspace, path: Path, *, largest: int | None = None) -> BinaryIO:  # in the guard's place
    if not path.is_fifo():
        return path.open("rb")
    try:
        return io.BytesIO(os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 4096))
    except BlockingIOError:  # it was read already
        return io.BytesIO()


def git_spelled_so(name: str) -> bool:  # in the guard's place
    return name == ".git"


def _settings(more: str = "", **changed: str) -> str:
    """Return the settings with a key more, or other lines of the function."""
    text = SETTINGS
    for key, value in changed.items():
        start = text.index(f"    {key}:")
        text = text[:start] + f"    {key}: {value}" + text[text.index("\n", start) :]
    return text + more


# Each of these makes the pull request, and says what shows that it worked.


def _comment(template: str, shown: str, arena: Arena) -> Callable[[Seen], bool]:
    arena.link("linked.j2", ".git/config")
    arena.write("gha-creds-0123456789abcdef.json", SECRET)
    arena.write("sub/.git", f"gitdir: ../.git/modules/{SECRET}\n")
    arena.write("sub/.GIT/config", SECRET)
    arena.write("lambdabot.yml", _settings(f"comment: {{template: {template}}}\n"))
    return lambda seen: seen.shows(shown)


def _settings_elsewhere(arena: Arena) -> Callable[[Seen], bool]:
    arena.write("credentials", f"{SECRET}: AKIA\n", at=arena.runner)
    (arena.work / "lambdabot.yml").unlink()
    arena.link("lambdabot.yml", "../runner/credentials")
    return lambda seen: seen.shows(SECRET)


def _settings_of_git(arena: Arena) -> Callable[[Seen], bool]:
    arena.write(".git/other.yml", f"{SECRET}: 1\n")
    (arena.work / "lambdabot.yml").unlink()
    arena.link("lambdabot.yml", ".git/other.yml")
    return lambda seen: seen.shows(SECRET)


def _payload(name: str, arena: Arena) -> Callable[[Seen], bool]:
    arena.write("prey.json", f'{{"a": "{SECRET}"}}', at=arena.runner)
    arena.write(".git/prey.json", f'{{"a": "{SECRET}"}}')
    arena.link("events", "../runner")
    arena.write("src/app.py", TELLING)
    arena.write("lambdabot.yml", _settings().replace("    budget", f"    payloads: [{{file: {name}}}]\n    budget"))
    return lambda seen: seen.shows(SECRET)


def _found(target: str, arena: Arena) -> Callable[[Seen], bool]:
    """Lay an event where one is looked for that nobody named."""
    arena.write("prey.json", f'{{"a": "{SECRET}"}}', at=arena.runner)
    arena.write(".git/prey.json", f'{{"a": "{SECRET}"}}')
    arena.write("events/other.json", "{}")
    arena.link("events/hello.json", target)
    arena.write("src/app.py", TELLING)
    return lambda seen: seen.shows(SECRET)


def _seed(name: str, arena: Arena) -> Callable[[Seen], bool]:
    for folder in (arena.runner, arena.work / ".git"):
        arena.write("seed.json", f'[{{"{SECRET}": "list-tables"}}]', at=folder)
    arena.link("linked.json", "../runner/seed.json")
    local = f"    local: {{aws: moto, seed: {name}}}\n    budget"
    arena.write("lambdabot.yml", _settings().replace("    budget", local))
    return lambda seen: seen.shows(SECRET)


def _source(name: str, arena: Arena) -> Callable[[Seen], bool]:
    arena.write("app.py", TELLING, at=arena.runner)
    arena.link("linked", "../runner")
    arena.write(".git/app.py", TELLING)
    with zipfile.ZipFile(arena.runner / "own.zip", "w") as own:
        own.writestr("app.py", TELLING)
    arena.link("own.zip", "../runner/own.zip")
    arena.write("lambdabot.yml", _settings(source=name))
    return lambda seen: seen.exit_code != ExitCode.USAGE


def _requirements(name: str, arena: Arena) -> Callable[[Seen], bool]:
    arena.write("netrc", f"{SECRET}\n", at=arena.runner)
    arena.link("src/linked.txt", "../../runner/netrc")
    text = _settings().replace("    budget", f"    requirements: {name}\n    budget")
    arena.write("lambdabot.yml", text)
    return lambda seen: seen.exit_code != ExitCode.USAGE


def _templates(name: str, arena: Arena) -> Callable[[Seen], bool]:
    arena.write("stack.yml", TEMPLATE, at=arena.runner)
    arena.link("linked", "../runner")
    arena.write("lambdabot.yml", _settings(f"templates: ['{name}']\n"))
    return lambda seen: seen.shows("Secretive")


def _linked_template(arena: Arena) -> Callable[[Seen], bool]:
    arena.write("stack.yml", TEMPLATE, at=arena.runner)
    arena.link("stack.yml", "../runner/stack.yml")
    return lambda seen: seen.shows("Secretive")


def _nested_stack(arena: Arena) -> Callable[[Seen], bool]:
    arena.write("stack.yml", TEMPLATE, at=arena.runner)
    inner = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../runner/stack.yml}}"
    arena.write("template.yml", f"Resources:\n  Inner: {inner}\n")
    return lambda seen: seen.shows("Secretive")


def _variable(arena: Arena) -> Callable[[Seen], bool]:
    arena.write("functions.yml", "Secretive: {handler: src/app.handler}\n", at=arena.runner)
    service = 'service: s\nprovider: {name: aws, runtime: python3.13}\nfunctions: "${file(../runner/functions.yml)}"\n'
    arena.write("serverless.yml", service)
    return lambda seen: seen.shows("Secretive")


def _archived(arena: Arena) -> Callable[[Seen], bool]:
    arena.write("app.py", TELLING, at=arena.runner)
    text = (
        'data "archive_file" "a" {\n  type = "zip"\n  output_path = "a.zip"\n'
        '  source {\n    content = file("../runner/app.py")\n    filename = "app.py"\n  }\n}\n'
        'resource "aws_lambda_function" "f" {\n  filename = data.archive_file.a.output_path\n'
        '  handler = "app.handler"\n  runtime = "python3.13"\n}\n'
    )
    arena.write("main.tf", text)
    arena.write("lambdabot.yml", "version: 1\n")
    return lambda seen: seen.exit_code != ExitCode.USAGE


def _pipe(name: str, text: str, arena: Arena) -> Callable[[Seen], bool]:
    """Put a pipe in a file's place; its other end is open, so that whoever reads it without a guard is not held."""
    arena.write("src/app.py", TELLING)
    arena.write("lambdabot.yml", _settings().replace("    budget", "    payloads: [{file: event.pipe}]\n    budget"))
    (arena.work / name).unlink(missing_ok=True)
    os.mkfifo(arena.work / name)
    os.write(os.open(arena.work / name, os.O_RDWR | os.O_NONBLOCK), text.encode())
    return lambda seen: seen.shows(SECRET)


def _zip(arena: Arena) -> Callable[[Seen], bool]:
    """Take a zip whose directory says that it is 300 MB unzipped."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("app.py", "")
    size = struct.pack("<I", 300 << 20)
    head = data.getvalue().index(b"PK\1\2")
    arena.write("own.zip", data.getvalue()[: head + 24] + size + data.getvalue()[head + 28 :])
    arena.write("lambdabot.yml", _settings(source="own.zip"))
    return lambda seen: not seen.shows("is 300 MB unzipped")


def _device(arena: Arena) -> Callable[[Seen], bool]:
    arena.write("lambdabot.yml", _settings().replace("    budget", "    payloads: [{file: /dev/zero}]\n    budget"))
    return lambda seen: seen.shows("is larger than")


NOBODY = "http://127.0.0.1:9"
"""An endpoint that nobody serves: files are read and packaged, and nothing is measured."""

Prepare = Callable[[Arena], Callable[[Seen], bool]]
Go = Callable[[Arena], Seen]
RUNS: dict[Door, Go] = {
    "action": partial(Arena.action, endpoint=NOBODY),
    "command line": lambda arena: arena.run("--dry-run"),
}
MEASURES: dict[Door, Go] = {"action": Arena.action, "command line": Arena.run}


def _at(go: Go, prepare: Prepare, arena: Arena) -> bool:
    worked = prepare(arena)
    return worked(go(arena))


def _rows(
    name: str,
    prepare: Prepare,
    *,
    runs: Mapping[Door, Go] = RUNS,
    guard: str = HOLDS,
    without: object = anywhere,
) -> Iterator[Attack]:
    for door, go in runs.items():
        yield Attack(
            name=name,
            promise=PROMISE,
            door=door,
            attempt=partial(_at, go, prepare),
            guard=guard,
            without=without,
        )


def _taken(template: str, shown: str, arena: Arena) -> bool:
    """Tell whether the action takes it for a template; it shows none of a pull request's."""
    _comment(template, shown, arena)
    return RUNS["action"](arena).exit_code != ExitCode.USAGE


def _rendered(template: str, shown: str, arena: Arena) -> bool:
    """Render the comment at a terminal that names no base: with one, the base's template is in force."""
    return _comment(template, shown, arena)(arena.run(base="", endpoint=NOBODY))


def _template(
    name: str, template: str, shown: str, *, guard: str = HOLDS, without: object = anywhere
) -> Iterator[Attack]:
    ways: dict[Door, Callable[[str, str, Arena], bool]] = {"action": _taken, "command line": _rendered}
    for door, way in ways.items():
        attempt = partial(way, template, shown)
        yield Attack(name=name, promise=PROMISE, door=door, attempt=attempt, guard=guard, without=without)


HEADER = "extraheader"
private = {"guard": PRIVATE, "without": lambda name: False}  # the guard's signature

ATTACKS = [
    *_template("lets git's own configuration be the comment's template", ".git/config", HEADER),
    *_template("lets a link to git's own configuration be it", "linked.j2", HEADER),
    *_template("goes to git's own configuration by `..`", "src/../.git/config", HEADER),
    *_template("lets a submodule's `.git` be the template", "sub/.git", SECRET, **private),
    *_template(
        "lets credentials of another action be the template",
        "gha-creds-0123456789abcdef.json",
        SECRET,
        **private,
    ),
    *_template(
        "spells `.git` as another file system takes it",
        "sub/.GIT/config",
        SECRET,
        guard=PRIVATE,
        without=git_spelled_so,
    ),
    *_rows("makes lambdabot.yml a link to the runner's files", _settings_elsewhere),
    *_rows("makes lambdabot.yml a link into `.git`", _settings_of_git),
    *_rows("sends a file of the runner as an event", partial(_payload, "../runner/prey.json"), runs=MEASURES),
    *_rows("sends a file of the runner by a linked folder", partial(_payload, "events/prey.json"), runs=MEASURES),
    *_rows("sends a file of `.git` as an event", partial(_payload, ".git/prey.json"), runs=MEASURES),
    *_rows(
        "lays a link to a file of the runner where events are", partial(_found, "../../runner/prey.json"), runs=MEASURES
    ),
    *_rows("lays a link to a file of `.git` where events are", partial(_found, "../.git/prey.json"), runs=MEASURES),
    *_rows("names a link to a file of the runner as moto's seed", partial(_seed, "linked.json")),
    *_rows("names a file of `.git` as moto's seed", partial(_seed, ".git/seed.json")),
    *_rows("packages `.git`", partial(_source, ".git")),
    *_rows("packages the runner's folder by a link", partial(_source, "linked")),
    *_rows("packages the runner's folder by `..`", partial(_source, "src/../../runner")),
    *_rows("takes a zip by a link", partial(_source, "own.zip")),
    *_rows("packages a file of git's own as one file", partial(_source, ".git/app.py")),
    *_rows("packages a file of the runner as one file", partial(_source, "linked/app.py")),
    *_rows("names requirements outside", partial(_requirements, "../../runner/netrc")),
    *_rows("names requirements that are a link outside", partial(_requirements, "linked.txt")),
    *_rows("reads templates outside by a pattern", partial(_templates, "../runner/*.yml")),
    *_rows("reads templates outside by a linked folder", partial(_templates, "linked/stack.yml")),
    *_rows("reads a template that is a link outside", _linked_template),
    *_rows("nests a stack that lies outside", _nested_stack),
    *_rows("takes functions of a file outside by a variable", _variable),
    *_rows("packages a file of the runner's through Terraform", _archived),
    *_rows(
        "makes an event a pipe",
        partial(_pipe, "event.pipe", f'["{SECRET}"]'),
        runs=MEASURES,
        guard=OPEN,
        without=anything,
    ),
    *_rows(
        "makes lambdabot.yml a pipe",
        partial(_pipe, "lambdabot.yml", f"{SECRET}: 1\n"),
        guard=OPEN,
        without=anything,
    ),
    *_rows(
        "takes a zip that is a bomb",
        _zip,
        runs=MEASURES,
        guard="lambdabot.packaging.archive:check_unzipped",
        without=lambda sizes: None,
    ),
    *_rows("sends a device as an event", _device, guard=OPEN, without=anything),
]
