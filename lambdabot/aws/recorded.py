"""Events that lie in S3: one object, or what was recorded of the real traffic, an object for each event."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypedDict

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.calls.threads import run_all
from lambdabot.errors import DeploymentError
from lambdabot.model.event_list import LARGEST_EVENT_BYTES, MOST_RECORDED, Sample

if TYPE_CHECKING:
    from lambdabot.aws.calls.connection import Connection

_AT_ONCE = 32  # reads of small objects, each of which waits on the network


class Object(TypedDict):
    """An object as GetObject wants it."""

    Bucket: str
    Key: str


def place(location: str) -> tuple[str, str]:
    """Return bucket and key (or prefix) of `s3://bucket/key`."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def read_object(connection: Connection, location: str, *, largest: int) -> bytes:
    """Return an object's bytes. Raises CallError, and DeploymentError for one above `largest` bytes."""
    bucket, key = place(location)
    return _read(connection, {"Bucket": bucket, "Key": key}, location, largest)


def _read(connection: Connection, which: Object, location: str, largest: int) -> bytes:
    def read() -> bytes | None:
        answer = connection.objects.get_object(**which)
        # The rest of what is too large is never asked for.
        return None if answer["ContentLength"] > largest else answer["Body"].read()

    body = connection.call("s3.GetObject", read, doing=f"read {location}")
    if body is None:
        what = f"could not read {location}: it is larger than {largest // 1024**2} MB"
        raise DeploymentError(what)
    return body


def read_sample(connection: Connection, location: str) -> Sample:
    """Return the events below a prefix, in the order of their keys; what is left out is counted.

    Raises CallError where nothing can be read.
    """
    bucket, prefix = place(location)
    page = connection.call(
        "s3.ListObjectsV2",
        lambda: connection.objects.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=MOST_RECORDED),
        doing=f"list {location}",
    )
    sample = Sample()
    if page.get("IsTruncated"):
        sample.leave_out(f"or more beyond the first {MOST_RECORDED:,} objects")
    found = [one for one in page.get("Contents", []) if one.get("Size")]  # what stands for a folder is empty
    keys = [one["Key"] for one in found if one["Size"] <= LARGEST_EVENT_BYTES]
    if len(keys) < len(found):
        sample.leave_out("larger than 6 MB", len(found) - len(keys))
    errors: list[CallError] = []
    waiting = iter(keys)
    while batch := list(islice(waiting, _AT_ONCE)):
        if sample.is_full:
            sample.leave_out("beyond what is read", len(batch))
            continue
        for one in run_all(partial(_try, connection, {"Bucket": bucket, "Key": key}) for key in batch):
            if isinstance(one, bytes):
                sample.add(one)
            else:
                errors.append(one)
    if errors and len(errors) == len(keys):
        raise errors[0]
    if errors:
        sample.leave_out("not to be read", len(errors))
    return sample


def _try(connection: Connection, which: Object) -> bytes | CallError:
    try:
        return _read(connection, which, f"s3://{which['Bucket']}/{which['Key']}", LARGEST_EVENT_BYTES)
    except CallError as error:
        return error
