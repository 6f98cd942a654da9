"""Functions that call AWS on the embedded endpoint: nothing, an endpoint of the user's own, or moto stands for it."""

import json
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambdabot.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples/receipts"

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the expected rows are those of an x86_64 machine"
)

CALLING = """
import boto3

TABLE = boto3.client("dynamodb")
BUCKET = boto3.client("s3")


def handler(event, context):
    try:
        BUCKET.put_object(Bucket="receipts", Key="k", Body=b"x")
    except BUCKET.exceptions.ClientError:
        pass
    return TABLE.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"]
"""
FUNCTION = """\
  {}:
    source: src
    handler: app.handler
    memory_mb: [512]
    architectures: [x86_64]
    current: {{memory_mb: 512, architecture: x86_64}}
    budget: {{invocations: 12, minutes: 1}}
    {}
"""
COUNTING = """
import boto3

TABLE = boto3.client("dynamodb")


def handler(event, context):
    for _ in range(CALLS):
        TABLE.put_item(TableName="orders", Item={"id": {"S": context.aws_request_id}, "n": {"N": str(_)}})
    count = TABLE.scan(TableName="orders", Select="COUNT")["Count"]
    if count > 40:
        raise ValueError(f"{count} items: another copy wrote here")
    return count
"""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """An endpoint of the user's own, as a workflow's `services` have it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    session = boto3.session.Session("any", "any", region_name="us-east-1")
    seed = json.loads((EXAMPLE / "seed.json").read_text())
    session.client("dynamodb", endpoint_url=url).create_table(**seed[0]["input"])
    session.client("dynamodb", endpoint_url=url).put_item(TableName="orders", Item={"id": {"S": "1"}})
    yield url
    server.stop()


@pytest.fixture(scope="module")
def told(service, tmp_path_factory) -> tuple[int, dict, str]:
    """Return exit code, functions by name and comment of one run, in which AWS is something else for each of them."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "src").mkdir()
    (folder / "src/app.py").write_text(CALLING)
    (folder / "seed.json").write_text('[\n  {"s3": "create-bucket", "input": {"Bucket": "-"}}\n]')
    said = {
        "nowhere": "timeout_seconds: 30",
        "named": f"local: {{aws_endpoint: '{service}'}}",
        "own": f"environment: {{AWS_ENDPOINT_URL: '{service}'}}",
        "refused": "local: {aws: moto, seed: seed.json}",
    }
    functions = "".join(FUNCTION.format(name, line) for name, line in said.items())
    (folder / "lambdabot.yml").write_text(f"version: 1\nfunctions:\n{functions}")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN", "GITHUB_EVENT_PATH", "GITHUB_WORKSPACE", "GITHUB_REPOSITORY"):
            patch.delenv(name, raising=False)
        arguments = ["--config", str(folder / "lambdabot.yml"), "--endpoint", "local", "--out", str(folder / "out")]
        code = main(["run", *arguments])
    report = json.loads((folder / "out/report.json").read_text())
    return code, {one["name"]: one for one in report["functions"]}, (folder / "out/comment.md").read_text()


def row(functions: dict, name: str) -> dict:
    (found,) = functions[name]["measurements"]
    return found


def test_calls_that_go_nowhere_are_named_once_with_what_to_do(told):
    _, functions, comment = told
    found = row(functions, "nowhere")

    assert found["status"] == "error"
    assert "no AWS here for dynamodb:GetItem: set `local` in lambdabot.yml (app.py, line 13)" in found["reason"]
    (note,) = [one for one in functions["nowhere"]["notes"] if "there is no AWS here" in one]
    assert note == (
        "It calls dynamodb:GetItem, s3:PutObject, and there is no AWS here, so those calls failed at once: set "
        "`local: {aws: moto}` or `local: {aws_endpoint: …}`, or measure on AWS."
    )
    assert comment.count("It calls dynamodb:GetItem, s3:PutObject") == 1


@pytest.mark.parametrize("name", ["named", "own"])
def test_an_endpoint_of_the_users_own_is_called(told, service, name):
    """What the function's own variables say wins over what stands for AWS otherwise."""
    _, functions, _ = told
    notes = [one for one in functions[name]["notes"] if "AWS" in one]

    assert row(functions, name)["status"] == "measured"
    named = f"Its calls of AWS are answered by {service} (`local`): the time that they take is not AWS's."
    assert notes == ([named] if name == "named" else [])


def test_a_seed_that_moto_refuses_is_why_nothing_is_measured_and_costs_the_others_nothing(told):
    code, functions, _ = told
    found = row(functions, "refused")

    assert (code, found["status"]) == (0, "not measured")
    assert "moto refuses a call of the seed: s3:CreateBucket" in found["reason"]
    assert "seed.json:2" in found["reason"]


def test_with_moto_both_sides_are_compared_from_the_same_start(project, tmp_path_factory):
    """The example, against a base that asks four times as often; each copy has the table for itself."""
    base = tmp_path_factory.mktemp("base")
    for folder, calls in ((project.folder, 1), (base, 4)):
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
        (folder / "src/app.py").write_text(COUNTING.replace("CALLS", str(calls)))
    settings = (EXAMPLE / "lambdabot.yml").read_text().replace("[256, 1769]", "[1769]").replace("256", "1769")
    for folder in (project.folder, base):
        (folder / "lambdabot.yml").write_text(settings.replace("invocations: 100", "invocations: 60"))

    _, report = project.run("--base", str(base))

    (function,) = report["functions"]
    assert {(one["side"], one["status"]) for one in function["measurements"]} == {
        ("head", "measured"),
        ("base", "measured"),
    }, function
    assert function["comparison"]["cost_ratio"]["value"] < 1
    assert (
        "Its calls of AWS are answered by moto on this machine, which each copy has for itself and begins with the "
        "seed's 3 calls (`local`): the time that they take is not AWS's."
    ) in function["notes"]


def test_the_example_reads_its_table_and_writes_to_its_bucket(project):
    shutil.copytree(EXAMPLE, project.folder, dirs_exist_ok=True)
    settings = (EXAMPLE / "lambdabot.yml").read_text().replace("invocations: 100", "invocations: 24")
    project.settings(settings)
    _, report = project.run()

    (function,) = report["functions"]
    assert {one["status"] for one in function["measurements"]} == {"measured"}, function
