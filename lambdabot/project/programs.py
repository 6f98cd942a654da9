"""Projects whose functions a program or a tool of their own decides: told with what to do, never passed over."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from lambdabot.model import Place, Undecided
from lambdabot.project.templates.hints import PROVIDER, beginning
from lambdabot.unbuilt.build_step import synth_command, synth_output
from lambdabot.workspace import FileRefusedError, Workspace

MOST_SHOWN = 4

_BY_HAND = "give its functions in lambdabot.yml"

_TERRAFORM_JSON = re.compile(rb"\"aws_lambda_function\"|terraform-aws-modules/lambda/")
_LAMBDA = re.compile(rb"(?i)lambda")

_MANIFEST = "manifest.json"
"""What an app that is synthesized has beside its templates, or without any where its stages have them."""

_CHALICE = Path(".chalice", "config.json")


def _by_hand(what: str) -> Callable[[Path, Workspace], str]:
    return lambda _path, _workspace: f"{what}: {_BY_HAND}"


def _cdk(path: Path, workspace: Workspace) -> str:
    made = workspace.walk(synth_output(path.parent, workspace), enters=lambda _: False)
    names = next((names for _, names in made), [])
    if any(name == _MANIFEST or name.endswith(".template.json") for name in names):
        return ""
    return f"is a CDK app that is not synthesized: run `{synth_command(path.parent, workspace)}` there before lambdabot"


def _chalice(path: Path, workspace: Workspace) -> str:
    if not workspace.is_file(path.parent / _CHALICE):
        return ""
    return "is a Chalice app: run `chalice package packaged` there before lambdabot"


def _amplify(path: Path, _workspace: Workspace) -> str:
    return f"is an Amplify backend, whose program is not run: {_BY_HAND}" if path.parent.name == "amplify" else ""


_PROGRAM = "is a program, which is not run"

_KNOWN: tuple[tuple[str, re.Pattern[bytes] | None, Callable[[Path, Workspace], str]], ...] = (
    ("serverless.[tj]s", PROVIDER, _by_hand(_PROGRAM)),
    ("*.tf.json", _TERRAFORM_JSON, _by_hand("is Terraform written as JSON, which is not read")),
    ("cdk.json", None, _cdk),
    ("cdktf.json", None, _by_hand(f"is an app of CDK for Terraform, which {_PROGRAM.removeprefix('is ')}")),
    ("sst.config.[tj]s", None, _by_hand("is an SST app, whose program is not run")),
    ("sst.json", None, _by_hand("is an SST app, whose program is not run")),
    ("Pulumi.y*ml", None, _by_hand("is a Pulumi project, whose program is not run")),
    ("zappa_settings.*", None, _by_hand("is a Zappa project, whose package `zappa package` makes")),
    ("app.py", None, _chalice),
    ("backend.ts", None, _amplify),
    ("app.arc", None, _by_hand("is an Architect app, which is not read")),
    ("arc.*", None, _by_hand("is an Architect app, which is not read")),
    ("terragrunt.hcl", _LAMBDA, _by_hand("is Terragrunt, whose inputs of a module are not read")),
)
"""Names of files, what they hold where that says more than the name, and what is told of them."""


@dataclass(slots=True)
class Programs:
    """What was met of them on the way through a repository's folders, told once for each kind."""

    root: Path
    workspace: Workspace
    _met: dict[str, list[Path]] = field(default_factory=dict)

    def meet(self, path: Path) -> bool:
        """Tell whether a file stands for functions that it does not say, and keep that in mind."""
        for pattern, hint, words in _KNOWN:
            if not fnmatchcase(path.name, pattern):
                continue
            try:
                is_one = hint is None or hint.search(beginning(path, self.workspace)) is not None
                reason = words(path, self.workspace) if is_one else ""
            except FileRefusedError as error:
                reason = str(error)
            if reason:
                self._met.setdefault(reason, []).append(path)
            return bool(reason)
        return False

    def problems(self) -> Iterator[Undecided]:
        """Yield what was met, each kind at its first file."""
        for reason, paths in self._met.items():
            others = [str(path.relative_to(self.root)) for path in paths[1:]]
            shown = ", ".join([*others[:MOST_SHOWN], *(["…"] if len(others) > MOST_SHOWN else [])])
            more = f" ({len(others)} more: {shown})" if others else ""
            yield Undecided(reason=f"{reason}{more}", place=Place(path=paths[0], line=1))
