"""What a template of the user's repository says of a Lambda function, every value with its place."""

from dataclasses import dataclass, field
from pathlib import Path

from lambdabot.model.configuration import Architecture
from lambdabot.model.event_source import EventSource
from lambdabot.model.place import Attribute, Place, Undecided
from lambdabot.model.selection import ALL, Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredLayer:
    """A layer whose contents the template names."""

    name: str  # its logical name
    source: Path  # a folder or .zip, absolute


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One Lambda function as a template declares it."""

    name: str  # what lambdabot calls it: the logical name, made unique among the templates
    family: str  # sam, cloudformation, cdk, serverless, terraform, terraform plan
    place: Place
    root_module: Path | None = None  # where Terraform runs; the module that `place` is in may be several roots'
    function_name: Attribute[str] = None
    runtime: Attribute[str] = None
    handler: Attribute[str] = None
    code: Attribute[Path | str] = None  # an absolute path, or the URI of an image
    selection: Selection = ALL  # what of a folder is the package
    built_from: Path | None = None  # the template's own code, where `code` is what a build made of it
    builder: str = ""  # the plugin that makes the package of it
    stale: str = ""  # why `code` may not be what a build would make today
    memory_mb: Attribute[int] = None
    architecture: Attribute[Architecture] = None
    timeout_seconds: Attribute[int] = None
    environment: dict[str, Attribute[str]] = field(default_factory=dict, repr=False)
    environment_undecided: Undecided | None = None  # variables beside those that have a name here
    layers: tuple[Attribute[str | DeclaredLayer], ...] = ()  # in their order; a text is an ARN
    events: tuple[EventSource, ...] = ()
    reserved_concurrency: Attribute[int] = None
    provisioned_concurrency: Attribute[int] = None
    ephemeral_storage_mb: Attribute[int] = None

    @property
    def undecided(self) -> dict[str, Undecided]:
        """Return what of the function's own attributes cannot be decided, by name."""
        names = ("function_name", "runtime", "handler", "code", "memory_mb", "architecture", "timeout_seconds")
        return {name: value for name in names if isinstance(value := getattr(self, name), Undecided)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Everything that a repository's templates say, and what could not be read."""

    functions: tuple[Declaration, ...] = ()
    problems: tuple[Undecided, ...] = ()
    templates: tuple[Path, ...] = ()
