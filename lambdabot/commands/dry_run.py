"""`lambdabot run --dry-run`: what would be created, invoked and spent."""

from pathlib import Path
from tempfile import TemporaryDirectory

from lambdabot.errors import ExitCode
from lambdabot.github.event import Context
from lambdabot.pipeline.forecast import describe
from lambdabot.pipeline.pairs import pair_all
from lambdabot.pipeline.terms import terms
from lambdabot.project.changes import describe as describe_changes
from lambdabot.settings.load import Settings, missing_roles


def run(settings: Settings, context: Context) -> int:
    """Print it, and return the exit code."""
    with TemporaryDirectory(prefix="lambdabot-") as folder:
        agreed = terms(settings, context, Path(folder))
        print(describe(agreed.settings))
        pairs = pair_all(agreed)
        sides = [(pair.head, pair.base, pair.no_base) for pair in pairs if not pair.removed]
        print(describe_changes(sides, agreed.tree, config=settings.path, root=agreed.root))
        told = {one.head.name: one.refused or one.no_base for one in pairs if one.refused or one.removed}
        for line in (*agreed.notes, *(f"{name}: {why}" for name, why in told.items())):
            print(line)
        if settings.endpoint == "aws":
            untold = [one for one in agreed.settings.functions if one.name not in told]
            for missing in missing_roles(untold, settings.places):
                print(missing)
    return ExitCode.DONE
