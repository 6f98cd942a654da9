"""What a pull request says for itself that is the target branch's to say, and what it hides from the comparison."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lambdabot.redaction import redact
from lambdabot.settings.load import Settings
from lambdabot.settings.target_branch import TargetBranch, Unknown
from lambdabot.settings.trust import Trusted
from tests.trust.arena import HANDLER, SETTINGS, Arena, Seen
from tests.trust.table import Attack, Door

PROMISE = "on a pull request the target branch decides"
TRUSTED = "lambdabot.pipeline.terms:trusted"
EXISTING = "arn:aws:lambda:us-east-1:123456789012:function:pay"
ADMIN = "arn:aws:iam::123456789012:role/admin"
GIT = ["git", "-c", "user.email=a@example.org", "-c", "user.name=a", "-c", "init.defaultBranch=main"]

Go = Callable[..., Seen]
NOBODY = "http://127.0.0.1:9"
"""An endpoint that nobody serves: what is in force is decided, and told in the report, without a measurement."""


def taken_at_its_word(settings: Settings, target: TargetBranch | Unknown, *, formerly: Mapping[str, str]) -> Trusted:
    return Trusted(settings=settings, refused={})


def _report(seen: Seen) -> dict[str, Any]:
    return json.loads(seen.files["report.json"])


def _says(more: str, *, target: str = "") -> Callable[[Arena], None]:
    """Return what writes both lambdabot.yml, each with more below it."""

    def write(arena: Arena) -> None:
        arena.write("lambdabot.yml", SETTINGS + more)
        arena.write("lambdabot.yml", SETTINGS + target, at=arena.base)

    return write


def _in_force(write: Callable[[Arena], None], *path: str, value: object) -> Callable[[Arena, Go], bool]:
    """Return an attempt: what the pull request says is what the report shows as the settings in force."""

    def attempt(arena: Arena, go: Go) -> bool:
        write(arena)
        found: Any = _report(go(endpoint=NOBODY))["settings"]
        for key in path:
            found = found[key]
        return bool(found == value)

    return attempt


def _of_hello(more: str, *path: str, value: object) -> Callable[[Arena, Go], bool]:
    return _in_force(_says(f"    {more}\n"), "functions", "hello", *path, value=value)


def _raises_its_budget(arena: Arena, go: Go) -> bool:
    arena.write("lambdabot.yml", SETTINGS.replace("minutes: 1", "minutes: 900"))
    return bool(_report(go(endpoint=NOBODY))["settings"]["functions"]["hello"]["budget"]["minutes"] == 900)


def _makes_a_large_increase_pass(arena: Arena, go: Go) -> bool:
    work = "import time\ndef handler(event, context):\n    time.sleep({})\n"
    arena.write("src/app.py", work.format(0.06))
    arena.write("src/app.py", work.format(0.002), at=arena.base)
    roomy = SETTINGS.replace("invocations: 60", "invocations: 300")
    arena.write("lambdabot.yml", roomy + "gate: {threshold_percent: 100000}\n")
    arena.write("lambdabot.yml", roomy, at=arena.base)
    return go().exit_code == 0


def _expects_its_own_errors(arena: Arena, go: Go) -> bool:
    """Answer HTTP 500 at once, and call that what is expected."""
    arena.write("src/app.py", "def handler(event, context):\n    return {'statusCode': 500}\n")
    arena.write("src/app.py", "def handler(event, context):\n    return {'statusCode': 200}\n", at=arena.base)
    own = "    expect: {status: 500}\n    allowed_errors: [500]\n    payloads: [{event: {}, expect: {status: 500}}]\n"
    arena.write("lambdabot.yml", SETTINGS + own)
    arena.write("lambdabot.yml", SETTINGS, at=arena.base)
    return go().exit_code == 0


OTHER = SETTINGS + SETTINGS[SETTINGS.index("  hello:") :].replace("hello", "other").replace("src", "more")


def _two(arena: Arena, *, target: str = "") -> None:
    """Let the target branch have two functions, and the pull request the second of them."""
    for folder in (arena.work, arena.base):
        arena.write("more/app.py", HANDLER, at=folder)
    arena.write("lambdabot.yml", OTHER + target, at=arena.base)
    alone = OTHER.replace(SETTINGS[SETTINGS.index("  hello:") :], "", 1)
    arena.write("lambdabot.yml", alone)


def _hides_a_function(arena: Arena, go: Go) -> bool:
    _two(arena)
    report = _report(go())
    return [one["name"] for one in report["functions"]] == ["other"] and report["verdict"] == "no change"


def _hides_a_function_from_a_strict_gate(arena: Arena, go: Go) -> bool:
    _two(arena, target="gate: {not_measured: fail}\n")
    return go().exit_code == 0


def _lets_what_is_hidden_pass(arena: Arena, go: Go) -> bool:
    _two(arena, target="gate: {not_measured: fail}\n")
    settings = (arena.work / "lambdabot.yml").read_text()
    arena.write("lambdabot.yml", settings + "gate: {not_measured: pass}\n")
    return go().exit_code == 0


TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Mails:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: more, Handler: app.handler, Runtime: python3.13, MemorySize: 1024}
"""


def _templates(arena: Arena) -> None:
    for folder in (arena.work, arena.base):
        arena.write("more/app.py", HANDLER, at=folder)
        arena.write("template.yaml", TEMPLATE, at=folder)


def _reads_no_template(arena: Arena, go: Go) -> bool:
    _templates(arena)
    arena.write("lambdabot.yml", SETTINGS + "templates: []\n")
    return _report(go())["verdict"] == "no change"


def _lets_a_template_say_too_little(arena: Arena, go: Go) -> bool:
    _templates(arena)
    arena.write("template.yaml", TEMPLATE.replace("Handler: app.handler, ", ""))
    return _report(go())["verdict"] == "no change"


def _says_it_is_smaller(arena: Arena, go: Go) -> bool:
    _templates(arena)
    arena.write("lambdabot.yml", SETTINGS + "  Mails: {current: {memory_mb: 128}}\n")
    return go().exit_code != 2


def _renames(arena: Arena, go: Go) -> bool:
    arena.write("lambdabot.yml", SETTINGS.replace("hello", "hullo") + "    monthly_invocations: 1\n")
    arena.write("lambdabot.yml", SETTINGS + "    monthly_invocations: 1000000\n", at=arena.base)
    (function, *_) = _report(go())["functions"]
    return bool(function["monthly_invocations"]["value"] == 1)


def _lowers_the_traffic(arena: Arena, go: Go) -> bool:
    _says("    monthly_invocations: 1\n", target="    monthly_invocations: 1000000\n")(arena)
    (function,) = _report(go())["functions"]
    return bool(function["monthly_invocations"]["value"] == 1)


def _shrinks_the_event(arena: Arena, go: Go) -> bool:
    _says("    payloads: [{name: small, event: {n: 1}}]\n", target="    payloads: [{name: large, event: {n: 9}}]\n")(
        arena
    )
    (function,) = _report(go())["functions"]
    return "large" not in json.dumps(function["plan"])


def _lays_a_smaller_event(arena: Arena, go: Go) -> bool:
    arena.write("events/hello.json", '{"n": 1}')
    arena.write("events/hello.json", '{"n": 9}', at=arena.base)
    (function,) = _report(go())["functions"]
    return "(target branch)" not in json.dumps(function["plan"])


def _has_the_job_read_a_secret(arena: Arena, go: Go) -> bool:
    read: list[str] = []

    def reads(_: object, location: str, *, largest: int) -> bytes:
        read.append(location)
        return b"{}"[:largest]

    arena.monkeypatch.setattr("lambdabot.pipeline.recorded.read_object", reads)
    _says("    payloads: [{file: 's3://secrets/key'}]\n")(arena)
    go()
    return bool(read)


def _measures_other_code(arena: Arena, go: Go) -> bool:
    arena.write("trivial/app.py", "def handler(event, context):\n    return 0\n")
    arena.write("lambdabot.yml", SETTINGS.replace("source: src", "source: trivial"))
    return not any("changes `source`" in note for note in _report(go(endpoint=NOBODY))["notes"])


def _links_to_other_settings(arena: Arena, go: Go) -> bool:
    arena.write("soft.yml", SETTINGS + "gate: {threshold_percent: 5000}\n")
    (arena.work / "lambdabot.yml").unlink()
    arena.link("lambdabot.yml", "soft.yml")
    arena.write("lambdabot.yml", SETTINGS + "gate: {threshold_percent: 3}\n", at=arena.base)
    return bool(_report(go(endpoint=NOBODY))["settings"]["gate"]["threshold_percent"] != 3)


def _says_nothing(more: str) -> Callable[[Arena, Go], bool]:
    """Return an attempt: what the pull request changes is measured, and nobody is told."""

    def attempt(arena: Arena, go: Go) -> bool:
        key = more.partition(":")[0].strip()
        arena.write("lambdabot.yml", SETTINGS.replace("    memory_mb: [1024]\n", "") + f"    {more}\n")
        return not any(f"changes `{key}`" in note for note in _report(go(endpoint=NOBODY))["notes"])

    return attempt


def _puts_a_link_there(arena: Arena, go: Go) -> bool:
    arena.write("lambdabot.yml", SETTINGS + "gate: {threshold_percent: 5000}\n")
    (arena.base / "lambdabot.yml").unlink()
    (arena.base / "lambdabot.yml").symlink_to(arena.work / "lambdabot.yml")
    return _threshold(go())


def _threshold(seen: Seen) -> bool:
    return bool(_report(seen)["settings"]["gate"]["threshold_percent"] == 5000)


def _softens(target: str) -> Callable[[Arena, Go], bool]:
    """Return an attempt: the gate is soft where the target branch's lambdabot.yml is this."""

    def attempt(arena: Arena, go: Go) -> bool:
        arena.write("lambdabot.yml", SETTINGS + "gate: {threshold_percent: 5000}\n")
        arena.write("lambdabot.yml", target, at=arena.base)
        return _threshold(go())

    return attempt


def _moves_the_settings(arena: Arena, go: Go) -> bool:
    moved = SETTINGS.replace("source: src", "source: ../src") + "gate: {threshold_percent: 5000}\n"
    arena.write("ci/lambdabot.yml", moved)
    (arena.work / "lambdabot.yml").unlink()
    return _threshold(go(config="ci/lambdabot.yml", endpoint=NOBODY))


def _git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _commit(arena: Arena) -> str:
    _git(arena.work, "add", "-A")
    _git(arena.work, "commit", "-q", "--allow-empty", "-m", "a change")
    return _git(arena.work, "rev-parse", "HEAD")


def _repository(arena: Arena) -> str:
    """Make the checkout a repository whose `main` is the target branch, and return that commit."""
    _git(arena.work, "init", "-q")
    base = _commit(arena)
    _git(arena.work, "checkout", "-q", "-b", "feature")
    arena.event["pull_request"]["base"]["sha"] = base
    return base


def _soft(arena: Arena) -> str:
    arena.write("lambdabot.yml", SETTINGS + "gate: {threshold_percent: 5000}\n")
    return _commit(arena)


def _has_its_own_commit_for_the_target_branch(arena: Arena, go: Go) -> bool:
    _repository(arena)
    _soft(arena)
    arena.event["pull_request"]["head"]["sha"] = _commit(arena)
    return _threshold(go(base=""))


def _pushes_a_merge(arena: Arena, go: Go) -> bool:
    _repository(arena)
    head = _commit(arena)
    _git(arena.work, "checkout", "-q", "-b", "soft", "main")
    _soft(arena)
    _git(arena.work, "merge", "-q", "--no-ff", "-m", "as GitHub's", "feature")
    arena.event["pull_request"]["head"]["sha"] = head
    return _threshold(go(base=""))


def _is_fetched_alone(arena: Arena, go: Go) -> bool:
    _repository(arena)
    arena.event["pull_request"]["head"]["sha"] = _soft(arena)
    whole = arena.folder / "whole"
    arena.work.rename(whole)
    _git(arena.folder, "clone", "-q", "--depth=1", f"file://{whole}", str(arena.work))
    return _threshold(go(base=""))


def _shadows_the_target_branch(arena: Arena, go: Go) -> bool:
    _repository(arena)
    shutil.copytree(arena.work / "src", arena.work / "main" / "src")
    arena.write("main/lambdabot.yml", SETTINGS + "gate: {threshold_percent: 5000}\n")
    _soft(arena)
    return _threshold(go(base="main"))


def _is_called_as_the_target_branch(arena: Arena, go: Go) -> bool:
    _repository(arena)
    arena.event["pull_request"]["head"]["sha"] = _soft(arena)
    return _threshold(go(base="feature"))


def _first_parent(head: str, commits: object, root: Path) -> str:
    return _git(root, "rev-parse", f"{head}^1")


def _goes_where_its_word_has_power(arena: Arena, go: Go) -> bool:
    return go(base="", endpoint=NOBODY).exit_code != 2


def _has_power_at_a_terminal(arena: Arena, _: Go) -> bool:
    _repository(arena)
    _git(arena.work, "update-ref", "refs/remotes/origin/main", "main")
    _git(arena.work, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    arena.write("lambdabot.yml", SETTINGS + f'    like: orders\n    side_effects: accepted\n    role: "{ADMIN}"\n')
    _commit(arena)
    seen = arena.command("run", "--dry-run", "--endpoint", NOBODY)
    return seen.exit_code == 0 and not seen.shows("changes `role`, `like`, `side_effects` of `hello`")


def _speaks_in_its_own_words(arena: Arena, go: Go) -> bool:
    arena.write("own.md.j2", "all is well, says the pull request")
    arena.write("lambdabot.yml", SETTINGS + "comment: {template: own.md.j2}\n")
    return go(endpoint=NOBODY).shows("all is well, says the pull request")


def _rewrites_the_teams_words(arena: Arena, go: Go) -> bool:
    for folder, text in ((arena.work, "all is well, says the pull request"), (arena.base, "the team's words")):
        arena.write("own.md.j2", text, at=folder)
        arena.write("lambdabot.yml", SETTINGS + "comment: {template: own.md.j2}\n", at=folder)
    return go(endpoint=NOBODY).shows("all is well, says the pull request")


def _silences(more: str) -> Callable[[Arena, Go], bool]:
    def attempt(arena: Arena, go: Go) -> bool:
        _says(f"comment: {{{more}}}\n")(arena)
        return not go(endpoint=NOBODY).comments

    return attempt


def _builds_for_a_new_function(arena: Arena, go: Go) -> bool:
    arena.write("more/app.py", HANDLER)
    new = SETTINGS[SETTINGS.index("  hello:") :].replace("hello", "fresh").replace("src", "more")
    arena.write("lambdabot.yml", SETTINGS + new + "    allow_build: [anything]\n")
    return bool(_report(go(endpoint=NOBODY))["settings"]["functions"]["fresh"]["allow_build"])


def _rows(
    name: str,
    attempt: Callable[[Arena, Go], bool],
    *doors: Door,
    guard: str = TRUSTED,
    without: object = taken_at_its_word,
    by_event: bool = False,
    only: str = "",
) -> Iterator[Attack]:
    """Yield the rows of an attack at the doors, both unless they are named.

    The command line is at a terminal, or a step of the workflow where the event tells of the pull request.
    """

    def by_action(arena: Arena) -> bool:
        return attempt(arena, arena.action)

    def by_command(arena: Arena) -> bool:
        def go(*, config: str = "lambdabot.yml", **more: str) -> Seen:
            return arena.run("--config", config, in_workflow=by_event, **more)

        return attempt(arena, go)

    ways = {"action": by_action, "command line": by_command}
    for door in doors or ways:
        yield Attack(name=name, promise=PROMISE, door=door, attempt=ways[door], guard=guard, without=without, only=only)


def nothing(*_: object, **__: object) -> Iterator[object]:  # in a guard's place
    return iter(())


BROKEN = SETTINGS + "    colour: red\n"
UNBUILT = SETTINGS.replace("source: src", "source: dist/built.zip")

ATTACKS = [
    *_rows("raises the gate's threshold", _softens(SETTINGS)),
    *_rows("raises the gate's threshold and costs more", _makes_a_large_increase_pass),
    *_rows(
        "lets the gate pass what is not decided",
        _in_force(
            _says("gate: {inconclusive: pass}\n", target="gate: {inconclusive: fail}\n"),
            "gate",
            "inconclusive",
            value="pass",
        ),
    ),
    *_rows("lets the gate pass what it takes out", _lets_what_is_hidden_pass),
    *_rows("expects its own errors", _expects_its_own_errors),
    *_rows(
        "lets the gate pass calls that fail",
        _in_force(_says("gate: {failures: warn}\n"), "gate", "failures", value="warn"),
    ),
    *_rows("raises the run's budget", _in_force(_says("budget: {usd: 4999}\n"), "budget", "usd", value="4999")),
    *_rows("raises a function's budget", _raises_its_budget),
    *_rows("names a bucket of its own", _in_force(_says("bucket: its-own\n"), "bucket", value="its-own")),
    *_rows("keeps its copies for a year", _in_force(_says("expires_hours: 8760\n"), "expires_hours", value=8760.0)),
    *_rows("takes a role of its own", _of_hello(f'role: "{ADMIN}"', "role", value=redact(ADMIN))),
    *_rows("takes the surroundings of a function of production", _of_hello("like: orders", "like", value="orders")),
    *_rows(
        "accepts side effects on production",
        _in_force(
            _says("    like: orders\n    side_effects: accepted\n", target="    like: orders\n"),
            "functions",
            "hello",
            "side_effects",
            value="accepted",
        ),
    ),
    *_rows(
        "has power at the terminal of who checked it out",
        _has_power_at_a_terminal,
        "command line",
        only="the action is at no terminal",
        guard="lambdabot.pipeline.terms:default_branch",
        without=lambda *_: None,
    ),
    *_rows("lets a dependency's code be built", _of_hello("allow_build: [any]", "allow_build", value=["any"])),
    *_rows("brings a function that may build", _builds_for_a_new_function),
    *_rows("has the comment in its own words", _speaks_in_its_own_words),
    *_rows("rewrites the team's words of the comment", _rewrites_the_teams_words),
    *_rows("turns the comment off", _silences('mode: "off"'), by_event=True),
    *_rows("lets no comment be made unless it costs more", _silences("when: regression"), by_event=True),
    *_rows("measures with a smaller event", _shrinks_the_event),
    *_rows("lays a smaller event where one is looked for", _lays_a_smaller_event),
    *_rows("has the job's role read an object for it", _has_the_job_read_a_secret),
    *_rows(
        "has an existing function invoked before each call",
        _in_force(
            _says(f"    before: {{function: '{EXISTING}'}}\n    side_effects: accepted\n"),
            "functions",
            "hello",
            "before",
            value={"function": redact(EXISTING), "event": "***", "each": "call"},
        ),
    ),
    *_rows("claims less traffic, to stay below the dollars a month", _lowers_the_traffic),
    *_rows(
        "renames the function, to claim less traffic",
        _renames,
        guard="lambdabot.pipeline.terms:former_names",
        without=lambda *_, **__: {},
    ),
    *_rows("measures few sizes", _says_nothing("memory_mb: [128]")),
    *_rows("asks for less of the measurement", _says_nothing("constraints: {p95_ms: 99999}")),
    *_rows("takes a function out", _hides_a_function, guard="lambdabot.pipeline.pairs:_removed", without=nothing),
    *_rows(
        "takes a function out from under a strict gate",
        _hides_a_function_from_a_strict_gate,
        guard="lambdabot.pipeline.pairs:_removed",
        without=nothing,
    ),
    *_rows("reads no templates", _reads_no_template, guard="lambdabot.pipeline.pairs:_removed", without=nothing),
    *_rows(
        "leaves open in a template what a function needs",
        _lets_a_template_say_too_little,
        guard="lambdabot.pipeline.pairs:_removed",
        without=nothing,
    ),
    *_rows(
        "claims to be smaller than its template deploys it",
        _says_it_is_smaller,
        guard="lambdabot.settings.declared:_contradictions",
        without=nothing,
    ),
    *_rows("waits for a mistake in the target branch's settings", _softens(BROKEN)),
    *_rows("waits for a target branch whose code is built first", _softens(UNBUILT)),
    *_rows(
        "waits for a link in place of the target branch's settings",
        _puts_a_link_there,
        guard="lambdabot.workspace:Workspace._real",
        without=lambda self, path: path.resolve(),
    ),
    *_rows("measures other code under the function's name", _measures_other_code),
    *_rows("puts a link in place of its own settings", _links_to_other_settings),
    *_rows("moves the settings", _moves_the_settings),
    *_rows(
        "has its own first commit taken for the target branch",
        _has_its_own_commit_for_the_target_branch,
        by_event=True,
        guard="lambdabot.project.base:_target_parent",
        without=_first_parent,
    ),
    *_rows(
        "pushes a merge with a first parent of its own",
        _pushes_a_merge,
        by_event=True,
        guard="lambdabot.project.base:_target_parent",
        without=_first_parent,
    ),
    *_rows("is checked out alone", _is_fetched_alone, by_event=True),
    *_rows(
        "brings a folder that bears the target branch's name",
        _shadows_the_target_branch,
        guard="lambdabot.project.base:_is_committed",
        without=lambda *_: False,
    ),
    *_rows("bears the name that the base is looked for by", _is_called_as_the_target_branch, by_event=True),
    *_rows(
        "is measured elsewhere than locally while nobody knows the target branch",
        _goes_where_its_word_has_power,
        by_event=True,
    ),
]
