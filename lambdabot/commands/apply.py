"""`lambdabot apply`: writes a report's recommendations into the templates."""

import argparse
from pathlib import Path

from lambdabot.errors import ExitCode
from lambdabot.model import Edit
from lambdabot.project.working_tree import write
from lambdabot.report.reading import load


def run(arguments: argparse.Namespace) -> int:
    """Edit the templates, say where, and return the exit code."""
    functions = load(arguments.report).functions
    edits = dict.fromkeys(Edit(**{**dict(one), "path": Path(one.path)}) for each in functions for one in each.edits)
    changed = write(tuple(edits), Path.cwd())
    for edit in edits:
        print(f"{edit.path}:{edit.line}: {edit.after.strip()}{f' ({edit.note})' if edit.note else ''}")
    for each in functions:
        if each.edits_reason:
            print(f"{each.name}: not edited: {each.edits_reason}")
    print(f"{len(changed)} files changed" if changed else "nothing to change: the templates say what is recommended")
    return ExitCode.DONE
