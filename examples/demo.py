"""Run the main job on the examples, on the embedded endpoint, and see the gate fail and pass (`make demo`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent
OUT = Path("out")


def main() -> int:
    upstream = subprocess.Popen([sys.executable, EXAMPLES / "orders" / "upstream.py", "--port", "8765"])
    try:
        slower = run(OUT, "--base", EXAMPLES / "base")
        print((OUT / "comment.md").read_text())
        same = run(OUT / "unchanged", "--base", EXAMPLES, "--function", "thumbnail")
    finally:
        upstream.terminate()
        upstream.wait()
    verdicts = [(slower, verdict(OUT)), (same, verdict(OUT / "unchanged"))]
    print(f"thumbnail against its base: {verdicts[0][1]} (exit {verdicts[0][0]})")
    print(f"thumbnail against itself: {verdicts[1][1]} (exit {verdicts[1][0]})")
    if verdicts != [(1, "regression"), (0, "no change")]:
        print("the demo did not end as it should")
        return 1
    print("gate failed as intended (exit 1)")
    return 0


def run(out: Path, *arguments: str | Path) -> int:
    command = [sys.executable, "-m", "lambdabot", "run", "--endpoint", "local", "--config", EXAMPLES / "lambdabot.yml"]
    return subprocess.call([*command, "--out", out, *arguments], env={**os.environ, "GITHUB_TOKEN": ""})


def verdict(out: Path) -> str:
    functions = json.loads((out / "report.json").read_text())["functions"]
    return next(one["comparison"]["verdict"] for one in functions if one["name"] == "thumbnail")


if __name__ == "__main__":
    sys.exit(main())
