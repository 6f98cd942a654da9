"""One function's way through the stages; what is known of it can be taken at any moment."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lambdabot.arm64.files.layers import LayerClient
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.aws.calls.threads import run_all, start
from lambdabot.errors import PackagingError
from lambdabot.measurement.record import written
from lambdabot.model import (
    Architecture,
    Budget,
    Build,
    Comparison,
    Edit,
    Function,
    FunctionResult,
    Recommendation,
    Side,
    Variant,
)
from lambdabot.packaging.build import package
from lambdabot.packaging.layers import LayerBuilds
from lambdabot.packaging.target import Target
from lambdabot.pipeline.arm64_check import check_arm64
from lambdabot.pipeline.diagnosis import diagnosis
from lambdabot.pipeline.engine import Engine, Evidence
from lambdabot.pipeline.lineup import Bench, Lineup
from lambdabot.pipeline.notes import (
    declared_notes,
    event_notes,
    extras_notes,
    packaging_notes,
    runtime_notes,
    selection_notes,
)
from lambdabot.pipeline.pairs import Pair
from lambdabot.project.changes import same_settings
from lambdabot.project.edits import edits
from lambdabot.project.handler import handler_location

if TYPE_CHECKING:  # only the embedded endpoint has them
    from lambdabot.local.runtimes.available import Runtimes

_NOT_ITS_TURN = "the run ended before its turn came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What packaging and the ARM64 check need."""

    folder: Path  # for packages; removed with the run
    cache: Path  # of packaging
    access: IndexAccess  # to the indexes, of the ARM64 check
    layers: LayerBuilds
    through_bucket: bool = False  # packages may be larger than what Lambda takes directly
    layer_client: LayerClient | None = None  # None: there is no AWS to read layers from
    runtimes: "Runtimes | None" = None  # what runs functions on the embedded endpoint; None: Lambda does


class FunctionJob:
    """What is known of one function so far: filled by `prepare` and `measure`, read by `result`."""

    def __init__(self, pair: Pair, *, bench: Bench, workshop: Workshop) -> None:
        """Begin with the two sides."""
        self.head = pair.head
        self.lineup = Lineup(pair=pair, bench=bench, budget=pair.head.question.budget)
        self.failed = pair.refused  # why nothing is measured
        self._pair = pair
        self._workshop = workshop
        self._evidence: Evidence | None = None  # until its copies are live

    @property
    def ready(self) -> bool:
        """Tell whether it may be prepared, and measured then."""
        return not self.failed and not self._pair.removed

    @property
    def error(self) -> str:
        """Say why nothing could be measured; empty where something was, or nothing has to be."""
        if self._evidence is not None and any(not one.refused for one in self._evidence.invocations):
            return ""
        waiting = self._evidence is None and not self._pair.removed and not self.lineup.unchanged
        return self.failed or self.lineup.cut_short or (_NOT_ITS_TURN if waiting else "")

    @property
    def evidence(self) -> Evidence:
        """Return what was measured by now."""
        if self._evidence is None:
            return Evidence(lineup=self.lineup.without_all(self.error))
        lineup = replace(self._evidence.lineup, cut_short=self.lineup.cut_short)
        return replace(self._evidence, lineup=lineup)

    def cut_short(self, reason: str) -> None:
        """End the measurement before its time; what was seen by now stays."""
        self.lineup = replace(self.lineup, cut_short=reason)

    def prepare(self) -> None:
        """Check the dependencies for ARM64 while both sides are packaged; what fails is kept as a reason.

        Where the settings are the same, today's packages are compared first: an unchanged function needs no more.
        """
        if self._pair.base is not None and same_settings(self.head, self._pair.base):
            self._build_all(self.lineup.current)
            if self.lineup.unchanged:
                return
        self._build_preparers()
        check = start(partial(check_arm64, self.head, self._workshop.access, self._workshop.layer_client))
        self._build_all(self.lineup.candidates)
        self.lineup = replace(self.lineup, arm64=check.result())

    def _build_preparers(self) -> None:
        """Package what runs before and after the calls; without it nothing is measured."""
        preparers = []
        for one in self._pair.preparers:
            build = None
            if one.function is not None:
                machine = self.lineup.bench.machine
                architecture = one.function.setup.current.architecture if machine is None else machine.architecture
                built = self._package_of(one.function, architecture)
                if isinstance(built, PackagingError):
                    self.failed = f"{one.name}: {built.what}"
                    return
                build = built
            preparers.append(replace(one, build=build))
        self.lineup = replace(self.lineup, preparers=tuple(preparers))

    def _build_all(self, variants: Iterable[Variant]) -> None:
        """Package what Variants need, all at once; what is packaged already stays."""
        known = self.lineup.builds
        packages = sorted({(variant.side, self.lineup.built_for(variant)) for variant in variants} - known.keys())
        builds = run_all(partial(self._package, *key) for key in packages)
        self.lineup = replace(self.lineup, builds={**known, **dict(zip(packages, builds, strict=True))})

    def _package(self, side: Side, architecture: Architecture) -> Build | PackagingError:
        return self._package_of(self.lineup.side(side), architecture)

    def _package_of(self, function: Function, architecture: Architecture) -> Build | PackagingError:
        workshop = self._workshop
        try:
            target = self._target(function, architecture)
            build = package(
                function,
                architecture,
                target,
                workdir=workshop.folder,
                cache_dir=workshop.cache,
                direct=not workshop.through_bucket,
            )
            return workshop.layers.attached(build, function, architecture)
        except PackagingError as error:
            return error

    def _target(self, function: Function, architecture: Architecture) -> Target:
        """Return what a package has to run on: where the endpoint is embedded, the interpreter that will run it."""
        if self.lineup.bench.machine is None:
            return Target.of_runtime(function.code.runtime, architecture)
        runtimes = self._workshop.runtimes
        interpreter = runtimes.interpreter(function.code.runtime) if runtimes else None
        return Target.local(interpreter) if interpreter else self.lineup.bench.machine

    def measure(self, engine: Engine, budget: Budget) -> None:
        """Let the engine measure within a budget; what it knows is kept whenever it knows more."""
        self.lineup = replace(self.lineup, budget=budget)
        for evidence in engine.measure(self.lineup):
            self._evidence = evidence

    def result(self) -> FunctionResult:
        """Return what is known now, whether or not the measurement went to its end."""
        head, pair, evidence = self.head, self._pair, self.evidence
        lineup, conclusion = evidence.lineup, evidence.conclusion
        build = lineup.build(lineup.current[0])
        made, impossible = _edits(head, conclusion.recommendation)
        return FunctionResult(
            function=head,
            base=pair.base,
            base_is=pair.base_is,
            error=self.error,
            target=build.target if isinstance(build, Build) else "",
            unchanged=lineup.unchanged,
            removed=pair.removed,
            new=pair.new and pair.base is None,
            stop_reason=evidence.stop_reason,
            diagnosis=diagnosis(lineup, evidence.invocations),
            measurements=conclusion.measurements,
            invocations=evidence.invocations,
            recommendation=conclusion.recommendation,
            recommendation_reason=conclusion.recommendation_reason,
            comparison=_with_advice(conclusion.comparison, evidence),
            waited_share=conclusion.waited_share,
            arm64=lineup.arm64,
            location=handler_location(head),
            plan=written(lineup.plan),
            edits=made,
            edits_reason="; ".join(impossible),
            notes=(
                *pair.notes,
                *extras_notes(head),
                *conclusion.notes,
                *declared_notes(head),
                *selection_notes(head),
                *packaging_notes(lineup, evidence.invocations),
                *runtime_notes(lineup, self._workshop.runtimes, evidence.invocations),
                *evidence.notes,
                *event_notes(head, evidence.invocations),
                *evidence.advice,
            ),
        )


def _with_advice(found: Comparison, evidence: Evidence) -> Comparison:
    """Return a comparison that was refused with what to do about that, below its reason."""
    if not found.refused or evidence.lineup.cut_short or not evidence.advice:
        return found
    return replace(found, reason="\n".join((found.reason, *evidence.advice)))


def _edits(head: Function, recommendation: Recommendation | None) -> tuple[tuple[Edit, ...], tuple[str, ...]]:
    """Return what to write in the function's template, and why something cannot be written there."""
    declared = head.origin.declaration
    if recommendation is None or declared is None or recommendation.configuration == head.setup.current:
        return (), ()
    wanted = recommendation.configuration
    return edits((declared.memory_mb, wanted.memory_mb), (declared.architecture, wanted.architecture))
