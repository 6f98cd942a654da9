"""What `local` says stands for AWS, and the seed of it: every mistake of the file with its line."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdabot.errors import Mistake
from lambdabot.model import Place, SeedCall, StandIn
from lambdabot.settings.schema import LocalSection
from lambdabot.workspace import FileRefusedError, Workspace

if TYPE_CHECKING:
    from botocore.model import ServiceModel

LARGEST_SEED = 4 * 1024 * 1024
"""Bytes; a seed is made again for every function that has another, and its calls one after the other."""

INPUT = "input"
_SPACE = re.compile(r"[ \t\n\r]*")


def stand_in(
    section: LocalSection, written: Place, folder: Path, workspace: Workspace
) -> tuple[StandIn | None, list[Mistake]]:
    """Return what stands for AWS, None where nothing does, and what is wrong with its seed.

    The section is `written` at a place; its path is seen from a folder.
    """
    if section.aws_endpoint is not None:
        return StandIn(url=section.aws_endpoint), []
    if section.aws is None:
        return None, []
    if section.seed is None:
        return StandIn(), []
    try:
        text = workspace.read(folder / section.seed, largest=LARGEST_SEED).decode("utf-8-sig")
    except FileRefusedError as error:
        return None, [written.mistake(f"seed {section.seed} {error}")]
    except UnicodeDecodeError as error:
        return None, [written.mistake(f"seed {section.seed} is not UTF-8 text (byte {error.start})")]
    calls, mistakes = _calls(text, folder / section.seed)
    return StandIn(seed=calls), mistakes


def _calls(text: str, path: Path) -> tuple[tuple[SeedCall, ...], list[Mistake]]:
    calls: list[SeedCall] = []
    mistakes: list[Mistake] = []
    try:
        for line, item in _items(text):
            place = Place(path=path, line=line)
            call, wrong = _call(item, place)
            mistakes += [place.mistake(f"the seed's {one}") for one in wrong]
            calls += [call] if call else []
    except json.JSONDecodeError as error:
        place = Place(path=path, line=error.lineno, column=error.colno)
        mistakes.append(place.mistake(f"the seed is not a JSON list of calls: {error.msg}"))
    except (RecursionError, ValueError):
        mistakes.append(Place(path=path, line=1).mistake("the seed is nested too deeply, or holds too long a number"))
    return tuple(calls), mistakes


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the items of a JSON list, each with the line on which it begins. Raises JSONDecodeError."""
    json.loads(text)  # what is wrong with it as a whole is said of the whole
    decoder = json.JSONDecoder()
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        message = "a list is wanted, as in [{…}, {…}]"
        raise json.JSONDecodeError(message, text, at)
    at = _after_space(text, at + 1)
    while text[at] != "]":
        item, end = decoder.raw_decode(text, at)
        yield text.count("\n", 0, at) + 1, item
        at = _after_space(text, end)
        at = _after_space(text, at + 1) if text[at] == "," else at


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _call(item: object, place: Place) -> tuple[SeedCall | None, list[str]]:
    """Return an item as a call, and what is wrong with it."""
    names = [one for one in item if one != INPUT] if isinstance(item, dict) else []
    if not isinstance(item, dict) or len(names) != 1 or not isinstance(item[names[0]], str):
        return None, ['calls must look like {"dynamodb": "create-table", "input": {…}}']
    (service,) = names
    operation, parameters = item[service], item.get(INPUT, {})
    model = _model(service)
    if model is None:
        return None, [f"`{service}` is no service as boto3 and the AWS CLI name them"]
    called = next((one for one in model.operation_names if _plain(one) == _plain(operation)), None)
    if called is None:
        return None, [f"`{operation}` is no operation of {service}: they look like `CreateTable`"]
    faults = _faults(model, called, parameters)
    call = SeedCall(service=service, operation=called, parameters=json.dumps(parameters), place=place)
    return call, [f"{service} {called}: {one}" for one in faults]


def _plain(operation: str) -> str:
    return operation.replace("-", "").replace("_", "").lower()


def _faults(model: "ServiceModel", operation: str, parameters: object) -> list[str]:
    """Return what botocore would refuse in the parameters of a call."""
    from botocore.validate import ParamValidator  # noqa: PLC0415  # 0.1 s of CPU time, for a seed alone

    shape = model.operation_model(operation).input_shape
    if not isinstance(parameters, dict):
        return ["`input` must be a mapping"]
    if shape is None:
        return ["it takes no `input`"] if parameters else []
    report = ParamValidator().validate(parameters, shape)
    return report.generate_report().splitlines() if report.has_errors() else []


@cache
def _model(service: str) -> "ServiceModel | None":
    from botocore.exceptions import DataNotFoundError, UnknownServiceError  # noqa: PLC0415  # as above
    from botocore.loaders import Loader  # noqa: PLC0415  # as above
    from botocore.model import ServiceModel  # noqa: PLC0415  # as above

    loader = Loader()
    if service not in loader.list_available_services("service-2"):
        return None
    try:
        return ServiceModel(loader.load_service_model(service, "service-2"), service)
    except (DataNotFoundError, UnknownServiceError):
        return None
