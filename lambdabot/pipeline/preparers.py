"""Whom `before` and `after` invoke: a copy of another function, an existing one, or the measured copy itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.existing import called
from lambdabot.errors import DeploymentError
from lambdabot.model import Build, Deployment, Function, Preparation, Side
from lambdabot.redaction import redact


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparer:
    """A preparation with whom it invokes: a copy of `function`, or the `existing` one; neither: the measured copy."""

    key: str  # `before` or `after`
    preparation: Preparation
    timeout_seconds: int
    function: Function | None = None
    build: Build | None = None  # of the function, once it is packaged
    existing: Deployment | None = None

    @property
    def name(self) -> str:
        """Return how messages call it."""
        whom = self.preparation.function
        return f"`{self.key}`" if whom is None else f"`{self.key}` ({redact(whom)})"


def preparers_of(
    head: Function,
    functions: Mapping[str, Function],
    *,
    completed: Callable[[Function], Function],
    connection: Connection | None,
) -> tuple[Preparer, ...]:
    """Return whom a function's preparations invoke; `completed` fills in what a function that is `like` another lacks.

    A copy is this side's for both sides, so that what is set up is the same. `connection` None: there is no AWS.
    Raises EndpointError or DeploymentError, in words for a reader.
    """
    return tuple(
        _preparer(head, key, one, functions, completed=completed, connection=connection)
        for key, one in (("before", head.question.before), ("after", head.question.after))
        if one is not None
    )


def _preparer(
    head: Function,
    key: str,
    one: Preparation,
    functions: Mapping[str, Function],
    *,
    completed: Callable[[Function], Function],
    connection: Connection | None,
) -> Preparer:
    if one.function is None:
        return Preparer(key=key, preparation=one, timeout_seconds=head.setup.timeout_seconds)
    if one.exists:
        if connection is None:
            what = f"`{key}` invokes {redact(one.function)}, and the embedded endpoint has no functions of an account"
            raise DeploymentError(what, advice="Name a function of lambdabot.yml there, or measure on AWS.")
        existing, timeout_seconds = called(connection, one.function, doing=f"read what `{key}` invokes")
        return Preparer(key=key, preparation=one, timeout_seconds=timeout_seconds, existing=existing)
    if one.function not in functions:
        what = f"`{key}` invokes `{one.function}`, which cannot be measured here, so there is no copy of it either"
        raise DeploymentError(what)
    own = completed(functions[one.function])
    # No function of the settings can have such a name, so that no two copies or packages share theirs.
    function = replace(own, side=Side.HEAD, name=f"{head.name}.{key}")
    return Preparer(key=key, preparation=one, timeout_seconds=own.setup.timeout_seconds, function=function)
