"""Throw-away layer versions, on the embedded endpoint: published once, and removed whatever became of the answer."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from botocore.exceptions import ReadTimeoutError

from lambdabot.aws.calls.connection import Connection, connect
from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.copies.identity import described, owner
from lambdabot.aws.copies.journal import Journal
from lambdabot.local.endpoint import serve
from lambdabot.local.faults.document import Chaos
from lambdabot.local.faults.faults import Faults
from lambdabot.model import Architecture, Deployment, LayerBuild


def zip_of(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        written.writestr(name, "X = 1\n")
    return stream.getvalue()


@pytest.fixture
def failures() -> list[dict[str, object]]:
    return []


@pytest.fixture
def local(session, monkeypatch, failures) -> Iterator[Connection]:
    monkeypatch.setattr("lambdabot.aws.calls.connection.boto3.Session", lambda **_: session)
    chaos = Chaos.model_validate({"version": 1, "seed": 3, "canned": [{}], "failures": failures})
    with serve(anyone=True, faults=Faults(chaos)) as served:
        yield connect(endpoint=served.url, region="us-east-1", access_key="LOCAL")


@pytest.fixture
def with_layer(make_copy, tmp_path) -> Callable[..., object]:
    def make(memory_mb: int, name: str = "python/common.py", architecture: Architecture = Architecture.X86_64):
        copy = make_copy(memory_mb, architecture=architecture)
        code, contents = zip_of("app.py"), zip_of(name)
        copy.build.zip_path.write_bytes(code)
        place = tmp_path / "layer.zip" if name == "python/common.py" else tmp_path / "other.zip"
        place.write_bytes(contents)
        layer = LayerBuild(
            name="Common",
            zip_path=place,
            code_sha256=base64.b64encode(hashlib.sha256(contents).digest()).decode(),
            zip_bytes=len(contents),
            unzipped_bytes=6,
        )
        digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
        return replace(copy, build=replace(copy.build, code_sha256=digest, layers=(layer,)))

    return make


def layers(connection: Connection) -> list[str]:
    return [one["LayerName"] for one in connection.control.list_layers()["Layers"]]


def test_a_layer_is_published_once_for_each_architecture_and_removed(local, identity, with_layer):
    arm = Architecture.ARM64
    with Deployments(local, identity) as deployments:
        copies = [
            with_layer(128),
            with_layer(256),
            with_layer(128, "python/other.py"),
            with_layer(512, architecture=arm),
        ]
        # One Variant is one copy: the third has other contents at another size.
        copies[2] = replace(copies[2], variant=with_layer(1024).variant)
        made = deployments.create(copies)
        assert all(isinstance(one, Deployment) for one in made.values()), made
        names = layers(local)
        assert len(names) == 3
        assert all(identity.owns(name) for name in names)
        assert local.calls["lambda.PublishLayerVersion"] == 3
        first = local.control.get_function_configuration(FunctionName=made[copies[0].variant].function_name)
        second = local.control.get_function_configuration(FunctionName=made[copies[1].variant].function_name)
        assert first["Layers"] == second["Layers"]
        assert {one.rpartition("-layer-")[2].partition("-")[2] for one in names} == {"x86-64", "arm64"}

    assert layers(local) == []
    assert deployments.left == ()
    assert deployments.notes == ()


def test_its_description_says_whose_it_is_as_tags_do(identity):
    assert owner(described(identity.description)) == replace(identity, pull_request=None)
    assert described("another layer=of somebody's") == {}
    longest = replace(identity, repository=f"{'o' * 39}/{'r' * 100}", run="x" * 20)
    assert len(longest.description) <= 256
    assert len(identity.layer_name("0" * 64, Architecture.X86_64)) <= 140


@pytest.mark.parametrize(
    "failures",
    [
        [{"calls": [f"lambda:{operation}"], "share": 0.6, "ways": [way]}]
        for operation in ("PublishLayerVersion", "DeleteLayerVersion", "ListLayerVersions")
        for way in ("reset after", "server error after", "throttled")
    ],
)
def test_a_lost_answer_leaves_no_version_behind(local, identity, with_layer, tmp_path):
    journal = Journal.begin(tmp_path / "journal", identity, endpoint=local.endpoint, region="us-east-1")
    with Deployments(local, identity, journal) as deployments:
        deployments.create([with_layer(128), with_layer(256)])

    assert layers(local) == []
    assert deployments.left == ()
    assert not journal.path.exists()


def test_what_the_journal_of_a_killed_run_tells_is_there_before_the_layer(local, identity, with_layer, tmp_path):
    journal = Journal.begin(tmp_path / "journal", identity, endpoint=local.endpoint, region="us-east-1")
    with Deployments(local, identity, journal) as deployments:
        deployments.create([with_layer(128)])
        (name,) = layers(local)
        assert f'{{"planned": ["layer", "{name}"]}}' in journal.path.read_text()


def test_what_cannot_be_published_costs_the_copies_that_have_it_alone(local, identity, with_layer, make_copy):
    broken, whole = with_layer(128), with_layer(256)
    whole = replace(whole, build=replace(whole.build, layers=()))
    (layer,) = broken.build.layers
    layer.zip_path.write_bytes(b"no zip")

    with Deployments(local, identity) as deployments:
        made = deployments.create([broken, whole])

    assert isinstance(made[broken.variant], NotDeployed)
    assert "could not deploy thumbnail (head) at 128 MB x86_64: Could not unzip" in made[broken.variant].reason
    assert isinstance(made[whole.variant], Deployment)
    assert deployments.left == ()


def test_an_empty_list_is_not_believed_because_an_earlier_one_was_lost(local, identity, with_layer, monkeypatch):
    """To list deletes nothing, so a lost list does not explain why a layer is not found that AWS has confirmed."""
    answers = [ReadTimeoutError(endpoint_url="local"), {"LayerVersions": []}]
    listed = local.remover.list_layer_versions

    def late(**asked: str) -> object:
        match answers.pop(0) if answers else None:
            case Exception() as error:
                raise error
            case None:
                return listed(**asked)
            case answer:
                return answer

    with Deployments(local, identity) as deployments:
        deployments.create([with_layer(128)])
        monkeypatch.setattr(local.remover, "list_layer_versions", late)

    assert answers == []
    assert layers(local) == []
