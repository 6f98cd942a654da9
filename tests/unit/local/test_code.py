import base64
import gc
import hashlib
import io
import os
import stat
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdabot.local import code as code_module
from lambdabot.local.api_error import ApiError
from lambdabot.local.code import CodeStore


def archive(*entries: tuple[str, bytes, int]) -> bytes:
    """Return a zip of (name, content, mode with file type)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, content)
    return buffer.getvalue()


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> tuple[str, bytes, int]:
    return name, content, stat.S_IFREG | mode


def link(name: str, target: str) -> tuple[str, bytes, int]:
    return name, target.encode(), stat.S_IFLNK | 0o777


def refused(codes: CodeStore, zipped: bytes) -> str:
    with pytest.raises(ApiError) as error:
        codes.unpack(zipped)
    return error.value.message


def empty(folder: Path) -> bool:
    gc.collect()
    return not list(folder.iterdir())


def test_a_package_is_unpacked_with_its_modes_and_its_hash(codes, tmp_path):
    zipped = archive(file("bin/tool", mode=0o700), file("app.py", b"text"), ("empty/", b"", stat.S_IFDIR | 0o755))
    code = codes.unpack(zipped)
    assert code.sha256 == base64.b64encode(hashlib.sha256(zipped).digest()).decode()
    assert code.size == len(zipped) == codes.total_size
    assert (code.folder / "app.py").read_bytes() == b"text"
    assert stat.S_IMODE((code.folder / "app.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((code.folder / "bin/tool").stat().st_mode) == 0o544
    assert (code.folder / "empty").is_dir()


def test_no_other_user_reads_the_zip_and_every_worker_reads_the_code(codes):
    code = codes.unpack(archive(file("app.py")))
    assert stat.S_IMODE(code.package.stat().st_mode) == 0o600
    assert stat.S_IMODE(code.folder.parent.stat().st_mode) == 0o711
    assert code.folder.stat().st_mode & 0o005 == 0o005


def test_the_folder_goes_with_the_last_one_who_uses_it(codes, tmp_path):
    zipped = archive(file("app.py"))
    first, second = codes.unpack(zipped), codes.unpack(zipped)
    assert first is second
    del first
    assert (second.folder / "app.py").exists()
    del second
    assert empty(tmp_path)
    assert codes.unpack(zipped).folder.exists()


def test_the_same_bytes_at_once_are_unpacked_once(codes, tmp_path):
    zipped = archive(*(file(f"module{number}.py", os.urandom(1000)) for number in range(50)))
    found = []
    threads = [threading.Thread(target=lambda: found.append(codes.unpack(zipped))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(code) for code in found}) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["../out.py", "/etc/out.py", "a/../../out.py", "a\\..\\..\\out.py", "C:\\out.py"])
def test_a_path_that_leaves_the_folder_is_refused(codes, tmp_path, name):
    assert "leaves its folder" in refused(codes, archive(file(name)))
    assert empty(tmp_path)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../out", "../task/../../out"])
def test_a_link_that_leaves_the_folder_is_refused(codes, tmp_path, target):
    assert "leaves its folder" in refused(codes, archive(link("loop", target)))
    assert empty(tmp_path)


def test_a_link_inside_is_kept_and_nothing_is_written_through_it(codes):
    code = codes.unpack(archive(file("lib/real.so", b"native"), link("lib/alias.so", "real.so")))
    assert (code.folder / "lib/alias.so").read_bytes() == b"native"
    assert (code.folder / "lib/alias.so").is_symlink()


@pytest.mark.parametrize(
    "entries",
    [
        (link("d", "/tmp"), file("d/out.py")),  # noqa: S108  # the folder that an attacker would name
        (file("d/out.py"), link("d", "/tmp")),  # noqa: S108
        (link("a", "b"), link("b", "..")),
        (link("a", "."), link("a/b", "../../out")),
        (link("a", "b/../out"), link("b", ".")),
        (link("a", "a"), file("a/b")),
        (link("a", ""),),
    ],
)
def test_links_in_the_way_of_files_are_refused(codes, tmp_path, entries):
    refused(codes, archive(*entries))
    assert empty(tmp_path)


def test_devices_and_pipes_are_refused(codes):
    assert "neither a file" in refused(codes, archive(("pipe", b"", stat.S_IFIFO | 0o644)))


def test_a_bomb_stops_at_the_limit(codes, tmp_path, monkeypatch):
    monkeypatch.setattr(code_module, "UNZIPPED_LIMIT", 3_000_000)
    assert "Unzipped size must be smaller than 3000000 bytes" in refused(codes, archive(file("big", bytes(3_000_001))))
    assert "Unzipped size" in refused(codes, archive(file("a", bytes(2_000_000)), file("b", bytes(2_000_000))))
    assert codes.unpack(archive(file("ok", bytes(3_000_000)))).size > 0


def test_too_many_files_and_too_large_a_zip_are_refused(codes, monkeypatch):
    monkeypatch.setattr(code_module, "_FILES_LIMIT", 2)
    assert "more than 2 files" in refused(codes, archive(file("a"), file("b"), file("c")))
    monkeypatch.setattr(code_module, "ZIPPED_LIMIT", 10)
    assert "Request must be smaller than" in refused(codes, archive(file("a")))


@pytest.mark.parametrize(
    "entries", [(file("a"), file("a")), (file("a"), file("a/b")), (file("x" * 300),), (link("l", "x" * 5000),)]
)
def test_what_cannot_be_unpacked_is_refused_and_removed(codes, tmp_path, entries, recwarn):
    assert refused(codes, archive(*entries))
    assert empty(tmp_path)


def test_an_empty_package_is_refused(codes):
    assert refused(codes, archive()) == "Uploaded file must be a non-empty zip"


def test_encrypted_packages_are_refused(codes):
    plain = bytearray(archive(file("a")))
    plain[6] |= 1
    plain[plain.index(b"PK\x01\x02") + 8] |= 1
    assert "Could not unzip uploaded file" in refused(codes, bytes(plain))


@given(noise=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8), cut=st.integers(0, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_zip_is_unpacked_or_refused_and_writes_nothing_outside(codes, tmp_path, noise, cut):
    zipped = bytearray(archive(file("pkg/app.py", b"print(1)" * 20), link("alias", "pkg"), file("data", b"y" * 50)))
    for position, value in noise:
        zipped[position % len(zipped)] = value
    before = set(tmp_path.parent.iterdir())
    code = ""
    try:
        codes.unpack(bytes(zipped[: len(zipped) - cut % 50]))
    except ApiError as error:
        code = error.code
    assert code in {"", "InvalidParameterValueException"}
    assert set(tmp_path.parent.iterdir()) == before


def test_a_package_is_downloaded_by_its_secret_alone(codes):
    zipped = archive(file("a"))
    code = codes.unpack(zipped)
    assert codes.package(code.token) == zipped
    for token in ("", code.token[:-1], "x" * len(code.token)):
        with pytest.raises(ApiError) as error:
            codes.package(token)
        assert error.value.status == 403


def test_later_layers_lie_over_earlier_ones_whatever_they_are(codes):
    first = codes.unpack(
        archive(file("python/a.py", b"1"), file("python/b.py", b"1"), file("data/x"), file("plain"), link("to", "data"))
    )
    second = codes.unpack(
        archive(file("python/b.py", b"2", 0o755), file("data", b"a file"), file("plain/inner"), file("to/inner"))
    )

    merged = codes.merged([first, second])

    assert {
        str(path.relative_to(merged.folder)): path.read_bytes() for path in merged.folder.rglob("*") if path.is_file()
    } == {
        "python/a.py": b"1",
        "python/b.py": b"2",
        "data": b"a file",
        "plain/inner": b"x",
        "to/inner": b"x",
    }
    assert os.access(merged.folder / "python/b.py", os.X_OK)
    assert (first.folder / "data/x").read_bytes() == b"x", "a layer of its own stays as it was"
    assert codes.merged([first, second]) is merged
    folder = merged.folder
    del merged
    gc.collect()
    assert not folder.exists()


def test_no_link_of_layers_leads_out_of_what_came_of_them(codes):
    first = codes.unpack(archive(file("a/b/c"), link("out", "a/b/../../a")))
    second = codes.unpack(archive(link("a", "."), file("b/c")))

    with pytest.raises(ApiError, match="leaves its folder"):
        codes.merged([first, second])
