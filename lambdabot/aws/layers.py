"""Layers as the ARM64 check asks for them: by their ARN."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdabot.aws.calls.connection import Connection
from lambdabot.aws.calls.retry import StoppedError
from lambdabot.errors import EndpointError
from lambdabot.redaction import redact


@dataclass(frozen=True, slots=True)
class Layers:
    """boto3's Lambda client as far as layers go, by the one way for every call."""

    connection: Connection

    def get_layer_version_by_arn(self, *, Arn: str) -> Mapping[str, Any]:  # noqa: N803  # boto3's own name
        """Return the layer version with a presigned address of its content. Raises EndpointError."""
        doing = f"read the layer {redact(Arn)}"
        try:
            return self.connection.call(
                "lambda.GetLayerVersionByArn",
                lambda: self.connection.control.get_layer_version_by_arn(Arn=Arn),
                doing=doing,
            )
        except StoppedError as error:
            message = f"could not {doing}: the run ends"
            raise EndpointError(message) from error
