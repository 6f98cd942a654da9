import json
import string

import pytest
from botocore import parsers, serialize, validate
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.utils import percent_encode_sequence
from hypothesis import example, given
from hypothesis import strategies as st

from lambdabot.local.api_error import ApiError, conflict, invalid
from lambdabot.local.constraints import Constraints
from lambdabot.local.exchange import Request
from lambdabot.local.rest_json import RestJson

MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"), "lambda")
PROTOCOL = RestJson(MODEL, Constraints())
NAMES = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=60)
TEXT = st.text(max_size=40)


def sent(name: str, parameters: dict) -> Request:
    """Return the request that botocore's own serializer makes."""
    operation = MODEL.operation_model(name)
    wire = serialize.create_serializer("rest-json", include_validation=False).serialize_to_request(
        parameters, operation
    )
    path, _, query = wire["url_path"].partition("?")
    more = wire["query_string"]
    if more:
        query = "&".join(part for part in (query, percent_encode_sequence(more)) if part)
    return Request(
        method=wire["method"],
        path=path,
        query=query,
        headers={key.lower(): value for key, value in wire["headers"].items()},
        body=wire["body"] if isinstance(wire["body"], bytes) else wire["body"].encode(),
    )


def parsed(request: Request) -> tuple[str, dict]:
    route = PROTOCOL.route(request)
    return route.operation, PROTOCOL.parameters(route, request)


def received(name: str, response) -> dict:
    """Return what botocore's own parser makes of a response."""
    operation = MODEL.operation_model(name)
    wire = {"status_code": response.status, "headers": response.headers, "body": response.body}
    document = parsers.create_parser("rest-json").parse(wire, operation.output_shape)
    document.pop("ResponseMetadata")
    return document


@given(
    name=NAMES,
    zipped=st.binary(max_size=100),
    memory=st.integers(128, 10_240),
    variables=st.dictionaries(st.from_regex(r"[a-zA-Z]([a-zA-Z0-9_])+", fullmatch=True), TEXT, max_size=3),
    publish=st.booleans(),
)
def test_a_body_comes_back_as_botocore_wrote_it(name, zipped, memory, variables, publish):
    parameters = {
        "FunctionName": name,
        "Role": "arn:aws:iam::123456789012:role/any",
        "Code": {"ZipFile": zipped},
        "MemorySize": memory,
        "Environment": {"Variables": variables},
        "Architectures": ["arm64"],
        "Publish": publish,
    }
    assert parsed(sent("CreateFunction", parameters)) == ("CreateFunction", parameters)


@given(name=NAMES, qualifier=NAMES, payload=st.binary(max_size=200))
def test_path_query_header_and_payload_come_back(name, qualifier, payload):
    parameters = {
        "FunctionName": f"arn:aws:lambda:eu-west-1:123456789012:function:{name}",
        "Qualifier": qualifier,
        "LogType": "Tail",
        "InvocationType": "RequestResponse",
        "Payload": payload,
    }
    assert parsed(sent("Invoke", parameters)) == ("Invoke", parameters)


@given(keys=st.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_a_list_in_the_query_comes_back(keys):
    parameters = {"Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "TagKeys": keys}
    assert parsed(sent("UntagResource", parameters)) == ("UntagResource", parameters)


def test_integers_and_booleans_in_the_query_are_typed():
    assert parsed(sent("ListFunctions", {"MaxItems": 7}))[1] == {"MaxItems": 7}
    request = Request(method="GET", path="/2015-03-31/functions", query="MaxItems=seven", headers={}, body=b"")
    with pytest.raises(ApiError) as error:
        parsed(request)
    assert error.value.code == "SerializationException"


def minimal(name: str) -> dict:
    """Return parameters that satisfy an operation's path."""
    samples = {
        "UUID": "a" * 8,
        "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "VersionNumber": 1,
        "List": "ALL",
    }
    shape = MODEL.operation_model(name).input_shape
    members = {} if shape is None else shape.members
    labels = [key for key, member in members.items() if member.serialization.get("location") == "uri"]
    return {key: samples.get(key, "name") for key in labels}


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_every_operation_of_the_model_is_told_from_the_others(name):
    assert PROTOCOL.route(sent(name, minimal(name))).operation == name


def test_an_unknown_path_is_an_unknown_operation():
    with pytest.raises(ApiError) as error:
        parsed(Request(method="GET", path="/2015-03-31/nothing", query="", headers={}, body=b""))
    assert (error.value.code, error.value.status) == ("UnknownOperationException", 404)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"MemorySize": "128"}',
        b'{"MemorySize": true}',
        b'{"Publish": 1}',
        b'{"Code": {"ZipFile": "no base64!"}}',
        b'{"Code": {"ZipFile": 1}}',
        b'{"Environment": []}',
        b'{"Architectures": "arm64"}',
        b'{"Description": 1}',
        b"\xff",
    ],
)
def test_a_body_of_the_wrong_type_is_refused(body):
    with pytest.raises(ApiError) as error:
        parsed(Request(method="POST", path="/2015-03-31/functions", query="", headers={}, body=body))
    assert error.value.code == "SerializationException"


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(
                    ["Code", "ZipFile", "Role", "MemorySize", "Environment", "Variables", "Architectures", "Publish"]
                ),
                s,
            )
        ),
    )
)
@example(body={"Code": {"ZipFile": "\x80"}})
def test_whatever_json_comes_it_is_parsed_or_refused(body):
    request = Request(method="POST", path="/2015-03-31/functions", query="", headers={}, body=json.dumps(body).encode())
    try:
        name, _ = parsed(request)
    except ApiError as error:
        name = error.code
    assert name in {"CreateFunction", "SerializationException", "ValidationException"}


@given(
    status=st.sampled_from([200, 202]),
    payload=st.text(min_size=1, max_size=50).map(str.encode),
    version=st.from_regex(r"[0-9]{1,4}", fullmatch=True),
)
def test_a_payload_is_read_by_botocore_as_it_was_written(status, payload, version):
    document = {"StatusCode": status, "Payload": payload, "ExecutedVersion": version, "FunctionError": "Unhandled"}
    response = PROTOCOL.respond("Invoke", document, "id")
    assert received("Invoke", response) == {**document, "Payload": payload.decode()}
    assert response.headers["x-amzn-RequestId"] == "id"


def test_a_document_is_read_by_botocore_as_it_was_written():
    document = {
        "Functions": [{"FunctionName": "f", "MemorySize": 128, "Environment": {"Variables": {"A": "b"}}}],
        "NextMarker": "1",
    }
    response = PROTOCOL.respond("ListFunctions", document, "id")
    shape = MODEL.operation_model("ListFunctions").output_shape
    assert received("ListFunctions", response) == document
    assert not validate.ParamValidator().validate(document, shape).has_errors()


def test_a_member_that_the_model_does_not_have_is_a_mistake():
    with pytest.raises(KeyError):
        PROTOCOL.respond("ListFunctions", {"Function": []}, "id")
    with pytest.raises(KeyError):
        PROTOCOL.respond("ListFunctions", {"Functions": [{"Name": "f"}]}, "id")


def test_no_content_has_no_body():
    assert PROTOCOL.respond("DeleteFunction", {"StatusCode": 204}, "id").body == b""
    assert PROTOCOL.respond("TagResource", {}, "id").status == 204


def test_an_error_has_its_status_type_and_members():
    error = ApiError(
        code="TooManyRequestsException", message="Rate Exceeded.", members={"Reason": "R", "retryAfterSeconds": "1"}
    )
    response = PROTOCOL.fail(error, "id")
    assert response.status == 429
    assert response.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    assert response.headers["Retry-After"] == "1"
    assert json.loads(response.body) == {"Reason": "R", "message": "Rate Exceeded."}
    assert PROTOCOL.fail(conflict(message="taken"), "id").status == 409
    assert json.loads(PROTOCOL.fail(invalid(message="bad"), "id").body) == {"Type": "User", "message": "bad"}
    assert PROTOCOL.fail(ApiError(code="ValidationException", message="bad"), "id").status == 400
    assert PROTOCOL.fail(ApiError(code="NotImplementedException", message="no", status=501), "id").status == 501
