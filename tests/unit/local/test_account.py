import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def created(create) -> dict:
    return create(Tags={"a": "1", "b": "2"})


def test_settings_tell_limits_and_use(lambdas, created):
    settings = lambdas.get_account_settings()
    assert settings["AccountLimit"] == {
        "TotalCodeSize": 80_530_636_800,
        "CodeSizeUnzipped": 262_144_000,
        "CodeSizeZipped": 52_428_800,
        "ConcurrentExecutions": 200,
        "UnreservedConcurrentExecutions": 200,
    }
    assert settings["AccountUsage"]["FunctionCount"] == 1
    assert settings["AccountUsage"]["TotalCodeSize"] >= created["CodeSize"]


def test_concurrency_is_reserved_and_given_back(lambdas, created):
    name = created["FunctionName"]
    assert "ReservedConcurrentExecutions" not in lambdas.get_function_concurrency(FunctionName=name)
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=40)
    assert lambdas.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 40
    assert lambdas.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 40}
    assert lambdas.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 160
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=100)
    with pytest.raises(ClientError, match=r"below its minimum value of \[100\]") as error:
        lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=101)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    lambdas.delete_function_concurrency(FunctionName=name)
    assert lambdas.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 200


def test_a_reservation_of_nothing_throttles(lambdas, created):
    name = created["FunctionName"]
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(lambdas.exceptions.TooManyRequestsException) as error:
        lambdas.invoke(FunctionName=name)
    response = error.value.response
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["retryAfterSeconds"] == "1"


def test_tags_are_set_removed_and_listed(lambdas, created):
    arn = created["FunctionArn"]
    lambdas.tag_resource(Resource=arn, Tags={"lambdabot:run": "x y", "a": "3"})
    lambdas.untag_resource(Resource=arn, TagKeys=["b", "none"])
    assert lambdas.list_tags(Resource=arn)["Tags"] == {"a": "3", "lambdabot:run": "x y"}
    assert lambdas.get_function(FunctionName=arn)["Tags"] == {"a": "3", "lambdabot:run": "x y"}


def test_versions_have_no_tags(lambdas, created):
    with pytest.raises(ClientError, match="aliases and versions are not supported"):
        lambdas.list_tags(Resource=f"{created['FunctionArn']}:$LATEST")
    with pytest.raises(lambdas.exceptions.ResourceNotFoundException):
        lambdas.list_tags(Resource="arn:aws:lambda:eu-west-1:123456789012:function:none")
