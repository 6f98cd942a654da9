"""Execution environments that run nothing: their REPORTs say what the chaos file says."""

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

from lambdabot.local.faults.document import CannedSection
from lambdabot.local.host import Environment
from lambdabot.local.worker.environment import InvokeResult
from lambdabot.local.worker.machine import MEGABYTES_PER_VCPU
from lambdabot.local.worker.spec import EnvironmentSpec

_FAILED = json.dumps({"errorType": "Canned", "errorMessage": "this call was to fail"}).encode()
_FAILED_FACTOR = 10  # so that a failed call's duration is told from every other


class CannedHost:
    """Hands out canned environments; every memory size and architecture is to be had."""

    def __init__(self, sections: Sequence[CannedSection]) -> None:
        """Answer by these sections; the last fits every function."""
        self._sections = sections
        self._environments: Counter[str] = Counter()

    def start(self, spec: EnvironmentSpec) -> Environment:
        """Return an environment of the first section that fits the function."""
        section = next(one for one in self._sections if fnmatchcase(spec.function_name, one.function))
        self._environments[spec.function_name] += 1  # under the pool's lock
        return CannedEnvironment(spec, section, self._environments[spec.function_name])

    def supports(self, memory_mb: int) -> str:  # noqa: ARG002  # nothing runs, so nothing is too large
        """Return the empty string."""
        return ""

    def runs(self, runtime: str) -> str:  # noqa: ARG002  # as above
        """Return the empty string."""
        return ""

    def describe(self) -> str:
        """Say that nothing runs."""
        return "Nothing runs: what invocations report is canned."

    def close(self) -> None:
        """Nothing is to be removed."""


class CannedEnvironment:
    """One environment: its first call is cold, a call after a failure initialises within its own duration."""

    def __init__(self, spec: EnvironmentSpec, section: CannedSection, number: int) -> None:
        """Draw from a generator of its own, so that the order of the others' calls does not matter."""
        self._spec = spec
        self._section = section
        self._random = random.Random(f"{section.function}/{spec.memory_mb}/{spec.architecture}/{number}")  # noqa: S311  # noise, no secret
        self._cold = True
        self._broken = False

    def invoke(self, *, request_id: str, payload: bytes, client_context: str | None = None) -> InvokeResult:  # noqa: ARG002
        """Return the canned result after the time that a call is to take."""
        section = self._section
        time.sleep(section.takes_seconds)
        duration_ms = canned_ms(section, self._spec.memory_mb, self._spec.architecture)
        duration_ms *= 1 + self._random.uniform(-section.noise, section.noise)
        init_ms = section.init_ms if self._cold else None
        if self._cold:
            duration_ms += section.cold_ms
        if self._broken:
            duration_ms += section.init_ms + section.cold_ms
        failed = self._random.random() < section.failing
        self._cold, self._broken = False, failed
        return InvokeResult(
            payload=_FAILED if failed else b"{}",
            function_error="Unhandled" if failed else None,
            duration_ms=duration_ms * (_FAILED_FACTOR if failed else 1),
            init_ms=init_ms,
            max_memory_mb=section.max_memory_mb,
            status="error" if failed else "ok",
            error_type="Canned" if failed else None,
            logs=b"",
            healthy=not failed,
            runtime=f"{self._spec.runtime}, which is canned",
        )

    def stop(self) -> None:
        """Nothing runs."""


def canned_ms(section: CannedSection, memory_mb: int, architecture: str) -> float:
    """Return the duration of a warm call without noise."""
    slower = max(1.0, MEGABYTES_PER_VCPU / memory_mb) * (section.arm64_factor if architecture == "arm64" else 1.0)
    return section.wait_ms + section.cpu_ms * slower
