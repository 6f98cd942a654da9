"""An error in the words of each AWS protocol, which no SDK repeats: a run must not wait for its retries.

The status is 403: SDKs repeat what is 429 or 5xx, and S3's asks once more after a 400 to HeadObject.
"""

import json
import uuid
from html import escape

from lambdabot.local.exchange import Response
from lambdabot.local.stand_ins.recognition import Protocol

CODE = "NoAWSHere"
_STATUS = 403
_SHORT, _BYTE = 24, 0x100  # lengths that fit into the head of a CBOR item (RFC 8949, section 3)


def refuse(protocol: Protocol, message: str) -> Response:
    """Return the error as a protocol's SDK reads it."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": CODE}
    match protocol:
        case "json" | "rest-json":
            kind, body = "application/json", json.dumps({"__type": CODE, "message": message}).encode()
        case "cbor":
            kind, body = "application/cbor", _cbor({"__type": CODE, "message": message})
            headers["smithy-protocol"] = "rpc-v2-cbor"
        case "query" | "ec2" | "rest-xml":
            kind, body = "text/xml", _xml(protocol, message, request_id).encode()
    return Response(status=_STATUS, headers={**headers, "Content-Type": kind}, body=body)


def _xml(protocol: Protocol, message: str, request_id: str) -> str:
    error = f"<Error><Code>{CODE}</Code><Message>{escape(message)}</Message></Error>"
    told = f"<RequestId>{request_id}</RequestId>"
    match protocol:
        case "ec2":
            return f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
        case "rest-xml":
            return error.replace("</Error>", f"{told}</Error>")
    return f"<ErrorResponse>{error.replace('<Error>', '<Error><Type>Sender</Type>')}{told}</ErrorResponse>"


def _cbor(members: dict[str, str]) -> bytes:
    """Return a map of a few texts as CBOR."""
    pairs = b"".join(_text(key) + _text(value) for key, value in members.items())
    return bytes([0xA0 | len(members)]) + pairs


def _text(value: str) -> bytes:
    data = value.encode()
    size = len(data)
    if size < _SHORT:
        return bytes([0x60 | size]) + data
    if size < _BYTE:
        return bytes([0x78, size]) + data
    return b"\x79" + size.to_bytes(2, "big") + data
