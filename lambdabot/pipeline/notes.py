"""What a reader should know of a function beside its figures: what is billed besides, assumed, or missing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambdabot.errors import PackagingError
from lambdabot.measurement.spared_work import spared_work
from lambdabot.model import Architecture, Build, Function, Invocation, LayerBuild, Stated
from lambdabot.model.placeholders import EventTemplate
from lambdabot.model.selection import SECRETS
from lambdabot.packaging.build import uninstalled
from lambdabot.redaction import redact

if TYPE_CHECKING:  # numpy comes with it, and a dry run has notes too
    from lambdabot.local.runtimes.available import Runtimes
    from lambdabot.pipeline.lineup import Lineup

ASSUMED = ("memory_mb", "architecture", "timeout_seconds")
"""What has a default in the settings when the template does not decide it."""

_COMPILED_LATE = ("java", "dotnet")

_SIGNS = ("ImportModuleError", "ModuleNotFoundError", "ImportError", "/opt/")
"""What in a failure's reason tells of something that a layer would have brought."""

_UNKNOWN_CALLER = (
    *("NoCredentialsError", "CredentialsProviderError", "UnrecognizedClient", "InvalidClientTokenId"),
    *("InvalidAccessKeyId", "security token included in the request is", "AuthFailure"),
)
"""What in a failure's reason tells that AWS itself was asked, or that an SDK did not start to."""

_REMEDY = "set `local: {aws: moto}` or `local: {aws_endpoint: …}`, or measure on AWS"
_MOST_CALLS = 10

_FULL_FILE = "[Errno 27]"
"""What a write beyond the limit of one file's size is told as."""


def extras_notes(function: Function) -> Iterator[str]:
    """Say what is paid for by the month, and whether the cost per invocation has its share of it."""
    extras, known = function.extras, bool(function.question.monthly_invocations)
    share = "in" if known else "not in, because the traffic is not known (`monthly_invocations`)"
    if extras.provisioned_concurrency:
        yield (
            f"{extras.provisioned_concurrency} environments are kept ready (provisioned concurrency): every invocation "
            f"is priced as one of theirs. Their own cost is {share}."
        )
    if extras.snap_start:
        yield f"The cost has SnapStart's restores in it. Its cache is {share}."


def selection_notes(function: Function) -> Iterator[str]:
    """Say in what the package may differ from the one that is deployed."""
    source, selection = function.code.source, function.code.selection
    for note in selection.notes:
        yield f"The package may differ from the deployed one: {note}."
    private = isinstance(source, Path) and function.code.workspace.is_file(source / SECRETS)
    if private and selection.fits(PurePosixPath(SECRETS)):
        yield f"`{SECRETS}` is left out of the package, as it may hold secrets: give what it sets as `environment`."


def declared_notes(function: Function) -> Iterator[str]:
    """Say what of the template is not in force in the measurement."""
    yield from missing_layers(function)
    declaration = function.origin.declaration
    if declaration is None:
        return
    if declaration.stale:
        yield declaration.stale
    code = declaration.code.value if isinstance(declaration.code, Stated) else None
    if declaration.builder and declaration.built_from is None and code == function.code.source:
        yield (
            f"The plugin `{declaration.builder}` builds what is deployed, and nothing is built here: "
            "the sources are measured."
        )
    for name, one in declaration.undecided.items():
        if name in ASSUMED:
            yield f"{one}, so it is assumed"
    unset = [name for name in declaration.environment if name not in function.setup.environment]
    if unset:
        yield f"The template sets {', '.join(unset)}, which lambdabot.yml does not: the copies run without."


def missing_layers(function: Function) -> Iterator[str]:
    """Say which layers of the template are left out, and why."""
    yield from (f"{one}. The copies run without that layer." for one in function.code.missing_layers)


def layers_elsewhere(function: Function, architecture: Architecture) -> str:
    """Return why the embedded endpoint cannot run a function with its layers; empty where it can."""
    layers = function.code.layers_for(architecture)
    arns = [redact(one) for one in layers if isinstance(one, str) and one not in function.code.local_layers]
    if not arns:
        return ""
    return (
        f"the embedded endpoint does not have {', '.join(arns)}: name a folder or .zip with the layer's contents under "
        "`local_layers` in lambdabot.yml, or measure on AWS"
    )


def with_missing_layers(one: Invocation, function: Function) -> Invocation:
    """Return an invocation that failed as it does without a layer with the layers that are left out in its reason."""
    left_out = "; ".join(each.reason for each in function.code.missing_layers)
    if not left_out or not any(sign in one.reason for sign in _SIGNS):
        return one
    return replace(one, reason=f"{one.reason} (left out: {left_out})")


def event_notes(function: Function, seen: Iterable[Invocation]) -> Iterator[str]:
    """Say what of recorded events is left out, and what ran around the calls."""
    question, seen = function.question, tuple(seen)
    for payload in {one.name: one for one in (*question.payloads, *question.gate_payloads)}.values():
        if payload.left_out:
            yield f"Of the recorded events of `{payload.name}`, some are left out: {payload.left_out}."
    keys = [key for key, one in (("before", question.before), ("after", question.after)) if one is not None]
    usd, seconds = sum(one.aside_usd for one in seen), sum(one.aside_ms for one in seen) / 1000
    if keys and seconds:
        names = " and ".join(f"`{key}`" for key in keys)
        yield f"{names} took {seconds:.1f} s and ${usd:.6f}: inside the budget, and in no figure."
    elif question.pause_ms:
        yield f"Calls were made one after another, {question.pause_ms:g} ms apart: {seconds:.1f} s of pauses."
    failures = (one.reason for one in seen if one.reason.startswith(("`before`", "`after`")))
    yield from (f"{reason}: what it went with is left out." for reason in dict.fromkeys(failures))
    yield from first_call_note(function, seen)


def first_call_note(function: Function, seen: Iterable[Invocation]) -> Iterator[str]:
    """Say where first calls do work that later calls with the same event are spared: a cache may hide it.

    Just-in-time compilers make every first call many times as long, so for Java and .NET nothing is said.
    """
    if function.code.runtime.startswith(_COMPILED_LATE):
        return
    seen, question = tuple(seen), function.question
    for payload in {one.name: one for one in (*question.payloads, *question.gate_payloads)}.values():
        if payload.events or not EventTemplate.read(payload.body).is_plain:
            continue  # no two calls are the same
        if found := spared_work(seen, payload.name):
            yield (
                f"The first call of each environment took {found.times:.0f} times as long as later ones with the same "
                f"event ({found.first_ms:.0f} ms against {found.later_ms:.1f} ms at {found.variant.configuration}, "
                "INIT not counted). If the function keeps what it has done for an event, and each real call is another "
                "one, let the event say so with `{{uuid}}` or `{{counter}}`, or give a list of events as `lines`."
            )
            return


def layer_notes(lineup: "Lineup") -> Iterator[str]:
    """Say what the embedded endpoint, or another one, has of layers that is not as on AWS."""
    head = lineup.pair.head
    builds = [one for build in lineup.builds.values() if isinstance(build, Build) for one in build.layers]
    used = {one.name for one in builds if isinstance(one, LayerBuild)}
    for arn, layer in head.code.local_layers.items():
        if layer.name in used and any(arn in layers for layers in head.code.layers.values()):
            yield f"{layer.name} stands for the layer {redact(arn)} (`local_layers`), and the figures are its own."
    if lineup.bench.machine is not None:
        for one in builds:
            if isinstance(one, LayerBuild) and one.extensions:
                names = ", ".join(one.extensions)
                yield f"External extensions are not run on the embedded endpoint: {names} of the layer {one.name}."


def runtime_notes(lineup: "Lineup", runtimes: "Runtimes | None", seen: Iterable[Invocation]) -> Iterator[str]:
    """Say what of this machine ran a function in place of Lambda's own runtime, where that differs."""
    if runtimes is not None and any(seen) and (note := runtimes.find(lineup.pair.head.code.runtime).note):
        yield note


def stand_in_notes(function: Function, unanswered: Iterable[str], seen: Iterable[Invocation]) -> Iterator[str]:
    """Say what answered the function's calls of AWS on the embedded endpoint, and which nothing did."""
    stand_in = function.question.stand_in
    if names := sorted(unanswered):
        more = f" and {len(names) - _MOST_CALLS} more" if len(names) > _MOST_CALLS else ""
        yield (
            f"It calls {', '.join(names[:_MOST_CALLS])}{more}, and there is no AWS here, so those calls failed at "
            f"once: {_REMEDY}."
        )
    if stand_in is not None:
        who = stand_in.url or "moto on this machine, which each copy has for itself"
        calls = "one call" if len(stand_in.seed) == 1 else f"{len(stand_in.seed)} calls"
        began = f" and begins with the seed's {calls}" if stand_in.seed else ""
        yield f"Its calls of AWS are answered by {who}{began} (`local`): the time that they take is not AWS's."
    if any(sign in one.reason for one in seen for sign in _UNKNOWN_CALLER):
        yield (
            "The embedded endpoint gives functions a Region and credentials that no AWS takes, and AWS_ENDPOINT_URL, "
            f"which AWS's newer SDKs follow (boto3 from 1.28 on, JavaScript's version 3): {_REMEDY}."
        )


def storage_notes(function: Function, seen: Iterable[Invocation]) -> Iterator[str]:
    """Say what the embedded endpoint's way to hold a file to the size of /tmp looks like, where it shows."""
    if any(_FULL_FILE in one.reason for one in seen):
        size = function.setup.ephemeral_storage_mb
        yield (
            f"A file reached the {size} MB of /tmp (`ephemeral_storage_mb`): on Lambda that write fails with ENOSPC, "
            "`[Errno 28] No space left on device`."
        )


def packaging_notes(lineup: "Lineup", seen: Iterable[Invocation]) -> tuple[str, ...]:
    """Say what to do about a package that could not be made, and about one that lacks a module."""
    notes = [one.advice for one in lineup.builds.values() if isinstance(one, PackagingError)]
    notes += layer_notes(lineup)
    if any("Runtime.ImportModuleError" in one.reason for one in seen):
        notes.append(uninstalled(lineup.pair.head))
    return tuple(dict.fromkeys(filter(None, notes)))
