"""What to do about an error of AWS, by its code or, where one code stands for many things, by its words.

Codes and words: Lambda's API reference and service model, "Troubleshoot deployment issues in Lambda".
"""

import re

# By error code, or by a function's StateReasonCode and LastUpdateStatusReasonCode.
_BY_CODE = {
    "CodeStorageExceededException": "The Region's code storage is full: delete old versions, or run `lambdabot clean`.",
    "CodeArtifactUserFailedException": "Lambda could not prepare the package: build it again.",
    "DisabledKMSKey": "Enable the KMS key, or name another one.",
    "EC2AccessDeniedException": "The execution role needs `AWSLambdaVPCAccessExecutionRole`.",
    "EniLimitExceeded": "Raise the VPC's quota of network interfaces, or run without the VPC.",
    "ENILimitReachedException": "Raise the VPC's quota of network interfaces, or run without the VPC.",
    "ImageAccessDenied": "Let Lambda pull the image: repository policy with ecr:BatchGetImage and "
    "ecr:GetDownloadUrlForLayer for lambda.amazonaws.com.",
    "ImageDeleted": "Push the image again; the tag or digest must exist in the function's Region.",
    "EFSIOException": "The file system failed: look at its throughput and its state.",
    "EFSMountConnectivityException": "The subnets must reach the file system's mount target on port 2049.",
    "EFSMountFailureException": "The access point must let the execution role mount it.",
    "EFSMountTimeoutException": "The file system did not answer: look at its state.",
    "InsufficientRolePermissions": "Give the execution role what the reason names.",
    "InvalidImage": "Build the image for one platform, with Lambda's runtime interface client as its entry point.",
    "InvalidSecurityGroup": "A security group of the VPC is gone: update the function that `like` names.",
    "InvalidSubnet": "A subnet of the VPC is gone: update the function that `like` names.",
    "InvalidRuntimeException": "Name a runtime that Lambda still offers.",
    "InvalidZipFileException": "The package is no zip that Lambda can open: build it again.",
    "KMSAccessDeniedException": "The execution role needs kms:Decrypt on the key.",
    "KMSDisabledException": "Enable the KMS key, or name another one.",
    "KMSInvalidStateException": "The KMS key is pending deletion or import: name another one.",
    "KMSKeyAccessDenied": "The execution role needs kms:Decrypt on the key.",
    "KMSKeyNotFound": "The KMS key does not exist in this Region.",
    "KMSNotFoundException": "The KMS key does not exist in this Region.",
    "NoSuchBucket": "`bucket` in lambdabot.yml names no bucket that is there: create it in the function's Region.",
    "RequestEntityTooLargeException": "A package above 50 MB cannot be uploaded directly: set `bucket` in "
    "lambdabot.yml, or make it smaller.",
    "RequestTooLargeException": "The payload is above Lambda's 6 MB: make it smaller.",
    "SnapStartException": "The snapshot could not be made or restored: the function's own log says why.",
    "SnapStartRegenerationFailure": "The snapshot could not be made again: the function's own log says why.",
    "SnapStartTimeoutException": "The restore took longer than 10 s: do less in the runtime hooks after it.",
    "SnapStartNotReadyException": "The snapshot is not ready yet: run again in some minutes.",
    "SubnetIPAddressLimitReachedException": "The subnets have no free address: add one, or run without the VPC.",
    "SubnetOutOfIPAddresses": "The subnets have no free address: add one, or run without the VPC.",
}

# What Lambda says under the one code InvalidParameterValueException, and some services under AccessDenied.
_BY_WORDS = (
    (re.compile("Source image .* does not exist"), _BY_CODE["ImageDeleted"]),
    (re.compile("Source image .* is not valid"), _BY_CODE["InvalidImage"]),
    (
        re.compile("media type for the source image"),
        "Build for one platform, without attestations: `docker buildx build --platform linux/… --provenance=false`.",
    ),
    (re.compile("does not have permission to access the ECR image"), _BY_CODE["ImageAccessDenied"]),
    (re.compile("does not have permissions to call .* on EC2"), _BY_CODE["EC2AccessDeniedException"]),
    (
        re.compile("bucket is in this region|PermanentRedirect"),
        "Lambda takes packages only from a bucket in its own Region: name one in `bucket`.",
    ),
    (
        re.compile("denied by S3"),
        "The role that lambdabot uses needs s3:GetObject on the package: see `lambdabot policy`.",
    ),
    (
        re.compile("not reachable in this region"),
        "The function is in another Region: set it by `aws-region` of the action, or by AWS_REGION.",
    ),
    (
        re.compile("Layer version .* is not at the embedded endpoint"),
        "Name a folder or .zip with the layer's contents under `local_layers` in lambdabot.yml, or measure on AWS.",
    ),
    (
        re.compile("Unzipped size must be smaller|combined with layers exceeds"),
        "Package and layers may unzip to 250 MB together: leave out what is not needed at run time.",
    ),
)


def remedy(code: str, words: str) -> str:
    """Return what to do; empty when nothing is known but what AWS itself says."""
    return _BY_CODE.get(code) or next((advice for pattern, advice in _BY_WORDS if pattern.search(words)), "")
