"""Which CPU model an execution environment runs on: a wrapper script in the throw-away package says so at its start.

Source: AWS Lambda Developer Guide, "Modifying the runtime environment", wrapper scripts.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lambdabot.model import LayerBuild

if TYPE_CHECKING:
    from pathlib import Path

    from lambdabot.aws.copies.request import Copy
    from lambdabot.model import Build

TERM = "LAMBDABOT_CPU_MODEL"
"""How the line begins."""

VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"

_NAME = "lambdabot-cpu-model"
# Names of its own, so that no variable of the function changes. On arm64 there is no "model name".
_SCRIPT = f"""\
#!/bin/sh
# Says which CPU model this execution environment runs on, then becomes the runtime.
lambdabot_model=
while IFS=: read -r lambdabot_name lambdabot_value; do
  case $lambdabot_name in
    "model name"*) lambdabot_model=${{lambdabot_value# }}; break ;;
    "CPU implementer"*) lambdabot_model="ARM implementer$lambdabot_value" ;;
    "CPU part"*) lambdabot_model="$lambdabot_model part$lambdabot_value"; break ;;
  esac
done 2>/dev/null </proc/cpuinfo
[ -z "$lambdabot_model" ] || echo "{TERM} $lambdabot_model"
exec "$@"
""".encode()
_RUNTIMES = ("dotnet", "java", "nodejs", "python", "ruby")  # "not supported on OS-only runtimes"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is written
_LIMITS = (50 * 1024 * 1024, 250 * 1024 * 1024)  # bytes, zipped by direct upload and unzipped (Lambda quotas)
_ROOM = 4096  # more than the script and its entries take
_LONGEST = 200  # characters of a model's name: the line may be anyone's


def announcing(copies: Iterable[Copy], folder: Path) -> Iterator[Copy]:
    """Yield the copies, where that can be done with the wrapper in their package; packages are written to `folder`.

    A function with a wrapper of its own keeps it, and a package without room for one stays as it is.
    """
    written: dict[tuple[object, ...], Build] = {}
    for copy in copies:
        path = copy.build.zip_path
        if path is None or not _fits(copy):
            yield copy
            continue
        digest = copy.build.code_sha256
        package = digest, copy.build.layers
        if package not in written:
            written[package] = _with_script(copy.build, path, folder / f"{base64.b64decode(digest).hex()}.zip")
        function = copy.function
        variables = {**function.setup.environment, VARIABLE: f"/var/task/{_NAME}"}
        function = replace(function, setup=replace(function.setup, environment=variables))
        yield replace(copy, build=written[package], function=function)


def read_cpu_model(line: str) -> str | None:
    """Return the CPU model that a log line tells, None for any other line."""
    term, _, model = line.strip().partition(" ")
    return model[:_LONGEST] or None if term == TERM else None


def _fits(copy: Copy) -> bool:
    layers = sum(one.unzipped_bytes for one in copy.build.layers if isinstance(one, LayerBuild))
    sizes = copy.build.zip_bytes, copy.build.unzipped_bytes + layers
    full = any(limit - _ROOM < size <= limit for size, limit in zip(sizes, _LIMITS, strict=True))
    return (
        not full
        and copy.function.code.runtime.startswith(_RUNTIMES)
        and VARIABLE not in copy.function.setup.environment
    )


def _with_script(build: Build, source: Path, destination: Path) -> Build:
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)
    entry = zipfile.ZipInfo(_NAME, _EPOCH)
    entry.create_system = 3  # Unix, under which modes are kept (APPNOTE.TXT 4.4.2)
    entry.external_attr = (stat.S_IFREG | 0o755) << 16
    with zipfile.ZipFile(destination, "a") as archive:
        archive.writestr(entry, _SCRIPT)
    with destination.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    return replace(
        build,
        zip_path=destination,
        code_sha256=base64.b64encode(digest).decode(),
        zip_bytes=destination.stat().st_size,
        unzipped_bytes=build.unzipped_bytes + len(_SCRIPT),
    )
