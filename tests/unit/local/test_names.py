import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.local.api_error import ApiError
from lambdabot.local.names import FunctionName, function_arn, parse_name

REGION = "eu-west-1"
NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(name=NAMES, qualifier=st.none() | st.just("$LATEST") | NAMES, form=st.integers(0, 3))
def test_every_form_of_a_name_is_read(name, qualifier, form):
    prefix = ["", "function:", "123456789012:function:", f"arn:aws:lambda:{REGION}:123456789012:function:"][form]
    text = prefix + name + ("" if qualifier is None else f":{qualifier}")
    if form == 0 and qualifier is not None and name == "function":
        return  # `function:x` is x
    assert parse_name(text, REGION) == FunctionName(name=name, qualifier=qualifier)
    assert parse_name(prefix + name, REGION, qualifier) == FunctionName(name=name, qualifier=qualifier)


def test_an_arn_is_read_back():
    assert parse_name(function_arn(REGION, "f", "live"), REGION) == FunctionName(name="f", qualifier="live")


def test_two_qualifiers_must_agree():
    assert parse_name("f:1", REGION, "1").qualifier == "1"
    with pytest.raises(ApiError, match="does not match the specified qualifier"):
        parse_name("f:1", REGION, "2")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "ResourceNotFoundException"),
        ("000000000000:function:f", "ResourceNotFoundException"),
        ("no name", "InvalidParameterValueException"),
        ("x" * 65, "InvalidParameterValueException"),
        ("arn:aws:s3:::bucket", "InvalidParameterValueException"),
    ],
)
def test_what_names_no_function_here_is_refused(text, code):
    with pytest.raises(ApiError) as error:
        parse_name(text, REGION)
    assert error.value.code == code
