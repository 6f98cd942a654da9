"""The comment's template of the team's own, where there is one."""

from pathlib import Path
from typing import TYPE_CHECKING

from lambdabot.settings.comment import Comment

if TYPE_CHECKING:
    from lambdabot.report.own_template import OwnTemplate


def own_template(comment: Comment) -> "OwnTemplate | None":
    """Return the comment's template of the team's own, where there is one. Raises UsageError with its mistakes."""
    if comment.template is None:
        return None
    from lambdabot.report.own_template import read  # noqa: PLC0415  # only where it is used

    return read(Path(comment.template), comment.template_data)
