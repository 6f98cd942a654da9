import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.local.api_error import ApiError
from lambdabot.local.constraints import Constraints

MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"), "lambda")
CREATE = MODEL.operation_model("CreateFunction").input_shape
GOOD = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/any", "Code": {"ZipFile": b"x"}}


def message(change: dict, **corrections) -> str:
    with pytest.raises(ApiError) as error:
        Constraints(**corrections).check(CREATE, {**GOOD, **change})
    assert (error.value.code, error.value.status) == ("ValidationException", 400)
    return error.value.message


def test_what_the_model_allows_passes():
    tags = {"Cost centre/ä": "a b:c"}
    Constraints().check(CREATE, {**GOOD, "MemorySize": 128, "Architectures": ["arm64"], "Tags": tags})


def test_numbers_are_named_in_awss_words():
    assert message({"MemorySize": 64}) == (
        "1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: "
        "Member must have value greater than or equal to 128"
    )
    assert message({"MemorySize": 10_241}, maxima={"MemorySize": 10_240}) == (
        "1 validation error detected: Value '10241' at 'memorySize' failed to satisfy constraint: "
        "Member must have value less than or equal to 10240"
    )


def test_every_violation_is_counted():
    text = message({"MemorySize": 64, "Timeout": 0, "TracingConfig": {"Mode": "On"}})
    assert text.startswith("3 validation errors detected: ")
    assert (
        "'tracingConfig.mode' failed to satisfy constraint: Member must satisfy enum value set: [Active, PassThro"
        in text
    )


def test_missing_members_lists_and_patterns():
    assert "Value null at 'role' failed to satisfy constraint: Member must not be null" in message({"Role": None})
    assert "at 'architectures' failed to satisfy constraint: Member must have length less than" in message(
        {"Architectures": ["arm64", "x86_64"]}
    )
    assert "at 'architectures.1.member'" in message({"Architectures": ["arm65"]})
    assert "Value 'me' at 'role' failed to satisfy constraint: Member must satisfy regular expression" in message(
        {"Role": "me"}
    )
    assert "'environment.variables.1A.key'" in message({"Environment": {"Variables": {"1A": "b"}}})
    assert "'description' failed to satisfy constraint: Member must have length less" in message(
        {"Description": "x" * 257}
    )


def test_a_shape_that_the_service_checks_itself_is_left_alone():
    Constraints(unchecked=frozenset({"Runtime"})).check(CREATE, {**GOOD, "Runtime": "python9"})
    assert "at 'runtime'" in message({"Runtime": "python9"})


@given(st.integers())
def test_memory_passes_exactly_in_its_range(memory):
    try:
        Constraints(maxima={"MemorySize": 10_240}).check(CREATE, {**GOOD, "MemorySize": memory})
    except ApiError:
        assert not 128 <= memory <= 10_240
    else:
        assert 128 <= memory <= 10_240


def test_blobs_have_a_length():
    shape = MODEL.shape_for("LayerVersionContentInput")
    Constraints().check(shape, {"ZipFile": b""})
