"""A comment template of the team's own: checked before the run, and rendered apart.

On a pull request it is the pull request's file, so it is trusted with nothing: Jinja's sandbox keeps it from Python,
and a process of its own, without environment variables, keeps it from our memory and our time.
"""

import difflib
import json
import resource
import subprocess
import sys
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import ChoiceLoader, DictLoader, TemplateSyntaxError
from jinja2.nodes import Block, Extends
from jinja2.nodes import Template as Tree

from lambdabot.errors import Mistake, UsageError
from lambdabot.report.markdown import TEMPLATE, TEMPLATES, Subject, environment, fit, utf16

KEY = "own template"
"""Its name for Jinja: whatever the file is called, `extends` and `import` find ours."""

CPU_SECONDS = 4
WALL_SECONDS = 20
"""Of which most is waiting for a busy machine: the process may use CPU_SECONDS."""

MEMORY_BYTES = 1024**3

ADVICE = f"""A template of your own replaces blocks of the standard one:

{{% extends "{TEMPLATE}" %}}
{{% block footer %}}
Questions? Ask in #lambda-costs.
{{% endblock %}}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTemplate:
    """The template's text, and its path as messages show it."""

    path: str
    text: str


class TemplateError(Exception):
    """The template gave no text; the message says where and why."""

    def __init__(self, template: OwnTemplate, why: str) -> None:
        """Put the template's path before the reason."""
        super().__init__(template.path + why)


def read(path: Path, data: bytes) -> OwnTemplate:
    """Check what a template's file holds. Raises UsageError with every mistake that shows without rendering."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError([Mistake(message=f"is not UTF-8 text (byte {error.start})", path=path)]) from error
    try:
        environment().compile(text)  # knows the filters and tests that there are, which parsing does not
        tree = environment().parse(text)
    except (TemplateSyntaxError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        message = f"is no Jinja template: {getattr(error, 'message', None) or 'it is nested too deeply'}"
        raise UsageError([Mistake(message=message, path=path, line=line)], advice=ADVICE) from error
    mistakes = list(_unknown_blocks(tree, path))
    if mistakes:
        raise UsageError(mistakes, advice=ADVICE)
    return OwnTemplate(path=path.name, text=text)


def _unknown_blocks(tree: Tree, path: Path) -> Iterable[Mistake]:
    """Yield a mistake for each block that the extended template does not have: it would be dropped without a word."""
    if not any(True for _ in tree.find_all(Extends)):
        return
    known = environment().get_template(TEMPLATE).blocks
    for block in tree.find_all(Block):
        if block.name not in known:
            nearest = difflib.get_close_matches(block.name, known, n=1)
            hint = f"did you mean `{nearest[0]}`?" if nearest else f"there are {', '.join(known)}"
            yield Mistake(message=f"{TEMPLATE} has no block `{block.name}`; {hint}", path=path, line=block.lineno)


def render(template: OwnTemplate, subject: Subject, limit: int) -> str:
    """Return the template's text within `limit` (UTF-16 units). Raises TemplateError."""
    job = json.dumps({"template": asdict(template), "subject": asdict(subject), "limit": limit})
    try:
        ended = subprocess.run(
            [
                sys.executable,
                "-I",
                "-m",
                "lambdabot.report.own_template",
            ],  # -I: the checkout is no place to import from
            input=job,
            capture_output=True,
            encoding="utf-8",
            env={},
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TemplateError(template, f" took longer than {WALL_SECONDS} s") from error
    if ended.returncode != 0:
        raise TemplateError(template, f" took more than {CPU_SECONDS} s of CPU or 1 GB of memory")
    answer = json.loads(ended.stdout)
    if "text" not in answer:
        raise TemplateError(template, answer["error"])
    return str(answer["text"])


def _main() -> None:
    """Render one template that standard input brings, within limits that the operating system keeps."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    job = json.load(sys.stdin)
    json.dump(_answer(OwnTemplate(**job["template"]), Subject(**job["subject"]), job["limit"]), sys.stdout)


def _answer(template: OwnTemplate, subject: Subject, limit: int) -> dict[str, str]:
    loader = ChoiceLoader([DictLoader({KEY: template.text}), TEMPLATES])
    try:
        text = fit(subject, limit, utf16, name=KEY, loader=loader)
    except Exception as error:  # noqa: BLE001  # whatever a template does wrong is the template's
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        return {"error": f"{f', line {lines[-1]}' if lines else ''}: {str(error)[:300] or type(error).__name__}"}
    if utf16(text) > limit:
        return {"error": f": the text is longer than {limit:,} characters, whatever `detail` leaves out"}
    return {"text": text}


if __name__ == "__main__":
    _main()
