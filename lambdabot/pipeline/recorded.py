"""Payloads whose events lie in S3: read before anything is made, with the credentials of the job."""

from dataclasses import replace
from threading import Lock

from lambdabot.aws.calls.connection import Connection, connect
from lambdabot.aws.recorded import read_object, read_sample
from lambdabot.errors import DeploymentError
from lambdabot.model import Form, Function, Payload
from lambdabot.model.event_list import LARGEST_EVENT_BYTES, LARGEST_LIST_BYTES, fault, of_lines
from lambdabot.model.placeholders import EventTemplate


class Recorded:
    """Reads each location once; `connection` None: the embedded endpoint has no S3, so AWS is asked for it."""

    def __init__(self, connection: Connection | None, *, region: str) -> None:
        """Call nothing yet."""
        self._connection = connection
        self._region = region
        self._lock = Lock()  # functions are completed side by side, and may name the same objects
        self._read: dict[tuple[Form, str], Payload | Exception] = {}

    def complete(self, function: Function) -> Function:
        """Return a function with its events. Raises EndpointError and DeploymentError, in words for a reader."""
        question = function.question
        return function.changed(
            payloads=tuple(map(self._complete, question.payloads)),
            gate_payloads=tuple(map(self._complete, question.gate_payloads)),
        )

    def _complete(self, payload: Payload) -> Payload:
        if payload.location is None:
            return payload
        with self._lock:
            if self._connection is None:
                self._connection = connect(endpoint=None, region=self._region)
            key = payload.form, payload.location
            if key not in self._read:
                try:
                    self._read[key] = _read(self._connection, payload, payload.location)
                except Exception as error:  # noqa: BLE001  # raised again, for each who names it
                    self._read[key] = error
            read = self._read[key]
        if isinstance(read, Exception):
            raise read
        return replace(payload, body=read.body, events=read.events, left_out=read.left_out, location=None)


def _read(connection: Connection, payload: Payload, location: str) -> Payload:
    try:
        if payload.form is Form.SAMPLE:
            sample = read_sample(connection, location)
            return replace(payload, events=sample.events, left_out=sample.words)
        largest = LARGEST_EVENT_BYTES if payload.form is Form.EVENT else LARGEST_LIST_BYTES
        data = read_object(connection, location, largest=largest)
        read = replace(payload, body=data) if payload.form is Form.EVENT else replace(payload, events=of_lines(data))
        if payload.form is Form.EVENT and (why := fault(data)):
            raise DeploymentError(_told(location, why))
    except ValueError as error:
        raise DeploymentError(_told(location, str(error))) from error
    templates = map(EventTemplate.read, [read.body] if read.body else [one.body for one in read.events])
    for template in templates:
        if template.near_misses:
            raise DeploymentError(_told(location, str(template.near_misses[0])))
        if template.longest > LARGEST_EVENT_BYTES:
            raise DeploymentError(_told(location, "its placeholders make it larger than the 6 MB that Lambda takes"))
    return read


def _told(location: str, why: str) -> str:
    return f"could not use the events of {location}: {why}"
