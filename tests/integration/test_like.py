"""`like`: throw-away copies of a function that exists, on the embedded endpoint; CloudWatch is moto's server."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambdabot.cli import main
from lambdabot.local.endpoint import serve

CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "here", "aws_secret_access_key": "made up"}
WORK = """
import os, time
def handler(event, context):
    time.sleep({seconds})
    return os.environ.get("STAGE", "")
"""


@pytest.fixture(scope="module")
def endpoint():
    with serve(anyone=True) as endpoint:
        yield endpoint.url


@pytest.fixture(scope="module")
def cloudwatch():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    boto3.client("cloudwatch", endpoint_url=url, **CREDENTIALS).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "Invocations",
                "Dimensions": [{"Name": "FunctionName", "Value": "orders"}, *resource],
                "Value": value,
                "Timestamp": datetime.now(UTC) - timedelta(days=3),
            }
            for resource, value in (([], 5000), ([{"Name": "Resource", "Value": "orders:live"}], 3000))
        ],
    )
    yield url
    server.stop()


@pytest.fixture
def client(endpoint):
    client = boto3.client("lambda", endpoint_url=endpoint, **CREDENTIALS)
    yield client
    for function in client.list_functions()["Functions"]:
        client.delete_function(FunctionName=function["FunctionName"])


@pytest.fixture
def orders(client, cloudwatch, monkeypatch):
    """The user's own function: version 1 behind `live`, with variables, and traffic."""
    client.create_function(
        FunctionName="orders",
        Role="arn:aws:iam::000000000000:role/orders",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": package(WORK.format(seconds=0.01))},
        Timeout=7,
        MemorySize=512,
        Environment={"Variables": {"STAGE": "production"}},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="orders")
    version = client.publish_version(FunctionName="orders")["Version"]
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", cloudwatch)
    return client


def package(code: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("app.py", code)
    return stream.getvalue()


def state(client) -> dict[str, object]:
    """Return all that can be told of the user's function."""
    answer = client.get_function(FunctionName="orders")
    versions = client.list_versions_by_function(FunctionName="orders")["Versions"]
    return {"configuration": answer["Configuration"], "tags": answer.get("Tags"), "versions": versions}


SETTINGS = """
    version: 1
    functions:
      orders:
        like: {like}
        memory_mb: [512]
        architectures: [x86_64]
        budget: {{invocations: 120, minutes: 2}}
        {more}
"""


def test_the_code_behind_a_function_is_measured_and_the_function_stays_as_it_is(project, endpoint, orders, rows):
    before = state(orders)
    project.settings(SETTINGS.format(like="orders", more="environment: {}"))

    code, report = project.run(endpoint=endpoint)

    (function,) = report["functions"]
    assert (code, function["error"]) == (0, "")
    assert function["source_path"] == "orders"
    assert function["runtime"] == "python3.13"
    assert function["current"] == {"memory_mb": 512, "architecture": "x86_64", "assumed": False}
    # moto's sum is over every series that has the dimension; CloudWatch's own would be the 5,000 of that one alone
    assert function["monthly_invocations"] == {"value": 8000, "source": "CloudWatch, the last 30 days"}
    assert rows(report)["orders", "head", 512, "x86_64"]["mean_duration_ms"] >= 10
    assert "nothing to compare it with" in function["comparison"]["reason"]
    assert "What the settings leave open is that of orders." in function["notes"]
    assert state(orders) == before
    assert [one["FunctionName"] for one in orders.list_functions()["Functions"]] == ["orders"]


def test_the_code_behind_an_alias_is_measured_where_no_other_is_named(project, endpoint, orders, rows):
    other = orders.update_function_configuration(FunctionName="orders", MemorySize=256) and orders.publish_version(
        FunctionName="orders"
    )
    orders.update_alias(
        FunctionName="orders", Name="live", RoutingConfig={"AdditionalVersionWeights": {other["Version"]: 0.05}}
    )
    project.settings(SETTINGS.format(like="orders:live", more="environment: {}"))

    code, report = project.run(endpoint=endpoint)

    (function,) = report["functions"]
    assert (code, function["error"], function["unchanged"]) == (0, "", False)
    assert rows(report)["orders", "head", 512, "x86_64"]["mean_duration_ms"] >= 10
    assert function["recommendation"] is not None
    assert "nothing to compare it with" in function["comparison"]["reason"]
    said = f", 5% that goes to version {other['Version']} is not looked at."
    assert [
        note for note in function["notes"] if note.startswith("Of the traffic of orders:live") and note.endswith(said)
    ]


def test_the_live_version_behind_an_alias_is_what_the_head_is_compared_with(project, endpoint, orders, rows):
    project.write("src/app.py", WORK.format(seconds=0.1))
    more = "source: src\n        side_effects: accepted"
    project.settings(SETTINGS.format(like="orders:live", more=more))

    code, report = project.run(endpoint=endpoint)

    (function,) = report["functions"]
    assert (code, report["verdict"]) == (1, "regression")
    assert function["comparison"]["cost_ratio"]["low"] > 1.1
    assert function["base_is"] == "live version"
    assert function["monthly_invocations"]["value"] == 3000
    assert any(note.startswith("Base is the live version: orders:live (version ") for note in function["notes"])
    assert rows(report)["orders", "base", 512, "x86_64"]["status"] == "measured"


def test_variables_of_production_are_not_taken_without_a_word(project, endpoint, orders, capsys):
    project.settings(SETTINGS.format(like="orders:live", more=""))

    code = main(["run", "--config", str(project.folder / "lambdabot.yml"), "--endpoint", endpoint])

    said = capsys.readouterr().err
    assert code == 2
    assert "lambdabot.yml:4:3: `orders` is like orders:live, which has environment variables (STAGE)" in said
    assert "would write to production" in said
    assert "`side_effects: accepted`" in said
    assert 'production"' not in said
    assert [one["FunctionName"] for one in orders.list_functions()["Functions"]] == ["orders"]


def test_a_function_that_is_not_there_costs_the_others_nothing(project, endpoint, orders):
    project.settings(SETTINGS.format(like="orders", more="environment: {}") + "      gone: {like: gone}\n")

    code, report = project.run(endpoint=endpoint)

    errors = {function["name"]: function["error"] for function in report["functions"]}
    assert code == 0
    assert errors["orders"] == ""
    assert errors["gone"].startswith("could not read the function gone: Function not found")


def test_the_embedded_endpoint_measures_what_the_settings_say_by_themselves(project):
    project.write("src/app.py", WORK.format(seconds=0.001))
    project.settings(SETTINGS.format(like="orders", more="source: src\n        handler: app.handler"))

    code, report = project.run()

    assert code == 0
    assert any("which was not asked" in note for note in report["functions"][0]["notes"])

    project.settings(SETTINGS.format(like="orders", more="source: src"))
    code, report = project.run()
    assert code == 3
    assert report["functions"][0]["error"].endswith("the settings have no `handler`")


def test_a_dry_run_reads_no_function(project, endpoint, capsys):
    project.settings(SETTINGS.format(like="orders:live", more=""))
    config = str(project.folder / "lambdabot.yml")

    assert main(["run", "--config", config, "--endpoint", endpoint, "--dry-run"]) == 0

    said = capsys.readouterr().out
    assert "  today        that of orders:live" in said
    assert "base HEAD^1 on a pull request" in said
