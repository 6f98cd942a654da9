"""The npm packages that a Node.js handler imports and that nobody installed: its imports followed, none of them run."""

import re
from collections.abc import Iterator

from lambdabot.unbuilt.node_modules import NodeModules
from lambdabot.unbuilt.package_files import PackageFiles

MOST_MODULES = 500
"""Modules that are followed from one handler."""

_BUILT_IN = frozenset(
    "assert async_hooks buffer child_process cluster console constants crypto dgram dns domain events fs http http2 "  # noqa: SIM905  # a list of names
    "https inspector module net os path perf_hooks process punycode querystring readline repl stream string_decoder "
    "timers tls tty url util v8 vm wasi worker_threads zlib".split()
)
"""Modules of Node.js itself, which go before a package of the same name (Node.js, "Built-in modules")."""

_TYPES = re.compile(r"@types/.+|aws-lambda")
_SDK = {2: re.compile(r"aws-sdk"), 3: re.compile(r"@aws-sdk/.+|@smithy/.+")}
_FIRST_WITH_SDK_3 = 18
"""What Lambda's runtimes bring (Lambda Developer Guide, "Building Lambda functions with Node.js"), and types alone."""


def missing_packages(files: PackageFiles, entry: str, runtime: str, modules: NodeModules) -> tuple[str, ...]:
    """Return the packages that a module of a folder imports, with no folder of theirs and not of the runtime.

    They are dependencies of the next package.json, or the SDK of another generation than the runtime's; the modules
    that it imports from the same folder count as well.
    """
    dependencies = modules.dependencies(files.code)
    brought, other = _of_runtime(runtime)
    wanted = dict.fromkeys(
        name
        for name, at_load in _imported(files, entry, modules)
        if name not in _BUILT_IN
        and not any(one.fullmatch(name) for one in (_TYPES, *brought))
        and (name in dependencies or (at_load and any(one.fullmatch(name) for one in other)))
    )
    return tuple(name for name in wanted if not files.has_any((f"node_modules/{name}",)))


def _of_runtime(runtime: str) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
    """Return the SDKs that a runtime brings, and those that it does not; where that is not known, it brings all."""
    number = runtime.removeprefix("nodejs").partition(".")[0]
    if not number.isdecimal():
        return list(_SDK.values()), []
    brought = 3 if int(number) >= _FIRST_WITH_SDK_3 else 2
    return [_SDK[brought]], [one for generation, one in _SDK.items() if generation != brought]


def _imported(files: PackageFiles, entry: str, modules: NodeModules) -> Iterator[tuple[str, bool]]:
    """Yield the packages that a module imports and those of the modules beside it, and whether at once."""
    waiting = [files.code / entry]
    seen = set(waiting)
    while waiting:
        imports = modules.imports(waiting.pop())
        yield from imports.packages.items()
        for module in imports.modules:
            if module not in seen and len(seen) < MOST_MODULES and module.is_relative_to(files.code):
                seen.add(module)
                waiting.append(module)
