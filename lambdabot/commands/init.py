"""`lambdabot init`: writes what is missing, leaves what is there, says what has drifted."""

import argparse
import os
from pathlib import Path

from lambdabot.errors import ExitCode, UsageError
from lambdabot.local.runtimes.available import unsupported
from lambdabot.model import Discovery, Stated
from lambdabot.project.discovery import discover
from lambdabot.settings.declared import complete, not_measured
from lambdabot.settings.yaml_source import YamlSource, read
from lambdabot.starter.files_of_repository import Starter, settings_drift, starters, write
from lambdabot.starter.roles_template import repository_of, template
from lambdabot.workspace import Workspace

MEASURE = """
Next:
  lambdabot run --endpoint local      measures the functions here, without an AWS account"""

WRITE = """
Next:
  lambdabot.yml                       wants the functions: no template here declares one, so write their source, handler
                                      and runtime as its last comment shows; a template lies beside lambdabot.yml, or
                                      below it, or `templates` there names it"""

ROLES = """\
  .github/lambdabot/roles.json        deploy it with `aws cloudformation deploy --template-file … --stack-name lambdabot
                                      --capabilities CAPABILITY_IAM`, put the job's role into the repository's variable
                                      LAMBDABOT_ROLE and the copies' role into lambdabot.yml: from then on it is AWS"""

UNKNOWN = """
The repository on GitHub is not known here, so AWS refuses .github/lambdabot/roles.json. Remove it, and run
`lambdabot init` again once the remote `origin` is there, or with GITHUB_REPOSITORY=OWNER/NAME."""


def run(arguments: argparse.Namespace) -> int:
    """Write the files, or compare them, and return the exit code."""
    config = Path(os.path.abspath(arguments.config))  # noqa: PTH100  # nothing is written through a link
    discovery = discover(config.parent)
    repository = repository_of(config.parent, os.environ)
    found = starters(config, discovery, template(config, discovery, repository))
    if arguments.check:
        return _check(found, config)
    workspace = Workspace.around(config.parent)
    write([one for one in found if not one.exists], workspace)
    for one in found:
        print(f"{_state(one):8} {_shown(one.path)}")
    for line in _not_measured(config, discovery, workspace):
        print(line)
    print(f"{len(discovery.functions)} function(s) in {len(discovery.templates)} template(s)")
    if any(not one.exists for one in found):
        print(MEASURE if discovery.functions else WRITE)
        print(ROLES if repository else f"{ROLES}\n{UNKNOWN}")
    return ExitCode.DONE


def _not_measured(config: Path, discovery: Discovery, workspace: Workspace) -> tuple[str, ...]:
    """Return what a run would not measure with the settings that are there now."""
    try:
        source = read(config, workspace)
    except UsageError:  # a file of the user's own, whose mistakes a run tells
        source = YamlSource(path=config, data={})
    declared = complete(source, discovery, workspace)
    runtimes = {name: one.runtime for name, one in declared.declarations.items()}
    not_here = {name: unsupported(one.value) for name, one in runtimes.items() if isinstance(one, Stated)}
    return (
        *not_measured(declared.notes, declared.left_out),
        *(f"{name}: {why}: `--endpoint aws` measures it" for name, why in not_here.items() if why),
    )


def _check(found: list[Starter], config: Path) -> int:
    drift = [f"{_shown(one.path)}: missing" for one in found if not one.exists]
    drift += [
        f"{_shown(one.path)}: is not what `lambdabot init` writes today; remove it to have it written anew"
        for one in found
        if one.differs and one.path != config
    ]
    if config.is_symlink() or config.exists():
        drift += settings_drift(config, discover(config.parent))
    print("\n".join(drift) or "nothing has drifted")
    return ExitCode.GATE_FAILED if drift else ExitCode.DONE


def _state(one: Starter) -> str:
    return "kept" if one.differs else "same" if one.exists else "written"


def _shown(path: Path) -> str:
    return os.path.relpath(path)
