"""Which run a throw-away resource belongs to: its names and its tags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from lambdabot.model import Architecture, Variant

PREFIX = "lambdabot"
LOG_GROUPS = "/aws/lambda/"
NO_REPOSITORY = "none"  # the tag of runs outside of GitHub
_NAME_CHARACTERS = 64  # of a function's name: AWS Lambda quotas
_RUN_CHARACTERS = 20
_DESCRIBED = ("run", "repository", "expires")  # what `owner` wants to know


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """One run of lambdabot; `run` tells it from every other run, also from a second one on the same pull request."""

    repository: str | None  # `owner/name`; None outside of GitHub
    pull_request: int | None
    run: str
    expires: datetime  # with a time zone; `lambdabot clean` removes what is older

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags of everything that this run creates."""
        tags = {"lambdabot:run": self.run, "lambdabot:repository": self.repository or NO_REPOSITORY}
        if self.pull_request is not None:
            tags["lambdabot:pull-request"] = str(self.pull_request)
        tags["lambdabot:expires"] = self.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return tags

    @property
    def description(self) -> str:
        """Return the tags as the description of a layer, which has none: at most 256 characters."""
        return " ".join([PREFIX, *(f"{key}={self.tags[f'{PREFIX}:{key}']}" for key in _DESCRIBED)])

    @property
    def name(self) -> str:
        """Return how the names of this run's resources begin: `lambdabot-<repository>-<run>`."""
        run = _plain(self.run)
        if run != self.run or len(run) > _RUN_CHARACTERS:
            run = f"{run[: _RUN_CHARACTERS - 7]}-{_digest(self.run, 6)}"
        return f"{name_prefix(self.repository)}{run}"

    @property
    def log_group(self) -> str:
        """Return the run's log group, under the path that the usual execution roles may write to."""
        return f"{LOG_GROUPS}{self.name}"

    def owns(self, name: str) -> bool:
        """Say whether a function, a log group or an object (`bucket/key`) of this name can only be this run's."""
        key = name.partition("/")[2]
        return name == self.log_group or name.startswith(f"{self.name}-") or key.startswith(self.object_prefix)

    @property
    def object_prefix(self) -> str:
        """Return how the keys of this run's objects in S3 begin."""
        return f"{self.name}/"

    def layer_name(self, digest: str, architecture: Architecture) -> str:
        """Return the name of a layer with contents of this digest: the same contents are published once."""
        return f"{self.name}-layer-{digest[:16]}-{architecture.value.replace('_', '-')}"

    def function_name(self, function: str, variant: Variant) -> str:
        """Return the name of the copy that runs a Variant: at most 64 characters, unique within the run."""
        configuration = variant.configuration
        end = f"{_digest(function, 6)}-{variant.side}-{configuration.architecture}-{configuration.memory_mb}"
        room = _NAME_CHARACTERS - len(self.name) - len(end) - 2
        middle = _plain(function)[: max(room, 0)].rstrip("-")
        return "-".join(part for part in (self.name, middle, end) if part)


def name_prefix(repository: str | None) -> str:
    """Return how the names of all resources of a repository begin, whatever the run."""
    return f"{PREFIX}-{_digest(repository or '', 8)}-"


def owner(tags: Mapping[str, str]) -> RunIdentity | None:
    """Return the run that tagged a resource; None when the tags are not lambdabot's, or not whole."""
    try:
        repository, expires = tags["lambdabot:repository"], datetime.fromisoformat(tags["lambdabot:expires"])
        return RunIdentity(
            repository=None if repository == NO_REPOSITORY else repository,
            pull_request=None,
            run=tags["lambdabot:run"],
            expires=expires if expires.tzinfo else expires.replace(tzinfo=UTC),
        )
    except (KeyError, ValueError):
        return None


def described(description: str) -> dict[str, str]:
    """Return the tags that a layer's description holds; none of one that is not lambdabot's."""
    first, *parts = description.split(" ")
    pairs = (part.partition("=") for part in parts if first == PREFIX)
    return {f"{PREFIX}:{key}": value for key, _, value in pairs if key in _DESCRIBED}


def _plain(text: str) -> str:
    """Replace what a function's name must not hold."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")


def _digest(text: str, characters: int) -> str:
    return sha256(text.encode()).hexdigest()[:characters]
