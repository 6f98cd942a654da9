"""The throw-away copies of one function: made when a round first names them, and counted in what they cost."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

from lambdabot.aws.calls.retry import throttled
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.copies.request import Copy
from lambdabot.aws.invoking.cpu_model import announcing
from lambdabot.errors import EndpointError
from lambdabot.model import Build, Configuration, Deployment, Function, Invocation, Round, Variant, Wave
from lambdabot.pipeline.lineup import Lineup


class Copies:
    """The throw-away copies of one function, and what its invocations and its snapshots of SnapStart have cost."""

    def __init__(
        self,
        lineup: Lineup,
        deployments: Deployments,
        folder: Path,
        give: Callable[[str, Function], None] = lambda _name, _function: None,
    ) -> None:
        """Deploy nothing yet; `give` gets a copy what it needs beside itself, or raises EndpointError."""
        self.deployed: dict[Variant, Deployment] = {}
        self.not_deployed: dict[Variant, NotDeployed] = {}
        self._lineup = lineup
        self._deployments = deployments
        self._folder = folder
        self._give = give
        self._snapshots: list[Configuration] = []  # that are paid for

    def deploy(self, variants: Iterable[Variant]) -> None:
        """Deploy Variants, all at once; what fails is kept as a reason."""
        copies = [
            Copy(function=self._lineup.side(variant.side), build=build, variant=variant)
            for variant in variants
            if isinstance(build := self._lineup.build(variant), Build)
        ]
        if copies:
            for variant, outcome in self._deployments.create(list(announcing(copies, self._folder))).items():
                if isinstance(outcome, NotDeployed):
                    self.not_deployed[variant] = outcome
                    continue
                try:
                    self._give(outcome.function_name, self._lineup.side(variant.side))
                except EndpointError as error:
                    self.not_deployed[variant] = NotDeployed(reason=error.what, advice=error.advice)
                    continue
                self.deployed[variant] = outcome
                self._count_snapshot(variant)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the copies that are live."""
        return tuple(one.function_name for one in self.deployed.values())

    def require_leave(self) -> None:
        """Raise the first refusal where AWS let no copy be made, or the run's credentials do not hold any more."""
        refusals = [one.refusal for one in self.not_deployed.values() if one.refusal is not None]
        for one in refusals:
            if one.ends_run or (not self.deployed and (one.fatal or throttled(one.error))):
                raise one

    def make_ready(self, step: Round, *, renewed: Callable[[Wave], bool] = lambda _: False) -> None:
        """Deploy what a round names for the first time, and count the snapshots that it will make.

        Waves on fresh environments make some, and those whose environments set-up has `renewed`.
        """
        self.deploy({wave.variant for wave in step.waves} - self.deployed.keys() - self.not_deployed.keys())
        for wave in step.waves:
            if wave.fresh or renewed(wave):
                self._count_snapshot(wave.variant)

    def _count_snapshot(self, variant: Variant) -> None:
        if self._lineup.side(variant.side).extras.snap_start:
            self._snapshots.append(variant.configuration)

    def usd(self, seen: Iterable[Invocation]) -> Decimal:
        """Return the cost at list prices: exact, where the plan before it is an estimate."""
        prices = self._lineup.bench.prices
        total = sum(map(prices.snapshot, self._snapshots), Decimal(0))
        for one in seen:
            total += one.aside_usd
            if one.refused:
                continue
            function, configuration = self._lineup.side(one.variant.side), one.variant.configuration
            storage_mb = function.setup.ephemeral_storage_mb
            total += prices.cost(configuration, one.billed_ms or 0, ephemeral_storage_mb=storage_mb)
            if one.restore_ms is not None and function.extras.snap_start:
                total += prices.restore(configuration)
        return total

    @property
    def advice(self) -> tuple[str, ...]:
        """Return what to do about the Variants that could not be deployed."""
        return tuple(dict.fromkeys(one.advice for one in self.not_deployed.values() if one.advice))
