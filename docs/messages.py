"""What lambdabot's errors say, found where they are raised: messages.md is written of it, by `make reference`.

The source is read as Python's own parser has it. A message is a text with `…` where a value stands; one that comes as
a parameter is looked for where its function is called in the same module.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "messages.md"
PACKAGE = ROOT / "lambdabot"
VALUE = "…"

ROOTS = {"LambdabotError", "FileRefusedError"}
"""The classes whose texts, and those of their subclasses, are for users."""

RECORDS = {"": {"Mistake"}, "aws": {"Mistake", "Failure"}}
"""What holds such a text until it is raised, by the stage that has it; elsewhere a name may mean another thing."""

OF_OTHERS = {
    "arm64/check.py": "why a file, zip or image cannot be read",
    "arm64/formats/text.py": "why a manifest cannot be read",
    "aws/calls/connection.py": "what AWS or the network answered: [AWS refuses](troubleshooting.md#aws-refuses)",
    "aws/copies/layer_versions.py": "what AWS answered to PublishLayerVersion",
    "aws/copies/upload.py": "what S3 answered to an upload",
    "github/refusal.py": "what GitHub answered: [GitHub refuses](troubleshooting.md#github-refuses)",
    "model/place.py": "a mistake of any reader, with its place",
    "packaging/archive.py": "why a file of a package cannot be read",
    "packaging/requirements.py": "a mistake in a requirements file, of which this page has the words above",
    "pipeline/completion.py": "why a function that set-up invokes cannot be copied",
    "pipeline/limits.py": "why the budget does not do: [The budget](troubleshooting.md#the-budget-does-not-do)",
    "project/working_tree.py": "why a file that is to be edited cannot be read",
    "report/own_template.py": "what Jinja says of the comment's template, with its line",
    "report/reading.py": "the key of report.json and what is wrong with it, as its schema says",
    "settings/functions.py": "why a payload's file cannot be taken",
    "settings/load.py": "why a function of a template is not measured",
    "settings/payloads.py": "what is wrong with a placeholder: [Events](events.md#placeholders)",
    "settings/yaml_source.py": "why lambdabot.yml cannot be read",
}
"""Modules that pass on what they did not word themselves: what that is."""

TITLES = {
    "settings": "Settings and files",
    "project": "Templates and the repository",
    "packaging": "Packaging",
    "arm64": "The ARM64 check",
    "aws": "AWS",
    "local": "The embedded endpoint",
    "sandbox": "The sandbox",
    "github": "GitHub",
    "report": "Reports and the comment's template",
    "pipeline": "The run",
    "commands": "Commands",
    "starter": "`lambdabot init`",
}

_DEEPEST = 3
"""How often a text is handed on before it is taken for another's."""

HEAD = """# Every message

<!-- Written by `make reference` from the places where lambdabot raises its errors; a test holds them equal. -->

What lambdabot's errors say, with `…` where a name, a figure or a file stands. Each has an address of its own, which is
its first words. [Troubleshooting](troubleshooting.md) tells the frequent ones by their cause.
"""


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """A message, the module that says it, and the advice that goes with it where that is a text as well."""

    module: str
    text: str
    advice: str = ""

    @property
    def anchor(self) -> str:
        """Return the message's address on the page: the part of the page and the words."""
        return "-".join([_room(self.module), *re.findall(r"[a-z0-9]+", self.text.lower())[:12]])


@dataclass(frozen=True, slots=True, order=True)
class PassedOn:
    """A place that raises an error in words that its module does not know."""

    module: str
    line: int


@cache
def found() -> tuple[list[Said], list[PassedOn]]:
    """Return all that errors say, and the places whose words come from elsewhere."""
    trees = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
    classes = _classes(trees.values())
    said: dict[tuple[str, str], Said] = {}
    passed_on = []
    for module, tree in sorted(trees.items()):
        calls = list(_errors(tree, classes | RECORDS.get(module.partition("/")[0], RECORDS[""])))
        if not calls:
            continue
        reader = _Module(tree)
        for call in calls:
            texts = reader.texts(_message(call))
            advised = reader.texts(reader.advice(call))
            for text in texts:
                one = Said(module=module, text=text, advice=advised[0] if len(advised) == 1 else "")
                said.setdefault((_room(module), text), one)
            if not texts:
                passed_on.append(PassedOn(module=module, line=call.lineno))
    return sorted(said.values()), passed_on


def _classes(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names of the roots and of all classes below them."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    known = set(ROOTS)
    while more := {name for name, above in bases.items() if above & known} - known:
        known |= more
    return known - {"UsageError"}  # its texts are its mistakes'


def _errors(tree: ast.Module, classes: set[str]) -> Iterator[ast.Call]:
    """Yield every call that makes an error or a mistake."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in classes:
                yield node
            case ast.Call(func=ast.Attribute(attr="mistake"), args=[_, *_]):
                yield node


def _message(call: ast.Call) -> ast.expr | None:
    named = [word.value for word in call.keywords if word.arg in {"message", "what"}]
    return next(iter([*named, *call.args]), None)


class _Module:
    """A module's texts: what its names stand for, and where its functions are called."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._nodes = list(ast.walk(tree))
        self._parents = {child: node for node in self._nodes for child in ast.iter_child_nodes(node)}

    def texts(self, node: ast.expr | None, depth: int = 0) -> list[str]:  # noqa: PLR0911  # one case a form
        """Return what an expression can say; nothing where that is not known in this module."""
        match node:
            case ast.Constant(value=str(text)) if text.strip():
                return [_line(text)]
            case ast.JoinedStr(values=parts):
                words = [part.value if isinstance(part, ast.Constant) else VALUE for part in parts]
                text = _line("".join(map(str, words)))
                return [text] if re.search(r"\w", text) else []
            case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second) if isinstance(
                node, ast.IfExp
            ) or isinstance(node.op, ast.Add):
                both = [self.texts(first, depth), self.texts(second, depth)]
                if isinstance(node, ast.IfExp):
                    return both[0] + both[1]
                return [f"{one}{VALUE}" for one in both[0]]
            case ast.Call(func=ast.Attribute(value=inner, attr="format")) | ast.Call(args=[inner]) if _is_text(node):
                return self.texts(inner, depth)
            case ast.Name(id=name) if depth < _DEEPEST:
                return self._named(name, node, depth + 1)
            case ast.Call(func=ast.Name(id=name)) if depth < _DEEPEST:
                return [text for value in self._returned(name) for text in self.texts(value, depth + 1)]
        return []

    def _named(self, name: str, node: ast.AST, depth: int) -> list[str]:
        """Return what a name says: assigned in its function or module, iterated there, or handed to its function."""
        scope = self._scope(node)
        for values in (self._nearest(name, scope, node), list(_assigned(name, *self._tree.body))):
            found = [text for value in values for text in self.texts(value, depth)]
            if found:
                return found
        if not isinstance(scope, ast.FunctionDef):
            return []
        names = [argument.arg for argument in (*scope.args.args, *scope.args.kwonlyargs)]
        if name not in names:
            return []
        index = names.index(name) - (names[0] in {"self", "cls"})
        return [text for call in self._calls(scope.name) for text in self.texts(_argument(call, name, index), depth)]

    def advice(self, call: ast.Call) -> ast.expr | None:
        """Return the advice of an error, or of the UsageError that a mistake is made for."""
        node: ast.AST | None = call
        while isinstance(node, ast.Call | ast.List):
            if isinstance(node, ast.Call) and (found := [one.value for one in node.keywords if one.arg == "advice"]):
                return found[0]
            node = self._parents.get(node)
        return None

    def _nearest(self, name: str, scope: ast.AST, node: ast.AST) -> list[ast.expr]:
        """Return what a name was last assigned before a place: of the branches of one statement, all."""
        before = getattr(node, "lineno", 0)
        values = sorted(
            (one for one in _assigned(name, *ast.walk(scope)) if one.lineno <= before), key=lambda one: one.lineno
        )
        if not values:
            return []
        around = set(self._above(node))
        outer = next((one for one in self._above(values[-1]) if self._parents.get(one) in around), values[-1])
        last = set(ast.walk(outer))
        return [one for one in values if one in last]

    def _above(self, node: ast.AST) -> Iterator[ast.AST]:
        while True:
            yield node
            if node not in self._parents:
                return
            node = self._parents[node]

    def _returned(self, function: str) -> Iterator[ast.expr]:
        for node in self._nodes:
            if isinstance(node, ast.FunctionDef) and node.name == function:
                yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)

    def _scope(self, node: ast.AST) -> ast.AST:
        while node in self._parents and not isinstance(node, ast.FunctionDef):
            node = self._parents[node]
        return node

    def _calls(self, function: str) -> Iterator[ast.Call]:
        for node in self._nodes:
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name == function:
                    yield node


def _is_text(call: ast.Call) -> bool:
    """Say whether a call returns its text with values filled in or masked, and no other text."""
    match call.func:
        case ast.Attribute(attr="format"):
            return True
        case ast.Name(id="masked" | "redact"):
            return True
    return False


def _assigned(name: str, *nodes: ast.AST) -> Iterator[ast.expr]:
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value) if found == name:
                yield value


def _argument(call: ast.Call, name: str, index: int) -> ast.expr | None:
    named = [word.value for word in call.keywords if word.arg == name]
    return next(iter([*named, *call.args[index : index + 1]]), None)


def _line(text: str) -> str:
    return " ".join(text.split())


def page() -> str:
    """Return messages.md."""
    said, _ = found()
    parts, anchors = [HEAD], set[str]()
    for folder, title in TITLES.items():
        here = [one for one in said if _room(one.module) == folder]
        if not here:
            continue
        parts.append(f"## {title}\n")
        for one in here:  # two that begin alike share an address
            parts.append(_entry(one, anchor="" if one.anchor in anchors else one.anchor))
            anchors.add(one.anchor)
        others = dict.fromkeys(words for module, words in OF_OTHERS.items() if _room(module) == folder)
        parts += [f"- Passed on: {words}." for words in others]
        parts.append("")
    return "\n".join(parts)


def _room(module: str) -> str:
    """Return the part of the page that a module's messages stand in; what all stages use belongs to the settings."""
    folder = module.partition("/")[0]
    return folder if folder in TITLES else "settings"


def _entry(one: Said, *, anchor: str) -> str:
    address = f'<a id="{anchor}"></a>' if anchor else ""
    advice = f" – {_code(one.advice)}" if one.advice else ""
    return f"- {address}{_code(one.text)}{advice}"


def _code(text: str) -> str:
    """Return a text as code, whatever backticks are in it (CommonMark, "Code spans")."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
