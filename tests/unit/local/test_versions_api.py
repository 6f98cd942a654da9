import pytest
from botocore.exceptions import ClientError


def refusal(call, **parameters) -> tuple[int, str]:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.fixture
def name(create) -> str:
    return create()["FunctionName"]


def settle(lambdas, name: str) -> None:
    lambdas.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})


@pytest.fixture
def two(lambdas, name) -> str:
    lambdas.publish_version(FunctionName=name)
    lambdas.update_function_configuration(FunctionName=name, MemorySize=256)
    settle(lambdas, name)
    lambdas.publish_version(FunctionName=name, Description="second")
    return name


def test_versions_are_published_and_waited_for(lambdas, name):
    published = lambdas.publish_version(FunctionName=name)
    assert (published["Version"], published["ResponseMetadata"]["HTTPStatusCode"]) == ("1", 201)
    waiter = lambdas.get_waiter("published_version_active")
    waiter.wait(FunctionName=name, Qualifier="1", WaiterConfig={"Delay": 0.01})
    assert lambdas.publish_version(FunctionName=name)["Version"] == "1"


def test_versions_are_listed_in_pages(lambdas, two):
    pages = list(
        lambdas.get_paginator("list_versions_by_function").paginate(FunctionName=two, PaginationConfig={"PageSize": 2})
    )
    versions = [version for page in pages for version in page["Versions"]]
    assert [(v["Version"], v["MemorySize"], v["Description"]) for v in versions] == [
        ("$LATEST", 256, ""),
        ("1", 128, ""),
        ("2", 256, "second"),
    ]
    assert versions[0]["FunctionArn"].endswith(":$LATEST")


def test_an_alias_lives(lambdas, two):
    created = lambdas.create_alias(FunctionName=two, Name="live", FunctionVersion="1", Description="d")
    assert created["AliasArn"].endswith(f":{two}:live")
    assert lambdas.get_alias(FunctionName=two, Name="live")["FunctionVersion"] == "1"
    updated = lambdas.update_alias(FunctionName=two, Name="live", FunctionVersion="2", RevisionId=created["RevisionId"])
    assert (updated["FunctionVersion"], updated["Description"]) == ("2", "d")
    assert updated["RevisionId"] != created["RevisionId"]
    lambdas.delete_alias(FunctionName=two, Name="live")
    lambdas.delete_alias(FunctionName=two, Name="live")
    assert refusal(lambdas.get_alias, FunctionName=two, Name="live") == (404, "ResourceNotFoundException")


def test_traffic_is_shared_by_weights(lambdas, two):
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    created = lambdas.create_alias(FunctionName=two, Name="live", FunctionVersion="1", RoutingConfig=routing)
    assert created["RoutingConfig"] == routing
    kept = lambdas.update_alias(FunctionName=two, Name="live", Description="d")
    assert kept["RoutingConfig"] == routing
    cleared = lambdas.update_alias(FunctionName=two, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in cleared


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"FunctionVersion": "9"}, (400, "InvalidParameterValueException")),
        (
            {"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
            (400, "InvalidParameterValueException"),
        ),
        (
            {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"9": 0.5}}},
            (400, "InvalidParameterValueException"),
        ),
        ({"FunctionVersion": "1", "Name": "taken"}, (409, "ResourceConflictException")),
        ({"FunctionVersion": "1", "FunctionName": "none"}, (404, "ResourceNotFoundException")),
    ],
)
def test_an_alias_that_cannot_be_is_refused(lambdas, two, parameters, expected):
    lambdas.create_alias(FunctionName=two, Name="taken", FunctionVersion="1")
    assert refusal(lambdas.create_alias, **{"FunctionName": two, "Name": "new", **parameters}) == expected


def test_an_alias_is_updated_at_its_revision(lambdas, two):
    lambdas.create_alias(FunctionName=two, Name="live", FunctionVersion="1")
    assert refusal(lambdas.update_alias, FunctionName=two, Name="live", RevisionId="x") == (
        412,
        "PreconditionFailedException",
    )


def test_aliases_are_listed_in_pages_and_by_version(lambdas, two):
    for number in range(3):
        lambdas.create_alias(FunctionName=two, Name=f"a{number}", FunctionVersion=str(1 + number % 2))
    pages = list(lambdas.get_paginator("list_aliases").paginate(FunctionName=two, PaginationConfig={"PageSize": 2}))
    assert [alias["Name"] for page in pages for alias in page["Aliases"]] == ["a0", "a1", "a2"]
    second = lambdas.list_aliases(FunctionName=two, FunctionVersion="2")["Aliases"]
    assert [alias["Name"] for alias in second] == ["a1"]
