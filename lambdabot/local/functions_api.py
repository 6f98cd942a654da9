"""Lambda's operations on functions: create, read, update, delete, list."""

from collections.abc import Mapping
from typing import Any

from lambdabot.local.api_error import conflict, invalid
from lambdabot.local.call import Call, Operation, page
from lambdabot.local.code import CodeStore
from lambdabot.local.configuration import ConfigurationRules, check_code_source
from lambdabot.local.function import LATEST, FunctionVersion
from lambdabot.local.layers import LayerStore, check_size
from lambdabot.local.names import FunctionName, parse_name
from lambdabot.local.registry import Registry, check_revision

Document = Mapping[str, Any]


class FunctionsApi:
    """CreateFunction and what follows from it."""

    def __init__(
        self, registry: Registry, codes: CodeStore, layers: LayerStore, rules: ConfigurationRules, *, download: str
    ) -> None:
        """Work on one Region's registry; `download` is the address of packages before their token."""
        self._download = download
        self._registry = registry
        self._codes = codes
        self._layers = layers
        self._rules = rules
        self.operations: dict[str, Operation] = {
            "CreateFunction": self._create,
            "GetFunction": self._get,
            "GetFunctionConfiguration": self._get_configuration,
            "UpdateFunctionCode": self._update_code,
            "UpdateFunctionConfiguration": self._update_configuration,
            "DeleteFunction": self._delete,
            "ListFunctions": self._list,
        }

    def _create(self, call: Call) -> Document:
        asked = call.parameters
        name = self._name(asked)
        if name.qualifier is not None:
            raise invalid(message="A function is created without a qualifier")
        if self._registry.exists(name.name):
            raise conflict(message=f"Function already exist: {name.name}")
        if asked.get("PackageType", "Zip") != "Zip":
            raise invalid(message="A container image is not supported locally; send the package as ZipFile")
        settings = self._rules.apply(name.name, {}, asked)
        layers = self._layers.attached(asked.get("Layers", []))
        code = self._codes.unpack(check_code_source(asked["Code"]))
        check_size(code, layers)
        version = self._registry.create(
            name.name,
            code=code,
            layers=layers,
            settings=settings,
            architecture=asked.get("Architectures", ["x86_64"])[0],
            tags=asked.get("Tags", {}),
        )
        return self._published(name, version) if asked.get("Publish") else self._made(version)

    def _get(self, call: Call) -> Document:
        name = self._name(call.parameters)
        with self._registry.lock:
            function = self._registry.function(name)
            version = self._registry.version(name)
            document: dict[str, Any] = {
                "Configuration": self._document(version, name),
                "Code": {"RepositoryType": "S3", "Location": self._download + version.code.token},
            }
            if function.tags:
                document["Tags"] = dict(function.tags)
            if function.reserved_concurrency is not None:
                document["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
            return document

    def _get_configuration(self, call: Call) -> Document:
        name = self._name(call.parameters)
        return self._document(self._registry.version(name), name)

    def _update_code(self, call: Call) -> Document:
        asked = call.parameters
        name = self._latest(asked)
        check_revision(asked.get("RevisionId"), self._registry.version(name).revision_id)
        code = self._codes.unpack(check_code_source(asked))
        check_size(code, self._registry.version(name).layers)
        if asked.get("DryRun"):
            return self._document(self._registry.version(name), name)
        version = self._registry.update(
            name, revision_id=asked.get("RevisionId"), code=code, architecture=asked.get("Architectures", [None])[0]
        )
        return self._published(name, version) if asked.get("Publish") else self._made(version)

    def _update_configuration(self, call: Call) -> Document:
        asked = call.parameters
        name = self._latest(asked)
        layers = self._layers.attached(asked["Layers"]) if "Layers" in asked else None
        if layers is not None:
            check_size(self._registry.version(name).code, layers)
        version = self._registry.update(
            name,
            revision_id=asked.get("RevisionId"),
            layers=layers,
            settings=lambda current: self._rules.apply(name.name, current, asked),
        )
        return self._made(version)

    def _delete(self, call: Call) -> Document:
        self._registry.remove(self._name(call.parameters))
        return {"StatusCode": 204}

    def _list(self, call: Call) -> Document:
        asked = call.parameters
        now = self._registry.clock()
        if asked.get("FunctionVersion") == "ALL":
            with self._registry.lock:
                versions = [v for f in self._registry for v in (f.latest, *f.versions.values())]
            documents = [version.document(now, with_state=False, arn=version.qualified_arn) for version in versions]
        else:
            latest = [function.latest for function in self._registry]
            documents = [version.document(now, with_state=False, arn=version.arn) for version in latest]
        functions, marker = page(documents, marker=asked.get("Marker"), size=asked.get("MaxItems"), largest=50)
        return {"Functions": functions, **({"NextMarker": marker} if marker else {})}

    def _published(self, name: FunctionName, version: FunctionVersion) -> Document:
        """Publish what was just made, though it is not settled yet."""
        published = self._registry.publish(name, revision_id=version.revision_id, settled=False)
        return published.document(self._registry.made_at(published), arn=published.qualified_arn)

    def _made(self, version: FunctionVersion) -> Document:
        """Describe what a request made as it was then, however late the answer is."""
        return version.document(self._registry.made_at(version), arn=version.arn)

    def _document(self, version: FunctionVersion, name: FunctionName) -> Document:
        arn = version.arn if name.qualifier is None else f"{version.arn}:{name.qualifier}"
        return version.document(self._registry.clock(), arn=arn)

    def _name(self, asked: Document) -> FunctionName:
        return parse_name(asked["FunctionName"], self._registry.region, asked.get("Qualifier"))

    def _latest(self, asked: Document) -> FunctionName:
        name = self._name(asked)
        if name.qualifier not in {None, LATEST}:
            raise invalid(message="Only $LATEST can be updated; a version is immutable and an alias has UpdateAlias")
        return FunctionName(name=name.name, qualifier=None)
