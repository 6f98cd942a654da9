"""Why a function fails on its first calls, as far as that can be told from its words, and what to write then."""

import re
from collections.abc import Iterator, Sequence

from lambdabot.measurement.first_calls import SURE
from lambdabot.model import Function, Invocation, Outcome, Side, Variant
from lambdabot.packaging.build import uninstalled
from lambdabot.pipeline.lineup import Lineup

_IMPORT = re.compile(r"ImportModuleError|ModuleNotFoundError|ImportError|No module named|Cannot find module")
_CREDENTIALS = re.compile(
    r"NoCredentials|Unable to locate credentials|Could not load credentials|CredentialsProviderError"
    r"|UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken"
    r"|NoRegionError|You must specify a region|Region is missing"
)
_DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|is not authorized to perform")
_CLIENT_ERROR = re.compile(r"HTTP (4\d\d)$")
_EMPTY = b"{}"


def diagnosis(lineup: Lineup, seen: Sequence[Invocation]) -> str:
    """Return what head was sent at its own size, what came back, and what to write; empty unless every call failed.

    The first line is prose, what follows are lines to paste into lambdabot.yml.
    """
    head = lineup.pair.head
    here = Variant(side=Side.HEAD, configuration=head.setup.current)
    calls = [one for one in seen if one.variant == here and one.outcome is not Outcome.DISCARDED]
    if len(calls) < SURE or not all(one.failed for one in calls):
        return ""
    first = calls[0]
    sent = "`{}`, an empty event," if _sent_nothing(head, first) else f"`{first.payload}`"
    told = (
        f"{len(calls)} of {len(calls)} calls failed at {here.configuration}: {sent} was sent, and {_came_back(first)}"
    )
    cause, *lines = next(_causes(lineup, first), ("",))
    pasted = ("functions:", f"  {head.name}:", *lines) if lines else ()
    return "\n".join((" ".join(f"{told}. {cause}".split()), *pasted))


def _came_back(one: Invocation) -> str:
    words = one.reason or str(one.outcome)
    return f"{words} came back" if one.outcome is Outcome.FAILING_ANSWER else f"it raised {words}"


def _causes(lineup: Lineup, one: Invocation) -> Iterator[tuple[str, ...]]:
    """Yield what may be the cause, the surest first, each with the lines to paste below the function's name."""
    head, reason = lineup.pair.head, one.reason
    declared = head.origin.declaration
    unset = [name for name in (declared.environment if declared else ()) if name not in head.setup.environment]
    if missing := [name for name in unset if re.search(rf"\b{re.escape(name)}\b", reason)]:
        names = ", ".join(missing)
        yield (
            f"The template sets {names}, and lambdabot.yml does not.",
            "    environment:",
            *(f"      {name}: …" for name in missing),
        )
    if _IMPORT.search(reason) and head.code.missing_layers:
        layers = "; ".join(each.reason for each in head.code.missing_layers)
        yield f"A layer of the template is left out ({layers}). Name what stands for it.", "    layers: [path/to/layer]"
    elif _IMPORT.search(reason):
        yield (uninstalled(head),)
    if _CREDENTIALS.search(reason) and lineup.bench.machine is not None:
        yield ("It calls AWS, and the embedded endpoint has no credentials for it: measure it on AWS, with a `role`.",)
    elif _CREDENTIALS.search(reason) or _DENIED.search(reason):
        yield "The role of the copies does not allow what the function calls. Name one that does.", "    role: arn:…"
    if _sent_nothing(head, one):
        yield (
            "Give it an event like those that it is sent.",
            "    payloads:",
            f"      - file: events/{head.name}.json",
        )
    if one.outcome is Outcome.FAILING_ANSWER and (status := _CLIENT_ERROR.match(one.error_type)):
        yield "Where that answer is meant, allow it.", f"    allowed_errors: [{status[1]}]"


def _sent_nothing(head: Function, one: Invocation) -> bool:
    payloads = (*head.question.payloads, *head.question.gate_payloads)
    return any(payload.name == one.payload and payload.body == _EMPTY for payload in payloads)
