"""The functions of one Region: looked up, replaced and removed under one lock."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lambdabot.local.api_error import ApiError, conflict, invalid, not_found
from lambdabot.local.code import Code
from lambdabot.local.function import LATEST, NO_LAYERS, Alias, AttachedLayers, FunctionVersion, LambdaFunction, modified
from lambdabot.local.names import FunctionName, function_arn


class Registry:
    """Functions by name.

    Every public method is one step under `lock`, which is reentrant: a caller that needs several steps as one holds it.
    `retire` is told of each FunctionVersion that serves no more; `clock` gives seconds since the epoch, `seed` chooses
    between the versions of a weighted alias.
    """

    def __init__(
        self,
        region: str,
        *,
        clock: Callable[[], float],
        transition_seconds: float,
        retire: Callable[[FunctionVersion], None],
    ) -> None:
        """Begin empty; creations, updates and publications take effect after `transition_seconds`."""
        self.region = region
        self.clock = clock
        self.lock = threading.RLock()
        self._functions: dict[str, LambdaFunction] = {}
        self._last_version: dict[str, int] = {}  # survives a function: Lambda never gives a number twice
        self._transition_seconds = transition_seconds
        self._retire = retire
        self._random = random.Random(0)  # noqa: S311  # shares traffic, guards nothing

    def __iter__(self) -> Iterator[LambdaFunction]:
        """Walk over the functions in the order of their names."""
        with self.lock:
            return iter([self._functions[name] for name in sorted(self._functions)])

    def reservations(self) -> dict[str, int]:
        """Return the reserved concurrency of the functions that have one."""
        with self.lock:
            return {
                name: function.reserved_concurrency
                for name, function in self._functions.items()
                if function.reserved_concurrency is not None
            }

    def exists(self, name: str) -> bool:
        """True when there is a function of this name."""
        return name in self._functions

    def create(
        self,
        name: str,
        *,
        code: Code,
        layers: AttachedLayers = NO_LAYERS,
        settings: Mapping[str, Any],
        architecture: str,
        tags: Mapping[str, str],
    ) -> FunctionVersion:
        """Add a function, Pending at first; 409 when the name is taken."""
        with self.lock:
            if self.exists(name):
                raise conflict(message=f"Function already exist: {name}")
            latest = FunctionVersion(
                name=name,
                arn=function_arn(self.region, name),
                version=LATEST,
                code=code,
                layers=layers,
                settings=settings,
                architecture=architecture,
                is_update=False,
                **self._now(),
            )
            self._functions[name] = LambdaFunction(latest=latest, tags=dict(tags))
            return latest

    def function(self, name: FunctionName) -> LambdaFunction:
        """Return a function; 404 when there is none. An update that is due takes effect here."""
        with self.lock:
            function = self._functions.get(name.name)
            if function is None:
                raise not_found(message=f"Function not found: {function_arn(self.region, name.name, name.qualifier)}")
            if function.previous is not None and self.clock() >= function.latest.ready_at:
                self._retire(function.previous)
                function.previous = None
            return function

    def version(self, name: FunctionName) -> FunctionVersion:
        """Return the version that a qualifier names, directly or as an alias."""
        with self.lock:
            function = self.function(name)
            qualifier = name.qualifier
            if qualifier in {None, LATEST}:
                return function.latest
            alias = function.aliases.get(qualifier or "")
            version = function.versions.get(alias.version if alias else qualifier or "")
            if version is None:
                raise not_found(message=f"Function not found: {function.latest.arn}:{qualifier}")
            return version

    def serving(self, name: FunctionName) -> FunctionVersion:
        """Return what an invocation runs now: the old code while an update is in progress; 409 while Pending."""
        with self.lock:
            function = self.function(name)
            alias = function.aliases.get(name.qualifier or "")
            if alias is not None and alias.weights:
                others = list(alias.weights.items())
                shares = [share for _, share in others]
                chosen = self._random.choices(
                    [alias.version, *(other for other, _ in others)], [1 - sum(shares), *shares]
                )
                name = replace(name, qualifier=chosen[0])
            version = self.version(name)
            if version is function.latest and function.previous is not None:
                version = function.previous
            if not version.is_update:
                self._settled(version)
            return version

    def update(
        self,
        name: FunctionName,
        *,
        revision_id: str | None,
        settings: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda current: current,
        code: Code | None = None,
        layers: AttachedLayers | None = None,
        architecture: str | None = None,
    ) -> FunctionVersion:
        """Replace `$LATEST`; 409 while another change is under way, 412 when the revision is not the current one."""
        with self.lock:
            function = self.function(name)
            old = function.latest
            check_revision(revision_id, old.revision_id)
            self._settled(old)
            function.latest = replace(
                old,
                settings=settings(old.settings),
                code=code or old.code,
                layers=old.layers if layers is None else layers,
                architecture=architecture or old.architecture,
                is_update=True,
                **self._now(),
            )
            function.previous = old
            return function.latest

    def publish(
        self,
        name: FunctionName,
        *,
        description: str | None = None,
        code_sha256: str | None = None,
        revision_id: str | None = None,
        settled: bool = True,
    ) -> FunctionVersion:
        """Freeze `$LATEST` under the next number; the last version again when nothing changed since.

        409 while `$LATEST` is being changed, unless `settled` is False: a change that publishes itself.
        """
        with self.lock:
            function = self.function(name)
            latest = function.latest
            check_revision(revision_id, latest.revision_id)
            if code_sha256 is not None and code_sha256 != latest.code.sha256:
                asked = (
                    f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST ({latest.code.sha256})"
                )
                raise invalid(message=f"{asked}. Please try again with the CodeSHA256 in $LATEST.")
            if settled:
                self._settled(latest)
            if function.published is not None and function.published[0].same_as(latest):
                unchanged = function.versions.get(function.published[1])
                if unchanged is not None:
                    return unchanged
            number = self._last_version.get(name.name, 0) + 1
            self._last_version[name.name] = number
            settings = latest.settings if description is None else {**latest.settings, "Description": description}
            version = replace(latest, version=str(number), settings=settings, is_update=False, **self._now())
            function.versions[version.version] = version
            function.published = (latest, version.version)
            return version

    def remove(self, name: FunctionName) -> None:
        """Remove a function with all its versions and aliases, or one version that no alias needs."""
        with self.lock:
            function = self.function(name)
            qualifier = name.qualifier
            if qualifier is None:
                del self._functions[name.name]
                retired = [function.latest, *function.versions.values()]
                for version in [*retired, *([function.previous] if function.previous else [])]:
                    self._retire(version)
                return
            if qualifier == LATEST:
                raise invalid(message="$LATEST version cannot be deleted without deleting the function.")
            if qualifier in function.aliases:
                raise invalid(message="Deletion of an alias is not supported by DeleteFunction; use DeleteAlias")
            using = sorted(
                alias.name for alias in function.aliases.values() if qualifier in {alias.version, *alias.weights}
            )
            if using:
                arns = ", ".join(f"{function.latest.arn}:{alias}" for alias in using)
                raise conflict(message=f"Version {qualifier} is in use by these aliases: {arns}")
            self._retire(self.version(name))
            del function.versions[qualifier]

    def alias(self, name: FunctionName, alias: str) -> Alias:
        """Return an alias; 404 when there is none."""
        with self.lock:
            function = self.function(name)
            if alias not in function.aliases:
                raise not_found(message=f"Alias not found: {function.latest.arn}:{alias}")
            return function.aliases[alias]

    def made_at(self, version: FunctionVersion) -> float:
        """Return the moment at which a version was made, in seconds of the clock."""
        return version.ready_at - self._transition_seconds

    def _settled(self, version: FunctionVersion) -> None:
        """Raise 409 while the version is Pending or InProgress."""
        if self.clock() >= version.ready_at:
            return
        impossible = "The operation cannot be performed at this time."
        if version.is_update:
            raise conflict(message=f"{impossible} An update is in progress for resource: {version.arn}")
        raise conflict(message=f"{impossible} The function is currently in the following state: Pending")

    def _now(self) -> dict[str, Any]:
        """Return the members that every new FunctionVersion gets of its own."""
        now = self.clock()
        return {
            "last_modified": modified(now),
            "revision_id": str(uuid.uuid4()),
            "ready_at": now + self._transition_seconds,
        }


def check_revision(asked: str | None, current: str) -> None:
    """Raise 412 when a request names another revision than the current one."""
    if asked is not None and asked != current:
        message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API"
        raise ApiError(
            code="PreconditionFailedException",
            message=f"{message} to retrieve the latest Revision Id",
            members={"Type": "User"},
        )
