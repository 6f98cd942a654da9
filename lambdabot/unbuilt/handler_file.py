"""The file that a handler is in, as each of Lambda's runtimes looks for it in the package."""

import re
from dataclasses import dataclass

_RUNTIME = re.compile(r"(python|nodejs|java|dotnet|ruby|provided|go)[0-9.a-z]*")
_LAYER = "/opt/"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerFile:
    """Where a runtime looks for a handler: one of the `names` is enough, or one that fits a pattern (`*` in a name)."""

    names: tuple[str, ...]  # as in the package; the first is what a message names
    patterns: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # names and patterns of what such a file is built from


def handler_file(handler: str, runtime: str) -> HandlerFile | None:
    """Return it; None where a layer has it, and for a runtime or a handler that nobody knows.

    Source: "Building Lambda functions with …" of each runtime, Lambda Developer Guide, and for Node.js the runtime
    interface client's module loader.
    """
    known = _RUNTIME.fullmatch(runtime)
    if known is None or handler.startswith(_LAYER):
        return None
    kind = known[1]
    if kind == "provided":
        built_from = ("go.mod", "*.go", "Cargo.toml", "*.csproj", "Package.swift")
        return HandlerFile(names=("bootstrap",), sources=built_from)
    if kind == "go":
        return HandlerFile(names=(handler,), sources=("go.mod", "*.go"))
    module = _MODULE[kind](handler)
    return _IN[kind](module) if module else None


def _of_python(handler: str) -> str:
    return handler.rpartition(".")[0].replace(".", "/")


def _of_last_name(handler: str) -> str:
    """Return what stands before the first dot of the last name, as in `src/app.routes.get`."""
    folder, slash, name = handler.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


def _of_type(handler: str) -> str:
    """Return the class of Java, the assembly of .NET: what stands before `::`."""
    return handler.partition("::")[0]


_MODULE = {"python": _of_python, "nodejs": _of_last_name, "ruby": _of_last_name, "java": _of_type, "dotnet": _of_type}


def _in_python(module: str) -> HandlerFile:
    names = (f"{module}.py", f"{module}/__init__.py", f"{module}.pyc", f"{module}/__init__.pyc", f"{module}.so")
    return HandlerFile(names=names, patterns=(f"{module}.*.so",))


def _in_nodejs(module: str) -> HandlerFile:
    endings = (".js", ".mjs", ".cjs", "", "/index.js", "/index.mjs", "/index.cjs", "/package.json")
    inside = f"node_modules/{module}"  # where the loader looks next
    return HandlerFile(
        names=(*(f"{module}{ending}" for ending in endings), f"{inside}.js", f"{inside}/package.json"),
        sources=tuple(f"{module}{ending}" for ending in (".ts", ".mts", ".cts", ".tsx", ".jsx", "/index.ts")),
    )


def _in_java(name: str) -> HandlerFile:
    built_from = ("pom.xml", "build.gradle", "build.gradle.kts", "build.sbt", "src/main")
    return HandlerFile(names=(f"{name.replace('.', '/')}.class",), patterns=("lib/*.jar", "*.jar"), sources=built_from)


def _in_dotnet(assembly: str) -> HandlerFile:
    names = (f"{assembly}.dll", assembly, "bootstrap")
    return HandlerFile(names=names, sources=("*.csproj", "*.fsproj", "*.cs", "*.sln"))


_IN = {
    "python": _in_python,
    "nodejs": _in_nodejs,
    "ruby": lambda module: HandlerFile(names=(f"{module}.rb",)),
    "java": _in_java,
    "dotnet": _in_dotnet,
}
