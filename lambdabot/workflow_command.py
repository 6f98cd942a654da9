"""A workflow command: a line that GitHub's runner reads out of a step's log, written so that no text can forge one."""

LONGEST_MESSAGE = 4096
"""Characters of an annotation; the runner cuts what is longer."""

MOST = 10
"""Annotations of one kind in one step; the runner drops the others."""


def command(name: str, message: str, **properties: str | None) -> str:
    """Return the line of a command such as `error`; a property that is None is left out."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value is not None)
    return f"::{name}{' ' if given else ''}{given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
