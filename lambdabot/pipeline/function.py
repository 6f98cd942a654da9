"""One function's way through the stages; what is known of it can be taken at any moment."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from lambdabot.arm64.files.layers import LayerClient
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.threads import run_all, start
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.copies.request import Copy
from lambdabot.aws.invoking.cpu_model import announcing
from lambdabot.errors import PackagingError
from lambdabot.measurement.conclusion import conclude
from lambdabot.measurement.decision import next_step
from lambdabot.measurement.outlook import Outlook, outlook
from lambdabot.measurement.plan import Plan
from lambdabot.measurement.record import written
from lambdabot.model import (
    Architecture,
    Arm64Check,
    Arm64Verdict,
    Budget,
    Build,
    Configuration,
    Deployment,
    Edit,
    Function,
    FunctionResult,
    Invocation,
    Prices,
    Recommendation,
    Round,
    Side,
    Variant,
)
from lambdabot.packaging.build import package, uninstalled
from lambdabot.packaging.target import Target
from lambdabot.pipeline.arm64_check import check_arm64
from lambdabot.pipeline.pairs import Sides
from lambdabot.pipeline.spent import extras_notes, spent
from lambdabot.pipeline.waves import Waves
from lambdabot.project.changes import same_settings
from lambdabot.project.edits import edits
from lambdabot.project.handler import handler_location
from lambdabot.report.progress import Progress
from lambdabot.settings.schema import GateSection

ASSUMED = ("memory_mb", "architecture", "timeout_seconds")
"""What has a default in the settings when the template does not decide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run measures, and by which rules."""

    machine: Target | None  # the embedded endpoint's; None: every architecture can be measured
    prices: Prices
    concurrency: int
    gate: GateSection
    seed: int
    folder: Path  # for packages; removed with the run
    cache: Path  # of packaging
    access: IndexAccess  # to the indexes, of the ARM64 check
    through_bucket: bool = False  # packages may be larger than what Lambda takes directly
    layer_client: LayerClient | None = None  # None: there is no AWS to read layers from


class FunctionJob:
    """What is known of one function so far: filled by `prepare` and `measure`, read by `result`."""

    def __init__(self, sides: Sides, *, place: Place) -> None:
        """Begin with the two sides."""
        self.head = sides.head
        self.base = sides.base
        self.refused = sides.refused  # why it must not be tried
        self.removed = sides.removed
        self.seen: list[Invocation] = []
        self.failed = "" if self.removed else self.refused or "the run ended before its turn came"  # until it did
        self.unchanged = False  # until both packages are known
        self._no_base = sides.no_base
        self._base_is = sides.base_is
        self._notes = sides.notes
        self._place = place
        self._builds: dict[tuple[Side, Architecture], Build | PackagingError] = {}
        self._arm64: Arm64Check | None = None
        self._deployed: dict[Variant, Deployment] = {}
        self._not_deployed: dict[Variant, NotDeployed] = {}
        self._snapshots: list[Configuration] = []  # of SnapStart, that are paid for
        self._memory_cap_mb: int | None = None  # of the account, once it was met
        self._budget = self.head.question.budget
        self._stop_reason = ""

    def prepare(self) -> None:
        """Check the dependencies for ARM64 while both sides are packaged; what fails is kept as a reason.

        Where the settings are the same, today's packages are compared first: an unchanged function needs no more.
        """
        if self.base is not None and same_settings(self.head, self.base):
            self._build_all(
                _head(self.head.setup.current), Variant(side=Side.BASE, configuration=self.base.setup.current)
            )
            self.unchanged = self._identical()
            if self.unchanged:
                self.failed = ""
                return
        check = start(partial(check_arm64, self.head, self._place.access, self._place.layer_client))
        self._build_all(*self._variants())
        self._arm64 = check.result()

    def _build_all(self, *variants: Variant) -> None:
        """Package what Variants need, all at once; what is packaged already stays."""
        packages = sorted({(variant.side, self._built_for(variant)) for variant in variants} - self._builds.keys())
        builds = run_all(partial(self._package, *key) for key in packages)
        self._builds |= dict(zip(packages, builds, strict=True))

    def outlook(self) -> Outlook:
        """Return what the measurement will take when every Variant that has a package can be deployed."""
        planned = [
            variant
            for variant in self._variants()
            if not isinstance(self._build(variant), PackagingError) and not self._blocked(variant)
        ]
        return outlook(replace(self._plan(), variants=tuple(planned)))

    def measure(self, connection: Connection, deployments: Deployments, *, budget: Budget, progress: Progress) -> None:
        """Deploy every Variant at once, then invoke until the plan says that enough was seen."""
        self._budget = budget
        wanted = [
            variant
            for variant in self._variants()
            if isinstance(self._build(variant), Build) and not self._blocked(variant)
        ]
        progress.function_started(self.head.name, len(wanted))
        self._deploy(wanted, deployments)
        self._memory_cap_mb = deployments.memory_cap_mb
        progress.deployed(self.head.name, len(self._deployed))
        self.failed = ""
        plan = self._plan()
        started = time.monotonic()
        waves = Waves(
            connection,
            deployments,
            self._deployed,
            self._not_deployed,
            payloads=(*self.head.question.payloads, *self.head.question.gate_payloads),
            timeout_seconds=max(side.setup.timeout_seconds for side in (self.head, self.base) if side is not None),
            concurrency=self._place.concurrency,
            clock=lambda: time.monotonic() - started,
        )
        while isinstance(step := next_step(plan, self.seen), Round):
            text = f"{len(step.waves)} waves, {len({wave.variant for wave in step.waves})} variants"
            progress.wave(self.head.name, step.number, text, len(self.seen), self.usd)
            known = self._deployed.keys() | self._not_deployed.keys()
            self._deploy({wave.variant for wave in step.waves} - known, deployments)
            for wave in step.waves:
                if wave.fresh:
                    self._count_snapshot(wave.variant)
            self.seen += waves.run(step)
        self._stop_reason = step.reason

    def _deploy(self, variants: Iterable[Variant], deployments: Deployments) -> None:
        """Deploy Variants whose package is there, all at once; what fails is kept as a reason."""
        copies = [
            Copy(function=self._side(variant.side), build=build, variant=variant)
            for variant in variants
            if isinstance(build := self._build(variant), Build)
        ]
        if copies:
            for variant, outcome in deployments.create(list(announcing(copies, self._place.folder))).items():
                if isinstance(outcome, NotDeployed):
                    self._not_deployed[variant] = outcome
                else:
                    self._deployed[variant] = outcome
                    self._count_snapshot(variant)

    @property
    def usd(self) -> Decimal:
        """What the invocations and the snapshots of SnapStart have cost so far, at list prices."""
        return spent(self._place.prices, self.seen, self._snapshots, self._side)

    def _count_snapshot(self, variant: Variant) -> None:
        if self._side(variant.side).extras.snap_start:
            self._snapshots.append(variant.configuration)

    def result(self) -> FunctionResult:
        """Return what is known now, whether or not the measurement went to its end."""
        plan = self._plan()
        conclusion = conclude(plan, self.seen)
        build = self._build(Variant(side=Side.HEAD, configuration=self.head.setup.current))
        recommendation = conclusion.recommendation
        made, impossible = self._edits(recommendation)
        return FunctionResult(
            function=self.head,
            base=self.base,
            base_is=self._base_is,
            error=self.failed,
            target=build.target if isinstance(build, Build) else "",
            unchanged=self.unchanged,
            removed=self.removed,
            stop_reason=self._stop_reason,
            measurements=conclusion.measurements,
            invocations=tuple(self.seen),
            recommendation=recommendation,
            recommendation_reason=conclusion.recommendation_reason,
            comparison=conclusion.comparison,
            arm64=self._arm64,
            location=handler_location(self.head),
            plan=written(plan),
            edits=made,
            edits_reason="; ".join(impossible),
            notes=(
                *self._notes,
                *extras_notes(self.head),
                *conclusion.notes,
                *self._declared_notes(),
                *self._packaging_notes(),
                *dict.fromkeys(one.advice for one in self._not_deployed.values() if one.advice),
            ),
        )

    def _edits(self, recommendation: Recommendation | None) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
        """Return what to write in the function's template, and why something cannot be written there."""
        if recommendation is None or self.head.origin.declaration is None:
            return (), ()
        if recommendation.configuration == self.head.setup.current:
            return (), ()
        declared, wanted = self.head.origin.declaration, recommendation.configuration
        return edits((declared.memory_mb, wanted.memory_mb), (declared.architecture, wanted.architecture))

    def _declared_notes(self) -> tuple[str, ...]:
        """Say what of the template is not in force in the measurement."""
        declaration = self.head.origin.declaration
        if declaration is None:
            return ()
        unset = [name for name in declaration.environment if name not in self.head.setup.environment]
        notes = [f"{one}, so it is assumed" for name, one in declaration.undecided.items() if name in ASSUMED]
        if unset:
            notes.append(f"The template sets {', '.join(unset)}, which lambdabot.yml does not: the copies run without.")
        return tuple(notes)

    def _packaging_notes(self) -> tuple[str, ...]:
        """Say what to do about a package that could not be made, and about one that lacks a module."""
        notes = [one.advice for one in self._builds.values() if isinstance(one, PackagingError)]
        if any("Runtime.ImportModuleError" in one.reason for one in self.seen):
            notes.append(uninstalled(self.head))
        return tuple(dict.fromkeys(filter(None, notes)))

    def _package(self, side: Side, architecture: Architecture) -> Build | PackagingError:
        function = self._side(side)
        target = self._place.machine or Target.of_runtime(function.code.runtime, architecture)
        try:
            return package(
                function,
                architecture,
                target,
                workdir=self._place.folder,
                cache_dir=self._place.cache,
                direct=not self._place.through_bucket,
            )
        except PackagingError as error:
            return error

    def _side(self, side: Side) -> Function:
        return self.base if side is Side.BASE and self.base is not None else self.head

    def _asked(self) -> tuple[Configuration, ...]:
        """Return every Configuration of the head that a row is wanted for: what the account may have, and today's."""
        if self.unchanged or self.removed:
            return ()
        sizes = (
            Configuration(memory_mb=memory, architecture=architecture)
            for architecture in self.head.question.architectures
            for memory in self.head.question.memory_mb
            if self._memory_cap_mb is None or memory <= self._memory_cap_mb
        )
        return tuple(dict.fromkeys([*sizes, self.head.setup.current]))

    def _measurable(self, configuration: Configuration) -> bool:
        """Tell whether this endpoint has such a machine."""
        machine = self._place.machine
        return machine is None or configuration.architecture is machine.architecture

    def _variants(self) -> tuple[Variant, ...]:
        """Return what is to be live: what can be measured, and what the gate looks at."""
        if self.unchanged or self.removed:
            return ()
        sweep = [_head(configuration) for configuration in self._asked() if self._measurable(configuration)]
        gate = [_head(self.head.setup.current)]
        if self.base is not None and not self._identical():
            gate.append(Variant(side=Side.BASE, configuration=self.base.setup.current))
        return tuple(dict.fromkeys([*sweep, *gate]))

    def _built_for(self, variant: Variant) -> Architecture:
        """Return the architecture of a Variant's package: on the embedded endpoint always the machine's."""
        machine = self._place.machine
        return machine.architecture if machine is not None else variant.configuration.architecture

    def _build(self, variant: Variant) -> Build | PackagingError | None:
        return self._builds.get((variant.side, self._built_for(variant)))

    def _blocked(self, variant: Variant) -> bool:
        """Tell whether the ARM64 check takes a Variant out; the base runs already, so it is always tried."""
        blocked = self._arm64 is not None and self._arm64.verdict is Arm64Verdict.BLOCKED
        return blocked and variant.side is Side.HEAD and variant.configuration.architecture is Architecture.ARM64

    def _identical(self) -> bool:
        if self.base is None:
            return False
        head = self._build(_head(self.head.setup.current))
        base = self._build(Variant(side=Side.BASE, configuration=self.base.setup.current))
        same_code = isinstance(head, Build) and isinstance(base, Build) and head.code_sha256 == base.code_sha256
        return same_code and same_settings(self.head, self.base)

    def _unavailable(self) -> dict[Variant, str]:
        """Return the Variants that are not live, each with the first reason that there was."""
        reasons = {}
        for variant in dict.fromkeys([*map(_head, self._asked()), *self._variants()]):
            build = self._build(variant)
            if self._blocked(variant):
                reasons[variant] = f"ARM64 is blocked by {self._blockers()}"
            elif variant not in self._variants():
                continue  # an estimate
            elif isinstance(build, PackagingError):
                reasons[variant] = build.what
            elif variant not in self._deployed:
                refused = self._not_deployed.get(variant)
                reasons[variant] = refused.reason if refused else self.failed
        return reasons

    def _blockers(self) -> str:
        check = self._arm64
        names = [one.name for one in check.packages if one.verdict.blocks] if check else []
        return ", ".join([*names, *(check.native_files if check else ())]) or (check.reason if check else "")

    def _plan(self) -> Plan:
        head, gate = self.head, self._place.gate
        return Plan(
            function=head.name,
            variants=tuple(variant for variant in self._variants() if variant in self._deployed),
            current=head.setup.current,
            base=None if self.base is None else self.base.setup.current,
            no_comparison=self._no_base,
            identical=self._identical(),
            sweep=tuple(filter(self._measurable, self._asked())),
            refine=head.question.sizes_assumed,
            estimated=tuple(
                one for one in self._asked() if not self._measurable(one) and not self._blocked(_head(one))
            ),
            unavailable=self._unavailable(),
            payloads=head.question.payloads,
            gate_payloads=head.question.gate_payloads,
            constraints=head.question.constraints,
            strategy=head.question.strategy,
            balanced_weight=head.question.balanced_weight,
            tie_tolerance_percent=head.question.tie_tolerance_percent,
            budget=self._budget,
            concurrency=self._place.concurrency,
            prices=self._place.prices,
            extras=head.extras,
            base_extras=None if self.base is None else self.base.extras,
            threshold_percent=gate.threshold_percent,
            threshold_usd_monthly=gate.threshold_usd_monthly,
            monthly_invocations=head.question.monthly_invocations,
            cold_start_share=head.question.cold_start_share,
            seed=self._place.seed,
            local=self._place.machine is not None,
            timeout_seconds=head.setup.timeout_seconds,
        )


def _head(configuration: Configuration) -> Variant:
    return Variant(side=Side.HEAD, configuration=configuration)
