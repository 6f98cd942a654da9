"""Terraform's language as blocks and expressions that know where they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

from lambdabot.model import NoSlot, Place, Slot, Undecided
from lambdabot.project.templates.source_text import SourceText
from lambdabot.workspace import Workspace

_LANGUAGE = Language(tree_sitter_hcl.language())

_DECLARES = re.compile(r"(?i:lambda)|^\s*module\b", re.MULTILINE)


@dataclass(frozen=True)
class HclFile:
    """One file, parsed; what does not parse is known by its place, and the rest is read all the same."""

    text: SourceText
    workspace: Workspace  # which holds the files that it names

    @cached_property
    def root(self) -> Node:
        """Return the root node of the syntax tree."""
        return Parser(_LANGUAGE).parse(self.text.content.encode()).root_node

    def offset(self, row: int, column: int) -> int:
        """Return the offset in characters of a line and a column in bytes."""
        line = self.text.line_text(row)
        start = self.text.starts[row]
        return start + (column if line.isascii() else len(line.encode()[:column].decode(errors="replace")))

    def start(self, node: Node) -> int:
        """Return the offset at which a node begins."""
        return self.offset(node.start_point.row, node.start_point.column)

    def end(self, node: Node) -> int:
        """Return the offset after a node."""
        return self.offset(node.end_point.row, node.end_point.column)

    def place(self, node: Node) -> Place:
        """Return where a node begins."""
        return self.text.place(self.start(node))

    def blocks(self) -> "Iterator[Block]":
        """Yield the blocks of the file."""
        for body in self.root.children:
            if body.type == "body":
                yield from _blocks(self, body)

    def top_level(self) -> "Iterator[Block]":
        """Yield the file itself as a block: a `.tfvars` file holds attributes only."""
        if self.root.children:
            yield Block(self, self.root, "", ())

    @property
    def may_declare(self) -> bool:
        """Tell whether functions may be declared in it, or called for."""
        return _DECLARES.search(self.text.content) is not None

    def problem(self) -> Undecided | None:
        """Return where the file does not parse, if anywhere."""
        node = self.root
        if not node.has_error:
            return None
        while not (node.is_error or node.is_missing):
            below = next((child for child in node.children if child.has_error or child.is_missing), None)
            if below is None:
                break
            node = below
        return Undecided(reason="is not valid HCL from here on", place=self.place(node))


@dataclass(frozen=True)
class Attribute:
    """`key = expression`."""

    file: HclFile
    node: Node
    expression: Node


@dataclass(frozen=True)
class Block:
    """`kind "label" { … }`."""

    file: HclFile
    node: Node
    kind: str
    labels: tuple[str, ...]

    @property
    def place(self) -> Place:
        """Return where the block begins."""
        return self.file.place(self.node)

    @cached_property
    def _body(self) -> Node | None:
        return next((child for child in self.node.children if child.type == "body"), None)

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """Return the block's own attributes."""
        found = {}
        for child in self._body.children if self._body else ():
            if child.type == "attribute" and not child.has_error:
                key, _, expression = child.children[:3]
                found[text(key)] = Attribute(self.file, child, expression)
        return found

    def blocks(self, kind: str) -> "Iterator[Block]":
        """Yield the blocks of a kind inside this one."""
        return (block for block in (_blocks(self.file, self._body) if self._body else ()) if block.kind == kind)

    def addition(self, key: str, before: str, after: str, note: str) -> Slot | NoSlot:
        """Return the slot of a new line after one of the block's one-line attributes, its `=` below that one's."""
        source = self.file.text
        for attribute in self.attributes.values():
            node = attribute.node
            row = node.start_point.row
            line = source.line_text(row)
            if node.end_point.row != row or not line[: node.start_point.column].isspace():
                continue
            sign = self.file.start(node.children[1]) - source.starts[row] - node.start_point.column
            end = source.starts[row] + len(line)
            new_line = f"{source.line_end}{source.indentation(row)}{key.ljust(sign - 1)} = "
            return source.slot(end, end, prefix=f"{new_line}{before}", suffix=after, note=note)
        return NoSlot(reason=f"there is no line beside which `{key}` could be added in the block at {self.place}")


def text(node: Node) -> str:
    """Return what is written in a node."""
    return (node.text or b"").decode()


def _blocks(file: HclFile, body: Node) -> Iterator[Block]:
    for node in body.children:
        if node.type == "block" and not node.has_error:
            head = [child for child in node.children if child.type in {"identifier", "string_lit"}]
            labels = tuple(text(child).strip('"') for child in head[1:])
            yield Block(file, node, text(head[0]), labels)
