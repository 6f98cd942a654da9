"""What can go wrong, each with its cause and its mend, and the exit code it ends in."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """How the program ends; a failed gate beats "nothing could be measured"."""

    DONE = 0
    GATE_FAILED = 1
    USAGE = 2
    NOT_MEASURED = 3
    UNFORESEEN = 70  # EX_SOFTWARE of sysexits.h; Python's own for a traceback is 1, which is the gate's


class LambdabotError(Exception):
    """An error whose message is for the user: what happened, and what to do next."""

    exit_code = ExitCode.NOT_MEASURED

    def __init__(self, what: str, *, advice: str = "") -> None:
        """Keep what happened apart from the advice, so that a caller can show either."""
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        """Return the user's message."""
        return f"{self.what}\n{self.advice}" if self.advice else self.what


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in the user's input: where it stands, what is wrong, and what to write instead."""

    message: str
    path: Path | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Return `file:line:column: message`, as compilers and editors do."""
        if self.path is None:
            return self.message
        place = [str(part) for part in (self.path, self.line, self.column) if part is not None]
        return f"{':'.join(place)}: {self.message}"


def reason(error: Exception) -> str:
    """Return what a failure of one function or check is told as, which must not cost the others' results."""
    return str(error) if isinstance(error, LambdabotError) else f"lambdabot failed: {type(error).__name__}: {error}"


class UsageError(LambdabotError):
    """Settings or usage are wrong; nothing was touched. Carries every mistake found, not the first."""

    exit_code = ExitCode.USAGE

    def __init__(self, mistakes: list[Mistake], *, advice: str = "") -> None:
        """Join the mistakes, a line each."""
        super().__init__("\n".join(str(mistake) for mistake in mistakes), advice=advice)
        self.mistakes = tuple(mistakes)


class PackagingError(LambdabotError):
    """A function could not be packaged for an architecture; the reason stands in the report."""


class EndpointError(LambdabotError):
    """The Lambda endpoint refused or could not be reached for the whole run (credentials, region, network)."""


class ConfinementError(LambdabotError):
    """Code of others cannot be kept from what is not its own here, and is not run."""


class DeploymentError(LambdabotError):
    """One throw-away copy could not be created; the others go on."""


class GitHubError(LambdabotError):
    """GitHub refused a call; the report is in the step summary all the same."""


class InterruptionError(BaseException):
    """SIGINT or SIGTERM came; what was measured is reported and what was created is removed.

    No Exception: libraries that wrap every Exception of a call, as botocore does, would take the signal for a failure
    of the network, and the call would be tried again.
    """

    def __init__(self, signal_number: int) -> None:
        """Remember the signal: the exit status is 128 plus its number."""
        super().__init__("interrupted")
        self.signal_number = signal_number
