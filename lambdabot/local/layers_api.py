"""Lambda's operations on layers."""

from collections.abc import Mapping
from typing import Any

from lambdabot.local.call import Call, Operation, page
from lambdabot.local.configuration import check_code_source
from lambdabot.local.layers import LayerStore, LayerVersion

Document = Mapping[str, Any]

_CHOSEN = ("Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")


class LayersApi:
    """PublishLayerVersion and what follows from it."""

    def __init__(self, layers: LayerStore, *, download: str) -> None:
        """Work on one Region's layers; `download` is the address of packages before their token."""
        self._layers = layers
        self._download = download
        self.operations: dict[str, Operation] = {
            "PublishLayerVersion": self._publish,
            "GetLayerVersion": self._get,
            "GetLayerVersionByArn": self._get_by_arn,
            "ListLayers": self._list,
            "ListLayerVersions": self._list_versions,
            "DeleteLayerVersion": self._delete,
        }

    def _publish(self, call: Call) -> Document:
        asked = call.parameters
        settings = {"Description": "", **{member: asked[member] for member in _CHOSEN if member in asked}}
        version = self._layers.publish(asked["LayerName"], check_code_source(asked["Content"]), settings)
        return version.document(self._download)

    def _get(self, call: Call) -> Document:
        version = self._layers.version(call.parameters["LayerName"], call.parameters["VersionNumber"])
        return version.document(self._download)

    def _get_by_arn(self, call: Call) -> Document:
        layer, _, number = call.parameters["Arn"].rpartition(":")
        return self._layers.version(layer, int(number) if number.isdecimal() else 0).document(self._download)

    def _list(self, call: Call) -> Document:
        asked = call.parameters
        latest = [
            next((one for one in self._layers.versions(name) if _fits(one, asked)), None)
            for name in self._layers.names()
        ]
        documents = [
            {"LayerName": one.name, "LayerArn": one.layer_arn, "LatestMatchingVersion": one.item()}
            for one in latest
            if one is not None
        ]
        items, marker = page(documents, marker=asked.get("Marker"), size=asked.get("MaxItems"), largest=50)
        return {"Layers": items, **({"NextMarker": marker} if marker else {})}

    def _list_versions(self, call: Call) -> Document:
        asked = call.parameters
        documents = [one.item() for one in self._layers.versions(asked["LayerName"]) if _fits(one, asked)]
        items, marker = page(documents, marker=asked.get("Marker"), size=asked.get("MaxItems"), largest=50)
        return {"LayerVersions": items, **({"NextMarker": marker} if marker else {})}

    def _delete(self, call: Call) -> Document:
        self._layers.remove(call.parameters["LayerName"], call.parameters["VersionNumber"])
        return {}


def _fits(version: LayerVersion, asked: Document) -> bool:
    """Tell whether a version is among those that a list is asked for."""
    return all(
        member not in asked or asked[member] in version.settings.get(f"{member}s", ())
        for member in ("CompatibleRuntime", "CompatibleArchitecture")
    )
