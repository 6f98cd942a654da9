"""Answers on a terminal: what stands in the way in full, the rest a line each.

Lines begin with words of ours, for a runner would obey one of the user's that begins with `::`.
"""

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lambdabot.arm64.target import Target
from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict

_UNBROKEN = 1 << 16  # columns of what is no terminal: a line each, for grep and for logs
_INSET = (1, 0, 0, 2)
_WIDE = 120  # columns that have room for the names of files
_LABEL = max(len(verdict) for verdict in PackageVerdict)
_STYLES = {Arm64Verdict.BLOCKED: "bold red", Arm64Verdict.UNKNOWN: "bold yellow", Arm64Verdict.READY: "bold green"}


def show(answers: Iterable[Arm64Check], target: Target) -> None:
    """Print each answer: its verdict, what blocks or is not checked with evidence and fix, then what is ready."""
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _UNBROKEN)
    with console.capture() as captured:
        for answer in answers:
            _show(console, answer, target)
    # Columns are filled up with spaces, which nobody needs at the end of a line.
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))  # noqa: T201  # the command's output


def _show(console: Console, answer: Arm64Check, target: Target) -> None:
    reason = f": {answer.reason}" if answer.reason else ""
    heading = Text(f"[{answer.verdict}]", style=_STYLES[answer.verdict])
    heading.append(f" {_clean(f'{answer.path} on {target}, arm64{reason}')}", style="not bold default")
    console.print(heading, soft_wrap=True)
    open_ones = [package for package in answer.packages if _open(package)]
    ready = [package for package in answer.packages if not _open(package)]
    lines = [
        *_lines("native file", answer.native_files),
        *_lines("layer", answer.layers),
        *_lines("drift", answer.drift),
    ]
    for package in open_ones:
        console.print(_in_full(package))
    if lines:
        console.print(_fields(*lines))
    if ready:
        console.print(Padding(_table(ready, with_files=console.width >= _WIDE), _INSET, expand=False))
    if not (answer.packages or lines or answer.reason):
        console.print(_fields(("", "neither dependencies nor machine code were found", "")))
    console.print()


def _lines(kind: str, texts: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [(kind, text, "") for text in texts]


def _in_full(package: PackageCheck) -> Padding:
    """Show a package that stands in the way: the verdict on either architecture, who asks for it, evidence, fix."""
    blocks = package.verdict.blocks
    same = package.x86_64_verdict is package.verdict
    other = f" (x86_64{' too' if same else f': {package.x86_64_verdict}'})" if blocks else ""
    return _fields(
        (package.verdict, f"{_name(package)}{other}", "bold red" if blocks else "bold yellow"),
        ("from", " > ".join(package.requested_by), ""),
        ("why", package.evidence, ""),
        ("fix", package.fix, "green"),
    )


def _fields(*fields: tuple[str, str, str]) -> Padding:
    """Lay labels and texts out in two columns, each field with its style; those without a text are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, justify="right", min_width=_LABEL)
    grid.add_column(overflow="fold")
    for label, text, style in fields:
        if text:
            grid.add_row(Text(label, style=style or "dim"), Text(_clean(text), style="" if style == "green" else style))
    return Padding(grid, _INSET, expand=False)


def _table(packages: list[PackageCheck], *, with_files: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("ready", no_wrap=True)
    table.add_column("package", no_wrap=True, overflow="ellipsis")
    table.add_column("requested by", overflow="fold")
    if with_files:
        table.add_column("evidence", overflow="fold")
    for package in packages:
        cells = [_clean(_name(package)), _clean(" > ".join(package.requested_by)), _clean(package.evidence)]
        table.add_row(Text(package.verdict, style="green"), *map(Text, cells if with_files else cells[:-1]))
    return table


def _name(package: PackageCheck) -> str:
    return f"{package.name} {package.version or ''}".strip()


def _open(package: PackageCheck) -> bool:
    return package.verdict.blocks or package.verdict is PackageVerdict.NOT_CHECKED


def _clean(text: str) -> str:
    """Return text of the user's world on one line and without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))
