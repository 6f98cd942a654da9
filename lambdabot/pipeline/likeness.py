"""Functions that are `like` an existing one: both sides completed by what Lambda says of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.existing import Existing, code_of, completed, read
from lambdabot.aws.traffic import SOURCE, cold_start_share, monthly_invocations
from lambdabot.errors import DeploymentError, EndpointError, Mistake
from lambdabot.model import BaseKind, Function, Place, Side
from lambdabot.pipeline.pairs import Pair
from lambdabot.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class Likeness:
    """Reads each existing function once; `connection` None: on the embedded endpoint there is none to be read.

    `base_named`: the run names what to compare with, so that no alias does. `mistakes` are the settings that would let
    hundreds of invocations write to production without saying so.
    """

    connection: Connection | None
    folder: Path
    base_named: bool
    mistakes: list[Mistake] = field(default_factory=list)
    _read: dict[str, Existing] = field(default_factory=dict)
    _code: dict[str, Path | str] = field(default_factory=dict)

    def complete(self, pair: Pair, place: Place) -> Pair:
        """Return the sides with what their settings leave open; `place` is where the settings stand."""
        if pair.head.origin.like is None and (pair.base is None or pair.base.origin.like is None):
            return pair
        if self.connection is None:
            return _without(pair)
        try:
            return self._complete(self.connection, pair, place)
        except (DeploymentError, EndpointError) as error:
            return replace(pair, refused=str(error))

    def _complete(self, connection: Connection, pair: Pair, place: Place) -> Pair:
        pair = self._base(connection, pair)
        head, base, no_base, notes = pair.head, pair.base, pair.no_base, list(pair.notes)
        if head.origin.like is None:
            return pair
        existing = self._existing(connection, head.origin.like)
        if not head.origin.side_effects_accepted and existing.needs_acceptance:
            if "environment" not in head.origin.given:
                self.mistakes.append(place.mistake(_unaccepted(head, existing)))
                return replace(pair, refused="its settings are incomplete")
            left_out = [reason for reason in existing.needs_acceptance if not reason.startswith("environment")]
            notes += [f"{reason} of {existing.like} is left out: side effects are not accepted" for reason in left_out]
        is_itself = head.code.source is None
        if is_itself and base is None:
            no_base = f"the code behind {existing.like} itself is measured: there is nothing to compare it with"
        notes += _shared_traffic(existing)
        head = self._with_code(connection, completed(head, existing), existing)
        notes.append(f"What the settings leave open is that of {existing.description}.")
        if head.origin.side_effects_accepted:
            notes.append("Side effects are accepted: the copies ran with that function's own role and surroundings.")
        if existing.alias is not None and not self.base_named and not is_itself:
            own = replace(
                head,
                side=Side.BASE,
                code=replace(head.code, source=None, requirements=None),
                origin=replace(head.origin, given=head.origin.given & {"role"}),
            )
            base, no_base = self._with_code(connection, completed(own, existing), existing), ""
            pair = replace(pair, base_is=BaseKind.LIVE_VERSION)
            notes.append(f"Base is the live version: {existing.description}.")
        if head.question.monthly_invocations is None:
            try:
                traffic = monthly_invocations(connection, existing)
                question = replace(head.question, monthly_invocations=traffic, traffic_source=SOURCE)
                head = replace(head, question=question)
            except (DeploymentError, EndpointError) as error:
                notes.append(str(error))
        if existing.provisioned_concurrency is None and "provisioned_concurrency" not in head.origin.given:
            notes.append(
                f"Whether {existing.like} keeps environments ready could not be read, so the cost has none: allow "
                "lambda:GetProvisionedConcurrencyConfig, or name `provisioned_concurrency`."
            )
        share = cold_start_share(connection, existing)
        head = replace(head, question=replace(head.question, cold_start_share=share))
        return replace(pair, head=head, base=base, no_base=no_base, notes=tuple(notes))

    def _base(self, connection: Connection, pair: Pair) -> Pair:
        """Complete the base; where that is like a function that cannot be read, there is none."""
        base = pair.base
        if base is None or base.origin.like is None:
            return pair
        try:
            its = self._existing(connection, base.origin.like)
            return replace(pair, base=self._with_code(connection, completed(base, its), its))
        except (DeploymentError, EndpointError) as error:
            return replace(pair, base=None, no_base=str(error))

    def _existing(self, connection: Connection, like: str) -> Existing:
        if like not in self._read:
            self._read[like] = read(connection, like)
        return self._read[like]

    def _with_code(self, connection: Connection, function: Function, existing: Existing) -> Function:
        """Return the function with the code behind the existing one, where it names none of its own."""
        if function.code.source is not None:
            return function
        if existing.like not in self._code:
            self._code[existing.like] = code_of(connection, existing, self.folder)
        code = replace(function.code, source=self._code[existing.like], workspace=Workspace(self.folder))
        return replace(function, code=code)


def _shared_traffic(existing: Existing) -> Iterator[str]:
    """Yield what an alias does beside its version, which is the one that is looked at."""
    if existing.shares is None:
        yield f"Whether {existing.like} shares its traffic among versions could not be read: allow lambda:GetAlias."
    elif existing.shares:
        others = ", ".join(f"{share:.0%} that goes to version {version}" for version, share in existing.shares.items())
        yield f"Of the traffic of {existing.description}, {others} is not looked at."


def _without(pair: Pair) -> Pair:
    """Measure what the settings say by themselves, where that is enough."""
    head = pair.head
    missing = [key for key in ("source", "handler") if getattr(head.code, key) is None]
    if missing:
        wanted = " and ".join(f"`{key}`" for key in missing)
        reason = f"{head.origin.like} is a function on AWS, which is not asked here, and the settings have no {wanted}"
        return replace(pair, refused=reason)
    like = f"{head.origin.like} is a function on AWS, which was not asked"
    note = f"{like}: what the settings leave open has Lambda's defaults."
    return replace(pair, notes=(*pair.notes, note))


def _unaccepted(head: Function, existing: Existing) -> str:
    has = ", ".join(existing.needs_acceptance)
    return (
        f"`{head.name}` is like {existing.like}, which has {has}: hundreds of invocations with them would write to "
        "production. Give it an `environment` of its own (`{}` is one), or write `side_effects: accepted`"
    )
