"""What of a function's answers is good, and which of its failures are meant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a good answer holds; an empty one asks for nothing beyond what every good answer has."""

    status: tuple[int, ...] = ()  # HTTP statuses; empty: every one below 400
    json: Mapping[str, Any] = field(default_factory=dict)  # by JSON pointer (RFC 6901): the value that stands there


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRule:
    """How an answer is read: what it must hold, what may fail in it, and who reads it."""

    expect: Expectation = field(default_factory=Expectation)
    allowed_errors: frozenset[str] = frozenset()  # error types by name, HTTP statuses by number
    answers_http: bool = True  # a client gets `statusCode`
    takes_batches: bool = True  # `batchItemFailures` are delivered again

    def allows(self, kind: str) -> bool:
        """Tell whether a failure of this kind is meant: `NotFound`, `shop.NotFound`, `HTTP 404`.

        What Lambda itself reports (`Runtime.ExitError`, `Sandbox.Timedout`) never is.
        """
        if kind.startswith(("Runtime.", "Sandbox.")):
            return False
        return not self.allowed_errors.isdisjoint({kind, kind.rpartition(".")[2], kind.removeprefix("HTTP ")})
