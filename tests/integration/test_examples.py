"""The examples' handlers do what they say, run from their real packages, in a process of their own."""

import base64
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from lambdabot.errors import PackagingError
from lambdabot.model import Function
from lambdabot.packaging.build import package
from lambdabot.packaging.target import Target
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load

EXAMPLES = Path(__file__).parents[2] / "examples"

RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
import app
for line in sys.stdin:
    print(json.dumps(app.handler(json.loads(line), None)))
"""


@pytest.fixture(scope="module")
def functions() -> dict[str, Function]:
    settings = load(Inputs(config=EXAMPLES / "lambdabot.yml", endpoint="local"), discover=discover)
    return {function.name: function for function in settings.functions}


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    spec = spec_from_file_location("upstream", EXAMPLES / "orders" / "upstream.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.READ_SECONDS = module.WRITE_SECONDS = 0
    with module.serve() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def results(function: Function, folder: Path, **environment: str) -> dict[str, dict[str, object]]:
    """Package a function for this machine, and return what its handler answers to each payload."""
    target = Target.local()
    try:
        build = package(function, target.architecture, target, workdir=folder)
    except PackagingError as error:
        if "index could not be reached" in str(error):
            pytest.skip(f"needs the package index: {error.what}")
        raise
    assert build.zip_path is not None
    with zipfile.ZipFile(build.zip_path) as archive:
        archive.extractall(folder / "task")
    process = subprocess.run(
        [sys.executable, "-I", "-c", RUN, str(folder / "task")],
        input="\n".join(json.dumps(json.loads(payload.body)) for payload in function.question.payloads),
        env={"PATH": os.environ["PATH"], **function.setup.environment, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    return dict(zip([payload.name for payload in function.question.payloads], answers, strict=True))


@pytest.mark.network
@pytest.mark.parametrize("version", [EXAMPLES / "thumbnail", EXAMPLES / "base" / "thumbnail"], ids=["head", "base"])
def test_thumbnail_makes_a_jpeg_of_each_width(functions: dict[str, Function], version: Path, tmp_path: Path) -> None:
    function = functions["thumbnail"].changed(source=version, requirements=version / "requirements.txt")
    for answer in results(function, tmp_path).values():
        thumbnails = answer["thumbnails"]
        assert isinstance(thumbnails, list)
        assert [thumbnail["width"] for thumbnail in thumbnails] == [960, 480, 240, 120]
        assert all(base64.b64decode(thumbnail["jpeg"]).startswith(b"\xff\xd8\xff") for thumbnail in thumbnails)


@pytest.mark.network
def test_orders_sums_what_is_not_delivered(functions: dict[str, Function], upstream: str, tmp_path: Path) -> None:
    answers = results(functions["orders"], tmp_path, ORDERS_URL=upstream)
    assert answers["recent"] == {"customer": "c-1024", "open": 14, "total": 412.86, "next": "2027-03-01"}
    assert answers["everything"]["customer"] == "c-7"


@pytest.mark.network
def test_ledger_reports_only_the_transfers_that_failed(
    functions: dict[str, Function], upstream: str, tmp_path: Path
) -> None:
    answers = results(functions["ledger"], tmp_path, LEDGER_URL=upstream)
    assert answers["batch"] == {"batchItemFailures": []}
    assert answers["partial"] == {
        "batchItemFailures": [
            {"itemIdentifier": "00000000-0000-4000-8000-000000000002"},
            {"itemIdentifier": "00000000-0000-4000-8000-000000000004"},
        ]
    }


def test_base_differs_from_head_in_thumbnail_only() -> None:
    base = EXAMPLES / "base"
    different = {
        path.relative_to(base).as_posix()
        for path in base.rglob("*")
        if path.is_file() and path.read_bytes() != (EXAMPLES / path.relative_to(base)).read_bytes()
    }
    assert different == {"thumbnail/app.py"}
