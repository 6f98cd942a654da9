"""Throw-away copies of functions: created all at once, waited for, and removed whatever happens."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock, Semaphore
from types import TracebackType
from typing import Self

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.failures import CallError, Failure, capped, explain_state, memory_cap
from lambdabot.aws.calls.retry import StoppedError, code, message, passing
from lambdabot.aws.calls.threads import run_all, start
from lambdabot.aws.copies.creation import Creator
from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.aws.copies.journal import Journal
from lambdabot.aws.copies.layer_versions import LayerVersions
from lambdabot.aws.copies.ledger import Kind, Ledger, LedgerClosedError
from lambdabot.aws.copies.removal import Removal
from lambdabot.aws.copies.request import Copy, create_parameters, environment
from lambdabot.aws.copies.upload import WORTH_BYTES, Uploads
from lambdabot.errors import InterruptionError
from lambdabot.model import Deployment, Function, Variant
from lambdabot.redaction import redact

_LATEST = "$LATEST"
_ROLE_OF_NO_ACCOUNT = "arn:aws:iam::000000000000:role/lambdabot"  # the API wants a role; only AWS looks at it
_READY_SECONDS = 300.0  # as the waiters function_active_v2 and function_updated_v2
_APPEARS_SECONDS = 10.0  # how long GetFunction may not know a function that was just created
_CALM_SECONDS = 60.0
_HURRIED_SECONDS = 6.0  # a job that GitHub cancels gets SIGTERM 7.5 s after SIGINT
_CAPPED_MB = 3_008  # above it a new account's functions are refused
_UPLOAD_BYTES = 400_000_000  # memory for uploads under way: a package is held some five times while it is encoded
_MOST_UPLOADS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDeployed:
    """A Variant that could not be deployed, or not be refreshed: why, and what to do."""

    reason: str
    advice: str = ""
    refusal: CallError | None = None  # where AWS refused a call


class Deployments:
    """The throw-away copies of one run. A context manager: at its end everything that it made is removed.

    Names are written down before the call that creates them, so that a copy is also removed when the answer was
    lost or a signal came in the middle. Only names made by the run's identity are ever written to.
    """

    def __init__(
        self,
        connection: Connection,
        identity: RunIdentity,
        journal: Journal | None = None,
        *,
        bucket: str | None = None,
    ) -> None:
        """Call nothing yet.

        What is about to be created is written to the journal first; large packages go through the S3 bucket, if any.
        """
        self.log_group = identity.log_group
        self._connection = connection
        self._identity = identity
        self._ledger = Ledger(journal)
        self._creator = Creator(connection=connection, ledger=self._ledger)
        self._bucket = None if bucket is None else Uploads(connection, identity, self._creator, bucket)
        self._layer_versions = LayerVersions(connection, identity, self._creator, self._bucket)
        self.memory_cap_mb: int | None = None  # the account's limit, known once a size above it was refused
        self._lock = Lock()
        self._log_group_lock = Lock()  # held while the group is made: no function may come before it
        self._log_group_tried = False
        self._notes: list[str] = []
        self._failures: list[CallError] = []  # of removals
        self._functions: dict[str, Function] = {}
        self._generations: dict[str, int] = {}

    def __enter__(self) -> Self:
        """Call nothing yet: a signal before the body begins must find nothing to remove."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove everything: with patience, or within six seconds when the run was interrupted."""
        self.remove(hurried=isinstance(error, InterruptionError | KeyboardInterrupt))

    @property
    def created(self) -> int:
        """How many copies came to life."""
        return self._ledger.created

    @property
    def removed(self) -> int:
        """How many of them are gone."""
        return self._ledger.removed

    @property
    def left(self) -> tuple[str, ...]:
        """What exists, or may exist: `function lambdabot-…`, `log group /aws/lambda/lambdabot-…`."""
        return tuple(str(entry) for entry in self._ledger.left)

    @property
    def left_because(self) -> str:
        """Why the first of it could not be removed, and what to do; empty where no removal was refused."""
        return str(self._failures[0]) if self._failures and self.left else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of set-up and clean-up, beside what could not be deployed."""
        return tuple(dict.fromkeys(self._notes))

    def create(self, copies: Sequence[Copy]) -> dict[Variant, Deployment | NotDeployed]:
        """Deploy all copies at once, each a function of its own, and return when each is live or has failed.

        One that fails leaves the others alone. A cap on the account's memory sizes is met by one call, and noted. May
        be called from several threads.
        """
        run_all([self._create_log_group])
        largest = max((copy.build.zip_bytes for copy in copies), default=0)
        if self._bucket is not None:
            largest = min(largest, WORTH_BYTES)  # what is larger is read in pieces
        uploads = Semaphore(max(1, min(_MOST_UPLOADS, _UPLOAD_BYTES // max(1, 5 * largest))))
        large = [one for one in copies if one.variant.configuration.memory_mb > _CAPPED_MB]
        answered = Event()  # the first large one, which tells whether the account may have such; the others wait for it

        def create(copy: Copy) -> Deployment | NotDeployed:
            if copy not in large[:1]:
                if copy in large:
                    answered.wait()
                return self._create(copy, uploads)
            try:
                return self._create(copy, uploads, created=answered.set)
            finally:
                answered.set()

        made = run_all(partial(create, copy) for copy in copies)
        return {copy.variant: result for copy, result in zip(copies, made, strict=True)}

    def refresh(self, *deployments: Deployment) -> dict[Variant, Deployment | NotDeployed]:
        """Replace the execution environments of these deployments, all at once.

        Returns what is to be invoked from then on: with SnapStart that is another version.
        """
        refreshed = run_all(partial(self._refresh, deployment) for deployment in deployments)
        return {one.variant: result for one, result in zip(deployments, refreshed, strict=True)}

    def remove(self, *, hurried: bool = False) -> None:
        """Remove everything, all at once, within a minute or, `hurried`, within six seconds.

        May be called again for what is then still `left`. A signal that arrives meanwhile waits for the removal, which
        is hurried then.
        """
        try:
            self._remove(_HURRIED_SECONDS if hurried else _CALM_SECONDS)
        except BaseException:
            self._remove(_HURRIED_SECONDS)
            raise

    def _remove(self, seconds: float) -> None:
        self._connection.ending.set()
        entries = self._ledger.close()
        removal = Removal(
            connection=self._connection,
            ledger=self._ledger,
            notes=self._notes,
            failures=self._failures,
            deadline=time.monotonic() + seconds,
        )
        start(partial(removal.run, entries)).result()
        self._ledger.end()

    def _create(
        self, copy: Copy, uploads: Semaphore, *, created: Callable[[], None] = lambda: None
    ) -> Deployment | NotDeployed:
        """Deploy one copy; `created` is called before it is waited for."""
        name = self._identity.function_name(copy.function.name, copy.variant)
        doing = f"deploy {copy.function.name} ({copy.variant.side}) at {copy.variant.configuration}"
        role = copy.function.setup.role or (_ROLE_OF_NO_ACCOUNT if self._connection.endpoint is not None else None)
        if role is None:
            return NotDeployed(
                reason=f"could not {doing}: no execution role",
                advice=f"Set `role` of the function {copy.function.name} in lambdabot.yml: "
                "the role that its throw-away copies run under.",
            )
        if self.memory_cap_mb is not None and copy.variant.configuration.memory_mb > self.memory_cap_mb:
            return _not_deployed(capped(self.memory_cap_mb, doing=doing))
        try:
            with uploads:
                answer = self._call_create(copy, name, role, doing)
            created()
            return self._live(copy.variant, name, doing, answer)
        except (StoppedError, LedgerClosedError):
            return NotDeployed(reason=f"could not {doing}: the run was interrupted")
        except OSError as error:
            return NotDeployed(reason=f"could not {doing}: {error.strerror} ({error.filename or 'journal'})")
        except CallError as error:
            self.memory_cap_mb = memory_cap(error.error) or self.memory_cap_mb
            return _not_deployed(error)

    def _call_create(self, copy: Copy, name: str, role: str, doing: str) -> dict[str, object]:
        """Return the answer of CreateFunction; where it was lost, what tells which version to wait for."""
        parameters = create_parameters(
            copy,
            name=name,
            role=role,
            log_group=self.log_group,
            tags=self._identity.tags,
            layers=[
                one if isinstance(one, str) else self._layer_versions.arn(one, copy.build.architecture, doing=doing)
                for one in copy.build.layers
            ],
            uploaded=None if self._bucket is None else self._bucket.put(copy.build, doing=doing),
        )
        answer = self._creator.create(
            "lambda.CreateFunction",
            lambda: self._connection.control.create_function(**parameters),
            kind=Kind.FUNCTION,
            name=name,
            doing=doing,
            worth=lambda error: passing(error) or "cannot be assumed by Lambda" in message(error),
        )
        with self._lock:
            self._functions[name] = copy.function
        if answer is not None:
            return dict(answer)
        return {"Version": "1"} if copy.function.setup.snap_start else {}

    def _live(
        self, variant: Variant, name: str, doing: str, configuration: dict[str, object]
    ) -> Deployment | NotDeployed:
        """Wait until Lambda runs the function, or the version of it that SnapStart needs, as it was asked to."""
        qualifier = str(configuration.get("Version", _LATEST))
        request = {"FunctionName": name} if qualifier == _LATEST else {"FunctionName": name, "Qualifier": qualifier}
        deadline = time.monotonic() + _READY_SECONDS
        appears = time.monotonic() + _APPEARS_SECONDS
        pause = 0.05
        while True:
            states = (configuration.get("State"), configuration.get("LastUpdateStatus", "Successful"))
            if states == ("Active", "Successful"):
                arn = str(configuration["FunctionArn"]).removesuffix(f":{qualifier}") + f":{qualifier}"
                return Deployment(variant=variant, function_name=name, arn=arn)
            for field, state in zip(("StateReason", "LastUpdateStatusReason"), states, strict=True):
                if state == "Failed":
                    reason = (str(configuration.get(f"{field}Code", "")), str(configuration.get(field, "")))
                    return _not_deployed(explain_state(*reason, doing=doing))
            if time.monotonic() > deadline:
                words = f"could not {doing}: still {states[0]}, {states[1]} after {_READY_SECONDS:.0f} s"
                return NotDeployed(reason=words, advice=redact(str(configuration.get("StateReason", ""))))
            self._connection.ending.wait(pause)
            pause = min(1.0, 2 * pause)
            answer = self._connection.call(
                "lambda.GetFunction",
                lambda: self._connection.control.get_function(**request),
                doing=doing,
                worth=lambda error: (
                    passing(error) or (code(error) == "ResourceNotFoundException" and time.monotonic() < appears)
                ),
            )
            configuration = dict(answer["Configuration"])

    def _refresh(self, deployment: Deployment) -> Deployment | NotDeployed:
        name = deployment.function_name
        doing = f"replace the environments of {deployment.variant.configuration} ({deployment.variant.side})"
        with self._lock:
            function = self._functions[name]
            generation = self._generations[name] = self._generations.get(name, 0) + 1
        variables = environment(function, generation=generation)
        try:
            answer = self._connection.call(
                "lambda.UpdateFunctionConfiguration",
                lambda: self._connection.control.update_function_configuration(
                    FunctionName=name, Environment={"Variables": variables}
                ),
                doing=doing,
                worth=_passing_or_conflict,
            )
            result = self._live(deployment.variant, name, doing, dict(answer))
            if function.setup.snap_start and isinstance(result, Deployment):
                version = self._connection.call(
                    "lambda.PublishVersion",
                    lambda: self._connection.control.publish_version(FunctionName=name),
                    doing=doing,
                    worth=_passing_or_conflict,
                )
                return self._live(deployment.variant, name, doing, dict(version))
            return result  # noqa: TRY300 - both ways out stand together
        except StoppedError:
            return NotDeployed(reason=f"could not {doing}: the run was interrupted")
        except CallError as error:
            return _not_deployed(error)

    def _create_log_group(self) -> None:
        """Create the run's log group, tagged: groups that Lambda makes itself carry no tags."""
        with self._log_group_lock:
            if not self._log_group_tried:
                self._log_group_tried = True
                self._try_log_group()

    def _try_log_group(self) -> None:
        try:
            self._creator.create(
                "logs.CreateLogGroup",
                lambda: self._connection.logs.create_log_group(logGroupName=self.log_group, tags=self._identity.tags),
                kind=Kind.LOG_GROUP,
                name=self.log_group,
                doing="create the run's log group",
                worth=lambda error: passing(error) or code(error) == "OperationAbortedException",
            )
        except (StoppedError, LedgerClosedError, OSError):
            return
        except CallError as error:
            self._notes.append(
                f"{error.what}: Lambda itself may make {self.log_group}, untagged. {error.advice}".rstrip()
            )
            if error.code != "ResourceAlreadyExistsException":
                with suppress(LedgerClosedError, OSError):
                    self._ledger.plan(Kind.LOG_GROUP, self.log_group).settled.set()  # removed if Lambda makes it


def _passing_or_conflict(error: Exception) -> bool:
    return passing(error) or code(error) == "ResourceConflictException"


def _not_deployed(failure: Failure | CallError) -> NotDeployed:
    refusal = failure if isinstance(failure, CallError) else None
    return NotDeployed(reason=failure.what, advice=failure.advice, refusal=refusal)
