"""What is not seen yet of new functions: an eventually consistent control plane."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from lambdabot.local.api_error import not_found
from lambdabot.local.faults.document import ConsistencySection

Document = Mapping[str, Any]


class Consistency:
    """Remembers when each function was created, and takes out of answers what they would not hold yet."""

    def __init__(self, section: ConsistencySection, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with no functions."""
        self._section = section
        self._clock = clock
        self._created: dict[str, float] = {}
        self._lock = threading.Lock()

    def seen(self, operation: str, resource: str, document: Document) -> Document:
        """Return an answer as a caller gets it now; raise 404 where the function is not known yet."""
        section = self._section
        match operation:
            case "lambda:CreateFunction":
                with self._lock:
                    self._created[resource] = self._clock()
            case "lambda:GetFunction":
                if self._age(resource) < section.get_function_seconds:
                    raise not_found(message=f"Function not found: {resource}")
                if self._age(resource) < section.tags_seconds:
                    return {key: value for key, value in document.items() if key != "Tags"}
            case "lambda:ListTags" if self._age(resource) < section.tags_seconds:
                return {**document, "Tags": {}}
            case "lambda:ListFunctions":
                functions = document["Functions"]
                late = section.get_function_seconds
                return {
                    **document,
                    "Functions": [one for one in functions if self._age(one["FunctionName"]) >= late],
                }
        return document

    def _age(self, resource: str) -> float:
        with self._lock:
            return self._clock() - self._created.get(resource, float("-inf"))
