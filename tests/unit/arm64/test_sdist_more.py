"""Sdists, judged by their own files: real archives, damaged ones, and some made to hurt."""

import io
import lzma
import tarfile
import zipfile

import pytest

from lambdabot.arm64.files import sdist
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.arm64.files.sdist import read_sdist

SETUP = "from setuptools import setup\nsetup()\n"
PKG_INFO = "Metadata-Version: {}\nName: alpha\nVersion: 1.0\n{}\n"


def packed(files, *, mode="w:gz"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for path, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(f"alpha-1.0/{path}")
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    stream.seek(0)
    return stream


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("alpha-1.0/", "")
        for path, content in files.items():
            archive.writestr(f"alpha-1.0/{path}", content)
    stream.seek(0)
    return stream


def contents(**files):
    """Read an sdist of these files: `setup_py="..."` is `setup.py`."""
    return read_sdist(packed(files.pop("more", {}) | {NAMES[key]: text for key, text in files.items()}), "a.tar.gz")


NAMES = {"setup": "setup.py", "info": "PKG-INFO", "config": "setup.cfg", "project": "pyproject.toml"}


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w"])
def test_every_compression_is_read(mode):
    found = read_sdist(packed({"PKG-INFO": PKG_INFO.format("2.2", "Requires-Dist: b>=1")}, mode=mode), "a.tar.gz")
    assert found.requires == ("b>=1",)
    assert not found.compiler
    assert not found.broken


def test_zip_is_read_too(elf):
    info = PKG_INFO.format("2.2", "Requires-Dist: b\nProvides-Extra: fast")
    found = read_sdist(zipped({"PKG-INFO": info, "lib/a.so": elf(0x3E)}), "alpha-1.0.zip")
    assert (found.requires, found.extras) == (("b",), ("fast",))
    assert [(native.path, native.machine) for native in found.natives] == [("lib/a.so", "x86_64")]


def test_machine_code_in_an_sdist_is_found_by_its_head(elf):
    found = contents(info=PKG_INFO.format("2.2", ""), more={"lib/a.so": elf(0xB7), "README": "text"})
    assert [(native.path, native.machine) for native in found.natives] == [("lib/a.so", "aarch64")]


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"", "a.tar.gz"),
        (b"<html>no such file</html>", "a.tar.gz"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\xff garbage", "a.tar.gz"),
        (b"\xfd7zXZ\0 garbage", "a.tar.xz"),
        (b"PK\x03\x04 garbage", "a.zip"),
    ],
)
def test_what_is_no_archive_is_unreadable(content, filename):
    with pytest.raises(UnreadableError, match="no readable sdist"):
        read_sdist(io.BytesIO(content), filename)


def test_truncated_archive_is_unreadable():
    whole = packed({"setup.py": SETUP, "data": bytes(range(256)) * 4000}).getvalue()
    with pytest.raises(UnreadableError, match="no readable sdist"):
        read_sdist(io.BytesIO(whole[: len(whole) // 2]), "a.tar.gz")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_with_damaged_data_is_unreadable(compression):
    raw = bytearray(zipped({"setup.py": SETUP * 50}, compression).getvalue())
    at = raw.index(b"setup.py") + len("setup.py")
    raw[at + 9 : at + 40] = b"\xff" * 31
    with pytest.raises(UnreadableError, match="no readable sdist"):
        read_sdist(io.BytesIO(bytes(raw)), "a.zip")


def test_archive_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(sdist, "_UNPACKED_LIMIT", 1_000_000)
    files = {"setup.py": SETUP, "bomb": bytes(1_000_001)}
    bomb = packed(files)
    assert len(bomb.getvalue()) < 5_000
    with pytest.raises(UnreadableError, match="more than is sensible"):
        read_sdist(bomb, "a.tar.gz")
    with pytest.raises(UnreadableError, match="more than is sensible"):
        read_sdist(zipped(files), "a.zip")


@pytest.mark.parametrize(("pack", "filename"), [(packed, "a.tar.gz"), (zipped, "a.zip")])
def test_archive_of_too_many_files_is_refused(monkeypatch, pack, filename):
    monkeypatch.setattr(sdist, "_MEMBERS", 3)
    with pytest.raises(UnreadableError):
        read_sdist(pack({str(number): "" for number in range(6)}), filename)


def test_links_folders_and_devices_are_passed_over():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, kind in (("setup.cfg", tarfile.SYMTYPE), ("folder", tarfile.DIRTYPE), ("null", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(f"alpha-1.0/{name}")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("alpha-1.0/setup.py")
        entry.size = len(SETUP)
        archive.addfile(entry, io.BytesIO(SETUP.encode()))
    stream.seek(0)
    assert read_sdist(stream, "a.tar.gz") == sdist.Contents()


def test_paths_that_climb_out_write_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read_sdist(packed({"setup.py": SETUP, "../../evil": "x", "/abs": "x"}), "a.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_archive_without_project_files_is_no_sdist():
    with pytest.raises(UnreadableError, match="the archive is no sdist"):
        read_sdist(packed({"README": "hello", "deep/er/setup.py": SETUP}), "a.tar.gz")


def test_text_too_large_is_not_taken_for_whole(monkeypatch):
    monkeypatch.setattr(sdist, "_TEXT_LIMIT", 100)
    with pytest.raises(UnreadableError, match="no sdist"):
        contents(setup=SETUP + "#" * 200)


def test_setup_py_without_anything_is_pure():
    assert contents(setup=SETUP) == sdist.Contents()


@pytest.mark.parametrize("text", ["not toml [", "a = " + "[" * 20_000])
def test_malformed_pyproject_breaks_the_build(text):
    assert contents(project=text, setup=SETUP).broken == "its pyproject.toml is malformed"


@pytest.mark.parametrize("text", ["build-system = 1", "[build-system]\nrequires = 5", "tool = 'none'"])
def test_pyproject_of_unexpected_types_is_read_as_far_as_it_goes(text):
    assert contents(project=text, info=PKG_INFO.format("2.2", "")) == sdist.Contents()


@pytest.mark.parametrize(
    ("project", "why"),
    [
        ("[build-system]\nrequires = ['setuptools', 'Cython>=3', 'numpy']", "its build needs cython, numpy"),
        ("[build-system]\nrequires = ['cffi @@ 1', 'maturin']", "its build needs maturin"),
        ("[build-system]\nbuild-backend = 'mesonpy'", "its build backend is mesonpy"),
        ("[[tool.setuptools.ext-modules]]\nname = 'a'", "its pyproject.toml has [tool.setuptools.ext-modules]"),
        (
            "[build-system]\nbuild-backend = 'poetry.core.masonry.api'\n[tool.poetry]\nbuild = 'build.py'",
            "its pyproject.toml has [tool.poetry.build]",
        ),
        (
            "[build-system]\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.hooks.custom]\npath = 'b.py'",
            "its pyproject.toml has [tool.hatch.build.hooks.custom]",
        ),
    ],
)
def test_pyproject_that_compiles_needs_a_compiler(project, why):
    assert contents(project=project).compiler == why


@pytest.mark.parametrize("backend", ["flit_core.buildapi", "hatchling.build", "poetry.core.masonry.api", "uv_build"])
def test_pure_backends_need_none_even_beside_sources(backend):
    project = f"[build-system]\nbuild-backend = '{backend}'"
    found = contents(project=project, info=PKG_INFO.format("2.1", "Requires-Dist: b"), more={"src/a.c": "int a;"})
    assert found.compiler == ""
    assert found.requires == ("b",)


def test_poetry_that_only_writes_a_setup_file_is_pure():
    project = (
        "[build-system]\nbuild-backend = 'poetry.core.masonry.api'\n[tool.poetry.build]\ngenerate-setup-file = false"
    )
    assert contents(project=project, info=PKG_INFO.format("2.1", "")).compiler == ""


def test_extension_in_setup_py_needs_a_compiler():
    assert contents(setup="setup(ext_modules=[x])").compiler == "its setup.py names ext_modules"


@pytest.mark.parametrize("path", ["src/fast.c", "alpha/_speed.PYX", "rust/lib.rs"])
def test_sources_need_a_compiler(path):
    assert contents(setup=SETUP, more={path: ""}).compiler == f"it has sources in {path}"


@pytest.mark.parametrize("path", ["tests/a.c", "Docs/x/a.pyx", "examples/a.rs", "alpha/a.py"])
def test_sources_aside_need_none(path):
    assert contents(setup=SETUP, more={path: ""}).compiler == ""


def test_setup_py_that_cannot_run_breaks_the_build_of_setuptools_only():
    assert "no Python 3" in contents(setup="print 'x'").broken
    project = "[build-system]\nbuild-backend = 'flit_core.buildapi'"
    assert contents(setup="print 'x'", project=project, info=PKG_INFO.format("2.1", "")).broken == ""


def test_dependencies_of_final_metadata_are_taken():
    found = contents(setup="setup(install_requires=compute())", info=PKG_INFO.format("2.2", ""))
    assert (found.requires, found.trouble) == ((), "")


@pytest.mark.parametrize("header", [("2.2", "Dynamic: Requires-Dist"), ("1.2", ""), ("two", ""), ("²", "")])
def test_dependencies_of_dynamic_metadata_are_looked_for_elsewhere(header):
    found = contents(setup="setup(install_requires=['b'])", info=PKG_INFO.format(*header))
    assert found.requires == ("b",)


def test_dependencies_of_an_egg_info_have_sections():
    text = "a>=1\n\n[fast]\nb\n[:python_version < '3']\nc\n[slow:os_name == 'nt']\nd\n"
    found = contents(setup=SETUP, more={"alpha.egg-info/requires.txt": text})
    assert found.requires == (
        "a>=1",
        'b ; extra == "fast"',
        "c ; (python_version < '3')",
        "d ; (os_name == 'nt') and extra == \"slow\"",
    )
    assert found.extras == ("fast", "slow")


def test_egg_info_without_requirements_has_none():
    found = contents(setup="setup(install_requires=compute())", more={"src/a.egg-info/PKG-INFO": "Name: a"})
    assert (found.requires, found.trouble) == ((), "")


def test_dependencies_of_setup_cfg_and_setup_py_add_up():
    config = "[options]\ninstall_requires =\n    a>=1\n    b%1\n"
    found = contents(setup="setup(install_requires=['c', ' '])", config=config)
    assert found.requires == ("a>=1", "b%1", "c")


def test_malformed_setup_cfg_is_trouble():
    assert contents(setup=SETUP, config="no section").trouble == "its setup.cfg is malformed"


def test_computed_dependencies_are_trouble():
    found = contents(setup="setup(install_requires=compute())")
    assert found.trouble == "its dependencies are computed by its setup.py, which is not run"


def test_damage_of_lzma_is_what_the_test_above_means():
    with pytest.raises(lzma.LZMAError):
        lzma.decompress(b"\xff" * 40)
