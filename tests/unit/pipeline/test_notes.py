"""What a reader is told of a function's calls of AWS, and of a full /tmp, on the embedded endpoint."""

from dataclasses import replace
from pathlib import Path

import pytest

from lambdabot.model import (
    Architecture,
    Configuration,
    Invocation,
    Outcome,
    Place,
    SeedCall,
    Side,
    StandIn,
    Variant,
)
from lambdabot.pipeline.notes import stand_in_notes, storage_notes
from tests.sample import function

VARIANT = Variant(side=Side.HEAD, configuration=Configuration(memory_mb=512, architecture=Architecture.X86_64))
FAILED = Invocation(
    variant=VARIANT,
    payload="one",
    round=1,
    wave=1,
    environment="e",
    environment_known=True,
    cold=False,
    outcome=Outcome.ERROR,
    duration_ms=1.0,
    billed_ms=1,
    max_memory_used_mb=64,
    at_seconds=0.0,
)
CALL = SeedCall(service="s3", operation="CreateBucket", parameters="{}", place=Place(path=Path("s.json"), line=1))


def told(*reasons: str, unanswered: tuple[str, ...] = (), stand_in: StandIn | None = None) -> list[str]:
    seen = [replace(FAILED, reason=reason) for reason in reasons]
    return list(stand_in_notes(function("src").changed(stand_in=stand_in), unanswered, seen))


def test_a_function_that_calls_nothing_has_no_note():
    assert told("KeyError: 'order'") == []


def test_what_went_nowhere_is_named_but_no_more_than_a_reader_takes():
    (note,) = told(unanswered=tuple(f"s3:Op{number:02}" for number in range(14)))
    assert note.startswith("It calls s3:Op00, s3:Op01,")
    assert "s3:Op09 and 4 more, and there is no AWS here" in note


def test_who_answered_is_named_with_what_its_time_is_worth():
    (note,) = told(stand_in=StandIn(url="http://localstack:4566"))
    assert note.startswith("Its calls of AWS are answered by http://localstack:4566 (`local`): the time that")
    (note,) = told(stand_in=StandIn(seed=(CALL,)))
    assert "moto on this machine, which each copy has for itself and begins with the seed's one call" in note
    (note,) = told(stand_in=StandIn(seed=(CALL, CALL)))
    assert "begins with the seed's 2 calls" in note


@pytest.mark.parametrize(
    "reason",
    [
        "NoCredentialsError: Unable to locate credentials (app.py, line 7)",
        "ClientError: An error occurred (UnrecognizedClientException) when calling the GetItem operation: x",
        "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.",
        "CredentialsProviderError: Could not load credentials from any providers",
    ],
)
def test_credentials_that_no_aws_takes_are_explained(reason):
    (note,) = told(reason)
    assert "credentials that no AWS takes" in note
    assert "set `local: {aws: moto}`" in note


def test_a_file_that_filled_tmp_is_what_lambda_calls_no_space():
    full = [replace(FAILED, reason="OSError: [Errno 27] File too large (app.py, line 3)")]
    (note,) = storage_notes(function("src").changed(ephemeral_storage_mb=600), full)
    assert "reached the 600 MB of /tmp" in note
    assert "[Errno 28] No space left on device" in note
    assert list(storage_notes(function("src"), [FAILED])) == []
