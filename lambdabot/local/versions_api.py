"""Lambda's operations on versions and aliases."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambdabot.local.api_error import ApiError, conflict, invalid
from lambdabot.local.call import Call, Operation, page
from lambdabot.local.function import LATEST, Alias, LambdaFunction
from lambdabot.local.names import FunctionName, parse_name
from lambdabot.local.registry import Registry, check_revision

Document = Mapping[str, Any]


class VersionsApi:
    """PublishVersion, and aliases over versions."""

    def __init__(self, registry: Registry) -> None:
        """Work on one Region's registry."""
        self._registry = registry
        self.operations: dict[str, Operation] = {
            "PublishVersion": self._publish,
            "GetProvisionedConcurrencyConfig": self._provisioned,
            "ListVersionsByFunction": self._list,
            "CreateAlias": self._create_alias,
            "GetAlias": self._get_alias,
            "UpdateAlias": self._update_alias,
            "DeleteAlias": self._delete_alias,
            "ListAliases": self._list_aliases,
        }

    def _publish(self, call: Call) -> Document:
        asked = call.parameters
        version = self._registry.publish(
            self._name(asked),
            description=asked.get("Description"),
            code_sha256=asked.get("CodeSha256"),
            revision_id=asked.get("RevisionId"),
        )
        return version.document(self._registry.clock(), arn=version.qualified_arn)

    def _provisioned(self, call: Call) -> Document:
        asked = call.parameters
        self._registry.version(replace(self._name(asked), qualifier=asked["Qualifier"]))
        raise ApiError(
            code="ProvisionedConcurrencyConfigNotFoundException",
            message="No Provisioned Concurrency Config found for this function",
            status=404,
            members={"Type": "User"},
        )

    def _list(self, call: Call) -> Document:
        asked = call.parameters
        function = self._registry.function(self._name(asked))
        now = self._registry.clock()
        with self._registry.lock:
            versions = [function.latest, *function.versions.values()]
        documents = [version.document(now, with_state=False, arn=version.qualified_arn) for version in versions]
        items, marker = page(documents, marker=asked.get("Marker"), size=asked.get("MaxItems"), largest=50)
        return {"Versions": items, **({"NextMarker": marker} if marker else {})}

    def _create_alias(self, call: Call) -> Document:
        asked = call.parameters
        with self._registry.lock:
            function = self._registry.function(self._name(asked))
            name = asked["Name"]
            arn = f"{function.latest.arn}:{name}"
            if name in function.aliases:
                raise conflict(message=f"Alias already exists: {arn}")
            alias = Alias(
                name=name,
                arn=arn,
                version=asked["FunctionVersion"],
                description=asked.get("Description", ""),
                weights=asked.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
                revision_id=str(uuid.uuid4()),
            )
            return _kept(function, alias)

    def _get_alias(self, call: Call) -> Document:
        return self._registry.alias(self._name(call.parameters), call.parameters["Name"]).document()

    def _update_alias(self, call: Call) -> Document:
        asked = call.parameters
        with self._registry.lock:
            name = self._name(asked)
            old = self._registry.alias(name, asked["Name"])
            check_revision(asked.get("RevisionId"), old.revision_id)
            routing = asked.get("RoutingConfig")
            alias = replace(
                old,
                version=asked.get("FunctionVersion", old.version),
                description=asked.get("Description", old.description),
                weights=old.weights if routing is None else routing.get("AdditionalVersionWeights", {}),
                revision_id=str(uuid.uuid4()),
            )
            return _kept(self._registry.function(name), alias)

    def _delete_alias(self, call: Call) -> Document:
        with self._registry.lock:
            function = self._registry.function(self._name(call.parameters))
            function.aliases.pop(call.parameters["Name"], None)  # idempotent, as Lambda's
        return {}

    def _list_aliases(self, call: Call) -> Document:
        asked = call.parameters
        with self._registry.lock:
            function = self._registry.function(self._name(asked))
            aliases = [function.aliases[name] for name in sorted(function.aliases)]
        wanted = asked.get("FunctionVersion")
        documents = [alias.document() for alias in aliases if wanted in {None, alias.version}]
        items, marker = page(documents, marker=asked.get("Marker"), size=asked.get("MaxItems"), largest=50)
        return {"Aliases": items, **({"NextMarker": marker} if marker else {})}

    def _name(self, asked: Document) -> FunctionName:
        return parse_name(asked["FunctionName"], self._registry.region)


def _kept(function: LambdaFunction, alias: Alias) -> Document:
    """Put an alias in its place when the versions that it names exist."""
    for version in (alias.version, *alias.weights):
        if version != LATEST and version not in function.versions:
            raise invalid(message=f"Function not found: {function.latest.arn}:{version}")
    if alias.weights and (LATEST in {alias.version, *alias.weights} or sum(alias.weights.values()) > 1):
        raise invalid(message="Weights are shares of at most 1 in all, between published versions")
    function.aliases[alias.name] = alias
    return alias.document()
