"""cfn-lint, which knows the rules of CloudFormation and SAM, takes every edited template that it took before."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.templates import EXPECTED, NEW_MEMORY_MB, cases
from lambdabot.model import Architecture, Stated
from lambdabot.project.discovery import discover
from lambdabot.project.edits import edits
from lambdabot.project.working_tree import write

FAMILIES = ("sam", "cloudformation", "cdk")

UNFIT = {"sam-bomb"}
"""cfn-lint unrolls aliases, and would not come back."""


def test_an_edited_template_breaks_no_rule_that_it_kept_before(tmp_path):
    pairs = dict(
        pair
        for case in cases()
        if case.name.startswith(FAMILIES) and case.name not in UNFIT
        for pair in edited(case, tmp_path)
    )
    assert len(pairs) > 40

    broken = rules([*pairs, *pairs.values()])

    assert {
        str(path): broken[path] - broken[before] for path, before in pairs.items() if broken[path] - broken[before]
    } == {}
    assert any(not broken[before] for before in pairs.values())


def edited(case: Path, folder: Path):
    """Yield each edited copy of a template with the template, both attributes changed for one function."""
    case = case.resolve()
    for number, one in enumerate(discover(case).functions):
        now = one.architecture.value if isinstance(one.architecture, Stated) else None
        other = Architecture.X86_64 if now is Architecture.ARM64 else Architecture.ARM64
        made, _ = edits((one.memory_mb, NEW_MEMORY_MB), (one.architecture, other))
        if not made:
            continue
        copy = folder / f"{case.name}-{number}" / case.name
        shutil.copytree(case, copy)
        (copy / EXPECTED).unlink()
        files = {copy / edit.path.relative_to(case): edit.path for edit in made}
        write([edit_at(edit, copy, case) for edit in made], copy)
        yield from files.items()


def edit_at(edit, copy: Path, case: Path):
    from dataclasses import replace

    return replace(edit, path=edit.path.relative_to(case))


def rules(paths: list[Path]) -> dict[Path, set[str]]:
    """Return the rules that each template breaks, warnings too."""
    program = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", "--regions", "us-east-1", "--"]
    done = subprocess.run([*program, *map(str, paths)], capture_output=True, text=True, check=False)
    broken: dict[Path, set[str]] = {path: set() for path in paths}
    for match in json.loads(done.stdout):
        broken[Path(match["Filename"])].add(match["Rule"]["Id"])
    return broken
