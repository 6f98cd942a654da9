"""Archives and manifests with damage anywhere: read, or refused with the reason, and never a crash."""

import gzip
import io
import json
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdabot.arm64.check import check
from lambdabot.arm64.files.archive import zip_members
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.arm64.files.sdist import read_sdist
from lambdabot.arm64.files.shipped import read_shipped
from lambdabot.arm64.files.wheel import read_wheel
from lambdabot.arm64.formats.requirements_txt import read_requirements
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.rules import rules_of
from lambdabot.arm64.target import Target
from lambdabot.errors import UsageError
from lambdabot.workspace import Workspace
from tests.spot_check import examples

COMMON = settings(
    deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Where to cut, how much to take away, what to put there; places count from the end, where a zip's directory is.
CUTS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=4)), min_size=1, max_size=4)


def damaged(content: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for back, length, put in cuts:
        place = max(0, len(content) - back)
        content = content[:place] + put + content[place + length :]
    return content


def tar_bytes(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "x"}) as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


@given(cuts=CUTS)
@COMMON
def test_wheels_and_zips(wheel_bytes, elf, cuts):
    files = {"alpha/a.bin": elf(0x3E), "alpha/b.so": elf(0xB7, glibc="2.40")}
    content = damaged(wheel_bytes("alpha", "1.0", files=files), cuts)
    for read in (
        lambda: read_wheel(io.BytesIO(content), "alpha", scan=True),
        lambda: read_shipped(zip_members(io.BytesIO(content))),
    ):
        try:
            read()
        except UnreadableError as error:
            assert str(error)  # noqa: PT017  # one of two good ends


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_a_damaged_file_is_told_to_be_damaged(elf, packing):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        archive.writestr("a.so", elf(0xB7, glibc="2.40"))
    content = packed.getvalue()
    middle = content.index(b"a.so") + (content.index(b"PK\x01\x02") - content.index(b"a.so")) // 2
    content = content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 8]) + content[middle + 8 :]
    with pytest.raises(UnreadableError, match=r"^it is damaged: "):
        read_shipped(zip_members(io.BytesIO(content)))


@given(cuts=CUTS, packed=st.booleans())
@COMMON
def test_sdists(cuts, packed):
    files = {"alpha-1.0/PKG-INFO": b"Metadata-Version: 2.2\nName: alpha\n", "alpha-1.0/setup.py": b"setup()"}
    content = tar_bytes(files)
    content = damaged(gzip.compress(content), cuts) if packed else gzip.compress(damaged(content, cuts))
    try:
        read_sdist(io.BytesIO(content), "alpha-1.0.tar.gz")
    except UnreadableError as error:
        assert str(error)  # noqa: PT017  # one of two good ends


@given(cuts=CUTS)
@COMMON
def test_images(tmp_path, elf, cuts):
    layer = tar_bytes({"lib/libc.so.6": b"stable release version 2.34", "var/task/a.so": elf(0x3E)})
    documents = {"manifest.json": [{"Config": "c.json", "Layers": ["l.tar"]}], "c.json": {"config": {"Env": ["A=b"]}}}
    files = {name: json.dumps(document).encode() for name, document in documents.items()}
    path = tmp_path / "image.tar"
    path.write_bytes(damaged(tar_bytes({**files, "l.tar": layer}), cuts))
    answer = check(path, Workspace.around(path), Target("3.12", "2.34"), IndexAccess(None, 1))
    assert answer.verdict in {"blocked", "unknown"}


def test_archive_that_trips_its_reader_is_unsound():
    with pytest.raises(UnreadableError, match="no readable sdist"):
        read_sdist(io.BytesIO(gzip.compress(b"")[:3]), "alpha-1.0.tar.gz")


PIECES = st.sampled_from(
    [
        *(
            "numpy>=1.2",
            "a[b,c]==1.*",
            " ; python_version > '3'",
            " @ ",
            "https://[",
            "http://[::1",
            "https://x.invalid/",
        ),
        *("a-1.0-py3-none-any.whl", "#sha256=aa", " --hash=sha256:aa", "-r ", "-c ", "-e ", "-i ", "--index-url="),
        *(
            "requirements.txt",
            "x" * 300,
            "git+",
            "file:",
            "./",
            "\\\n",
            "\n",
            "\r",
            "\0",
            "\x0c",
            "\u2028",
            "#",
            "'",
            '"',
        ),
        *("${HOME}", "--no-binary ", ":all:", "--pre", "-f ", "--what ", "(", ")", "===", "é", "::error::"),
    ]
)


@given(pieces=st.lists(PIECES | st.text(max_size=3), max_size=12))
@settings(COMMON, max_examples=examples(500))
def test_requirements(tmp_path, pieces):
    path = tmp_path / "requirements.txt"
    path.write_text("".join(pieces), encoding="utf-8", errors="replace", newline="")
    try:
        rules_of(read_requirements(path, Workspace.around(path)))
    except UsageError as error:
        assert {mistake.path.name for mistake in error.mistakes} == {path.name}  # noqa: PT017  # one of two good ends
