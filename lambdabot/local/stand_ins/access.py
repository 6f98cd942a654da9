"""The credentials that a copy's workers get, so that SDKs start: nobody takes them for real, and no AWS takes them."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

from lambdabot.local.exchange import Request

_SECRET = "lambdabot-embedded-endpoint-no-real-credentials"  # noqa: S105  # which it says itself
_SHARED = "ASIAFAKELAMBDABOT000"
_PREFIX = "ASIAFAKE"  # as temporary keys begin; twelve characters more make a key as long as AWS's
_IN_QUERY = re.compile(r"(?:^|&)X-Amz-Credential=([^&]+)")
_OF_S3 = re.compile(r"(?:^|&)AWSAccessKeyId=([A-Z0-9]+)")  # its older presigned addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who a copy is: an access key id of its own tells its calls from those of others, which cannot know it."""

    key: str = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Return the access of a copy."""
        return cls(key=f"{_PREFIX}{secrets.token_hex(6).upper()}")

    @classmethod
    def shared(cls) -> Self:
        """Return the access to an endpoint of the user's own: DynamoDB Local keeps the tables of each key apart."""
        return cls(key=_SHARED)

    def variables(self, url: str) -> Mapping[str, str]:
        """Return the environment variables by which an SDK signs its calls and sends them to an address."""
        return {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_SESSION_TOKEN": _SECRET,
        }


def scope_of(request: Request) -> tuple[str, str]:
    """Return the access key id and the service that a request is signed for; both are empty where it is not signed."""
    if request.credential is not None:
        return request.credential.access_key, request.credential.service
    if found := _OF_S3.search(request.query):
        return found[1], "s3"
    signed = _IN_QUERY.search(request.query)  # a presigned address
    parts = unquote(signed[1]).split("/") if signed else []
    return (parts[0], parts[3]) if len(parts) == 5 else ("", "")  # noqa: PLR2004  # key, date, Region, service, end
