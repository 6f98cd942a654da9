"""The sandbox is tried in children of this process and in workers of the embedded endpoint."""

from tests.unit.local.worker.conftest import code, in_child, machine, start

__all__ = ["code", "in_child", "machine", "start"]
