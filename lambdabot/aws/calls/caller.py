"""Whose credentials a run uses, as far as their name tells: asked of STS, which answers everyone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import StoppedError

if TYPE_CHECKING:
    from lambdabot.aws.calls.connection import Connection

_LEAST = "`lambdabot policy` prints a role that suffices."
_WIDE = (
    (re.compile(r":root$"), "the account's root user, who may do everything"),
    (re.compile(r"(?i):assumed-role/[^/]*(admin|poweruser)"), "a role that by its name may do far more than is needed"),
    (re.compile(r":user/"), "a user's access key, which is valid until someone deletes it"),
)


def warning(connection: Connection) -> str:
    """Return what is worth a warning about the caller; empty when nothing is, or STS does not answer.

    The permissions themselves are not asked for: that takes permissions which the least role does not have, and every
    refusal would stand in the account's CloudTrail.
    """
    try:
        caller = connection.call(
            "sts.GetCallerIdentity",
            lambda: connection.identity.get_caller_identity(),  # noqa: PLW0108  # what makes the client is part of the call
            doing="ask who calls",
            attempts=2,
        )
    except (CallError, StoppedError):
        return ""
    found = (words for pattern, words in _WIDE if pattern.search(caller["Arn"]))
    return next((f"This run used {words}. {_LEAST}" for words in found), "")
