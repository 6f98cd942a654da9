"""AWS's errors in our words, each with what to do about it."""

import json
import re
from dataclasses import dataclass

from botocore.exceptions import (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from lambdabot.aws.calls.denials import Denial
from lambdabot.aws.calls.remedies import remedy
from lambdabot.aws.calls.retry import answer_lost, code, cut_off, message, throttled
from lambdabot.errors import EndpointError
from lambdabot.redaction import redact

WORKFLOW = """\
Give the job credentials before lambdabot runs:
    permissions:
      id-token: write
      contents: read
    steps:
      - uses: aws-actions/configure-aws-credentials@v5
        with:
          role-to-assume: arn:aws:iam::ACCOUNT:role/ROLE
          aws-region: REGION
Leave out its `aws-profile` input: a profile does not reach a container, environment variables do.
"""
LOCAL = "`--endpoint local` (in the workflow `endpoint: local`) measures on this machine, without AWS."

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN_CREDENTIALS = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "AuthFailure",
    "OptInRequired",
}
_SIGNATURE = {
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException",
    "RequestTimeTooSkewed",
}
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "AuthorizationErrorException"}
_UNKNOWN_HOST = ("Failed to resolve", "Name or service not known", "name resolution", "nodename nor servname")
_MEMORY_CAP = re.compile(r"Member must have value less than or equal to (?P<megabytes>\d+)")

_PASSES = "A fault of AWS or of the network: run again later."
_CONCURRENCY = ("ConcurrentInvocationLimitExceeded", "ReservedFunctionConcurrentInvocationLimitExceeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What happened, redacted, and what to do.

    `fatal` when the same call cannot succeed later in the run, `ends_run` when no other can neither: the credentials
    do not hold.
    """

    what: str
    advice: str = ""
    fatal: bool = False
    ends_run: bool = False


class CallError(EndpointError):
    """A call to AWS that failed for good, in our words; `doing` completes "could not …"."""

    def __init__(self, error: Exception, *, doing: str, operation: str = "") -> None:
        """Explain AWS's error, and keep it; `operation` is what was called, as `lambda.Invoke`."""
        failure = explain(error, doing=doing)
        super().__init__(failure.what, advice=failure.advice)
        self.error = error
        self.operation = operation
        self.code = code(error)
        self.fatal = failure.fatal
        self.ends_run = failure.ends_run


def explain(error: Exception, *, doing: str) -> Failure:
    """Say what an error of a boto3 call means; `doing` completes "could not …"."""
    return (
        _of_the_client(error, doing)
        or _of_credentials(error, doing)
        or _of_permissions(error, doing)
        or _of_the_network(error, doing)
        or _of_the_way_back(error, doing)
        or _of_the_request(error, doing)
    )


def capped(megabytes: int, *, doing: str) -> Failure:
    """Say that a memory size is above what the account may have."""
    return Failure(
        what=f"could not {doing}: this account's functions are capped at {megabytes:,} MB",
        advice=f"This account's functions are capped at {megabytes:,} MB: larger sizes are left out. "
        "AWS Support lifts the cap on request.",
    )


def memory_cap(error: Exception) -> int | None:
    """Return the largest memory size in MB that the account may have, when an error says so."""
    match = _MEMORY_CAP.search(message(error))
    return int(match["megabytes"]) if match else None


def explain_state(reason_code: str, reason: str, *, doing: str) -> Failure:
    """Say why Lambda left a function in a failed state (StateReasonCode and StateReason, or the last update's)."""
    return Failure(
        what=f"could not {doing}: {redact(reason) or 'Lambda gives no reason'} ({reason_code or 'no code'})",
        advice=remedy(reason_code, reason),
    )


def _of_the_client(error: Exception, doing: str) -> Failure | None:
    """Say what boto3 found wrong before it called anything."""
    words = redact(message(error))
    if isinstance(error, NoRegionError):
        advice = f"Set the Region: `aws-region` of the action, or AWS_REGION.\n{LOCAL}"
        return Failure(what=f"could not {doing}: no AWS Region is set", advice=advice, fatal=True)
    if isinstance(error, InvalidRegionError):
        advice = f"Spell the Region as AWS does, such as eu-west-1.\n{LOCAL}"
        return Failure(what=f"could not {doing}: {words}", advice=advice, fatal=True)
    if isinstance(error, SSOError | TokenRetrievalError):
        advice = f"Sign in again: `aws sso login`.\n{LOCAL}"
        what = f"could not {doing}: the AWS sign-in has expired ({words})"
        return Failure(what=what, advice=advice, fatal=True, ends_run=True)
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError | ProfileNotFound):
        what = f"could not {doing}: no usable AWS credentials ({words})"
        return Failure(what=what, advice=WORKFLOW + LOCAL, fatal=True, ends_run=True)
    return None


def _of_credentials(error: Exception, doing: str) -> Failure | None:
    name = code(error)
    words = redact(message(error))
    if name in _EXPIRED:
        advice = (
            "Credentials of aws-actions/configure-aws-credentials last one hour: run the step again, or set its "
            "`role-duration-seconds` (and the role's maximum) above the run's time budget."
        )
        what = f"could not {doing}: the AWS credentials have expired ({words})"
        return Failure(what=what, advice=advice, fatal=True, ends_run=True)
    if name in _UNKNOWN_CREDENTIALS:
        advice = f"Check the access key, and that the account has enabled this Region.\n{WORKFLOW}{LOCAL}"
        what = f"could not {doing}: AWS does not know these credentials ({words})"
        return Failure(what=what, advice=advice, fatal=True, ends_run=True)
    if name in _SIGNATURE:
        advice = "Check the secret access key, and this machine's clock: a signature holds for five minutes."
        what = f"could not {doing}: AWS rejects the signature ({words})"
        return Failure(what=what, advice=advice, fatal=True, ends_run=True)
    return None


def _of_permissions(error: Exception, doing: str) -> Failure | None:
    words = message(error)
    if code(error) not in _DENIED:
        return None
    denial = Denial.of(words)
    if denial is None and (advice := remedy(code(error), words)):
        return Failure(what=f"could not {doing}: {redact(words)}", advice=advice)
    if denial is None:
        return Failure(what=f"could not {doing}: access denied ({redact(words)})", advice=WORKFLOW + LOCAL, fatal=True)
    resource = redact(denial.resource)
    what = f"could not {doing}: {denial.action} is not allowed on {resource}"
    if denial.advice:
        return Failure(what=what, advice=denial.advice, fatal=True)
    statement = {"Effect": "Allow", "Action": denial.action, "Resource": resource}
    return Failure(
        what=what, advice=f"Add to the policy of the role that lambdabot uses:\n    {json.dumps(statement)}", fatal=True
    )


def _of_the_network(error: Exception, doing: str) -> Failure | None:
    cause = redact(str(getattr(error, "kwargs", {}).get("error", "")))
    words = f"{redact(str(error))} {cause}".strip()
    if isinstance(error, SSLError):
        advice = "A proxy that opens TLS? Name its certificates in AWS_CA_BUNDLE."
        return Failure(what=f"could not {doing}: TLS failed ({words})", advice=advice)
    if isinstance(error, ProxyConnectionError):
        return Failure(what=f"could not {doing}: {words}", advice="Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.")
    if isinstance(error, EndpointConnectionError):
        if any(sign in words for sign in _UNKNOWN_HOST):
            advice = f"Is the Region spelled right, and does this machine have a name server?\n{LOCAL}"
            return Failure(what=f"could not {doing}: no such host ({words})", advice=advice)
        return Failure(what=f"could not {doing}: {words}", advice="Is the endpoint up and reachable from here?")
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        advice = "A firewall or a private subnet without a route to Lambda? Check it, or name a proxy."
        if isinstance(error, ReadTimeoutError):
            advice = "The endpoint took the call and did not answer. Does the network drop idle connections?"
        return Failure(what=f"could not {doing}: {words}", advice=advice)
    return None


def _of_the_way_back(error: Exception, doing: str) -> Failure | None:
    if not cut_off(error):
        return None
    words = redact(message(error)).partition("\n")[0]  # what follows is the body, as botocore's parser quotes it
    return Failure(what=f"could not {doing}: the answer was cut off on its way ({words})", advice=_PASSES)


def _of_the_request(error: Exception, doing: str) -> Failure:
    name = code(error)
    words = redact(message(error))
    if (cap := memory_cap(error)) is not None:
        return capped(cap, doing=doing)
    if throttled(error) and getattr(error, "response", {}).get("Reason") in _CONCURRENCY:
        advice = "Other functions use up the account's concurrency: run later, or raise it (Service Quotas)."
        return Failure(what=f"could not {doing}: no concurrency was free to the last attempt ({words})", advice=advice)
    if throttled(error):
        advice = "Other traffic uses up the account's request rate: run again later."
        return Failure(what=f"could not {doing}: throttled to the last attempt ({words})", advice=advice)
    if answer_lost(error):
        return Failure(
            what=f"could not {doing}: the endpoint failed to the last attempt ({name}: {words})", advice=_PASSES
        )
    if "cannot be assumed by Lambda" in words:
        advice = "The role's trust policy must let lambda.amazonaws.com assume it (sts:AssumeRole)."
        return Failure(what=f"could not {doing}: {words}", advice=advice)
    return Failure(what=f"could not {doing}: {words} ({name})", advice=remedy(name, words))
