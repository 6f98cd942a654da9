"""The text of a first lambdabot.yml: what the templates do not say, and what they say that has to be repeated."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from lambdabot.model import Attribute, Declaration, Discovery, Place, Stated, Undecided
from lambdabot.settings.declared import complete
from lambdabot.settings.yaml_source import YamlSource
from lambdabot.starter.payloads import payloads
from lambdabot.starter.release import schema_address
from lambdabot.starter.secret_values import secret
from lambdabot.workspace import Workspace

HEAD = """# yaml-language-server: $schema={schema}
version: 1

# Runtime, handler, code, memory, architecture and timeout of the functions are read from the templates; what stands
# here wins. `lambdabot run --endpoint local` measures them without an AWS account.
#
# defaults:
#   role: arn:aws:iam::123456789012:role/lambdabot-copies # needed on AWS: what the throw-away copies run as
#   monthly_invocations: 1_000_000                        # turns costs into dollars a month
"""

BY_HAND = """# No template declares a function here: write each by hand, in place of `{}`, as
#   thumbnail:
#     source: src/thumbnail # the folder of its code
#     handler: app.handler
#     runtime: python3.13"""

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*$")


def settings_text(discovery: Discovery, config: Path) -> tuple[str, dict[Path, str]]:
    """Return the text of a lambdabot.yml that will stand at `config`, and the events that it names and that are new."""
    root = config.parent
    workspace = Workspace.around(config)
    declared = complete(YamlSource(path=config, data={"version": 1}), discovery, workspace)
    written: list[str] = []
    remarks = [f"# {_at(problem.place, root)}: {_one_line(problem.reason)}" for problem in discovery.problems]
    for name, reason in declared.left_out.items():
        remarks.append(f"# {name} is not measured: {_one_line(reason.replace(f'{root}/', ''))}")
    events = payloads(declared, root)
    files: dict[Path, str] = {}
    for name, one in declared.declarations.items():
        files |= events[name].files
        entries = [*_undecided(one, root), *_environment(one, root), *events[name].lines]
        if any(not entry.lstrip().startswith("#") for entry in entries):
            written += [f"  {name}: # {_at(one.place, root)}", *entries]
        else:
            remarks += [f"# {name} is all in {_at(one.place, root)}", *(f"#{entry}" for entry in entries)]
    if not discovery.functions:
        remarks.append(BY_HAND)
    head = HEAD.format(schema=schema_address())
    text = "\n".join([head, *remarks, *(["functions:", *written] if written else ["functions: {}"])]) + "\n"
    return text, files


def _undecided(one: Declaration, root: Path) -> Iterator[str]:
    """Yield what the template leaves open and has a default here, for the user to fill in."""
    for key, value in {"memory_mb": one.memory_mb, "architecture": one.architecture}.items():
        if isinstance(value, Undecided):
            yield f"    # current: {{{key}: }} # {_at(value.place, root)}: {_one_line(value.reason)}"


def settable(one: Declaration) -> dict[str, Attribute[str]]:
    """Return the function's variables that lambdabot.yml takes: Lambda refuses other names."""
    return {name: value for name, value in one.environment.items() if _VARIABLE.match(name)}


def copied(one: Declaration) -> list[str]:
    """Return the variables whose values lambdabot.yml repeats: all that the template decides but secrets."""
    return [
        name for name, value in settable(one).items() if isinstance(value, Stated) and not secret(name, value.value)
    ]


def _environment(one: Declaration, root: Path) -> Iterator[str]:
    """Yield the variables: the copies get those that stand in lambdabot.yml, and no others."""
    names, decided = settable(one), copied(one)
    if decided:
        yield "    environment:"
    elif names:
        yield "    # environment:"
    for name, value in names.items():
        if name in decided and isinstance(value, Stated):
            yield f"      {name}: {json.dumps(value.value, ensure_ascii=False)}"
        elif isinstance(value, Stated):
            kind = f"{_at(value.place, root)} has {secret(name, value.value)}"
            yield f"      # {name}: {kind}, which is left out: a value for tests can stand here"
        elif isinstance(value, Undecided):
            yield f"      # {name}: {_at(value.place, root)}: {_one_line(value.reason)}"


def _at(place: Place, root: Path) -> str:
    path = place.path.relative_to(root) if place.path.is_relative_to(root) else place.path
    return f"{path}:{place.line}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
