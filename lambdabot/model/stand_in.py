"""What stands for AWS where a function is measured without it."""

from dataclasses import dataclass, field

from lambdabot.model.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedCall:
    """A call of AWS that is made before a function is measured, and where it is written."""

    service: str  # as boto3 names it
    operation: str  # as the API names it: CreateTable
    parameters: str = field(repr=False)  # as JSON
    place: Place = field(compare=False)

    def __str__(self) -> str:
        """Return it as a policy names an action, with its place."""
        return f"{self.service}:{self.operation} ({self.place})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """An endpoint of the user's, or moto, which is made for each copy and begins with what the seed made."""

    url: str = ""  # empty: moto
    seed: tuple[SeedCall, ...] = ()
