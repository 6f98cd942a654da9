"""AWS's errors in our words, each with what to do about it."""

import json
import re
from dataclasses import dataclass

from botocore.exceptions import (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSLError,
)

from lambdabot.aws.redaction import redact
from lambdabot.aws.retry import answer_lost, code, message, throttled

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

_NOT_AUTHORIZED = re.compile(
    r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?(?: (?P<why>because .+))?",
    re.DOTALL,
)
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN_CREDENTIALS = {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "AuthFailure",
    "OptInRequired",
}
_SIGNATURE = {"InvalidSignatureException", "SignatureDoesNotMatch", "MissingAuthenticationTokenException"}
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "AuthorizationErrorException"}
_UNKNOWN_HOST = ("Failed to resolve", "Name or service not known", "name resolution", "nodename nor servname")
_MEMORY_CAP = re.compile(r"Member must have value less than or equal to (?P<megabytes>\d+)")

# By error code, or by a function's StateReasonCode and LastUpdateStatusReasonCode.
_ADVICE = {
    "CodeStorageExceededException": "The Region's code storage is full: delete old versions, or run `lambdabot clean`.",
    "CodeArtifactUserFailedException": "Lambda could not prepare the package: build it again.",
    "DisabledKMSKey": "Enable the KMS key, or name another one.",
    "EC2AccessDeniedException": "The execution role needs `AWSLambdaVPCAccessExecutionRole`.",
    "EniLimitExceeded": "Raise the VPC's quota of network interfaces, or run without the VPC.",
    "ENILimitReachedException": "Raise the VPC's quota of network interfaces, or run without the VPC.",
    "ImageAccessDenied": "Let Lambda pull the image: repository policy with ecr:BatchGetImage and "
    "ecr:GetDownloadUrlForLayer for lambda.amazonaws.com.",
    "ImageDeleted": "Push the image again; the tag or digest must exist in the function's Region.",
    "InsufficientRolePermissions": "Give the execution role what the reason names.",
    "InvalidImage": "Build the image for one platform, with Lambda's runtime interface client as its entry point.",
    "InvalidRuntimeException": "Name a runtime that Lambda still offers.",
    "InvalidZipFileException": "The package is no zip that Lambda can open: build it again.",
    "KMSAccessDeniedException": "The execution role needs kms:Decrypt on the key.",
    "KMSDisabledException": "Enable the KMS key, or name another one.",
    "KMSInvalidStateException": "The KMS key is pending deletion or import: name another one.",
    "KMSKeyAccessDenied": "The execution role needs kms:Decrypt on the key.",
    "KMSKeyNotFound": "The KMS key does not exist in this Region.",
    "KMSNotFoundException": "The KMS key does not exist in this Region.",
    "RequestEntityTooLargeException": "A package above 50 MB cannot be uploaded directly: make it smaller.",
    "RequestTooLargeException": "The payload is above Lambda's 6 MB: make it smaller.",
    "SnapStartNotReadyException": "The snapshot is not ready yet: run again in some minutes.",
    "SubnetIPAddressLimitReachedException": "The subnets have no free address: add one, or run without the VPC.",
    "SubnetOutOfIPAddresses": "The subnets have no free address: add one, or run without the VPC.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What happened, redacted, and what to do; `fatal` when the same call cannot succeed later in the run."""

    what: str
    advice: str = ""
    fatal: bool = False


def explain(error: Exception, *, doing: str) -> Failure:
    """Say what an error of a boto3 call means; `doing` completes "could not …"."""
    return (
        _of_credentials(error, doing)
        or _of_permissions(error, doing)
        or _of_the_network(error, doing)
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
        advice=_ADVICE.get(reason_code, ""),
    )


def _of_credentials(error: Exception, doing: str) -> Failure | None:
    name = code(error)
    words = redact(message(error))
    if isinstance(error, NoRegionError):
        advice = f"Set the Region: `aws-region` of the action, or AWS_REGION.\n{LOCAL}"
        return Failure(what=f"could not {doing}: no AWS Region is set", advice=advice, fatal=True)
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError | ProfileNotFound):
        return Failure(
            what=f"could not {doing}: no usable AWS credentials ({words})", advice=WORKFLOW + LOCAL, fatal=True
        )
    if name in _EXPIRED:
        advice = (
            "Credentials of aws-actions/configure-aws-credentials last one hour: run the step again, or set its "
            "`role-duration-seconds` (and the role's maximum) above the run's time budget."
        )
        return Failure(what=f"could not {doing}: the AWS credentials have expired ({words})", advice=advice, fatal=True)
    if name in _UNKNOWN_CREDENTIALS:
        advice = f"Check the access key, and that the account has enabled this Region.\n{WORKFLOW}{LOCAL}"
        return Failure(
            what=f"could not {doing}: AWS does not know these credentials ({words})", advice=advice, fatal=True
        )
    if name in _SIGNATURE:
        advice = "Check the secret access key, and this machine's clock: a signature holds for five minutes."
        return Failure(what=f"could not {doing}: AWS rejects the signature ({words})", advice=advice, fatal=True)
    return None


def _of_permissions(error: Exception, doing: str) -> Failure | None:
    words = message(error)
    if code(error) not in _DENIED:
        return None
    match = _NOT_AUTHORIZED.search(words)
    if match is None:
        return Failure(what=f"could not {doing}: access denied ({redact(words)})", advice=WORKFLOW + LOCAL, fatal=True)
    action = match["action"]
    resource = (match["resource"] or "*").rstrip(".,")
    what = f"could not {doing}: {action} is not allowed on {redact(resource)}"
    why = match["why"] or ""
    for sign, source in (
        ("explicit deny", "A policy denies it explicitly; a further statement cannot allow it: change that policy."),
        ("permissions boundary", "The role's permissions boundary does not allow it: add the action there."),
        (
            "service control policy",
            "The organization's service control policy does not allow it: ask its administrator.",
        ),
    ):
        if sign in why:
            return Failure(what=what, advice=source, fatal=True)
    statement = {"Effect": "Allow", "Action": action, "Resource": redact(resource)}
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
    if isinstance(error, ConnectTimeoutError):
        advice = "A firewall or a private subnet without a route to Lambda? Check it, or name a proxy."
        return Failure(what=f"could not {doing}: {words}", advice=advice)
    return None


def _of_the_request(error: Exception, doing: str) -> Failure:
    name = code(error)
    words = redact(message(error))
    if (cap := memory_cap(error)) is not None:
        return capped(cap, doing=doing)
    if throttled(error):
        advice = "Other traffic uses up the account's request rate: run again later."
        return Failure(what=f"could not {doing}: throttled to the last attempt ({words})", advice=advice)
    if answer_lost(error):
        return Failure(
            what=f"could not {doing}: the endpoint failed to the last attempt ({name}: {words})",
            advice="A fault of AWS or of the network: run again later.",
        )
    if "cannot be assumed by Lambda" in words:
        advice = "The role's trust policy must let lambda.amazonaws.com assume it (sts:AssumeRole)."
        return Failure(what=f"could not {doing}: {words}", advice=advice)
    return Failure(what=f"could not {doing}: {words} ({name})", advice=_ADVICE.get(name, ""))
