"""Layers, over real HTTP as from a presigned address; the client that gives the address is a stub of boto3's call."""

import io
import zipfile

import pytest
from botocore.exceptions import ClientError

from lambdabot.arm64 import layers
from lambdabot.arm64.check import check_layers
from lambdabot.arm64.target import Target

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"
SHOWN = "arn:aws:lambda:eu-west-1:************:layer:tools:3"
TARGET = Target("3.12", "2.34")


class Client:
    """Gives addresses of the loopback server, or raises what AWS would say."""

    def __init__(self, location: str = "", error: Exception | None = None) -> None:
        self.location, self.error = location, error

    def get_layer_version_by_arn(self, *, Arn: str):  # noqa: N803  # AWS's own name
        if self.error is not None:
            raise self.error
        return {"Content": {"Location": self.location}, "LayerVersionArn": Arn, "CompatibleArchitectures": ["arm64"]}


@pytest.fixture
def served(private_index):
    """Serve a zip of these files and return a client that knows its address."""

    def client(files: dict[str, bytes] | None, content: bytes = b"") -> Client:
        stream = io.BytesIO()
        if files is not None:
            with zipfile.ZipFile(stream, "w") as archive:
                for name, data in files.items():
                    archive.writestr(name, data)
            content = stream.getvalue()
        private_index.wheel("layer", "1.0")
        private_index.files["layer"]["layer-1.0-py3-none-any.whl"].content = content
        return Client(private_index.url.replace("/simple/", "/files/layer/layer-1.0-py3-none-any.whl"))

    return client


def ask(client):
    return check_layers(client, [ARN], TARGET, cache_dir=None, timeout=5)


def test_layer_that_is_for_another_processor_blocks_whatever_its_publisher_typed(served, elf):
    answer = ask(served({"bin/tool": elf(0x3E), "python/app.py": b""}))
    assert answer.verdict == "blocked"
    assert answer.layers == (f"{SHOWN}: bin/tool is machine code for x86_64, and there is none for arm64 beside it",)
    assert answer.native_files == ()
    assert "123456789012" not in str(answer)


def test_layer_without_machine_code_is_ready(served):
    answer = ask(served({"python/app.py": b""}))
    assert (answer.verdict, answer.layers) == ("ready", (f"{SHOWN}: ready",))


def test_layer_that_cannot_be_had_is_not_checked(served):
    denied = ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": f"no access to {ARN}"}}, "GetLayerVersionByArn"
    )
    clients = {
        "AccessDenied": Client(error=denied),
        "no connection": Client("http://127.0.0.1:9/x"),
        "HTTP 404": Client(served({}).location + "x"),
        "no sound zip": served(None, b"no zip"),
    }
    for words, client in clients.items():
        answer = ask(client)
        assert answer.verdict == "unknown"
        assert words in answer.layers[0]
        assert "123456789012" not in str(answer)


def test_layer_larger_than_any_is_not_read(served, monkeypatch):
    monkeypatch.setattr(layers, "_LIMIT", 10)
    assert "too large" in ask(served({"a": b"x" * 1000})).layers[0]


def test_no_layers_are_ready():
    assert check_layers(Client(), [], TARGET, cache_dir=None, timeout=5).verdict == "ready"
