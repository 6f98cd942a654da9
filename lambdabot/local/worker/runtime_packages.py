"""What Lambda's Python runtime provides beside the standard library: the runtime client and boto3, and nothing else.

lambdabot's own packages lie in the same folder as these, and a function that imported one of them by luck would fail on
Lambda: so the worker gets a folder of links to the few that it may see.
"""

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_PROVIDED = ("awslambdaric", "boto3")
_PROGRAM = ("bootstrap.py", "temporary_paths.py")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def link_runtime(folder: Path) -> dict[str, Path]:
    """Fill a folder with links to the runtime's packages and main program; return where each name leads."""
    targets = {name: Path(__file__).resolve().with_name(name) for name in _PROGRAM}
    for distribution in _closure():
        for file in distribution.files or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and top not in targets:
                targets[top] = Path(str(distribution.locate_file(top))).resolve()
    for name, target in targets.items():
        (folder / name).symlink_to(target)
    return targets


def _closure() -> Iterator[metadata.Distribution]:
    """Yield the provided distributions and what they require, each once."""
    queue = list(_PROVIDED)
    seen: set[str] = set()
    for name in queue:
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        distribution = metadata.distribution(name)
        yield distribution
        for requirement in distribution.requires or ():
            wanted = _NAME.match(requirement)
            if wanted and "extra ==" not in requirement:
                queue.append(wanted[0])
