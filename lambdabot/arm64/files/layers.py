"""Lambda layers: their zips are read, whatever their publishers typed into CompatibleArchitectures."""

import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, BinaryIO, Protocol, cast

import requests

from lambdabot.arm64.files.archive import zip_members
from lambdabot.arm64.files.contents import BAD_ARCHIVE, UnreadableError
from lambdabot.arm64.files.ranged import save
from lambdabot.arm64.files.shipped import Shipped, read_shipped
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.indexes.transport import Transport, UnreachableError, cause, status
from lambdabot.errors import EndpointError
from lambdabot.redaction import redact

_LAYERS = 5  # that a function may have (AWS Lambda, "Lambda quotas")
_LIMIT = 300 * 1024 * 1024  # bytes; all layers of a function unzip to 250 MB at most
_IN_MEMORY = 8 * 1024 * 1024


class LayerClient(Protocol):
    """What is needed of boto3's Lambda client; its errors are told in words."""

    def get_layer_version_by_arn(self, *, Arn: str) -> Mapping[str, Any]:  # noqa: N803  # AWS's own name
        """Return the layer version with a presigned address of its content. Raises EndpointError."""
        ...


def read_layers(client: LayerClient, arns: Iterable[str], access: IndexAccess) -> list[tuple[str, Shipped | str]]:
    """Return each layer's redacted ARN and what it ships; the reason in words where it could not be read."""

    def read(arn: str) -> Shipped | str:
        try:
            return _read(client, arn, transport)
        except EndpointError as error:
            return redact(error.what)
        except (UnreadableError, UnreachableError) as error:
            return str(error)
        except requests.RequestException as error:
            return cause(error)
        except BAD_ARCHIVE as error:
            return f"it is no sound zip file: {error}"

    with closing(Transport((), access)) as transport, ThreadPoolExecutor(_LAYERS) as pool:
        named = list(arns)
        return list(zip(map(redact, named), pool.map(read, named), strict=True))


def _read(client: LayerClient, arn: str, transport: Transport) -> Shipped:
    location = str(client.get_layer_version_by_arn(Arn=arn)["Content"]["Location"])
    with transport.get(location, {}) as response, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        if not response.ok:
            raise UnreadableError(why=status(response))
        save(response, cast("BinaryIO", spool), _LIMIT)
        return read_shipped(zip_members(cast("BinaryIO", spool)))
