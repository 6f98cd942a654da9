"""The layers of one Region: their versions, and what a function that has some sees of them."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdabot.local.api_error import ApiError, invalid
from lambdabot.local.code import UNZIPPED_LIMIT, Code, CodeStore, Merged
from lambdabot.local.function import AttachedLayers, modified
from lambdabot.local.names import ACCOUNT

_MOST = 5  # "Lambda quotas": layers of a function
_ARN = re.compile(r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[\w-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """One version of a layer; `settings` holds the members of the model that its publisher chose."""

    name: str
    layer_arn: str
    version: int
    code: Code
    created: str
    settings: Mapping[str, Any]

    @property
    def arn(self) -> str:
        """The version's own ARN."""
        return f"{self.layer_arn}:{self.version}"

    def item(self) -> dict[str, Any]:
        """Return the model's LayerVersionsListItem."""
        return {**self.settings, "LayerVersionArn": self.arn, "Version": self.version, "CreatedDate": self.created}

    def document(self, download: str) -> dict[str, Any]:
        """Return what GetLayerVersion says; `download` is the address of packages before their token."""
        content = {
            "Location": download + self.code.token,
            "CodeSha256": self.code.sha256,
            "CodeSize": self.code.size,
        }
        return {**self.item(), "LayerArn": self.layer_arn, "Content": content}


class LayerStore:
    """Layer versions by name and number; a number is never given twice."""

    def __init__(self, region: str, codes: CodeStore, *, clock: Callable[[], float]) -> None:
        """Begin empty; `clock` gives seconds since the epoch."""
        self._region = region
        self._codes = codes
        self._clock = clock
        self._lock = threading.Lock()
        self._versions: dict[str, dict[int, LayerVersion]] = {}
        self._last: dict[str, int] = {}

    def publish(self, name: str, zipped: bytes, settings: Mapping[str, Any]) -> LayerVersion:
        """Add a version. InvalidParameterValueException for what Lambda, or safety, refuses of its contents."""
        name, code = self._name(name), self._codes.unpack(zipped)
        with self._lock:
            number = self._last[name] = self._last.get(name, 0) + 1
            version = LayerVersion(
                name=name,
                layer_arn=f"arn:aws:lambda:{self._region}:{ACCOUNT}:layer:{name}",
                version=number,
                code=code,
                created=modified(self._clock()),
                settings=settings,
            )
            self._versions.setdefault(name, {})[number] = version
            return version

    def version(self, name: str, number: int) -> LayerVersion:
        """Return a version; 404 when there is none."""
        found = self._versions.get(self._name(name), {}).get(number)
        if found is None:
            raise ApiError(
                code="ResourceNotFoundException",
                message="The resource you requested does not exist.",
                members={"Type": "User"},
            )
        return found

    def versions(self, name: str) -> list[LayerVersion]:
        """Return a layer's versions, the newest first."""
        with self._lock:
            return list(self._versions.get(self._name(name), {}).values())[::-1]

    def names(self) -> list[str]:
        """Return the layers that have a version."""
        with self._lock:
            return sorted(name for name, versions in self._versions.items() if versions)

    def remove(self, name: str, number: int) -> None:
        """Remove a version, if it is there; functions that have it keep it."""
        with self._lock:
            self._versions.get(self._name(name), {}).pop(number, None)

    def attached(self, arns: Sequence[str]) -> AttachedLayers:
        """Return the layers that a function asks for by their versions' ARNs. Raises InvalidParameterValueException."""
        if len(arns) > _MOST:
            raise invalid(message=f"Cannot reference more than {_MOST} layers.")
        versions = [self._by_arn(arn) for arn in arns]
        if len({one.name for one in versions}) < len(versions):
            twice = "Two different versions of the same layer are not allowed to be referenced in the same function."
            raise invalid(message=twice)
        codes = [one.code for one in versions]
        return AttachedLayers(
            documents=tuple({"Arn": one.arn, "CodeSize": one.code.size} for one in versions),
            codes=tuple(codes),
            contents=_contents(codes, self._codes),
        )

    def _by_arn(self, arn: str) -> LayerVersion:
        layer, _, number = arn.rpartition(":")
        name = layer.rpartition(":")[2]
        found = self._versions.get(name, {}).get(int(number)) if number.isdecimal() else None
        if found is None or found.layer_arn != layer:
            raise invalid(message=f"Layer version {arn} is not at the embedded endpoint (`local_layers` may name it)")
        return found

    def _name(self, name: str) -> str:
        """Return the name of a layer that is named by its ARN or its name."""
        found = _ARN.fullmatch(name)
        if found is None:
            return name
        if (found["region"], found["account"]) != (self._region, ACCOUNT):
            raise ApiError(code="AccessDeniedException", message=f"The layer {name} is not of this account", status=403)
        return found["name"]


def check_size(code: Code, layers: AttachedLayers) -> None:
    """Raise InvalidParameterValueException when a package and its layers are more than Lambda unpacks."""
    size = code.unzipped + sum(one.unzipped for one in layers.codes)
    if size > UNZIPPED_LIMIT:
        limit = f"the maximum allowed size of {UNZIPPED_LIMIT} bytes. The actual size is {size} bytes."
        raise invalid(message=f"Function code combined with layers exceeds {limit}")


def _contents(codes: Iterable[Code], store: CodeStore) -> Code | Merged | None:
    """Return the one folder that holds all contents; of one layer that is its own."""
    match tuple(codes):
        case ():
            return None
        case (code,):
            return code
        case several:
            return store.merged(several)
