"""What is alike in every event that is made here: both sides of a pull request get the same bytes, today and later."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]
"""A JSON object as a function gets it."""

ACCOUNT = "123456789012"
REGION = "us-east-1"
TIME = "2025-01-01T12:00:00Z"
TIME_MS = "2025-01-01T12:00:00.000Z"
EPOCH = 1735732800
EPOCH_MS = EPOCH * 1000
REQUEST_TIME = "01/Jan/2025:12:00:00 +0000"
CLIENT = "203.0.113.1"
USER_AGENT = "lambdabot"
REQUEST_ID = "3f2b1c9e-7a54-4d0e-9b8f-6c1d2e3f4a5b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An event that was made: how reports call it, and what it is, in words."""

    name: str
    event: Any  # any JSON value: a schedule may send a constant
    words: str  # with its article: an SQS event of 10 records


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """Return an ARN of the made-up account."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def uuid(number: int) -> str:
    """Return the identifier of a message, another one for each number."""
    return f"00000000-0000-4000-8000-{number:012d}"


def in_base64(text: str) -> str:
    """Return a text as services put the bytes of a message into JSON."""
    return base64.b64encode(text.encode()).decode()
