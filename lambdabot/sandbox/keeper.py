"""A small process beside one confined program: it starts it, holds it to its limits, and leaves nothing of it running.

It is a process of its own because a confined program's orphans become its children, and because who asks for the
program has threads, and secrets in its memory.
"""

import json
import os
import selectors
import sys
import time
from typing import Any, Literal

from lambdabot.sandbox import prctl, users
from lambdabot.sandbox.order import Order
from lambdabot.sandbox.worker import Worker

End = Literal["exit", "time", "memory", "storage"]


def main() -> None:
    """Run what the first line of the standard input orders, until that closes; print how it ended."""
    prctl.adopt_orphans()
    asker = os.getppid()
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        answer = keep(Order.from_json(asked["order"]), seconds=asked["seconds"])
        sys.stdout.write(json.dumps(answer))
    finally:
        if asked["locks"] is not None and os.getppid() != asker:  # it was killed, and cannot do so itself
            users.remove_unused(asked["locks"])


def keep(order: Order, *, seconds: float) -> dict[str, Any]:
    """Return the `end`, the exit `status` (negative: the signal) and the `text` that the program wrote."""
    worker = Worker(order)
    prctl.forbid_inspection()  # only now: a user namespace is set up through /proc
    end: End = "exit"
    deadline = time.monotonic() + seconds
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(worker.start(order.environment, throttled=False), selectors.EVENT_READ)
            selector.register(sys.stdin, selectors.EVENT_READ)
            while worker.running and end == "exit":
                now = time.monotonic()
                if any(key.fileobj is sys.stdin for key, _ in selector.select(min(worker.look(now), deadline - now))):
                    sys.exit(1)  # nobody waits for it any more
                worker.reap()
                if time.monotonic() >= deadline:
                    end = "time"
        if worker.ran_out_of_storage():
            end = "storage"
        worker.kill()
        if worker.ran_out_of_memory():
            end = "memory"
        text = worker.log.read().decode(errors="replace")
        return {"end": end, "status": os.waitstatus_to_exitcode(worker.wait_status or 0), "text": text}
    finally:
        worker.close()
