"""The worker's main program: the interpreter as Lambda sets it up, then AWS's own runtime client.

It runs by itself, in a process without lambdabot: with `-S` no site-packages of the interpreter are on the path, and
`-P` keeps this file's folder from it.
"""

import os
import site
import sys
from importlib import import_module


def set_up_interpreter(layers: str) -> None:
    """Put function and layers before, and the runtime's packages behind, the library; add what `site` would."""
    site.setquit()
    site.setcopyright()
    site.sethelper()
    runtime = os.environ["LAMBDA_RUNTIME_DIR"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    path = [os.environ["LAMBDA_TASK_ROOT"], f"{layers}/python/lib/{version}/site-packages", f"{layers}/python"]
    sys.path[:] = path + [entry for entry in sys.path if entry != runtime] + [runtime]


if __name__ == "__main__":
    layers = sys.argv.pop()
    set_up_interpreter(layers)
    places = {"/tmp": os.environ["TMPDIR"], "/opt": layers}  # noqa: S108 - Lambda's own name
    elsewhere = {place: folder for place, folder in places.items() if folder != place}
    if elsewhere:
        with os.scandir(os.environ["LAMBDA_RUNTIME_DIR"]) as entries:
            packages = [os.path.realpath(entry.path) for entry in entries]  # which may lie in /opt
        kept = [sys.base_prefix, *filter(None, sys.path), *packages]
        import_module("temporary_paths").redirect(elsewhere, kept=kept)
    import_module("awslambdaric.__main__").main(["bootstrap", os.environ["_HANDLER"]])
