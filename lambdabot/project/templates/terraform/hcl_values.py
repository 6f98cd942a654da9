"""Values of Terraform expressions, each with the literal that it is written in, as far as the files decide them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tree_sitter import Node

from lambdabot.model import Place, Undecided
from lambdabot.project.templates.source_text import LONGEST_VALUE
from lambdabot.project.templates.terraform.hcl import HclFile, text
from lambdabot.project.templates.terraform.hcl_functions import FUNCTIONS
from lambdabot.project.templates.terraform.hcl_literals import OPERATORS, as_text, literal, negative, truth, unescaped

DEEPEST = 60
"""Expressions inside one another."""

MOST_STEPS = 20_000
"""Expressions that one value is made of."""

MOST_ITEMS = 1_000
"""Parts of a list or map that a function makes: lists of lists double."""


@dataclass(frozen=True, slots=True)
class Found:
    """A decided value: a scalar, or a list or dict of values; `via` are the names that it came through."""

    value: Any
    file: HclFile
    node: Node
    via: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Return where the value is written."""
        return self.file.place(self.node)


Value = Found | Undecided


class Scope(Protocol):
    """What names mean where an expression stands."""

    def name(self, path: Sequence[str], file: HclFile, node: Node) -> tuple[Value, int] | None:
        """Return what the beginning of a dotted path means, and how many parts that is; None: nothing is known."""


def plain(value: Value) -> Any:  # noqa: ANN401  # any value of a template
    """Return the value without its places. Raises LookupError with the first part that is not decided."""
    if isinstance(value, Undecided):
        raise LookupError(value)  # noqa: TRY004  # no type is wrong: there is nothing to look up
    if isinstance(value.value, dict):
        return {key: plain(item) for key, item in value.value.items()}
    if isinstance(value.value, list):
        return [plain(item) for item in value.value]
    return value.value


class Evaluation:
    """One expression on its way to a value."""

    def __init__(self, scope: Scope) -> None:
        """Take the meaning of names from a scope."""
        self._scope = scope
        self._names: dict[str, Value] = {}
        self._steps = 0

    def value(self, node: Node, file: HclFile, depth: int = 0) -> Value:
        """Return what an `expression` node amounts to."""
        self._steps += 1
        if depth > DEEPEST or self._steps > MOST_STEPS:
            return Undecided(reason="is nested too deeply, or made of too many parts", place=file.place(node))
        try:
            return self._term(node.children, file, node, depth + 1)
        except LookupError as error:
            found = error.args[0] if error.args else None
            return (
                found if isinstance(found, Undecided) else self._undecided(f"`{_short(node)}` has no value", node, file)
            )

    def _undecided(self, reason: str, node: Node, file: HclFile) -> Undecided:
        return Undecided(reason=reason, place=file.place(node))

    def _term(self, parts: Sequence[Node], file: HclFile, node: Node, depth: int) -> Value:
        """Return a primary with what is taken from it by `.name`, `[index]`."""
        if not parts:
            return self._undecided("there is no value", node, file)
        first, rest = parts[0], list(parts[1:])
        if first.type == "(" and len(rest) > 1:
            return self._taken(self.value(rest[0], file, depth), rest[2:], file, depth)
        if first.type == "variable_expr":
            return self._variable(first, rest, file, depth)
        return self._taken(self._primary(first, file, depth), rest, file, depth)

    def _primary(self, node: Node, file: HclFile, depth: int) -> Value:
        inner = node.children[0] if node.children else node
        match node.type:
            case "literal_value":
                return Found(literal(inner), file, inner)
            case "template_expr":
                return self._template(inner, file, depth)
            case "collection_value":
                return self._collection(inner, file, depth)
            case "function_call":
                return self._call(node, file, depth)
            case "conditional":
                return self._conditional(node, file, depth)
            case "operation":
                return self._operation(inner, file, depth)
            case "for_expr":
                return self._for(inner, file, depth)
            case "expression":
                return self.value(node, file, depth)
        return self._undecided(f"`{_short(node)}` is not evaluated", node, file)

    def _variable(self, first: Node, rest: list[Node], file: HclFile, depth: int) -> Value:
        path = [text(first)]
        for part in rest:
            if part.type != "get_attr":
                break
            path.append(text(part).lstrip("."))
        if path[0] in self._names:
            return self._taken(self._names[path[0]], rest, file, depth)
        known = self._scope.name(path, file, first)
        if known is None:
            return self._undecided(f"`{'.'.join(path)}` is known only when it is applied", first, file)
        value, used = known
        return self._taken(value, rest[used - 1 :], file, depth)

    def _taken(self, value: Value, parts: Sequence[Node], file: HclFile, depth: int) -> Value:
        """Follow accessors into a value; what is taken has come through what it was taken from."""
        for part in parts:
            if isinstance(value, Undecided):
                return value
            key: Any
            if part.type == "get_attr":
                key = text(part).lstrip(".")
            elif part.type == "index":
                expression = next((one for one in part.children[0].children if one.type == "expression"), None)
                if expression is None:
                    return self._undecided(f"`{_short(part)}` is not evaluated", part, file)
                key = plain(self.value(expression, file, depth))
            else:
                return self._undecided(f"`{_short(part)}` is not evaluated", part, file)
            inside = f" in `{value.via[0]}`" if value.via and value.via[0].startswith(("var.", "local.")) else ""
            value = _item(value, key) or self._undecided(f"there is no `{key}`{inside}", part, file)
        return value

    def _template(self, node: Node, file: HclFile, depth: int) -> Value:
        pieces = [one for one in node.children if one.type not in {"quoted_template_start", "quoted_template_end"}]
        if node.type != "quoted_template" or any(
            one.type not in {"template_literal", "template_interpolation"} for one in pieces
        ):
            return self._undecided("a heredoc or a template with directives is not evaluated", node, file)
        values = [
            Found(unescaped(text(one)), file, one)
            if one.type == "template_literal"
            else self.value(next(part for part in one.children if part.type == "expression"), file, depth)
            for one in pieces
        ]
        if len(values) == 1:
            return values[0]
        via = tuple(name for value in values if isinstance(value, Found) for name in value.via)
        written = [as_text(plain(value)) for value in values]
        if sum(map(len, written)) > LONGEST_VALUE:
            return self._undecided(f"is longer than {LONGEST_VALUE} characters", node, file)
        return Found("".join(written), file, node, via or ("a template",))

    def _collection(self, node: Node, file: HclFile, depth: int) -> Value:
        if node.type == "tuple":
            items = [self.value(one, file, depth) for one in node.children if one.type == "expression"]
            return Found(items, file, node)
        pairs = {}
        for element in node.children:
            if element.type == "object_elem":
                key, value = (one for one in element.children if one.type == "expression")
                pairs[self._key(key, file, depth)] = self.value(value, file, depth)
        return Found(pairs, file, node)

    def _key(self, node: Node, file: HclFile, depth: int) -> str:
        first = node.children[0]
        if first.type == "variable_expr" and len(node.children) == 1:
            return text(first)  # a bare word is itself
        return as_text(plain(self.value(node, file, depth)))

    def _call(self, node: Node, file: HclFile, depth: int) -> Value:
        name = text(node.children[0])
        arguments = next((one for one in node.children if one.type == "function_arguments"), None)
        nodes = [one for one in arguments.children if one.type == "expression"] if arguments else []
        if name == "try":
            values = [self.value(one, file, depth) for one in nodes]
            return next((one for one in values if isinstance(one, Found)), values[-1])
        if name in {"tolist", "toset", "tonumber", "tostring", "nonsensitive"} and len(nodes) == 1:
            return self.value(nodes[0], file, depth)
        if name == "lookup" and len(nodes) > 1:
            source, key = self.value(nodes[0], file, depth), plain(self.value(nodes[1], file, depth))
            if isinstance(source, Undecided):
                return source
            return _item(source, key) or (
                self.value(nodes[2], file, depth)
                if len(nodes) > 2  # noqa: PLR2004  # lookup(map, key, default)
                else self._undecided(f"there is no `{key}`", node, file)
            )
        if name == "merge":
            return self._merged([self.value(one, file, depth) for one in nodes], node, file)
        if name in {"coalesce", "coalescelist", "one"}:
            return self._chosen(name, [self.value(one, file, depth) for one in nodes], node, file)
        if name not in FUNCTIONS:
            return self._undecided(f"`{name}()` is not evaluated", node, file)
        values = [self.value(one, file, depth) for one in nodes]
        given = [plain(one) for one in values]
        try:
            result = FUNCTIONS[name](*given)
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):  # Terraform refuses it as well
            return self._undecided(f"`{_short(node)}` is not evaluated", node, file)
        if isinstance(result, str | list | dict) and len(result) > (
            LONGEST_VALUE if isinstance(result, str) else MOST_ITEMS
        ):
            return self._undecided(f"what `{name}()` makes is too large", node, file)
        via = tuple(one for value in values if isinstance(value, Found) for one in value.via)
        return _wrapped(result, file, node, via or (f"{name}()",))

    def _chosen(self, name: str, values: list[Value], node: Node, file: HclFile) -> Value:
        """Return what a function chooses among values: it keeps its place."""
        if name == "one":
            items = values[0] if len(values) == 1 else None
            if isinstance(items, Undecided):
                return items
            if items is not None and items.value == []:
                return Found(None, file, node, items.via)
            chosen = _item(items, 0) if items is not None and _is_single(items) else None
            return chosen or self._undecided(f"`{_short(node)}` is not evaluated", node, file)
        for value in values:
            if plain(value) not in ((None, "") if name == "coalesce" else (None, [])):
                return value
        return self._undecided(f"`{_short(node)}` is not evaluated", node, file)

    def _merged(self, values: list[Value], node: Node, file: HclFile) -> Value:
        merged: dict[str, Value] = {}
        for value in values:
            if isinstance(value, Undecided):
                return value
            if value.value is None:  # as if it were not there
                continue
            if not isinstance(value.value, dict):
                return self._undecided("`merge()` of what is no map", node, file)
            for key in value.value:
                merged[key] = _item(value, key) or value
        return Found(merged, file, node)

    def _conditional(self, node: Node, file: HclFile, depth: int) -> Value:
        condition, yes, no = (one for one in node.children if one.type == "expression")
        decided = self.value(condition, file, depth)
        if isinstance(decided, Undecided):
            return decided
        return self.value(yes if truth(plain(decided)) else no, file, depth)

    def _operation(self, node: Node, file: HclFile, depth: int) -> Value:
        children = node.children
        if node.type == "unary_operation":
            operand = plain(self._term(children[1:], file, node, depth))
            try:
                result = negative(operand) if text(children[0]) == "-" else not truth(operand)
            except (TypeError, ArithmeticError):
                return self._undecided(f"`{_short(node)}` is not evaluated", node, file)
            return Found(result, file, node, ("an operation",))
        at = next(index for index, one in enumerate(children) if one.type in OPERATORS)
        one = self._term(children[:at], file, node, depth)
        sign = children[at].type
        if sign in {"&&", "||"} and isinstance(one, Found) and truth(plain(one)) is (sign == "||"):
            return Found(sign == "||", file, node, ("an operation",))
        other = self._term(children[at + 1 :], file, node, depth)
        try:
            result = OPERATORS[sign](plain(one), plain(other))
        except (TypeError, ArithmeticError):
            return self._undecided(f"`{_short(node)}` is not evaluated", node, file)
        via = tuple(name for value in (one, other) if isinstance(value, Found) for name in value.via)
        return Found(result, file, node, via or ("an operation",))

    def _for(self, node: Node, file: HclFile, depth: int) -> Value:
        intro = next(one for one in node.children if one.type == "for_intro")
        names = [text(one) for one in intro.children if one.type == "identifier"]
        source = self.value(next(one for one in intro.children if one.type == "expression"), file, depth)
        results = [one for one in node.children if one.type == "expression"]
        condition = next((one for one in node.children if one.type == "for_cond"), None)
        if isinstance(source, Undecided):
            return source
        before = dict(self._names)
        collected: list[tuple[Any, Value]] = []
        for key, item in _items(source, file, node):
            self._names.update(zip(names, (key, item) if len(names) > 1 else (item,), strict=True))
            wanted = condition is None or truth(
                plain(self.value(next(one for one in condition.children if one.type == "expression"), file, depth))
            )
            if wanted:
                name = plain(self.value(results[0], file, depth)) if len(results) > 1 else None
                collected.append((name, self.value(results[-1], file, depth)))
        self._names = before
        if node.type == "for_object_expr":
            return Found({as_text(name): value for name, value in collected}, file, node)
        return Found([value for _, value in collected], file, node)


def _items(source: Found, file: HclFile, node: Node) -> list[tuple[Value, Value]]:
    if isinstance(source.value, dict):
        return [(Found(key, file, node), _through(source, item)) for key, item in source.value.items()]
    if isinstance(source.value, list):
        return [(Found(index, file, node), _through(source, item)) for index, item in enumerate(source.value)]
    raise LookupError


def _is_single(source: Found) -> bool:
    return isinstance(source.value, list) and len(source.value) == 1


def _item(source: Found, key: Any) -> Value | None:  # noqa: ANN401  # a key or an index
    match source.value:
        case dict() if isinstance(key, str) and key in source.value:
            return _through(source, source.value[key])
        case list() if isinstance(key, int | float) and 0 <= int(key) < len(source.value):
            return _through(source, source.value[int(key)])
    return None


def _through(source: Found, item: Value) -> Value:
    """Return a part of a value, which came through the same names."""
    return item if isinstance(item, Undecided) else replace(item, via=(*item.via, *source.via))


def _wrapped(value: Any, file: HclFile, node: Node, via: tuple[str, ...]) -> Found:  # noqa: ANN401  # plain values
    if isinstance(value, list):
        return Found([_wrapped(item, file, node, via) for item in value], file, node, via)
    if isinstance(value, dict):
        return Found({key: _wrapped(item, file, node, via) for key, item in value.items()}, file, node, via)
    return Found(value, file, node, via)


def _short(node: Node) -> str:
    written = " ".join(text(node).split())
    return written if len(written) <= 40 else f"{written[:37]}..."  # noqa: PLR2004  # a line of a message
