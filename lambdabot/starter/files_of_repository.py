"""What `lambdabot init` writes, and what of it has drifted from what it would write today."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lambdabot import output
from lambdabot.errors import UsageError
from lambdabot.model import Discovery
from lambdabot.settings.declared import complete
from lambdabot.settings.document import validate
from lambdabot.settings.inputs import DEFAULT_CONFIG
from lambdabot.settings.yaml_source import read
from lambdabot.starter.builds import Part, parts, with_builds
from lambdabot.starter.release import BRANCH, action
from lambdabot.starter.settings_text import copied, settings_text
from lambdabot.workspace import FileRefusedError, Workspace

ROLES = ".github/lambdabot/roles.json"
WORKFLOWS = ("lambdabot.yml", "lambdabot-comment.yml")

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")

STEP = f"        uses: {action()}\n        with:\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """A file for the repository; `differs` when another text is in its place."""

    path: Path
    text: str
    exists: bool
    differs: bool


def starters(config: Path, discovery: Discovery, roles: Mapping[str, object]) -> list[Starter]:
    """Return every file of a first set-up, settings first; `roles` is a CloudFormation template.

    Settings may lie in a folder of the repository; what GitHub reads lies at its top and names them.
    """
    root = _top(config.parent)
    place = config.relative_to(root)
    part = str(place.parent if place.name == DEFAULT_CONFIG else place.with_suffix("")).removeprefix(".")
    built = parts(discovery, root)
    text, events = settings_text(discovery, config)
    texts = {
        config: text,
        root / ROLES: _json(roles),
        **{
            root / ".github/workflows" / _named(name, part): _naming(
                place, part, workflow(name, built if measures else ())
            )
            for name, measures in zip(WORKFLOWS, (True, False), strict=True)
        },
    }
    workspace = Workspace.around(config.parent)
    found = [_starter(path, text, workspace) for path, text in texts.items()]
    if os.path.lexists(config):  # it names its own events: whoever edits or removes one of ours means it
        return found
    return [*found, *(_starter(path, text, workspace) for path, text in events.items())]


def workflow(name: str, built: Sequence[Part] = ()) -> str:
    """Return one of WORKFLOWS for a whole repository, with the action as the newest release is named."""
    text = (files("lambdabot.starter") / "files" / name).read_text(encoding="utf-8")
    return with_builds(text.replace(BRANCH, action()), built)


def _top(folder: Path) -> Path:
    """Return the top of the repository that a folder is in; the folder itself where there is no repository."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def _named(workflow: str, part: str) -> str:
    """Return a workflow's file name, with the part of the repository that it is for."""
    return workflow.replace(".yml", f"-{_fit(part)}.yml") if part else workflow


def _naming(place: Path, part: str, workflow: str) -> str:
    """Return a workflow for the settings of a part of the repository, beside those of other parts."""
    if not part:
        return workflow
    changes = {
        STEP: f"{STEP}          config: {_quoted(place.as_posix())}\n",
        "name: lambdabot\n": f"name: {_quoted(f'lambdabot {part}')}\n",
        "name: lambdabot comment\n": f"name: {_quoted(f'lambdabot comment {part}')}\n",
        "workflows: [lambdabot]": f"workflows: [{_quoted(f'lambdabot {part}')}]",
        "-${{ github.event.": f"-{_fit(part)}-${{{{ github.event.",
        WORKFLOWS[1]: _named(WORKFLOWS[1], part),
    }
    for written, wanted in changes.items():
        workflow = workflow.replace(written, wanted, 1)
    return workflow


def _fit(part: str) -> str:
    return _UNFIT.sub("-", part).strip("-")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write(starters: Sequence[Starter], workspace: Workspace) -> None:
    """Write files that are not there yet. Raises UsageError for a folder that is a link, before any is written."""
    mistakes = [one for each in starters for one in output.mistakes(each.path.parent, workspace)]
    if mistakes:
        raise UsageError(list(dict.fromkeys(mistakes)))
    for one in starters:
        with output.opened(one.path.parent, workspace) as folder:
            folder.write(one.path.name, one.text)


def settings_drift(config: Path, discovery: Discovery) -> Iterator[str]:
    """Yield where lambdabot.yml, whose text is the user's own, and the templates have come apart."""
    try:
        workspace = Workspace.around(config)
        declared = complete(read(config, workspace), discovery, workspace)
        document = validate(declared.source)
    except UsageError as error:
        yield from map(str, error.mistakes)
        return
    for name, one in declared.declarations.items():
        given = document.functions[name].environment
        unset = [key for key in copied(one) if key not in given]
        if unset:
            yield f"{one.place}: `{name}` sets {', '.join(unset)}, which {config.name} does not"


def _starter(path: Path, text: str, workspace: Workspace) -> Starter:
    if not os.path.lexists(path):
        return Starter(path=path, text=text, exists=False, differs=False)
    try:
        there = workspace.read(path).decode()
    except (FileRefusedError, UnicodeDecodeError):
        there = ""
    return Starter(path=path, text=text, exists=True, differs=there != text)


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
