"""Which Variants of a function are measured, why the others are not, and by which Plan. Nothing is called or read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from lambdabot.errors import PackagingError
from lambdabot.measurement.budget import LONGEST_INIT_SECONDS
from lambdabot.measurement.outlook import Outlook, outlook
from lambdabot.measurement.plan import Aside, Plan
from lambdabot.model import (
    AnswerRule,
    Architecture,
    Arm64Check,
    Arm64Verdict,
    Budget,
    Build,
    Configuration,
    Each,
    Function,
    Prices,
    Side,
    Variant,
)
from lambdabot.packaging.target import Target
from lambdabot.pipeline.pairs import Pair
from lambdabot.pipeline.preparers import Preparer
from lambdabot.project.changes import same_settings
from lambdabot.settings.schema import GateSection

NOT_ITS_EVENT = (
    "it was invoked with the empty event {}, and what its template has invoke it sends another: name that as payloads "
    "in lambdabot.yml"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a run measures with, and by which rules."""

    machine: Target | None  # the embedded endpoint's; None: every architecture can be measured
    prices: Prices
    concurrency: int
    gate: GateSection
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """A function's two sides, and what is known so far of what can be measured of them; the rest follows from that."""

    pair: Pair
    bench: Bench
    budget: Budget
    builds: Mapping[tuple[Side, Architecture], Build | PackagingError] = field(default_factory=dict)
    arm64: Arm64Check | None = None
    memory_cap_mb: int | None = None  # the account's limit, known once a size above it was refused
    refused: Mapping[Variant, str] = field(default_factory=dict)  # Variants that could not be made live, and why
    preparers: tuple[Preparer, ...] = ()  # the pair's, packaged
    cut_short: str = ""  # what ended the measurement before its time

    def without_all(self, reason: str) -> Self:
        """Return the lineup with nothing live, for one reason."""
        return replace(self, refused=dict.fromkeys(self.variants, reason))

    def side(self, side: Side) -> Function:
        """Return a side's function; where there is no base, the head's."""
        base = self.pair.base
        return base if side is Side.BASE and base is not None else self.pair.head

    def built_for(self, variant: Variant) -> Architecture:
        """Return the architecture of a Variant's package: on the embedded endpoint always the machine's."""
        machine = self.bench.machine
        return machine.architecture if machine is not None else variant.configuration.architecture

    def build(self, variant: Variant) -> Build | PackagingError | None:
        """Return a Variant's package, or why there is none; None while that is not known."""
        return self.builds.get((variant.side, self.built_for(variant)))

    @property
    def current(self) -> tuple[Variant, ...]:
        """Return each side at its own current Configuration, the head first."""
        sides = {Side.HEAD: self.pair.head, Side.BASE: self.pair.base}
        return tuple(
            Variant(side=side, configuration=one.setup.current) for side, one in sides.items() if one is not None
        )

    @property
    def unchanged(self) -> bool:
        """Tell whether both sides are the same package with the same settings, so that nothing is measured."""
        head, base = self.pair.head, self.pair.base
        if base is None:
            return False
        packages = {_contents(one) if isinstance(one, Build) else None for one in map(self.build, self.current)}
        return len(packages) == 1 and None not in packages and same_settings(head, base)

    @property
    def candidates(self) -> tuple[Variant, ...]:
        """Return what is to be live if it can be: what this endpoint can measure, and what the gate looks at."""
        if not self._asked:
            return ()
        sweep = (_head(configuration) for configuration in self._asked if self._measurable(configuration))
        return tuple(dict.fromkeys([*sweep, *self.current]))

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Return what is measured; a Variant whose package is not known yet is taken to have one."""
        reasons = self.reasons
        return tuple(variant for variant in self.candidates if variant not in reasons)

    @property
    def reasons(self) -> dict[Variant, str]:
        """Return the Variants that are not measured, each with the first reason that there is."""
        reasons, candidates = {}, self.candidates
        for variant in dict.fromkeys([*map(_head, self._asked), *candidates]):
            build = self.build(variant)
            if self._blocked(variant):
                reasons[variant] = f"ARM64 is blocked by {self._blockers()}"
            elif variant not in candidates:
                continue  # an estimate
            elif isinstance(build, PackagingError):
                reasons[variant] = build.what
            elif variant in self.refused:
                reasons[variant] = self.refused[variant]
        return reasons

    @property
    def plan(self) -> Plan:
        """Return the Plan for the Variants that are measured."""
        head, base, bench = self.pair.head, self.pair.base, self.bench
        return Plan(
            function=head.name,
            variants=self.variants,
            current=head.setup.current,
            base=None if base is None else base.setup.current,
            no_comparison=self.pair.no_base,
            identical=self.unchanged,
            cut_short=self.cut_short,
            sweep=tuple(filter(self._measurable, self._asked)),
            refine=head.question.sizes_assumed,
            estimated=tuple(one for one in self._asked if not self._measurable(one) and not self._blocked(_head(one))),
            unavailable=self.reasons,
            payloads=head.question.payloads,
            gate_payloads=head.question.gate_payloads,
            no_recommendation=NOT_ITS_EVENT if head.empty_handed else "",
            constraints=head.question.constraints,
            strategy=head.question.strategy,
            balanced_weight=head.question.balanced_weight,
            tie_tolerance_percent=head.question.tie_tolerance_percent,
            budget=self.budget,
            concurrency=1 if head.question.one_by_one else bench.concurrency,
            prices=bench.prices,
            extras=head.extras,
            base_extras=None if base is None else base.extras,
            threshold_percent=bench.gate.threshold_percent,
            threshold_usd_monthly=bench.gate.threshold_usd_monthly,
            monthly_invocations=head.question.monthly_invocations,
            cold_start_share=head.question.cold_start_share,
            seed=bench.seed,
            local=bench.machine is not None,
            failures=bench.gate.failures,
            waiting_counted=bench.machine is not None,
            timeout_seconds=max(one.setup.timeout_seconds for one in (head, base) if one is not None),
            asides=tuple(self._aside(one) for one in self.pair.preparers),
        )

    @property
    def answer_rules(self) -> dict[str, AnswerRule]:
        """Return by payload how an answer is read, of both sides alike; of two with one name the gate's counts."""
        head, base = self.pair.head, self.pair.base
        others = () if base is None else (base.triggers,)
        payloads = (*head.question.payloads, *head.question.gate_payloads)
        return {payload.name: head.answer_rule(payload, others=others) for payload in payloads}

    def outlook(self) -> Outlook:
        """Return what the measurement will take."""
        return outlook(self.plan)

    @property
    def _asked(self) -> tuple[Configuration, ...]:
        """Return every Configuration of the head that a row is wanted for: what the account may have, and today's."""
        if self.unchanged or self.pair.removed:
            return ()
        head = self.pair.head
        sizes = (
            Configuration(memory_mb=memory, architecture=architecture)
            for architecture in head.question.architectures
            for memory in head.question.memory_mb
            if self.memory_cap_mb is None or memory <= self.memory_cap_mb
        )
        return tuple(dict.fromkeys([*sizes, head.setup.current]))

    def _aside(self, preparer: Preparer) -> Aside:
        """Return what the plan must know of what runs around the calls."""
        configuration = None if preparer.existing is None else preparer.existing.variant.configuration
        storage_mb = 512
        if preparer.function is not None:
            configuration = preparer.function.setup.current
            storage_mb = preparer.function.setup.ephemeral_storage_mb
        worst = None
        if configuration is not None:
            ms = (preparer.timeout_seconds + LONGEST_INIT_SECONDS) * 1000
            worst = self.bench.prices.cost(configuration, ms, ephemeral_storage_mb=storage_mb)
        return Aside(once=preparer.preparation.each is Each.WAVE, worst_usd=worst)

    def _measurable(self, configuration: Configuration) -> bool:
        """Tell whether this endpoint has such a machine."""
        machine = self.bench.machine
        return machine is None or configuration.architecture is machine.architecture

    def _blocked(self, variant: Variant) -> bool:
        """Tell whether the ARM64 check takes a Variant out; the base runs already, so it is always tried."""
        blocked = self.arm64 is not None and self.arm64.verdict is Arm64Verdict.BLOCKED
        return blocked and variant.side is Side.HEAD and variant.configuration.architecture is Architecture.ARM64

    def _blockers(self) -> str:
        check = self.arm64
        names = [one.name for one in check.packages if one.verdict.blocks] if check else []
        return ", ".join([*names, *(check.native_files if check else ())]) or (check.reason if check else "")


def _contents(build: Build) -> tuple[str, ...]:
    """Return what tells a package with its layers from another one."""
    layers = (one if isinstance(one, str) else one.contents or one.code_sha256 for one in build.layers)
    return (build.contents or build.code_sha256, *layers)


def _head(configuration: Configuration) -> Variant:
    return Variant(side=Side.HEAD, configuration=configuration)
