"""What both doors do: the main job, its files, what GitHub shows of it, its exit code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.model import Override, RunResult
from lambdabot.pipeline.own_template import own_template
from lambdabot.pipeline.run import Run
from lambdabot.pipeline.terms import terms
from lambdabot.pipeline.verdict import exit_code
from lambdabot.report.progress import Progress
from lambdabot.sandbox.folder import PrivateFolder
from lambdabot.settings.load import Settings

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


def run(settings: Settings, context: Context, progress: Progress) -> Finished:
    """Do the main job and write its files. Raises InterruptionError, after writing what was measured."""
    own_template(settings.comment)  # its mistakes show before anything is touched, also where another is in force
    with PrivateFolder(prefix="lambdabot-base-", mode=0o700) as folder:
        agreed = terms(settings, context, folder.path)
        settings = agreed.settings
        template = own_template(settings.comment)

        def save(result: RunResult, label: Override | None = None) -> "Report":
            from lambdabot.pipeline.report_files import write  # noqa: PLC0415  # pydantic, jinja2: after the first API call

            place = settings.out, settings.workspace
            return write(result, *place, root=agreed.root, template=template, label=label)

        measured = Run(agreed, context, progress=progress, save=save)
        with progress:
            result = measured.execute()
    report = save(result)  # what was measured is safe before GitHub is asked
    failed = exit_code(report, settings.gate) is ExitCode.GATE_FAILED
    if failed and context.reaches_pull_request and report.head_sha is not None:
        from lambdabot.pipeline.publishing import override  # noqa: PLC0415  # PyGithub, only where it is asked

        label = override(context, report.head_sha)
        if label is not None:
            report = save(result, label)
    return Finished(report=report, exit_code=exit_code(report, settings.gate), settings=settings, template=template)


def publish(finished: Finished, context: Context, *, warn: Callable[[str], None]) -> str | None:
    """Put it on GitHub where the job has a token, and return the comment's address; see `publishing`."""
    if not context.token:
        return None
    from lambdabot.pipeline import publishing  # noqa: PLC0415  # PyGithub, only where it is asked

    return publishing.publish(finished, context, warn=warn)
