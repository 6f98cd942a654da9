import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from lambdabot.aws.calls.failures import explain, explain_state
from lambdabot.aws.calls.reply import IncompleteReplyError

URL = "https://lambda.us-esat-1.amazonaws.com/"


def client_error(code: str, message: str = "words", status: int = 400, **more: str) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata, **more}, "Create")


def invalid(message: str) -> ClientError:
    return client_error("InvalidParameterValueException", message)


def denied(words: str) -> ClientError:
    user = "User: arn:aws:sts::123456789012:assumed-role/ci/session is not authorized to perform: "
    return client_error("AccessDeniedException", user + words, 403)


RESOURCE = "on resource: arn:aws:lambda:us-east-1:123456789012:function:lambdabot-x because "
CASES = [
    (NoRegionError(), "no AWS Region is set", "aws-region"),
    (NoCredentialsError(), "no usable AWS credentials", "aws-actions/configure-aws-credentials@"),
    (PartialCredentialsError(provider="env", cred_var="X"), "no usable AWS credentials", "--endpoint local"),
    (ProfileNotFound(profile="ci"), "no usable AWS credentials", "aws-profile"),
    (client_error("ExpiredTokenException"), "have expired", "role-duration-seconds"),
    (client_error("ExpiredToken", status=403), "have expired", "role-duration-seconds"),
    (client_error("UnrecognizedClientException"), "does not know these credentials", "enabled this Region"),
    (client_error("InvalidSignatureException"), "rejects the signature", "clock"),
    (client_error("AccessDeniedException", "no"), "access denied (no)", "role-to-assume"),
    (
        denied(f"lambda:CreateFunction {RESOURCE}no identity-based policy allows it"),
        "is not allowed on",
        '"Effect": "Allow"',
    ),
    (
        denied(f"lambda:CreateFunction {RESOURCE}with an explicit deny in a policy"),
        "lambda:CreateFunction",
        "explicitly",
    ),
    (denied(f"lambda:CreateFunction {RESOURCE}no permissions boundary allows it"), "not allowed", "boundary"),
    (denied(f"lambda:CreateFunction {RESOURCE}no service control policy allows it"), "not allowed", "administrator"),
    *(
        (denied(f"lambda:CreateFunction on resource: arn:aws:lambda:x:1:function:f {words}"), "not allowed", advice)
        for words, advice in {
            "with an explicit deny in a service control policy": "service control policy denies it explicitly: ask",
            "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/p-1": "ask its admin",
            "with an explicit deny in a resource control policy": "resource control policy denies it explicitly: ask",
            "with an explicit deny in a permissions boundary": "boundary denies it explicitly: change",
            "with an explicit deny in a session policy": "session's own policy denies it explicitly",
            "with an explicit deny in a VPC endpoint policy": "VPC endpoint that the runner calls through denies it",
            "with an explicit deny in a resource-based policy": "The resource's own policy denies it explicitly",
            "with an explicit deny in the role trust policy": "trust policy denies it explicitly",
            "with an explicit deny in an identity-based policy": "a further statement cannot allow it",
            "with an explicit deny": "A policy denies it explicitly",
            "because no service control policy allows the lambda:CreateFunction action": "does not allow it: ask",
            "because no resource control policy allows the lambda:CreateFunction action": "control policy does",
            "because no permissions boundary allows the lambda:CreateFunction action": "add the action there",
            "because no session policy allows the lambda:CreateFunction action": "`inline-session-policy`",
            "because no VPC endpoint policy allows the lambda:CreateFunction action": "calls through does not allow it",
            "because no resource-based policy allows the lambda:CreateFunction action": "The resource is another",
            "because no role trust policy allows the sts:AssumeRole action": "`lambdabot policy` prints one",
            "because no identity-based policy allows the lambda:CreateFunction action": '"Effect": "Allow"',
        }.items()
    ),
    (denied("iam:PassRole on resource: arn:aws:iam::123456789012:role/copies"), "iam:PassRole", '"iam:PassRole"'),
    (denied("lambda:GetAccountSettings"), "not allowed on *", '"Resource": "*"'),
    (SSLError(endpoint_url=URL, error="self-signed certificate"), "TLS failed", "AWS_CA_BUNDLE"),
    (ProxyConnectionError(proxy_url="http://proxy"), "proxy", "NO_PROXY"),
    (EndpointConnectionError(endpoint_url=URL, error="Failed to resolve"), "no such host", "Region spelled right"),
    (EndpointConnectionError(endpoint_url=URL, error="refused"), "Could not connect", "up and reachable"),
    (ConnectTimeoutError(endpoint_url=URL), "Connect timeout", "firewall"),
    (ConnectionClosedError(endpoint_url=URL), "failed to the last attempt", "run again later"),
    (IncompleteReadError(actual_bytes=1, expected_bytes=2), "cut off on its way (1 read", "run again later"),
    (ResponseParserError("no element found:\nb'<a>'"), "cut off on its way (no element found:)", "run again later"),
    (IncompleteReplyError(operation="GetFunction", member="Code"), "GetFunction lacks Code", "run again later"),
    (client_error("ServiceException", status=500), "failed to the last attempt", "run again later"),
    (client_error("TooManyRequestsException", status=429), "throttled to the last attempt", "Other traffic"),
    (client_error("X", "Member must have value less than or equal to 3008"), "capped at 3,008 MB", "AWS Support"),
    (client_error("X", "The role … cannot be assumed by Lambda."), "cannot be assumed", "sts:AssumeRole"),
    (client_error("CodeStorageExceededException"), "CodeStorageExceededException", "lambdabot clean"),
    (client_error("RequestTooLargeException"), "RequestTooLargeException", "6 MB"),
    (client_error("KMSAccessDeniedException"), "KMSAccessDeniedException", "kms:Decrypt"),
    (client_error("SomethingNew"), "words (SomethingNew)", ""),
    (
        denied('s3:PutObject on resource: "arn:aws:s3:::packages/lambdabot-x/y.zip" because no identity-based policy'),
        "s3:PutObject is not allowed on arn:aws:s3:::packages/lambdabot-x/y.zip",
        '"Resource": "arn:aws:s3:::packages/lambdabot-x/y.zip"',
    ),
    (client_error("NoSuchBucket", "The specified bucket does not exist", 404), "does not exist", "`bucket`"),
    (client_error("RequestTimeTooSkewed", status=403), "rejects the signature", "clock"),
    (InvalidRegionError(region_name="eu west 1"), "eu west 1", "eu-west-1"),
    (TokenRetrievalError(provider="sso", error_msg="Token has expired"), "sign-in has expired", "aws sso login"),
    (UnauthorizedSSOTokenError(), "sign-in has expired", "aws sso login"),
    (ReadTimeoutError(endpoint_url=URL), "Read timeout", "did not answer"),
    (client_error("RequestEntityTooLargeException", status=413), "TooLarge", "`bucket`"),
    (client_error("SnapStartNotReadyException", status=409), "NotReady", "not ready yet"),
    (client_error("SnapStartTimeoutException", status=408), "Timeout", "10 s"),
    (client_error("SnapStartException"), "SnapStart", "own log"),
    (client_error("EFSMountConnectivityException", status=408), "EFS", "port 2049"),
    (client_error("ENILimitReachedException", status=502), "ENILimitReached", ""),
    (
        invalid("Source image 123456789012.dkr.ecr.x/shop:1 does not exist. Provide a valid source image."),
        "exist",
        "tag",
    ),
    (invalid("Source image ID: shop:1 is not valid. Provide a valid source image."), "not valid", "entry point"),
    (
        invalid("The image manifest, config or layer media type for the source image shop:1 is not supported."),
        "not supported",
        "--provenance=false",
    ),
    (
        invalid("The provided execution role does not have permissions to call CreateNetworkInterface on EC2"),
        "CreateNetworkInterface",
        "AWSLambdaVPCAccessExecutionRole",
    ),
    (
        invalid(
            "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this "
            "region: eu-west-1. Please use this region to retry the request"
        ),
        "PermanentRedirect",
        "own Region",
    ),
    (
        client_error(
            "AccessDeniedException",
            "Your access has been denied by S3, please make sure your request credentials have permission to GetObject",
            403,
        ),
        "denied by S3",
        "s3:GetObject",
    ),
    (
        client_error(
            "ResourceNotFoundException",
            "Functions from 'us-west-2' are not reachable in this region ('us-east-1')",
            404,
        ),
        "not reachable",
        "aws-region",
    ),
    (invalid("Unzipped size must be smaller than 262144000 bytes"), "Unzipped size", "250 MB"),
    (
        client_error("TooManyRequestsException", "Rate Exceeded.", 429, Reason="ConcurrentInvocationLimitExceeded"),
        "no concurrency was free",
        "Service Quotas",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: getattr(case[0], "operation_name", "") and str(case[0])[:60])
def test_every_failure_has_its_own_words(case):
    error, what, advice = case
    failure = explain(error, doing="do it")
    assert failure.what.startswith("could not do it: ")
    assert what in failure.what
    assert advice in failure.advice
    assert "123456789012" not in failure.what + failure.advice


def test_the_statement_to_add_names_action_and_resource():
    error = denied(f"lambda:CreateFunction {RESOURCE}no identity-based policy allows the lambda:CreateFunction action")
    assert explain(error, doing="do it").advice.endswith(
        '{"Effect": "Allow", "Action": "lambda:CreateFunction", '
        '"Resource": "arn:aws:lambda:us-east-1:****:function:lambdabot-x"}'
    )


def test_a_failed_state_says_lambdas_reason():
    failure = explain_state("SubnetOutOfIPAddresses", "no address in arn:aws:ec2:x:123456789012:y", doing="do it")
    assert failure.what == "could not do it: no address in arn:aws:ec2:x:****:y (SubnetOutOfIPAddresses)"
    assert "subnets" in failure.advice


def test_a_failed_state_without_a_reason_says_so():
    assert explain_state("", "", doing="do it").what == "could not do it: Lambda gives no reason (no code)"


def test_a_failed_state_is_advised_by_its_words_where_its_code_is_new():
    words = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
    assert "ecr:BatchGetImage" in explain_state("NewCode", words, doing="do it").advice
