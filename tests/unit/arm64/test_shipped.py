"""Built packages: distributions, machine code, siblings, glibc, jars, strays, and zips that mean harm."""

import io
import struct
import zipfile
from functools import partial
from pathlib import Path

import pytest

from lambdabot.arm64.check import check, check_function
from lambdabot.arm64.files.archive import members
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.arm64.files.native import NativeFile, foreign, machine, without_sibling
from lambdabot.arm64.files.shipped import read_shipped
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target
from lambdabot.model import Selection
from lambdabot.workspace import Workspace

TARGET = Target("3.12", "2.34")
NODE = Target.of_runtime("nodejs22.x")
X86, ARM = 0x3E, 0xB7


@pytest.fixture
def package(tmp_path: Path):
    """Write files into a folder and a zip of it."""

    def written(files: dict[str, bytes]) -> tuple[Path, Path]:
        folder, archive = tmp_path / "package", tmp_path / "package.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                zipped.writestr(name, content)
        return folder, archive

    return written


def installed(name: str, version: str, *tags: str, files: tuple[str, ...] = (), place: str = "") -> dict[str, bytes]:
    info = f"{place}{name}-{version}.dist-info"
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: x\n".encode(),
        f"{info}/WHEEL": ("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags)).encode(),
        f"{info}/RECORD": "".join(f"{file},sha256=x,1\n" for file in files).encode(),
    }


def ask(path: Path, target: Target = TARGET):
    return check(path, Workspace.around(path), target, IndexAccess(None, 5))


def test_distributions_for_another_machine_are_looked_up_and_the_others_told_as_they_are(package, package_index, elf):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_17_aarch64")
    files = {
        **installed("alpha", "1.0", "cp312-cp312-manylinux_2_17_x86_64", files=("alpha/core.so",)),
        **installed("pure", "2.0", "py3-none-any", files=("pure/a.py",)),
        **installed("arm", "3.0", "cp312-cp312-manylinux_2_17_aarch64", files=("arm/core.so",), place="python/"),
        "alpha/core.so": elf(X86),
        "python/arm/core.so": elf(ARM),
        "app.py": b"",
    }
    for path in package(files):
        answer = ask(path)
        assert answer.verdict == "ready"
        assert {each.name: str(each.verdict) for each in answer.packages} == {
            "alpha": "wheel",
            "pure": "pure",
            "arm": "wheel",
        }
        assert answer.native_files == ()
    assert "/simple/pure/" not in package_index.asked


def test_machine_code_of_nobody_blocks_unless_it_has_a_sibling(package, elf):
    files = {
        "lib/tool": elf(X86),
        "lib/linux-x64/a.node": elf(X86),
        "lib/linux-arm64/a.node": elf(ARM),
        "lib/a.o": elf(X86, kind=1),
    }
    for path in package(files):
        answer = ask(path)
        assert answer.verdict == "blocked"
        assert answer.native_files == ("lib/tool is machine code for x86_64, and there is none for arm64 beside it",)


def test_function_as_it_lies_is_blocked_by_what_could_be_installed_again(package, package_index, elf):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_17_aarch64")
    _, archive = package(
        {
            **installed("alpha", "1.0", "cp312-cp312-manylinux_2_17_x86_64", files=("alpha/core.so",)),
            "alpha/core.so": elf(X86),
        }
    )
    answer = check_function(archive, None, Workspace.around(archive), TARGET, IndexAccess(None, 5))
    assert answer.verdict == "blocked"
    assert answer.packages[0].verdict == "wheel"
    assert "alpha/core.so" in answer.native_files[0]


def test_function_of_one_file_is_judged_by_it(tmp_path, elf):
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "bootstrap").write_bytes(elf(X86))
    answers = {
        name: check_function(tmp_path / name, None, Workspace(tmp_path), TARGET, IndexAccess(None, 5)).verdict
        for name in ("app.py", "bootstrap")
    }
    assert answers == {"app.py": "ready", "bootstrap": "blocked"}


def test_function_with_requirements_is_both(package, package_index, tmp_path, elf):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_17_x86_64")
    folder, _ = package({"app.py": b"", "tool": elf(X86)})
    (tmp_path / "requirements.txt").write_text("alpha==1.0\n")
    answer = check_function(folder, tmp_path / "requirements.txt", Workspace(tmp_path), TARGET, IndexAccess(None, 5))
    assert answer.verdict == "blocked"
    assert [each.name for each in answer.packages] == ["alpha"]
    assert len(answer.native_files) == 1
    assert "blocked by alpha" in answer.reason
    missing = check_function(folder, tmp_path / "none.txt", Workspace(tmp_path), TARGET, IndexAccess(None, 5))
    assert missing.verdict == "blocked"
    assert "cannot be read" in missing.reason


def test_wheel_for_any_platform_with_machine_code_blocks(package, elf):
    files = {**installed("driver", "1.0", "py3-none-any", files=("driver/tool",)), "driver/tool": elf(X86)}
    answer = ask(package(files)[0])
    assert [str(each.verdict) for each in answer.packages] == ["x86_64 native file"]
    assert answer.packages[0].fix
    assert answer.native_files == ()


def test_what_blocks_by_its_contents_and_by_an_index_is_named_once(package, package_index, elf):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_17_x86_64")
    files = {
        **installed("driver", "1.0", "py3-none-any", files=("driver/tool",)),
        "driver/tool": elf(X86),
        **installed("alpha", "1.0", "cp312-cp312-manylinux_2_17_x86_64", files=("alpha/core.so",)),
        "alpha/core.so": elf(X86),
    }
    assert ask(package(files)[0]).reason == "blocked by driver, alpha"


def test_bootstraps_and_node_modules_say_what_to_do(package, elf):
    folder, _ = package(
        {
            "bootstrap": elf(X86),
            "node_modules/sharp/build/sharp.node": elf(X86),
            "lib.so": b"\xcf\xfa\xed\xfe" + bytes(30),
        }
    )
    answer = ask(folder, NODE)
    assert "GOARCH=arm64" in answer.native_files[0]
    assert "npm install --os=linux --cpu=arm64" in answer.native_files[1]
    assert answer.native_files[2] == "lib.so was built for macOS, not for Linux"


def test_stray_of_another_system_alone_does_not_block(package):
    folder, _ = package({"lib.so": b"MZ" + bytes(30), "tool.exe": b"MZ" + bytes(30)})
    answer = ask(folder)
    assert answer.verdict == "ready"
    assert answer.native_files == ("lib.so was built for Windows, not for Linux",)


def test_glibc_of_arm64_files_is_compared_with_the_runtime(package, elf):
    files = {"bootstrap": elf(ARM, glibc="2.38", size=3_000_000), "old.so": elf(ARM, glibc="2.28")}
    assert ask(package(files)[0]).native_files == ("bootstrap needs glibc 2.38, and the runtime has 2.34",)
    assert len(ask(package(files)[0], Target("", "2.26")).native_files) == 2


def test_glibc_version_across_a_border_of_pieces_is_seen(elf):
    content = elf(ARM, size=200) + bytes(1024 * 1024 + 20 - 200 - 5) + b"\0GLIBC_2.39\0" + bytes(50)
    (native,) = read_shipped([("x.so", io.BytesIO(content))]).natives
    assert native == NativeFile("x.so", "aarch64", "2.39")


def test_native_libraries_inside_jars_are_seen(package, elf):
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/native/libnetty_linux_x86_64.so", elf(X86))
        archive.writestr("META-INF/native/libnetty_linux_aarch_64.so", elf(ARM))
        archive.writestr("lonely_linux_x86_64.so", elf(X86))
        archive.writestr("deeper.jar", b"PK")
    for path in package({"lib/netty.jar": jar.getvalue(), "lib/broken.jar": b"no jar"}):
        answer = ask(path, Target.of_runtime("java21"))
        assert len(answer.native_files) == 1
        assert answer.native_files[0].startswith("lib/netty.jar!/lonely_linux_x86_64.so is machine code")


def test_many_files_are_named_in_part(package, elf):
    folder, _ = package({f"tool{number:02}": elf(X86, size=64) for number in range(30)})
    files = ask(folder).native_files
    assert len(files) == 21
    assert files[-1] == "and 10 more files"


def test_folder_with_a_manifest_is_judged_by_it_and_a_built_one_by_its_distributions(package, package_index):
    package_index.wheel("alpha", "1.0")
    package_index.wheel("beta", "1.0")
    folder, _ = package({"requirements.txt": b"alpha\n", "app.py": b""})
    assert [each.name for each in ask(folder).packages] == ["alpha"]
    folder, _ = package({"requirements.txt": b"alpha\n", **installed("alpha", "0.9", "py3-none-any")})
    assert [each.version for each in ask(folder).packages] == ["0.9"]
    folder, _ = package({"requirements.txt": b"alpha\nbeta\n"})
    assert [each.name for each in ask(folder).packages] == ["alpha", "alpha", "beta"]


def test_links_and_what_is_never_shipped_are_left_alone(package, tmp_path, elf):
    folder, _ = package({"app.py": b"", ".venv/lib/x.so": elf(X86), ".git/x": elf(X86)})
    (tmp_path / "outside").write_bytes(elf(X86))
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to(folder)
    assert ask(folder).verdict == "ready"


def test_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"x")
        archive.filelist[0].file_size = 0x7FFFFFFF
        archive.NameToInfo["b"] = archive.filelist[0]
        archive.filelist.append(archive.filelist[0])
    answer = ask(path)
    assert answer.verdict == "unknown"
    assert "far more than Lambda takes" in answer.reason


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "line\nbreak"])
def test_paths_that_mean_harm_are_only_names(package, tmp_path, elf, name):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, elf(X86))
    assert ask(path).verdict == "blocked"
    assert not (tmp_path / "etc").exists()


def test_unsound_zips_say_so(tmp_path, package):
    _, sound = package({"a.py": b"x" * 5000, "b.so": b"\x7fELF"})
    content = sound.read_bytes()
    for number, damaged in enumerate(
        (b"", b"PK", content[:100], content[:40] + bytes(40) + content[80:], content[:-30])
    ):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(damaged)
        answer = ask(path)
        assert answer.verdict in {"unknown", "ready"}
        if answer.verdict == "unknown":
            assert f"{number}.zip" in answer.reason


def test_encrypted_and_unreadable_members_are_no_traceback(tmp_path, package):
    _, sound = package({"a.py": b"x" * 100})
    content = bytearray(sound.read_bytes())
    content[6] |= 1  # the local header says encrypted
    central = content.rindex(b"PK\x01\x02")
    content[central + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(bytes(content))
    assert "no sound zip" in ask(tmp_path / "secret.zip").reason


def test_unreadable_file_in_a_folder(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(UnreadableError, match=r"a\.py: cannot be read: Permission denied"):
        list(members(tmp_path, Workspace(tmp_path)))


def test_distributions_without_a_name_or_version_are_none(package):
    folder, _ = package(
        {"x-1.dist-info/METADATA": b"Name: x\nVersion: one two\n", "y-1.dist-info/WHEEL": b"Tag: py3-none-any\n"}
    )
    assert ask(folder).packages == ()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HH", 2, 0x3E), "x86_64"),
        (b"\x7fELF\x02\x02" + bytes(10) + struct.pack(">HH", 3, 0xB7), "aarch64"),
        (b"\x7fELF\x01\x01" + bytes(10) + struct.pack("<HH", 3, 0x03), "i386"),
        (b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HH", 3, 999), "ELF machine 999"),
        (b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HH", 1, 0x3E), None),
        (b"\x7fELF\x09\x01" + bytes(14), None),
        (b"\x7fELF\x02", None),
        (b"\xcf\xfa\xed\xfe" + bytes(16), "macOS"),
        (b"MZ" + bytes(18), "Windows"),
        (b"MZ is a word of text", None),
        (b"", None),
    ],
)
def test_machine_by_the_first_bytes(head, expected):
    assert machine(head) == expected


@pytest.mark.parametrize(
    ("x86", "arm", "paired"),
    [
        ("teradatasql/teradatasql.so", "teradatasql/teradatasql.arm.so", True),
        ("prebuilds/linux-x64/node.node", "prebuilds/linux-arm64/node.node", True),
        (
            "node_modules/@img/sharp-linux-x64/lib/sharp-linux-x64.node",
            "node_modules/@img/sharp-linux-arm64/lib/sharp-linux-arm64.node",
            True,
        ),
        ("a/core.cpython-312-x86_64-linux-gnu.so", "a/core.cpython-312-aarch64-linux-gnu.so", True),
        ("bin/amd64/tool", "bin/arm64/tool", True),
        ("libs/libfoo_linux_x86_64.so", "libs/libfoo_linux_aarch_64.so", True),
        ("lib/linuxmusl-x64/a.node", "lib/linux-arm64/a.node", True),
        ("chromedriver_linux64", "other_linux_arm64", False),
        ("a/tool", "b/tool", False),
        ("charm64/x", "chx64/x", False),
    ],
)
def test_siblings(x86, arm, paired):
    files = [NativeFile(x86, "x86_64"), NativeFile(arm, "aarch64")]
    assert (without_sibling(files) == ()) is paired


def test_strays_with_a_sibling_for_linux_are_none():
    assert foreign([NativeFile("x.so", "macOS"), NativeFile("x.so", "aarch64")]) == ()
    assert foreign([NativeFile("x.dylib", "macOS")]) == ()


def test_what_is_not_packaged_of_a_folder_is_not_judged(package, elf):
    folder, _ = package({"app.py": b"", "tests/native.so": elf(X86)})
    judge = partial(check_function, folder, None, Workspace.around(folder), TARGET, IndexAccess(None, 5))
    assert judge().native_files
    assert judge(selection=Selection(patterns=("!tests/**",))).native_files == ()
