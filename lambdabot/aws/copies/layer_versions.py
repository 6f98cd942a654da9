"""Throw-away versions of the layers that the repository holds: published once, for all copies that have them."""

from __future__ import annotations

from base64 import b64decode
from threading import Lock
from typing import TYPE_CHECKING

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import StoppedError
from lambdabot.aws.copies.ledger import Kind, LedgerClosedError

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import LayerVersionContentInputTypeDef

    from lambdabot.aws.calls.connection import Connection
    from lambdabot.aws.copies.creation import Creator
    from lambdabot.aws.copies.identity import RunIdentity
    from lambdabot.aws.copies.upload import Uploads
    from lambdabot.model import Architecture, LayerBuild


class LayerVersions:
    """The layer versions of one run, each published when it is first asked for."""

    def __init__(
        self, connection: Connection, identity: RunIdentity, creator: Creator, uploads: Uploads | None
    ) -> None:
        """Call nothing yet; large layers go through `uploads`, where there is a bucket."""
        self._connection = connection
        self._identity = identity
        self._creator = creator
        self._uploads = uploads
        self._lock = Lock()
        self._turns: dict[str, Lock] = {}
        self._done: dict[str, str | Exception] = {}

    def arn(self, layer: LayerBuild, architecture: Architecture, *, doing: str) -> str:
        """Return the ARN of a layer's version, publishing it when it is first asked for; who asks meanwhile waits.

        Raises CallError, in words for who asks, StoppedError, LedgerClosedError or OSError, and the same again for the
        next.
        """
        name = self._identity.layer_name(b64decode(layer.code_sha256).hex(), architecture)
        with self._lock:
            turn = self._turns.setdefault(name, Lock())
        with turn:
            if name not in self._done:
                try:
                    self._done[name] = self._publish(layer, architecture, name, doing)
                except (CallError, StoppedError, LedgerClosedError, OSError) as error:
                    self._done[name] = error
            done = self._done[name]
        if isinstance(done, CallError):
            raise CallError(done.error, doing=doing) from done.error
        if isinstance(done, Exception):
            raise done
        return done

    def _publish(self, layer: LayerBuild, architecture: Architecture, name: str, doing: str) -> str:
        uploaded = None if self._uploads is None else self._uploads.put(layer, doing=doing)
        content: LayerVersionContentInputTypeDef = (
            {"ZipFile": layer.zip_path.read_bytes()}
            if uploaded is None
            else {"S3Bucket": uploaded.bucket, "S3Key": uploaded.key}
        )
        answer = self._creator.create(
            "lambda.PublishLayerVersion",
            lambda: self._connection.control.publish_layer_version(
                LayerName=name,
                Description=self._identity.description,
                Content=content,
                CompatibleArchitectures=[architecture.value],
            ),
            kind=Kind.LAYER,
            name=name,
            doing=doing,
        )
        assert answer is not None  # noqa: S101  # no name is taken: one more version of it is made
        return answer["LayerVersionArn"]
