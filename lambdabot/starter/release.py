"""What a repository names of lambdabot: the action, and the schema of lambdabot.yml, both by the newest release."""

from lambdabot import RELEASE

BRANCH = "lambdabot/lambdabot@main # name a release's commit here"
"""The action as the workflows in `files` name it."""


def action(release: str = RELEASE) -> str:
    """Return what stands behind `uses:`: the tag that follows a release's major version, else the branch."""
    return f"lambdabot/lambdabot@v{release.partition('.')[0]}" if release else BRANCH


def schema_address(release: str = RELEASE) -> str:
    """Return where editors find the schema: docs/schema.json at the release's own tag, which nobody moves."""
    return (
        f"https://raw.githubusercontent.com/lambdabot/lambdabot/{f'v{release}' if release else 'main'}/docs/schema.json"
    )
