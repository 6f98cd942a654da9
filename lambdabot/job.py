"""What both doors do: the main job, its files, what GitHub shows of it, its exit code."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lambdabot import output
from lambdabot.confidential import told, withheld
from lambdabot.errors import ExitCode, GitHubError
from lambdabot.github.event import Context
from lambdabot.model import ACCEPT_LABEL, Override, RunResult, Verdict
from lambdabot.pipeline.run import Run
from lambdabot.pipeline.terms import terms
from lambdabot.pipeline.verdict import exit_code
from lambdabot.report.progress import Progress
from lambdabot.sandbox.folder import PrivateFolder
from lambdabot.settings.comment import Comment
from lambdabot.settings.load import Settings
from lambdabot.workspace import Workspace

if TYPE_CHECKING:
    from lambdabot.report.own_template import OwnTemplate
    from lambdabot.report.schema import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run that went to its end: its report, what the door makes of it, and how the settings show it."""

    report: "Report"
    exit_code: ExitCode
    settings: Settings  # in force
    template: "OwnTemplate | None"


def run(settings: Settings, context: Context, progress: Progress, token: str) -> Finished:
    """Do the main job and write its files. Raises InterruptionError, after writing what was measured."""
    own_template(settings.comment)  # its mistakes show before anything is touched, also where another is in force
    with PrivateFolder(prefix="lambdabot-base-", mode=0o700) as folder:
        agreed = terms(settings, context, folder.path)
        settings = agreed.settings
        template = own_template(settings.comment)

        def save(result: RunResult, label: Override | None = None) -> "Report":
            place = settings.out, settings.workspace
            return write(result, *place, root=agreed.root, template=template, label=label)

        measured = Run(agreed, context, progress=progress, save=save)
        with progress:
            result = measured.execute()
    report = save(result)  # what was measured is safe before GitHub is asked
    if (
        exit_code(report, settings.gate) is ExitCode.GATE_FAILED
        and token
        and context.pull_request is not None
        and report.head_sha is not None
    ):
        label = override(context, token, report.head_sha)
        if label is not None:
            report = save(result, label)
    return Finished(report=report, exit_code=exit_code(report, settings.gate), settings=settings, template=template)


def own_template(comment: Comment) -> "OwnTemplate | None":
    """Return the comment's template of the team's own, where there is one. Raises UsageError with its mistakes."""
    if comment.template is None:
        return None
    from lambdabot.report.own_template import read  # noqa: PLC0415  # only where it is used

    return read(Path(comment.template), comment.template_data)


def write(
    result: RunResult,
    out: Path,
    workspace: Workspace,
    *,
    root: Path,
    template: "OwnTemplate | None" = None,
    label: Override | None = None,
) -> "Report":
    """Write report.json, samples.jsonl, comment.md and report.html, and return the report.

    `label` is what the label that accepts the cost is worth, None where it is not set. Raises UsageError for a folder
    that a link leads elsewhere.
    """
    from lambdabot.pipeline.override import accept  # noqa: PLC0415  # with pydantic's models, after the first API call
    from lambdabot.report.comment import render  # noqa: PLC0415  # likewise, and jinja2's 0.1 s
    from lambdabot.report.document import document, dumps  # noqa: PLC0415  # likewise
    from lambdabot.report.page import page  # noqa: PLC0415  # likewise
    from lambdabot.report.samples import samples  # noqa: PLC0415  # likewise
    from lambdabot.report.thinning import Samples  # noqa: PLC0415  # likewise

    report = document(result, root=root)
    report = _publishable(report if label is None else accept(report, label))
    shown = Samples()
    lines = "".join(json.dumps(shown.add(one), ensure_ascii=False) + "\n" for one in samples(result))
    if result.interrupted:
        template = None  # whoever interrupts waits some seconds, and no more
    with output.opened(out, workspace) as folder:
        folder.write("report.json", dumps(report))
        folder.write("samples.jsonl", lines)
        folder.write("comment.md", render(report, template=template))
        folder.write("report.html", page(report, shown))
    return report


def _publishable(report: "Report") -> "Report":
    """Return the report without the job's secrets, and with a note where there were some.

    That is before its texts are cut for a cell or a line, where half of a secret would be left.
    """
    from lambdabot.report.document import dumps, without_secrets  # noqa: PLC0415  # see above

    text = dumps(report)
    kept = report if withheld(text) == text else without_secrets(report)  # as a whole it is looked at faster
    note = told()
    return kept.model_copy(update={"notes": [*kept.notes, note]}) if note else kept


def override(context: Context, token: str, head_sha: str) -> Override | None:
    """Return what the label on the pull request is worth now, None when it is not set; what is not known says why."""
    from lambdabot.github.label import label_set, pushed  # noqa: PLC0415  # PyGithub's 0.5 s, only where it is used
    from lambdabot.pipeline.override import judged  # noqa: PLC0415  # see above

    try:
        found = label_set(context, token)
        return None if found is None else judged(found, pushed=pushed(context, token, head_sha))
    except GitHubError as error:
        return Override(label=ACCEPT_LABEL, by=None, at=None, valid=False, reason=error.what)


def show(finished: Finished, context: Context, token: str, *, warn: Callable[[str], None]) -> str | None:
    """Put comment, suggestions and check run on GitHub, and return the comment's address.

    What GitHub refuses goes to `warn` and costs none of the others: the report is complete without, and the gate's
    answer stands.
    """

    def tried(part: Callable[[], str | None]) -> str | None:
        try:
            return part()
        except GitHubError as error:
            warn(str(error))
        return None

    report, comment = finished.report, finished.settings.comment
    url = tried(partial(publish, report, context, token, comment, finished.template))
    tried(partial(suggest, report, context, token, comment))
    tried(partial(check, finished, context, token, finished.settings.check))
    return url


def publish(
    report: "Report", context: Context, token: str, comment: Comment, template: "OwnTemplate | None"
) -> str | None:
    """Post the comment where there is a pull request to post it on; return its address, None when none is wanted.

    Raises GitHubError when GitHub refuses; the report is complete without it.
    """
    if not token or context.pull_request is None or comment.mode == "off":
        return None
    from lambdabot.github.comment import post  # noqa: PLC0415  # PyGithub's 0.5 s, only where it is used
    from lambdabot.github.origin import head_sha  # noqa: PLC0415  # see above
    from lambdabot.report.comment import render  # noqa: PLC0415  # see above
    from lambdabot.report.state import marker, read  # noqa: PLC0415  # see above

    def body(previous: str) -> str | None:
        """Return the new body; None where the last one tells of a newer push than this run, which came late."""
        last = read(previous)
        told = last.push.head_sha if last else report.head_sha
        if told != report.head_sha and told == head_sha(context, token):
            return None
        return render(report, previous=previous, template=template)

    return post(
        context,
        token,
        body,
        marker=marker(report),
        mode=comment.mode,
        wanted=wanted(report.verdict, comment),
    )


def suggest(report: "Report", context: Context, token: str, comment: Comment) -> None:
    """Offer the recommendations on the pull request's own lines, and take back those that no longer hold.

    Raises GitHubError when GitHub refuses; the comment shows the same edits.
    """
    if not token or context.pull_request is None or context.head_sha is None or comment.mode == "off":
        return
    from lambdabot.github.suggestions import post  # noqa: PLC0415  # PyGithub's 0.5 s, only where it is used
    from lambdabot.report.suggestion import marker, suggestions  # noqa: PLC0415  # likewise

    post(context, token, suggestions(report), marker=marker(report))


def wanted(verdict: Verdict, comment: Comment) -> bool:
    """Tell whether a comment is wanted on this verdict; an accepted regression is one all the same."""
    match comment.when:
        case "always":
            return True
        case "change":
            return verdict is not Verdict.NO_CHANGE
        case "regression":
            return verdict in {Verdict.REGRESSION, Verdict.OVERRIDDEN}


def check(finished: Finished, context: Context, token: str, name: str | None) -> None:
    """Make a check run of that name, where one is wanted and there is a commit to make it on.

    Raises GitHubError when GitHub refuses.
    """
    report = finished.report
    if name is None or not token or not report.head_sha:
        return
    from lambdabot.github.annotation import annotations  # noqa: PLC0415  # see above
    from lambdabot.github.check import report as post  # noqa: PLC0415  # see above
    from lambdabot.report.comment import check_summary  # noqa: PLC0415  # see above

    post(
        context,
        token,
        head_sha=report.head_sha,
        name=name,
        conclusion="success" if finished.exit_code is ExitCode.DONE else "failure",
        title=": ".join([report.verdict.capitalize(), *report.verdict_reason.splitlines()[:1]]),
        summary=check_summary(report),
        annotations=annotations(report, workspace=context.workspace),
    )
