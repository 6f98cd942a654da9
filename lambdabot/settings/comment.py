"""How to comment: what the settings and the input say, and what a template of the team's own holds."""

from lambdabot.errors import Mistake
from lambdabot.settings.schema import CommentSection
from lambdabot.settings.yaml_source import YamlSource
from lambdabot.workspace import FileRefusedError, Workspace

LARGEST_TEMPLATE = 64 * 1024
"""Bytes; GitHub takes a comment of 65,536 characters."""


class Comment(CommentSection):
    """The section in force, its template an absolute path, with what that file held when the settings were read."""

    template_data: bytes = b""


def comment(
    section: CommentSection, source: YamlSource | None, workspace: Workspace, *, mode: str | None
) -> tuple[Comment, list[Mistake]]:
    """Return how to comment, and what is wrong with it; `mode` is the input's, and wins.

    The template lies in or below the folder of lambdabot.yml.
    """
    found = Comment(**section.model_dump()).model_copy(update={"mode": mode} if mode else {})
    if source is None or section.template is None:
        return found, []
    folder = source.path.parent
    try:
        data = workspace.read(folder / section.template, largest=LARGEST_TEMPLATE)
        path = (folder / section.template).resolve()
        if not path.is_relative_to(folder.resolve()):
            message = "does not lie in or below the folder of lambdabot.yml"
            raise FileRefusedError(message)  # noqa: TRY301  # said below
    except FileRefusedError as error:
        message = f"`template`: `{section.template}` {error}"
        return found, [source.place(("comment", "template")).mistake(message)]
    return found.model_copy(update={"template": str(path), "template_data": data}), []
