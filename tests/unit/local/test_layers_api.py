"""Layers of the embedded endpoint: every answer is held against botocore's model by the client."""

import io
import urllib.request
import zipfile
from collections.abc import Callable, Iterator

import pytest

from lambdabot.local import layers as layers_module
from tests.unit.local.conftest import connect, zip_of
from tests.unit.local.test_functions_api import refusal

PREFIX = "arn:aws:lambda:eu-west-1:123456789012:layer"


@pytest.fixture
def publish(lambdas, request) -> Iterator[Callable[..., dict]]:
    made = []

    def publish(name: str = "tools", contents: bytes | None = None, **options) -> dict:
        answer = lambdas.publish_layer_version(
            LayerName=name, Content={"ZipFile": contents or zip_of(one="X = 1\n")}, **options
        )
        made.append((name, answer["Version"]))
        return answer

    yield publish
    for name, version in made:
        lambdas.delete_layer_version(LayerName=name, VersionNumber=version)


def test_a_version_is_published_read_listed_and_deleted(lambdas, publish):
    first = publish(Description="the first", CompatibleRuntimes=["python3.13"])
    second = publish(contents=zip_of(two="X = 2\n"), CompatibleArchitectures=["arm64"])

    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (first["LayerArn"], first["LayerVersionArn"]) == (f"{PREFIX}:tools", f"{PREFIX}:tools:{first['Version']}")
    assert second["Version"] == first["Version"] + 1
    by_arn = lambdas.get_layer_version_by_arn(Arn=first["LayerVersionArn"])
    by_number = lambdas.get_layer_version(LayerName=f"{PREFIX}:tools", VersionNumber=first["Version"])
    assert {**by_arn, "ResponseMetadata": 0} == {**by_number, "ResponseMetadata": 0}
    with urllib.request.urlopen(by_arn["Content"]["Location"]) as download:
        assert download.read() == zip_of(one="X = 1\n")
    listed = lambdas.list_layer_versions(LayerName="tools")["LayerVersions"]
    assert [one["Version"] for one in listed] == [second["Version"], first["Version"]]
    (layer,) = lambdas.list_layers()["Layers"]
    assert (layer["LayerName"], layer["LatestMatchingVersion"]["Version"]) == ("tools", second["Version"])
    (layer,) = lambdas.list_layers(CompatibleRuntime="python3.13")["Layers"]
    assert layer["LatestMatchingVersion"]["Description"] == "the first"
    assert lambdas.list_layers(CompatibleRuntime="nodejs22.x")["Layers"] == []

    for version in (first, second):
        lambdas.delete_layer_version(LayerName="tools", VersionNumber=version["Version"])

    assert lambdas.list_layers()["Layers"] == []
    assert lambdas.list_layer_versions(LayerName="tools")["LayerVersions"] == []
    assert refusal(lambdas.get_layer_version, LayerName="tools", VersionNumber=1)[:2] == (
        404,
        "ResourceNotFoundException",
    )
    assert publish()["Version"] == second["Version"] + 1, "a number is never given twice"


def test_a_function_keeps_the_layers_that_it_was_given(lambdas, create, publish):
    one, two = publish("one")["LayerVersionArn"], publish("two")["LayerVersionArn"]
    created = create(Layers=[one])
    name = created["FunctionName"]
    assert created["Layers"] == [{"Arn": one, "CodeSize": len(zip_of(one="X = 1\n"))}]

    first = lambdas.publish_version(FunctionName=name)["Version"]
    lambdas.update_function_configuration(FunctionName=name, Layers=[two, one])
    lambdas.delete_layer_version(LayerName="two", VersionNumber=int(two.rpartition(":")[2]))
    lambdas.update_function_configuration(FunctionName=name, Timeout=9)

    found = lambdas.get_function_configuration(FunctionName=name)
    assert [layer["Arn"] for layer in found["Layers"]] == [two, one]
    assert lambdas.publish_version(FunctionName=name)["Version"] != first
    old = lambdas.get_function_configuration(FunctionName=name, Qualifier=first)
    assert [layer["Arn"] for layer in old["Layers"]] == [one]
    lambdas.update_function_configuration(FunctionName=name, Layers=[])
    assert "Layers" not in lambdas.get_function_configuration(FunctionName=name)


def test_layers_that_are_not_here_are_refused_with_the_way_out(create):
    foreign = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7"

    status, code, message = refusal(create, Layers=[foreign])

    assert (status, code) == (400, "InvalidParameterValueException")
    assert message == f"Layer version {foreign} is not at the embedded endpoint (`local_layers` may name it)"


def test_limits_are_lambdas(create, publish, monkeypatch):
    arns = [publish(f"l{number}")["LayerVersionArn"] for number in range(6)]
    assert refusal(create, Layers=arns)[2] == "Cannot reference more than 5 layers."
    assert (
        "Two different versions of the same layer"
        in refusal(create, Layers=[arns[0], publish("l0")["LayerVersionArn"]])[2]
    )
    name = create(Layers=arns[:1])["FunctionName"]
    monkeypatch.setattr(layers_module, "UNZIPPED_LIMIT", 55)
    assert "Function code combined with layers exceeds" in refusal(create, Layers=arns[:3])[2]
    assert name


def test_contents_are_checked_as_packages_are(lambdas):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("../out", "x")
    for content, words in (
        ({"ZipFile": stream.getvalue()}, "a path that leaves its folder"),
        ({"ZipFile": b"no zip"}, "Could not unzip uploaded file"),
        ({"S3Bucket": "bucket", "S3Key": "key"}, "not supported locally"),
    ):
        assert words in refusal(lambdas.publish_layer_version, LayerName="bad", Content=content)[2]


def test_a_layer_of_another_account_is_not_published(lambdas, endpoint):
    theirs = PREFIX.replace("123456789012", "111122223333")
    assert refusal(lambdas.list_layer_versions, LayerName=f"{theirs}:tools")[1] == "AccessDeniedException"
    elsewhere = connect(endpoint, "lambda", region="us-east-1")
    assert elsewhere.list_layers()["Layers"] == []
