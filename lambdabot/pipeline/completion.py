"""What the settings leave to AWS: both sides completed by existing functions, events in S3, whom set-up invokes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lambdabot.aws.calls.connection import Connection
from lambdabot.errors import DeploymentError, EndpointError, Mistake
from lambdabot.model import Function
from lambdabot.pipeline.likeness import Likeness
from lambdabot.pipeline.pairs import Pair
from lambdabot.pipeline.preparers import preparers_of
from lambdabot.pipeline.recorded import Recorded
from lambdabot.pipeline.terms import Terms
from lambdabot.redaction import redact


class Completion:
    """Completes pairs side by side; what cannot be had of AWS refuses one pair and costs no other."""

    def __init__(self, terms: Terms, connection: Connection | None, *, folder: Path, region: str) -> None:
        """Call nothing yet; the code of existing functions goes to `folder`."""
        settings = terms.settings
        self._terms = terms
        self._reached = connection is not None
        self._connection = None if settings.endpoint == "local" else connection
        self._likeness = Likeness(connection=self._connection, folder=folder, base_named=settings.base is not None)
        self._recorded = Recorded(self._connection, region=region)
        self._functions: Mapping[str, Function] = {one.name: one for one in (*settings.functions, *settings.others)}

    @property
    def mistakes(self) -> list[Mistake]:
        """Return the settings that want more to be said."""
        return self._likeness.mistakes

    def complete(self, pair: Pair) -> Pair:
        """Return a pair with what its settings leave open, or with the reason why it cannot be had."""
        if not self._reached or pair.refused or pair.removed:
            return pair
        pair = self._likeness.complete(pair, self._terms.settings.places[pair.head.name])
        if pair.refused:
            return pair
        try:
            self._check_reach(pair.head)
            head = self._recorded.complete(pair.head)
            preparers = preparers_of(head, self._functions, completed=self._alone, connection=self._connection)
        except (DeploymentError, EndpointError) as error:
            return replace(pair, refused=str(error))
        return replace(pair, head=head, preparers=preparers)

    def _check_reach(self, head: Function) -> None:
        """Raise DeploymentError for what of AWS the settings name, and nobody whose word counts."""
        allowed = self._terms.settings.reach
        foreign = frozenset[str]() if allowed is None else head.question.reaches - allowed
        if foreign:
            names = ", ".join(map(redact, sorted(foreign)))
            what = f"the target branch's lambdabot.yml does not name {names}: it can be used once that is merged"
            raise DeploymentError(what)

    def _alone(self, function: Function) -> Function:
        """Return a function of which a copy helps to measure another one. Raises DeploymentError."""
        refused = self._terms.refused.get(function.name, "")
        pair = Pair(head=function, base=None, no_base="", refused=refused)
        if not refused:
            pair = self._likeness.complete(pair, self._terms.settings.places[function.name])
        if pair.refused:
            raise DeploymentError(pair.refused)
        return pair.head
