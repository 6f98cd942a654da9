from dataclasses import replace

import pytest

from lambdabot.local.api_error import ApiError
from lambdabot.local.configuration import ConfigurationRules, check_code_source

RULES = ConfigurationRules(
    runtimes=["python3.13", "java21"],
    runs=lambda runtime: f"{runtime} is not run here" if runtime == "java21" else "",
    supports=lambda memory_mb: "it has 2 vCPUs" if memory_mb > 3538 else "",
    memory_limit_mb=10_240,
)
ASKED = {"Runtime": "python3.13", "Handler": "app.handler", "Role": "arn:aws:iam::123456789012:role/any"}


def refused(change: dict, *, rules: ConfigurationRules = RULES, current: dict | None = None) -> str:
    with pytest.raises(ApiError) as error:
        rules.apply("f", current or {}, change)
    assert error.value.code == "InvalidParameterValueException"
    return error.value.message


def test_defaults_are_lambdas():
    assert RULES.apply("f", {}, ASKED) == {
        **ASKED,
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
    }


def test_an_update_changes_what_it_names_alone():
    current = RULES.apply("f", {}, {**ASKED, "Timeout": 9, "Environment": {"Variables": {"A": "b"}}})
    changed = RULES.apply("f", current, {"MemorySize": 256, "FunctionName": "f"})
    assert changed == {**current, "MemorySize": 256}


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ("java21", "java21 is not run here"),
        (
            "python9",
            "Value python9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [pyth",
        ),
    ],
)
def test_other_runtimes_are_refused(runtime, message):
    assert message in refused({**ASKED, "Runtime": runtime})


@pytest.mark.parametrize("missing", ["Runtime", "Handler"])
def test_runtime_and_handler_are_needed(missing):
    asked = {key: value for key, value in ASKED.items() if key != missing}
    assert "Runtime and Handler are mandatory parameters" in refused(asked)


def test_memory_is_limited_by_the_account_and_by_the_machine():
    small = replace(RULES, memory_limit_mb=3008)
    message = "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008"
    assert refused({**ASKED, "MemorySize": 3009}, rules=small) == message
    assert refused({**ASKED, "MemorySize": 4096}) == "MemorySize 4096 is not supported locally: it has 2 vCPUs"


@pytest.mark.parametrize(
    "asked",
    [
        {"VpcConfig": {"SubnetIds": ["subnet-1"]}},
        {"FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/mnt/a"}]},
        {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:q"}},
        {"DurableConfig": {"ExecutionTimeout": 1}},
        {"SnapStart": {"ApplyOn": "PublishedVersions"}},
    ],
)
def test_what_is_not_there_is_refused_by_name(asked):
    assert f"{next(iter(asked))} is not supported locally" in refused({**ASKED, **asked})


def test_asking_for_nothing_of_it_is_fine():
    nothing = {"Layers": [], "VpcConfig": {"SubnetIds": []}, "DeadLetterConfig": {}, "SnapStart": {"ApplyOn": "None"}}
    assert RULES.apply("f", {}, {**ASKED, **nothing}) == RULES.apply("f", {}, ASKED)


def test_the_environment_is_limited_in_size_and_names():
    fits = {"Environment": {"Variables": {"A": "x" * (4096 - len('{"A":""}'))}}}
    assert RULES.apply("f", {}, {**ASKED, **fits})["Environment"] == fits["Environment"]
    assert "exceeded the 4KB limit. String measured: {" in refused(
        {**ASKED, "Environment": {"Variables": {"A": "x" * 4089}}}
    )
    message = refused({**ASKED, "Environment": {"Variables": {"AWS_REGION": "x", "A": "b"}}})
    assert message.endswith("Reserved keys used in this request: AWS_REGION")


def test_log_levels_go_with_json_alone():
    json = RULES.apply("f", {}, {**ASKED, "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN"}})
    assert json["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": "/aws/lambda/f",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
    }
    text = RULES.apply("f", json, {"LoggingConfig": {"LogFormat": "Text"}})
    assert text["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"}
    assert 'LogLevel is not supported when LogFormat is set to "Text"' in refused(
        {**ASKED, "LoggingConfig": {"ApplicationLogLevel": "DEBUG"}}
    )
    group = RULES.apply("f", text, {"LoggingConfig": {"LogGroup": "mine"}})
    assert group["LoggingConfig"]["LogGroup"] == "mine"


def test_code_comes_as_a_zip():
    assert check_code_source({"ZipFile": b"zip"}) == b"zip"
    for source in ({"S3Bucket": "b", "S3Key": "k"}, {"ImageUri": "i"}, {}, {"ZipFile": b""}):
        with pytest.raises(ApiError) as error:
            check_code_source(source)
        assert error.value.code == "InvalidParameterValueException"
