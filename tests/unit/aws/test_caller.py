"""Whose credentials a run uses; STS's answers are those of botocore's stub."""

import pytest
from botocore.stub import Stubber

from lambdabot.aws.calls.caller import warning


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("arn:aws:sts::123456789012:assumed-role/lambdabot/session", ""),
        ("arn:aws:iam::123456789012:root", "root user"),
        ("arn:aws:iam::123456789012:user/ci", "access key"),
        ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0/me", "far more than is needed"),
        ("arn:aws:sts::123456789012:assumed-role/ci-PowerUser/me", "far more than is needed"),
        ("arn:aws:sts::123456789012:assumed-role/lambdabot/admin", ""),  # the session's name says nothing
    ],
)
def test_credentials_that_may_do_more_than_is_needed_are_named(connection, arn, words):
    stub = Stubber(connection.identity)
    stub.add_response("get_caller_identity", {"Arn": arn, "Account": "123456789012", "UserId": "AROA"})
    with stub:
        found = warning(connection)
    assert words in found
    assert bool(found) == bool(words)
    assert not words or "lambdabot policy" in found
    assert "123456789012" not in found


def test_no_answer_is_no_warning(connection):
    stub = Stubber(connection.identity)
    stub.add_client_error("get_caller_identity", "AccessDenied", http_status_code=403)
    with stub:
        assert warning(connection) == ""
    connection.ending.set()
    assert warning(connection) == ""
