"""A runtime as the endpoint sees it: all that differs from one language to the other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from lambdabot.local.worker.layout import Layout
from lambdabot.local.worker.spec import EnvironmentSpec


class EntryPointError(Exception):
    """A package has no program that could be started; the text is Lambda's."""


class Runtime(Protocol):
    """What runs a function's code on this machine, in place of Lambda's own."""

    @property
    def version(self) -> str:
        """What INIT_START names: `nodejs:20.20.2 of this machine`."""

    @property
    def note(self) -> str:
        """What a reader should know of it, in a sentence; empty where it is just what the function asks for."""

    @property
    def parts(self) -> tuple[Path, ...]:
        """The files and folders of this machine that its program is made of, beside the system's."""

    @property
    def files(self) -> Mapping[str, Path]:
        """What a worker sees in /var/runtime, by its name there."""

    def command(self, layout: Layout, spec: EnvironmentSpec) -> tuple[str, ...]:
        """Return the program and its arguments. Raises EntryPointError where a package that must bring it does not."""

    def variables(self, layout: Layout, spec: EnvironmentSpec) -> dict[str, str]:
        """Return the variables that it has beside those of every runtime."""
