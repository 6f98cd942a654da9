"""Packages that go up once, through S3, for all the copies that are made from them."""

from __future__ import annotations

from base64 import b64decode
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.retry import StoppedError
from lambdabot.aws.copies.creation import Creator
from lambdabot.aws.copies.ledger import Kind, LedgerClosedError
from lambdabot.aws.copies.request import Uploaded

if TYPE_CHECKING:
    from pathlib import Path

    from lambdabot.aws.calls.connection import Connection
    from lambdabot.aws.copies.identity import RunIdentity
    from lambdabot.model import Build, LayerBuild

WORTH_BYTES = 5 * 1024 * 1024
"""Above this, one upload for all copies is worth its two calls; above Lambda's 50 MB there is no other way."""


class Uploads:
    """The packages of one run in one bucket, each put there when it is first asked for."""

    def __init__(self, connection: Connection, identity: RunIdentity, creator: Creator, bucket: str) -> None:
        """Call nothing yet."""
        self._connection = connection
        self._identity = identity
        self._creator = creator
        self._bucket = bucket
        self._lock = Lock()
        self._turns: dict[str, Lock] = {}
        self._done: dict[str, Uploaded | Exception] = {}

    def put(self, build: Build | LayerBuild, *, doing: str) -> Uploaded | None:
        """Return where a package is, uploading it when it is first asked for; who asks meanwhile waits.

        None: it goes straight to Lambda, as small ones do. Raises CallError, in words for who asks, StoppedError or
        LedgerClosedError, and the same again for the next.
        """
        path = build.zip_path
        if path is None or build.zip_bytes <= WORTH_BYTES:
            return None
        with self._lock:
            turn = self._turns.setdefault(build.code_sha256, Lock())
        with turn:
            if build.code_sha256 not in self._done:
                try:
                    self._done[build.code_sha256] = self._put(path, build.code_sha256, doing)
                except (CallError, StoppedError, LedgerClosedError) as error:
                    self._done[build.code_sha256] = error
            done = self._done[build.code_sha256]
        if isinstance(done, CallError):
            raise CallError(done.error, doing=doing) from done.error
        if isinstance(done, Exception):
            raise done
        return done

    def _put(self, path: Path, sha256: str, doing: str) -> Uploaded:
        key = f"{self._identity.object_prefix}{b64decode(sha256).hex()}.zip"

        def put() -> object:
            with path.open("rb") as body:
                return self._connection.objects.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ChecksumSHA256=sha256,  # S3 refuses what arrives damaged
                    Tagging=urlencode(self._identity.tags),
                )

        self._creator.create("s3.PutObject", put, kind=Kind.S3_OBJECT, name=f"{self._bucket}/{key}", doing=doing)
        return Uploaded(bucket=self._bucket, key=key)
