"""The process in which a template of the team's own is checked and rendered: one job over its standard input."""

import difflib
import json
import pickle
import resource
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, TemplateSyntaxError
from jinja2.nodes import Block, Extends
from jinja2.nodes import Template as Tree

from lambdabot.report.markdown import TEMPLATE, TEMPLATES, Subject, environment, fit, utf16
from lambdabot.report.own_template import CPU_SECONDS, MEMORY_BYTES

KEY = "own template"
"""Its name for Jinja: whatever the file is called, `extends` and `import` find ours."""


def main() -> None:
    """Do the job within limits that the operating system keeps."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    job = pickle.load(sys.stdin.buffer)  # noqa: S301  # written by the process that started this one
    if "subject" in job:
        answer = rendered(job["template"], job["subject"], job["limit"])
    else:
        answer = {"mistakes": list(mistakes(job["template"]))}
    json.dump(answer, sys.stdout)


def mistakes(text: str) -> Iterator[dict[str, Any]]:
    """Yield what shows without rendering, each with its line where it has one."""
    try:
        environment().compile(text)  # knows the filters and tests that there are, which parsing does not
        tree = environment().parse(text)
    except (TemplateSyntaxError, RecursionError, MemoryError) as error:
        why = {RecursionError: "it is nested too deeply", MemoryError: "it takes too much memory"}
        told = getattr(error, "message", None) or why.get(type(error), "")
        yield {"message": f"is no Jinja template: {told}", "line": getattr(error, "lineno", None)}
        return
    yield from _unknown_blocks(tree)


def _unknown_blocks(tree: Tree) -> Iterator[dict[str, Any]]:
    """Yield a mistake for each block that the extended template does not have: it would be dropped without a word."""
    if not any(True for _ in tree.find_all(Extends)):
        return
    known = environment().get_template(TEMPLATE).blocks
    for block in tree.find_all(Block):
        if block.name not in known:
            nearest = difflib.get_close_matches(block.name, known, n=1)
            hint = f"did you mean `{nearest[0]}`?" if nearest else f"there are {', '.join(known)}"
            yield {"message": f"{TEMPLATE} has no block `{block.name}`; {hint}", "line": block.lineno}


def rendered(text: str, subject: Subject, limit: int) -> dict[str, Any]:
    """Return the template's `text`, or the `error` that kept it from one."""
    loader = ChoiceLoader([DictLoader({KEY: text}), TEMPLATES])
    try:
        made = fit(subject, limit, utf16, name=KEY, loader=loader)
    except Exception as error:  # noqa: BLE001  # whatever a template does wrong is the template's
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        return {"error": f"{f', line {lines[-1]}' if lines else ''}: {str(error)[:300] or type(error).__name__}"}
    if utf16(made) > limit:
        return {"error": f": the text is longer than {limit:,} characters, whatever `detail` leaves out"}
    return {"text": made}
