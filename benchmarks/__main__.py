"""Run the named benchmarks (all when none is named): tables printed and in out/, figures merged into out/bench.json."""

import argparse
import compileall
import importlib
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figures

BENCHMARKS = (
    "startup",
    "templates",
    "build",
    "local",
    "arm64",
    "measurement",
    "failures",
    "aws",
    "page",
    "image",
    "trust",
    "spending",
    "newcomer",
)
OUT = Path("out/bench.json")


def main() -> int:
    """Run them one after the other, so that none disturbs another's time; one that fails does not cost the others."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help=f"comma-separated names: {', '.join(BENCHMARKS)}")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    names = [name.strip() for name in arguments.only.split(",") if name.strip()] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    compileall.compile_dir("lambdabot", quiet=1)  # as an installation does: else each process that starts would do it
    failed = []
    for name in names:
        try:
            figures: Figures = importlib.import_module(f"benchmarks.{name}").run(arguments.seed)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other benchmarks still run
            failed.append(name)
            print(f"\n## {name}\n\nfailed: {type(error).__name__}: {error}", flush=True)
            continue
        print(f"\n## {name}\n\n{figures.table}", flush=True)
        merge(figures.values, arguments.seed)
        OUT.with_name(f"{name}.md").write_text(figures.table + "\n")
    return 1 if failed else 0


def merge(values: dict[str, float], seed: int) -> None:
    """Write the figures at once, so that an interrupted run keeps what it has."""
    known = json.loads(OUT.read_text())["figures"] if OUT.exists() else {}
    git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607  # the developer's own git
    OUT.parent.mkdir(exist_ok=True)
    machine = f"{platform.machine()}, Python {platform.python_version()}, {platform.system()} {platform.release()}"
    document = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git.stdout.strip(),
        "machine": machine,
        "seed": seed,
        "figures": dict(sorted({**known, **values}.items())),
    }
    OUT.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
