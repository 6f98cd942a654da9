"""What an `archive_file` zips (Terraform Registry, hashicorp/archive, "archive_file")."""

import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from lambdabot.model import Attribute, Place, Selection, Stated, Undecided
from lambdabot.model.selection import ALL, NOTHING
from lambdabot.project.templates.source_text import MAX_BYTES
from lambdabot.project.templates.terraform.hcl import Attribute as Written
from lambdabot.project.templates.terraform.hcl import text
from lambdabot.project.templates.terraform.hcl_values import Found, Value
from lambdabot.project.templates.terraform.module import Instance
from lambdabot.workspace import FileRefusedError

Contents = tuple[Attribute[Path | str], Selection]
"""Where code lies, and what of that is the package."""

MOST_TEXTS, LONGEST_NAME = 100, 1024
"""Files that are written out one by one, and the characters of their names."""

_GIVE = "give its folder as `source`"


def contents(instance: Instance, code: Callable[[Value], Attribute[Path | str]]) -> Contents | None:
    """Return what a block zips; `code` makes a path of a value. None where the block says nothing of it."""
    folder, file = instance.get("source_dir"), instance.get("source_file")
    if folder is not None:
        return code(folder), _selection(instance)
    if file is not None:
        return code(file), ALL
    texts: list[tuple[str, Stated[str]]] = []
    for name, text_of in _texts(instance):
        if isinstance(text_of, Undecided):
            return text_of, ALL
        texts.append((name, text_of))
    if not texts:
        return None
    whole = Stated(value=instance.module.folder, place=instance.block.place)
    return whole, Selection(patterns=NOTHING, texts=tuple(texts))


def _selection(instance: Instance) -> Selection:
    """Return a folder's files but for the `excludes`: names and globs, those of folders with all that is below."""
    found = instance.get("excludes")
    if found is None:
        return ALL
    if isinstance(found, Undecided) or not isinstance(found.value, list):
        why = f": {found.reason}" if isinstance(found, Undecided) else ""
        return Selection(notes=(Undecided(reason=f"the `excludes` are not decided{why}", place=found.place),))
    decided = [one for one in found.value if isinstance(one, Found) and isinstance(one.value, str) and one.value]
    selection = Selection.of((f"!{one.value}", one.place) for one in decided)
    patterns = tuple(pattern for one in selection.patterns for pattern in (one, f"{one}/**"))
    undecided = (one for one in found.value if isinstance(one, Undecided))
    return Selection(patterns=patterns, notes=(*undecided, *selection.notes))


def _texts(instance: Instance) -> Iterator[tuple[str, Stated[str] | Undecided]]:
    """Yield the files that are written out in the block, by name."""
    block = instance.block
    if any(one.labels == ("source",) for one in block.blocks("dynamic")):
        yield "", Undecided(reason=f"its files are made by a `dynamic` block: {_GIVE}", place=block.place)
    pairs = [(one, "filename", "content") for one in block.blocks("source")]
    if "source_content" in block.attributes:
        pairs.append((block, "source_content_filename", "source_content"))
    if len(pairs) > MOST_TEXTS:
        yield "", Undecided(reason=f"it has more than {MOST_TEXTS} files: {_GIVE}", place=block.place)
    for one, name_key, content_key in pairs[:MOST_TEXTS]:
        name, content = instance.value(one.attributes.get(name_key)), one.attributes.get(content_key)
        if not isinstance(name, Found) or not _is_name(name.value) or content is None:
            reason = f"the name of a file, or what is in it, is not decided: {_GIVE}"
            yield "", Undecided(reason=reason, place=one.place)
        else:
            yield posixpath.normpath(name.value), _text(instance, content)


def _is_name(name: object) -> bool:
    """Tell whether a file of a package may have a name."""
    if not isinstance(name, str) or not name.isprintable() or len(name) > LONGEST_NAME:
        return False
    parts = PurePosixPath(name).parts
    return bool(parts) and parts[0] != "/" and ".." not in parts


def _text(instance: Instance, written: Written) -> Stated[str] | Undecided:
    """Return what is in a file: a text, or that of the file that `file()` reads."""
    first = written.expression.children[0] if len(written.expression.children) == 1 else None
    if first is not None and first.type == "function_call" and text(first.children[0]) == "file":
        arguments = [part for one in first.children if one.type == "function_arguments" for part in one.children]
        nodes = [one for one in arguments if one.type == "expression"]
        path = instance.evaluate(nodes[0], written.file) if len(nodes) == 1 else None
        if isinstance(path, Found) and isinstance(path.value, str):
            return _read(instance.module.root / path.value, written)
    found = instance.value(written)
    if isinstance(found, Found) and isinstance(found.value, str):
        return Stated(value=found.value, place=found.place)
    why = f": {found.reason}" if isinstance(found, Undecided) else ""
    return Undecided(reason=f"what is in a file is not decided{why}", place=written.file.place(written.node))


def _read(path: Path, written: Written) -> Stated[str] | Undecided:
    place = written.file.place(written.node)
    try:
        content = written.file.workspace.read(path, largest=MAX_BYTES).decode()
        return Stated(value=content, place=Place(path=path.resolve(), line=1))
    except FileRefusedError as error:
        return Undecided(reason=f"the file {path.name} {error}", place=place)
    except ValueError:
        return Undecided(reason=f"the file {path.name} is not UTF-8 text", place=place)
