"""Variables of the Serverless Framework, as far as the files decide them."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from lambdabot.model import Undecided
from lambdabot.project.templates.cloudformation.intrinsics import Known, Result, scalar
from lambdabot.project.templates.source_text import LONGEST_VALUE, SourceText, TemplateError
from lambdabot.project.templates.yaml_nodes import Document, Node, documents
from lambdabot.workspace import Workspace

DEFAULT_STAGE = "dev"
DEFAULT_REGION = "us-east-1"

MOST_STEPS = 50
"""Variables that one value leads through."""

_VARIABLE = re.compile(r"\$\{([^${}]*)\}")
_SIGN = re.compile(r"""[,'"()]""")
_CLOSING = {"'": "'", '"': '"', "(": ")"}
_FILE = re.compile(r"file\(([^)]*)\)(?::(.+))?$")


class Variables:
    """The variables of one service."""

    def __init__(self, document: Document, workspace: Workspace) -> None:
        """Read nothing yet; other files of the workspace are read when a variable names them, each once."""
        self._document = document
        self._workspace = workspace
        self._folder = document.text.path.parent
        self._files: dict[Path, Document | Undecided] = {}
        self._steps = 0
        self._asking_for_stage = False

    def resolve(self, node: Node, document: Document) -> Result:
        """Return what a node amounts to; the value of a mapping or list is its node, whose parts are not resolved."""
        self._steps = 0
        return self._node(node, document)

    def _node(self, node: Node, document: Document, via: tuple[str, ...] = ()) -> Result:
        self._steps += 1
        if self._steps > MOST_STEPS:
            return Undecided(
                reason="its variables lead in a circle, or through too many others", place=document.place(node)
            )
        if not isinstance(node, yaml.ScalarNode) or "${" not in str(node.value):
            return Known(scalar(node) if isinstance(node, yaml.ScalarNode) else node, node, document, via)
        text = str(node.value)
        while found := _VARIABLE.search(text):
            value = self._variable(found[1], node, document)
            if isinstance(value, Undecided):
                return value
            via = (*value.via, *via)
            if found[0] == text:
                return Known(value.value, value.node, value.document, via)
            if isinstance(value.value, yaml.Node):
                return Undecided(reason=f"`{found[0]}` is no text", place=document.place(node))
            text = f"{text[: found.start()]}{value.value}{text[found.end() :]}"
            self._steps += 1
            if self._steps > MOST_STEPS or len(text) > LONGEST_VALUE:
                return Undecided(
                    reason="its variables are too many, or make too long a text", place=document.place(node)
                )
        return Known(text, node, document, via)

    def _variable(self, expression: str, node: Node, document: Document) -> Result:
        """Return the first alternative that there is."""
        result: Result = Undecided(reason=f"`${{{expression}}}` has no value here", place=document.place(node))
        for part in filter(None, map(str.strip, _alternatives(expression))):
            value = self._alternative(part, node, document)
            if isinstance(value, Known):
                return value
            result = value
            if not self._may_be_missing(part):
                break
        if expression.strip() == "opt:stage" and not self._asking_for_stage:
            return Known(self._stage(), node, document, ("sls:stage",))  # the file's own default
        return result

    @staticmethod
    def _may_be_missing(part: str) -> bool:
        """Tell whether the next alternative stands in for this one; what only the cloud knows may well be there."""
        return part.partition(":")[0].partition("(")[0] in {"opt", "env", "self", "param", "file"}

    def _alternative(self, part: str, node: Node, document: Document) -> Result:
        here = document.place(node)
        if part[0] in "'\"":
            return Known(part[1:-1], node, document, ("a default",))
        if file := _FILE.match(part):
            return self._file(file[1].strip(), file[2], node, document)
        source, colon, address = part.partition(":")
        match source if colon else "":
            case "":
                if re.fullmatch(r"-?\d+|true|false|null", part):
                    return Known(scalar(yaml.ScalarNode(_tag(part), part)), node, document, ("a default",))
            case "self":
                return self._address(self._document, address, node, document, part)
            case "sls" if address == "stage":
                return Known(self._stage(), node, document, (part,))
            case "aws" if address == "region":
                return Known(self._provider("region") or DEFAULT_REGION, node, document, (part,))
            case "param":
                for keys in self._parameter(address):
                    if (value := self._document.get(self._document.root, *keys)) is not None:
                        return self._node(value, self._document, (part,))
                return Undecided(reason=f"the parameter `{address}` has no value in this file", place=here)
            case "opt" | "env":
                return Undecided(reason=f"`{part}` is given when it is deployed, and has no default", place=here)
        return Undecided(reason=f"`{part}` is known only when deployed", place=here)

    def _address(self, target: Document, address: str, node: Node, document: Document, part: str) -> Result:
        found: Node = target.root
        for key in filter(None, address.split(".")):
            value = self._node(found, target)
            if isinstance(value, Undecided):
                return value
            found, target = value.node, value.document
            if isinstance(found, yaml.SequenceNode) and key.isdigit() and int(key) < len(found.value):
                found = found.value[int(key)]
                continue
            below = target.get(found, key)
            if below is None:
                return Undecided(reason=f"there is no `{part}`", place=document.place(node))
            found = below
        return self._node(found, target, (part,))

    def _file(self, name: str, address: str | None, node: Node, document: Document) -> Result:
        path = (self._folder / name.replace("\0", "")).resolve()
        if path.suffix not in {".yml", ".yaml", ".json"}:
            return Undecided(reason=f"`{name}` is no YAML or JSON file", place=document.place(node))
        if not self._workspace.holds(path):
            return Undecided(reason=f"`{name}` does not lie in the workspace", place=document.place(node))
        if path not in self._files:
            try:
                self._files[path] = next(documents(SourceText.read(path, self._workspace)))
            except TemplateError as error:
                line = error.undecided.place.line
                name = f"{path.name}:{line}" if line > 1 else path.name
                self._files[path] = Undecided(reason=f"{name} {error.undecided.reason}", place=document.place(node))
            except StopIteration:
                self._files[path] = Undecided(reason=f"{path.name} is empty", place=document.place(node))
        target = self._files[path]
        if isinstance(target, Undecided):
            return target
        return self._address(target, address or "", node, document, f"file({name})")

    def _stage(self) -> str:
        """Return the stage that the file names when the command line names none."""
        self._asking_for_stage = True
        try:
            return self._provider("stage") or DEFAULT_STAGE
        finally:
            self._asking_for_stage = False

    def _provider(self, key: str) -> str | None:
        root = self._document.root
        found = self._address(self._document, f"provider.{key}", root, self._document, f"self:provider.{key}")
        return found.value if isinstance(found, Known) and isinstance(found.value, str) else None

    def _parameter(self, name: str) -> tuple[tuple[str, ...], ...]:
        stage = self._stage()
        return (
            ("params", stage, name),
            ("stages", stage, "params", name),
            ("params", "default", name),
            ("stages", "default", "params", name),
        )


def _alternatives(expression: str) -> Iterator[str]:
    """Yield what stands between the commas that are in no quotes and no parentheses, each character looked at once."""
    start, closing = 0, ""
    for sign in _SIGN.finditer(expression):
        if closing:
            closing = "" if sign[0] == closing else closing
        elif sign[0] in _CLOSING:
            closing = _CLOSING[sign[0]]
        elif sign[0] == ",":
            yield expression[start : sign.start()]
            start = sign.end()
    yield expression[start:]


def _tag(text: str) -> str:
    kind = {"true": "bool", "false": "bool", "null": "null"}.get(text, "int")
    return f"tag:yaml.org,2002:{kind}"
