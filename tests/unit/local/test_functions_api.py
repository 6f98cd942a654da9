import base64
import hashlib
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from lambdabot.local.endpoint import serve
from lambdabot.local.region import Limits
from tests.unit.local.conftest import ROLE, connect


def refusal(call, **parameters) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_a_function_is_created_with_lambdas_defaults(create, zipped):
    created = create("made")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["FunctionArn"] == "arn:aws:lambda:eu-west-1:123456789012:function:made"
    assert (created["State"], created["StateReasonCode"], created["LastUpdateStatus"]) == (
        "Pending",
        "Creating",
        "InProgress",
    )
    assert (created["MemorySize"], created["Timeout"], created["Architectures"]) == (128, 3, ["x86_64"])
    assert created["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped).digest()).decode()
    assert (created["Version"], created["CodeSize"], created["PackageType"]) == ("$LATEST", len(zipped), "Zip")


def test_a_function_is_read_with_tags_and_code(lambdas, create, zipped):
    name = create(Tags={"lambdabot:run": "1"}, Architectures=["arm64"])["FunctionName"]
    found = lambdas.get_function(FunctionName=name)
    assert found["Tags"] == {"lambdabot:run": "1"}
    assert found["Configuration"]["State"] == "Active"
    assert found["Configuration"]["Architectures"] == ["arm64"]
    with urllib.request.urlopen(found["Code"]["Location"]) as download:
        assert download.read() == zipped
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(found["Code"]["Location"] + "x")
    configuration = lambdas.get_function_configuration(FunctionName=found["Configuration"]["FunctionArn"])
    assert configuration["RevisionId"] == found["Configuration"]["RevisionId"]


def test_an_alias_is_read_under_its_own_arn(lambdas, create):
    name = create(Publish=True)["FunctionName"]
    lambdas.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    found = lambdas.get_function_configuration(FunctionName=name, Qualifier="live")
    assert (found["FunctionArn"].rpartition(":")[2], found["Version"]) == ("live", "1")
    assert lambdas.get_function(FunctionName=f"{name}:$LATEST")["Configuration"]["Version"] == "$LATEST"


def test_publishing_at_once_gives_version_1(create):
    created = create(Publish=True)
    assert created["Version"] == "1"
    assert created["FunctionArn"].endswith(":1")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"MemorySize": 10_241}, (400, "ValidationException", "Member must have value less than or equal to 10240")),
        ({"Timeout": 901}, (400, "ValidationException", "'timeout' failed to satisfy constraint")),
        ({"Role": "me"}, (400, "ValidationException", "'role' failed to satisfy constraint")),
        ({"Runtime": "java21"}, (400, "InvalidParameterValueException", "java21 is not run by the embedded endpoint")),
        ({"Runtime": "python9"}, (400, "InvalidParameterValueException", "Member must satisfy enum value set: [")),
        ({"Code": {"ZipFile": b"no zip"}}, (400, "InvalidParameterValueException", "Could not unzip uploaded file.")),
        (
            {"Code": {"S3Bucket": "bucket", "S3Key": "k"}},
            (400, "InvalidParameterValueException", "Code from S3 is not"),
        ),
        ({"PackageType": "Image"}, (400, "InvalidParameterValueException", "A container image is not supported")),
        ({"name": "f:1"}, (400, "InvalidParameterValueException", "without a qualifier")),
        ({"MemorySize": 10_240}, (400, "InvalidParameterValueException", "MemorySize 10240 is not supported locally")),
    ],
)
def test_what_lambda_refuses_is_refused_in_its_words(create, change, expected):
    status, code, message = refusal(create, **{"name": "refused", **change})
    assert (status, code) == expected[:2]
    assert expected[2] in message


def test_a_name_is_taken_once(create):
    create("taken")
    assert refusal(create, name="taken") == (409, "ResourceConflictException", "Function already exist: taken")


def test_code_and_architecture_are_updated(lambdas, create, package):
    name = create()["FunctionName"]
    other = package(app="def handler(event, context):\n    return 2\n")
    tried = lambdas.update_function_code(FunctionName=name, ZipFile=other, DryRun=True)
    updated = lambdas.update_function_code(FunctionName=name, ZipFile=other, Architectures=["arm64"], Publish=True)
    assert updated["Version"] == "1"
    assert tried["CodeSha256"] != updated["CodeSha256"]
    lambdas.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})
    found = lambdas.get_function_configuration(FunctionName=name)
    assert (found["Architectures"], found["CodeSha256"]) == (["arm64"], updated["CodeSha256"])
    lambdas.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})
    assert lambdas.update_function_code(FunctionName=name, ZipFile=other)["Architectures"] == ["arm64"]


def test_the_configuration_is_updated(lambdas, create):
    name = create(Environment={"Variables": {"AB": "c"}})["FunctionName"]
    updated = lambdas.update_function_configuration(FunctionName=name, MemorySize=1769, Description="new")
    assert updated["LastUpdateStatus"] == "InProgress"
    assert (updated["MemorySize"], updated["Environment"]) == (1769, {"Variables": {"AB": "c"}})
    lambdas.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})
    assert lambdas.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful"


def test_an_answer_tells_what_was_made_however_late_it_comes(zipped):
    """The transition is over before the answer to a request is written; on a busy machine any is."""
    with serve(limits=Limits(transition_seconds=1e-5)) as endpoint:
        lambdas = connect(endpoint, "lambda")
        made = lambdas.create_function(
            FunctionName="f", Runtime="python3.13", Role=ROLE, Handler="app.handler", Code={"ZipFile": zipped}
        )
        updated = lambdas.update_function_configuration(FunctionName="f", MemorySize=256)
        read = lambdas.get_function_configuration(FunctionName="f")
    assert (made["State"], made["LastUpdateStatus"]) == ("Pending", "InProgress")
    assert (updated["State"], updated["LastUpdateStatus"]) == ("Active", "InProgress")
    assert (read["State"], read["LastUpdateStatus"]) == ("Active", "Successful")


def test_an_update_names_a_function_at_its_revision(lambdas, create):
    created = create(Publish=True)
    name = created["FunctionName"]
    for update in (lambdas.update_function_configuration, lambdas.update_function_code):
        status, code, _ = refusal(update, FunctionName=name, RevisionId="other")
        assert (status, code) == (412, "PreconditionFailedException")
        assert refusal(update, FunctionName=f"{name}:1")[1] == "InvalidParameterValueException"
        assert refusal(update, FunctionName="none")[:2] == (404, "ResourceNotFoundException")


def test_a_function_is_deleted_whole_or_by_version(lambdas, create):
    name = create(Publish=True)["FunctionName"]
    assert lambdas.delete_function(FunctionName=name, Qualifier="1")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert [v["Version"] for v in lambdas.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST"]
    lambdas.delete_function(FunctionName=name)
    status, code, message = refusal(lambdas.get_function, FunctionName=name)
    assert (status, code) == (404, "ResourceNotFoundException")
    assert message == f"Function not found: arn:aws:lambda:eu-west-1:123456789012:function:{name}"
    assert refusal(lambdas.delete_function, FunctionName=name)[0] == 404


def test_functions_are_listed_in_pages_without_their_state(client, create):
    lambdas = client("lambda")
    names = [create(f"listed-{number}")["FunctionName"] for number in range(5)]
    pages = list(lambdas.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    functions = [function for page in pages for function in page["Functions"]]
    assert [function["FunctionName"] for function in functions] == names
    assert len(pages) == 3
    assert "State" not in functions[0]
    assert refusal(lambdas.list_functions, Marker="x")[1] == "InvalidParameterValueException"
    lambdas.publish_version(FunctionName=names[0])
    every = lambdas.list_functions(FunctionVersion="ALL")["Functions"]
    assert [function["FunctionArn"].split(":")[6:] for function in every[:2]] == [
        ["listed-0", "$LATEST"],
        ["listed-0", "1"],
    ]


def test_a_region_has_functions_of_its_own(client, create):
    create("here")
    elsewhere = client("lambda", region="us-east-1")
    assert elsewhere.list_functions()["Functions"] == []
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:here"
    assert refusal(elsewhere.get_function, FunctionName=arn)[1] == "ResourceNotFoundException"
