"""Layers, over real HTTP as from a presigned address; the client that gives the address is hand-made."""

import io
import zipfile

import pytest

from lambdabot.arm64.check import check_layers
from lambdabot.arm64.files import archive, layers
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target
from lambdabot.errors import EndpointError

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"
SHOWN = "arn:aws:lambda:eu-west-1:****:layer:tools:3"
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
    return check_layers(client, [ARN], TARGET, IndexAccess(None, 5))


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
    denied = EndpointError(f"could not read the layer: no access to {ARN} (AccessDeniedException)")
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


def test_layer_whose_download_breaks_off_is_not_checked(served, private_index):
    client = served({"python/app.py": b"x" * 1000})
    private_index.cut = True
    answer = ask(client)
    assert answer.verdict == "unknown"
    assert answer.layers == (f"{SHOWN}: not checked: the answer broke off",)


def test_layer_that_unpacks_to_far_too_much_is_not_unpacked(served, monkeypatch):
    client = served({"a": bytes(10_000)})
    monkeypatch.setattr(archive, "_UNZIPPED_LIMIT", 9_999)
    assert "it unpacks to far more than Lambda takes" in ask(client).layers[0]


def test_distributions_of_a_layer_for_x86_64_alone_block(served, elf):
    files = {
        "python/alpha/core.so": elf(0x3E),
        "python/alpha-1.0.dist-info/METADATA": b"Name: alpha\nVersion: 1.0\n",
        "python/alpha-1.0.dist-info/WHEEL": b"Tag: cp312-cp312-manylinux_2_17_x86_64\n",
        "python/alpha-1.0.dist-info/RECORD": b"alpha/core.so,,\n",
    }
    answer = ask(served(files))
    assert answer.verdict == "blocked"
    assert "python/alpha/core.so is machine code for x86_64" in answer.layers[0]


def test_layers_of_the_same_name_in_two_accounts_are_two(served, elf):
    client = served({"bin/tool": elf(0x3E)})
    answer = check_layers(client, [ARN, ARN.replace("123456789012", "210987654321")], TARGET, IndexAccess(None, 5))
    assert len(answer.layers) == 2


def test_one_layer_that_cannot_be_read_leaves_the_others(served, elf):
    good = served({"lib/a.so": elf(0xB7)})
    other = ARN.replace("tools", "gone")

    class Some(Client):
        def get_layer_version_by_arn(self, *, Arn: str):  # noqa: N803  # AWS's own name
            answer = super().get_layer_version_by_arn(Arn=Arn)
            return answer if Arn == ARN else {"Content": {"Location": good.location + "x"}}

    answer = check_layers(Some(good.location), [other, ARN], TARGET, IndexAccess(None, 5))
    assert answer.verdict == "unknown"
    assert [line.partition(":layer:")[2] for line in answer.layers] == [
        "gone:3: not checked: 127.0.0.1 answers (HTTP 404)".replace("127.0.0.1", good.location.split("/")[2]),
        "tools:3: ready",
    ]


def test_settings_that_cannot_be_read_leave_a_layer_unchecked(served, monkeypatch):
    files = {
        "python/alpha-1.0.dist-info/METADATA": b"Name: alpha\nVersion: 1.0\n",
        "python/alpha-1.0.dist-info/WHEEL": b"Tag: cp312-cp312-manylinux_2_17_x86_64\n",
    }
    monkeypatch.setenv("PIP_INDEX_URL", "https://[")
    answer = ask(served(files))
    assert answer.verdict == "unknown"
    assert "not checked: an index address" in answer.layers[0]


def test_no_layers_are_ready():
    assert check_layers(Client(), [], TARGET, IndexAccess(None, 5)).verdict == "ready"
