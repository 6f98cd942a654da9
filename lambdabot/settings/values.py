"""What single values in lambdabot.yml may be, as pydantic checks them; the sections that hold them are the schema."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, JsonValue, Tag

from lambdabot.model import Architecture
from lambdabot.model.variables import RESERVED_VARIABLES
from lambdabot.settings.forms import FORMS, LAYER_ARN, NAME, S3

Name = Annotated[str, Field(pattern=NAME)]
"""A function's name, as Lambda allows it."""

MemoryMb = Annotated[int, Field(ge=128, le=10_240, strict=True)]
"""Memory in MB, in steps of one (Lambda quotas; botocore's own limit is higher and not of these functions)."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _environment_value(value: object) -> object:
    """Accept whole numbers as YAML writes them; `yes` and `1.10` change when YAML reads them, so they want quotes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        msg = "write the value in quotes; YAML reads it as something else than text"
        raise ValueError(msg)  # noqa: TRY004  # pydantic collects a ValueError, a TypeError would escape
    return value


EnvironmentValue = Annotated[str, BeforeValidator(_environment_value)]


def own_variable(name: str) -> str:
    """Refuse what Lambda sets itself, which CreateFunction would refuse for every copy."""
    if name in RESERVED_VARIABLES:
        msg = "no function's settings may set it, Lambda itself does: leave it out"
        if name.startswith("AWS_") and "LAMBDA" not in name:
            msg += ". On the embedded endpoint a function has credentials and a Region; where its calls of AWS go says "
            msg += "`local: {aws_endpoint: …}` or `local: {aws: moto}`"
        raise ValueError(msg)
    return name


LayerArn = Annotated[str, Field(pattern=LAYER_ARN)]
"""A layer's version, as Lambda names it."""


def _layer(value: str) -> str:
    """Take any text for a path that does not begin as an ARN does."""
    if value.startswith("arn:") and not re.search(LAYER_ARN, value):
        msg = f"must be {FORMS[LAYER_ARN]}, or a folder or .zip of the repository; it is {value!r}"
        raise ValueError(msg)
    return value


Layers = Annotated[list[Annotated[str, Field(min_length=1), AfterValidator(_layer)]], Field(max_length=5)]
"""In the order in which they are laid over one another; five at most (Lambda quotas)."""

AnyLayers = Annotated[
    Annotated[Layers, Tag("[list]")] | Annotated[dict[Architecture, Layers], Tag("[mapping]")],
    Discriminator(lambda value: "[mapping]" if isinstance(value, dict) else "[list]"),
]
"""The same layers on every architecture, or each architecture's own."""


def _payload_file(value: str) -> str:
    """Take any text for a path that does not begin as an object of S3's does."""
    if value.startswith("s3://") and not re.search(S3, value):
        msg = f"must be {FORMS[S3]}, or a path; it is {value!r}"
        raise ValueError(msg)
    return value


PayloadFile = Annotated[str, Field(min_length=1), AfterValidator(_payload_file)]
"""A path of the repository, or an object of S3's."""


def pointers(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse keys that are no JSON pointers (RFC 6901)."""
    for pointer in value:
        if pointer and not pointer.startswith("/"):
            msg = f"is found by JSON pointers, as in `/body/ok`; this one does not begin with `/`: {pointer!r}"
            raise ValueError(msg)
    return value


HttpStatus = Annotated[int, Field(ge=100, le=599, strict=True)]
"""A status of HTTP."""

Statuses = Annotated[
    Annotated[HttpStatus, Tag("[one]")] | Annotated[list[HttpStatus], Tag("[list]")],
    Discriminator(lambda value: "[list]" if isinstance(value, list) else "[one]"),
]
"""One status, or several."""


def _error_name(value: object) -> object:
    """Accept a status as YAML writes it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ErrorName = Annotated[str, BeforeValidator(_error_name), Field(min_length=1, max_length=200)]
"""An error type's name, or an HTTP status."""
