"""Many events of which each call gets one: lines of a file, or what was recorded of the real traffic."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from lambdabot.model.function import Drawn

LARGEST_EVENT_BYTES = 6 * 1024 * 1024
"""Lambda's limit of a synchronous invocation (Lambda quotas)."""

LARGEST_LIST_BYTES = 64 * 1024 * 1024
"""Of one list or sample: it is held in memory while its function is measured."""

MOST_RECORDED = 1_000
"""Recorded events that are read: the error of their mean is some 3 % of what one event differs from another."""


def fault(body: bytes) -> str:
    """Return why a text is no event; empty when it is one."""
    if len(body) > LARGEST_EVENT_BYTES:
        return f"it is {len(body):,} bytes; Lambda takes 6 MB at most"
    try:
        json.loads(body)
    except json.JSONDecodeError as error:
        return f"it is not valid JSON: {error}"  # which says where, and quotes nothing
    except RecursionError:
        return "it is not valid JSON: it is nested too deeply"
    except ValueError:
        return "it is not valid JSON: it is no text, or holds too long a number"
    return ""


def of_lines(data: bytes) -> tuple[Drawn, ...]:
    """Return the events of JSON Lines, one a line, in their order; those alike are one. Raises ValueError."""
    counts: dict[bytes, int] = {}
    lines: dict[bytes, int] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        if event := line.strip():
            if why := fault(event):
                message = f"has no event in line {number}: {why}"
                raise ValueError(message)
            counts[event] = counts.get(event, 0) + 1
            lines.setdefault(event, number)
    if not counts:
        message = "holds no event: it wants one a line"
        raise ValueError(message)
    return tuple(Drawn(body, count, lines[body]) for body, count in counts.items())


@dataclass(slots=True)
class Sample:
    """Recorded events, as they are read: those of equal content are one, however their keys stand."""

    left_out: dict[str, int] = field(default_factory=dict)  # how many, by the reason
    size: int = 0  # bytes of the events that differ
    _bodies: dict[str, bytes] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Tell whether no more is taken."""
        return sum(self._counts.values()) >= MOST_RECORDED or self.size >= LARGEST_LIST_BYTES

    def add(self, body: bytes) -> None:
        """Take one recorded text, or count why it is left out."""
        if len(body) > LARGEST_EVENT_BYTES:
            self.leave_out("larger than 6 MB")
        elif fault(body):
            self.leave_out("no JSON")
        else:
            key = sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()
            if key not in self._bodies:
                self._bodies[key] = body
                self.size += len(body)
            self._counts[key] = self._counts.get(key, 0) + 1

    def leave_out(self, why: str, count: int = 1) -> None:
        """Count what is not taken."""
        self.left_out[why] = self.left_out.get(why, 0) + count

    @property
    def events(self) -> tuple[Drawn, ...]:
        """Return the events, each with how often it was recorded. Raises ValueError where there are none."""
        if not self._bodies:
            message = f"holds no recorded event{f' ({self.words})' if self.left_out else ''}"
            raise ValueError(message)
        return tuple(Drawn(body, self._counts[key]) for key, body in self._bodies.items())

    @property
    def words(self) -> str:
        """Say what is left out: `3 no JSON, 200 beyond the first 1,000`; empty where nothing is."""
        return ", ".join(f"{count:,} {why}" for why, count in self.left_out.items())
