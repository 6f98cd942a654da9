"""The files of a run: report.json, samples.jsonl, comment.md and report.html."""

import json
from pathlib import Path

from lambdabot import output
from lambdabot.confidential import told, withheld
from lambdabot.model import Override, RunResult
from lambdabot.pipeline.override import accept
from lambdabot.report.comment import render
from lambdabot.report.document import document, dumps, without_secrets
from lambdabot.report.own_template import OwnTemplate
from lambdabot.report.page import page
from lambdabot.report.samples import samples
from lambdabot.report.schema import Report
from lambdabot.report.thinning import ChartSamples
from lambdabot.workspace import Workspace


def write(
    result: RunResult,
    out: Path,
    workspace: Workspace,
    *,
    root: Path,
    template: OwnTemplate | None = None,
    label: Override | None = None,
) -> Report:
    """Write report.json, samples.jsonl, comment.md and report.html, and return the report.

    `label` is what the label that accepts the cost is worth, None where it is not set. Raises UsageError for a folder
    that a link leads elsewhere.
    """
    report = document(result, root=root)
    report = _publishable(report if label is None else accept(report, label))
    shown = ChartSamples()
    lines = "".join(json.dumps(shown.add(one), ensure_ascii=False) + "\n" for one in samples(result))
    if result.interrupted:
        template = None  # whoever interrupts waits some seconds, and no more
    with output.opened(out, workspace) as folder:
        folder.write("report.json", dumps(report))
        folder.write("samples.jsonl", lines)
        folder.write("comment.md", render(report, template=template))
        folder.write("report.html", page(report, shown))
    return report


def _publishable(report: Report) -> Report:
    """Return the report without the job's secrets, and with a note where there were some.

    That is before its texts are cut for a cell or a line, where half of a secret would be left.
    """
    text = dumps(report)
    kept = report if withheld(text) == text else without_secrets(report)  # as a whole it is looked at faster
    note = told()
    return kept.model_copy(update={"notes": [*kept.notes, note]}) if note else kept
