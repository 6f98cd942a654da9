"""The functions of tests/events, their handlers, and the models of AWS's own libraries for their events."""

import importlib.util
from functools import cache
from pathlib import Path

from lambdabot.project.discovery import discover

FOLDER = Path(__file__).parents[2] / "events"
FAMILIES = ("sam", "cloudformation", "serverless", "terraform")


@cache
def declarations():
    """Return every function of the corpus by its family and its name."""
    return {
        f"{family}-{one.name}": one for family in FAMILIES for one in discover((FOLDER / family).resolve()).functions
    }


@cache
def handlers():
    spec = importlib.util.spec_from_file_location("handlers", FOLDER / "handlers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def handler(declaration):
    return getattr(handlers(), declaration.handler.value.rpartition(".")[2])
