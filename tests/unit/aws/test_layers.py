import pytest

from lambdabot.aws.layers import Layers
from lambdabot.errors import EndpointError

ARN = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


@pytest.fixture
def sent(monkeypatch, connection):
    """Answer in place of AWS, which the fake does not do for layers: what was asked, and what is raised or returned."""
    answers = []
    asked = []

    def get(**request):
        asked.append(request)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(connection.control, "get_layer_version_by_arn", get)
    return answers, asked


def refusal(connection, status, code):
    error = {"Error": {"Code": code, "Message": f"no: {ARN}"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return connection.control.exceptions.ClientError(error, "GetLayerVersionByArn")


def test_a_layer_is_asked_for_again_when_aws_asks_to_wait(connection, sent):
    answers, asked = sent
    answers += [refusal(connection, 429, "TooManyRequestsException"), {"Content": {"Location": "https://x"}}]

    assert Layers(connection).get_layer_version_by_arn(Arn=ARN) == {"Content": {"Location": "https://x"}}
    assert asked == [{"Arn": ARN}] * 2


def test_a_refusal_is_told_without_the_account(connection, sent):
    answers, _ = sent
    answers.append(refusal(connection, 403, "AccessDeniedException"))

    with pytest.raises(EndpointError, match="could not read the layer arn:aws:lambda:us-east-1:") as raised:
        Layers(connection).get_layer_version_by_arn(Arn=ARN)
    assert "123456789012" not in raised.value.what


def test_a_run_that_ends_waits_for_no_layer(connection, sent):
    answers, _ = sent
    answers.append(refusal(connection, 429, "TooManyRequestsException"))
    connection.ending.set()

    with pytest.raises(EndpointError, match="the run ends"):
        Layers(connection).get_layer_version_by_arn(Arn=ARN)
