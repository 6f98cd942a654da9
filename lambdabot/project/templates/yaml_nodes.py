"""A YAML or JSON file as a tree of nodes that know where they are written, aliases and merges resolved on demand."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from lambdabot.model import NoSlot, Place, Slot
from lambdabot.project.templates import json_nodes
from lambdabot.project.templates.json_nodes import MAX_DEPTH
from lambdabot.project.templates.source_text import SourceText, TemplateError

Node = yaml.Node
MERGE = "tag:yaml.org,2002:merge"

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")
_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)\s")
_ALIAS = re.compile(r"\s*:\s*(\*[^\s,\[\]{}]+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping with its value; `merged` when a `<<` brought it here."""

    key: yaml.ScalarNode
    value: Node
    merged: bool = False


@dataclass(frozen=True)
class Document:
    """One document of a file."""

    text: SourceText
    root: Node
    _entries: dict[int, Mapping[str, Entry]] = field(default_factory=dict, repr=False)

    def place(self, node: Node) -> Place:
        """Return where a node begins."""
        return self.text.place(node.start_mark.index)

    def entries(self, node: Node | None) -> Mapping[str, Entry]:
        """Return a mapping's entries by key, merges included; nothing for any other node.

        Each mapping is resolved once, so that aliases of aliases cost no more than they are written.
        """
        if not isinstance(node, yaml.MappingNode):
            return {}
        known = self._entries.get(id(node))
        if known is None:
            self._entries[id(node)] = {}  # what a mapping that merges itself finds
            known = self._entries[id(node)] = self._resolved(node)
        return known

    def _resolved(self, node: yaml.MappingNode) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.tag == MERGE:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    for name, entry in self.entries(source).items():
                        merged.setdefault(name, Entry(entry.key, entry.value, merged=True))
            else:
                own[key.value] = Entry(key, value)
        return {**merged, **own}

    def get(self, node: Node | None, *keys: str) -> Node | None:
        """Return what stands below nested keys, or None."""
        for key in keys:
            entry = self.entries(node).get(key)
            if entry is None:
                return None
            node = entry.value
        return node

    def inner(self, entry: Entry | None, *keys: str) -> Entry | None:
        """Return the entry below nested keys of an entry's value, or None."""
        for key in keys:
            entry = None if entry is None else self.entries(entry.value).get(key)
        return entry

    def literal(self, node: Node, *, note: str = "") -> Slot | NoSlot:
        """Return the slot of a scalar's own characters: anchor, tag and quotes stay."""
        if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
            return NoSlot(reason=f"the value at {self.place(node)} is no simple value")
        start, end = node.start_mark.index, node.end_mark.index
        found = _PROPERTIES.match(self.text.content, start, end)
        value = found.end() if found else start
        anchor = _ANCHOR.search(self.text.content, start, value)
        if anchor and not note:
            note = f"every alias of the anchor `&{anchor[1]}` changes with it"
        start = value
        if node.style in {'"', "'"}:
            start, end = start + 1, end - 1
        return self.text.slot(start, end, note=note)

    def expression(self, entry: Entry, *, prefix: str = "", suffix: str = "", note: str = "") -> Slot | NoSlot:
        """Return the slot of everything that stands after a key, an alias for example."""
        if self.is_alias(entry):
            found = _ALIAS.match(self.text.content, entry.key.end_mark.index)
            if found is None:
                return NoSlot(reason=f"the alias at {self.place(entry.key)} was not found")
            start, end = found.span(1)
        else:
            start, end = entry.value.start_mark.index, entry.value.end_mark.index
        return self.text.slot(start, end, prefix=prefix, suffix=suffix, note=note)

    @staticmethod
    def is_alias(entry: Entry) -> bool:
        """Tell whether an entry's value is an alias: an anchor stands before each of its aliases."""
        return bool(entry.value.start_mark.index < entry.key.start_mark.index)

    def addition(self, node: Node | None, key: str, before: str, after: str, *, note: str = "") -> Slot | NoSlot:
        """Return the slot that adds a key to a mapping, its value between `before` and `after`.

        In block style it is a new line after an entry of one line, indented as that is; in flow style and JSON it
        stands before the first entry.
        """
        if not isinstance(node, yaml.MappingNode) or not node.value:
            return NoSlot(reason=f"there is no block to add `{key}` to")
        content = self.text.content
        flow = content[node.start_mark.index : node.end_mark.index].lstrip().startswith("{")
        first = node.value[0][0].start_mark.index
        row = self.text.row(first)
        begins_line = self.text.starts[row] + len(self.text.indentation(row)) == first
        new_line = self.text.line_end + self.text.indentation(row)
        if flow:
            quote = '"' if content[first] == '"' else ""
            return self.text.slot(
                first,
                first,
                prefix=f"{quote}{key}{quote}: {before}",
                suffix=f"{after},{new_line if begins_line else ' '}",
                note=note,
            )
        if not begins_line:  # as in `- name: x`: only the entries after the first begin a line
            new_line = self.text.line_end + " " * (first - self.text.starts[row])
        for own_key, value in node.value:
            row = self.text.row(own_key.start_mark.index)
            alone = self.text.starts[row] + len(new_line.lstrip("\r\n")) == own_key.start_mark.index
            if alone and isinstance(value, yaml.ScalarNode) and self.text.row(value.end_mark.index) == row:
                end = self.text.starts[row] + len(self.text.line_text(row))
                return self.text.slot(end, end, prefix=f"{new_line}{key}: {before}", suffix=after, note=note)
        if not begins_line:
            return NoSlot(reason=f"there is no line beside which `{key}` could be added")
        suffix = f"{after}{new_line}"
        return self.text.slot(first, first, prefix=f"{key}: {before}", suffix=suffix, note=note)


class _Loader(yaml.CSafeLoader):
    """PyYAML's fast loader with a limit: it recurses in C, where too deep a file ends the process."""

    _depth = 0

    def descend_resolver(self, current_node: Node | None, current_index: object) -> None:
        """Go one level down."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            problem = f"it nests deeper than {MAX_DEPTH}"
            raise yaml.composer.ComposerError(None, None, problem, current_node.start_mark if current_node else None)
        super().descend_resolver(current_node, current_index)

    def ascend_resolver(self) -> None:
        """Go back up."""
        self._depth -= 1
        super().ascend_resolver()


def documents(text: SourceText) -> Iterator[Document]:
    """Yield a file's documents. Raises TemplateError with the place where the file is malformed."""
    looks_like_json = text.content.lstrip()[:1] in {"{", "["}
    if text.path.suffix == ".json" or (looks_like_json and text.path.suffix not in {".yaml", ".yml"}):
        yield Document(text, json_nodes.read(text))
        return
    try:
        roots = list(yaml.compose_all(text.content, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        place = Place(path=text.path, line=mark.line + 1, column=mark.column + 1) if mark else text.place(0)
        msg = f"is not valid YAML: {problem}"
        raise TemplateError(msg, place) from error
    yield from (Document(text, root) for root in roots)
