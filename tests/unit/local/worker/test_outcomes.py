import json

import pytest

from lambdabot.local.worker import outcomes


def test_gives_an_error_of_the_init_its_request_id():
    payload = b'{"errorType": "X", "requestId": ""}'
    assert json.loads(outcomes.with_request_id(payload, "id"))["requestId"] == "id"


@pytest.mark.parametrize("payload", [b"no json", b"[]", b'{"requestId": "other"}', b"{}", b"\xff"])
def test_leaves_other_errors_as_they_are(payload):
    assert outcomes.with_request_id(payload, "id") == payload
