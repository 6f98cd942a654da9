"""What a run would create, invoke and spend, as `--dry-run` prints it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lambdabot.aws.calls.connection import REQUESTS_PER_SECOND
from lambdabot.aws.calls.region import region_of
from lambdabot.aws.prices import prices
from lambdabot.measurement.outlook import Outlook
from lambdabot.model import Architecture, Function, Layer, PayloadOrigin, Prices, Side
from lambdabot.packaging.target import Target
from lambdabot.pipeline.lineup import Bench, Lineup
from lambdabot.pipeline.notes import declared_notes, selection_notes
from lambdabot.pipeline.pairs import Pair
from lambdabot.redaction import redact
from lambdabot.settings.declared import not_measured
from lambdabot.settings.load import Settings
from lambdabot.unbuilt.check import handler_name

_ASSUMED_CONCURRENCY = 10  # a new account's; nothing is called to ask
_CALLS_OF_A_RUN = 3  # GetAccountSettings, CreateLogGroup, DeleteLogGroup
_CALLS_OF_A_VARIANT = 2  # CreateFunction, DeleteFunction; GetFunction has a quota of its own
_CALLS_OF_LAYER = 3  # PublishLayerVersion, ListLayerVersions, DeleteLayerVersion
_TRANSITION_SECONDS = 5.0  # until a function is Active, and until it is gone


def describe(settings: Settings) -> str:
    """Return the plan as text. Nothing is called, so what the endpoint would refuse is not known yet."""
    known = prices(region_of(settings.region, os.environ) or "us-east-1")
    lines = [
        f"endpoint {settings.endpoint}; base {settings.base or 'HEAD^1 on a pull request, else none'}",
        f"prices of {known.region}, list of {known.published} ({known.source})",
    ]
    control = _CALLS_OF_A_RUN
    for function in settings.functions:
        outlook = _lineup(function, settings, known).outlook()
        control += _control_calls(function, outlook, settings)
        lines += ["", *_lines(function, outlook, settings)]
    if lacking := not_measured(settings.notes, settings.left_out):
        lines += ["", *lacking]
    usd = min(settings.budget.usd, sum(function.question.budget.usd for function in settings.functions))
    minutes = min(settings.budget.minutes, sum(function.question.budget.minutes for function in settings.functions))
    seconds = control / REQUESTS_PER_SECOND + _TRANSITION_SECONDS
    in_all = f"in all at most ${usd} and {minutes:g} minutes"
    return "\n".join([*lines, "", f"{in_all}; {control} control-plane calls, some {seconds:.0f} s without invocations"])


def _lines(function: Function, outlook: Outlook, settings: Settings) -> list[str]:
    asked, budget = function.question, function.question.budget
    today = f"{function.setup.current}{' (assumed)' if function.setup.current_assumed else ''}"
    if function.origin.like is not None and "current" not in function.origin.given:
        today = f"that of {function.origin.like}"
    usual = ", ".join(f"${usd:.4f} at {ms} ms a call" for ms, usd in outlook.usual_usd.items())
    invocations = outlook.usual_invocations
    minutes = ", ".join(f"{invocations * ms / 60_000:.1f} minutes at {ms} ms a call" for ms in outlook.usual_usd)
    return [
        f"{function.name} ({function.code.runtime})",
        f"  code         {_code(function, settings)}",
        *_layers(function, settings),
        *_endpoint(function, settings),
        f"  sweep        {', '.join(map(str, asked.memory_mb))} MB on {', '.join(asked.architectures)}",
        f"  today        {today}",
        f"  Variants     {outlook.variants}, base included",
        *_events(function),
        *_around(function),
        f"  at least     {outlook.least_invocations} invocations",
        f"  usually      {invocations} invocations: {usual}",
        f"               {minutes}, one after another",
        f"  at most      {budget.invocations} invocations, ${budget.usd}, {budget.minutes:g} minutes",
        f"  control      {_control_calls(function, outlook, settings)} control-plane calls",
        *(f"  note         {note}" for note in (*declared_notes(function), *selection_notes(function))),
    ]


def _events(function: Function) -> Iterator[str]:
    """Yield what it is invoked with: the names of what lambdabot.yml names, in words what nobody did."""
    payloads = function.question.payloads
    if all(one.origin is PayloadOrigin.WRITTEN for one in payloads):
        yield f"  payloads     {', '.join(payload.name for payload in payloads)}"
        return
    yield from (f"  event        {one.described}" for one in payloads if one.described)
    if function.question.no_event:
        yield f"  event        not measured: {function.question.no_event}"


def _around(function: Function) -> Iterator[str]:
    """Yield what runs around the calls, whose cost is not in the forecast."""
    asked = function.question
    for key, one in (("before", asked.before), ("after", asked.after)):
        if one is not None:
            whom = redact(one.function) if one.function else "the copy itself"
            yield f"  {key:<12} each {one.each}: {whom}, in the budget and not in what is usual"
    if asked.pause_ms:
        yield f"  pause        {asked.pause_ms:g} ms between calls"
    if asked.one_by_one:
        yield "  concurrency  1: calls are made one after another"


def _endpoint(function: Function, settings: Settings) -> Iterator[str]:
    """Yield why the embedded endpoint cannot run a function."""
    if settings.endpoint != "local":
        return
    from lambdabot.pipeline.runnable import unrunnable  # noqa: PLC0415  # elsewhere nothing of the endpoint is loaded

    if why := unrunnable(function, Target.local().architecture):
        yield f"  endpoint     {why}"


def _code(function: Function, settings: Settings) -> str:
    """Return where the code lies, what of it is called, and the file that this is in."""
    source, handler = function.code.source, function.code.handler
    if source is None:
        return f"that of {function.origin.like}"
    texts = function.code.selection.texts
    if texts:
        return f"{handler} in {', '.join(name for name, _ in texts)}, which the template holds"
    shown = os.path.relpath(source, settings.path.parent) if isinstance(source, Path) else source
    if handler is None or not isinstance(source, Path):
        return f"{shown}, {handler}" if handler else shown
    found = handler_name(source, handler, function.code.runtime, function.code.workspace)
    return f"{shown}, {handler}{f' in {found}' if found else ''}"


def _layers(function: Function, settings: Settings) -> list[str]:
    """Return the layers in their order, and those that are left out."""

    def shown(layer: str | Layer) -> str:
        if isinstance(layer, str):
            local = function.code.local_layers.get(layer)
            return f"{redact(layer)}{f' ({path(local)} but on AWS)' if local else ''}"
        return f"{layer.name} ({path(layer)})"

    def path(layer: Layer) -> str:
        return os.path.relpath(layer.source, settings.path.parent)

    every: dict[str, list[str]] = {}
    for architecture, layers in function.code.layers.items():
        every.setdefault(", ".join(map(shown, layers)), []).append(architecture)
    lines = [words if len(on) == len(Architecture) else f"{words} on {', '.join(on)}" for words, on in every.items()]
    lines += [f"missing: {one.reason}" for one in function.code.missing_layers]
    return [f"  layers       {line}" for line in lines]


def _control_calls(function: Function, outlook: Outlook, settings: Settings) -> int:
    """Count what a usual run asks of the control plane, the reads of an existing function included."""
    per_refresh = 2 if function.setup.snap_start else 1  # UpdateFunctionConfiguration, PublishVersion
    # GetFunction, GetAlias, GetProvisionedConcurrencyConfig, GetMetricStatistics, three pages of FilterLogEvents
    reads = 7 if function.origin.like is not None else 0
    uploads = 4 if settings.bucket is not None else 0  # PutObject, DeleteObject of both sides
    layers = {
        (one, layer.source) for one, its in function.code.layers.items() for layer in its if isinstance(layer, Layer)
    }
    return (
        _CALLS_OF_LAYER * len(layers) * len(Side)
        + _CALLS_OF_A_VARIANT * outlook.variants
        + per_refresh * outlook.refreshes
        + reads
        + uploads
    )


def _lineup(function: Function, settings: Settings, known: Prices) -> Lineup:
    """Return the function as a run would see it whose base is as large as its head."""
    bench = Bench(
        machine=Target.local() if settings.endpoint == "local" else None,
        prices=known,
        concurrency=_ASSUMED_CONCURRENCY,
        gate=settings.gate,
        seed=settings.seed,
    )
    pair = Pair(head=function, base=replace(function, side=Side.BASE), no_base="")
    return Lineup(pair=pair, bench=bench, budget=function.question.budget)
