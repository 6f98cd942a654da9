import hashlib
import subprocess
import sys
import zipfile
from base64 import b64encode
from dataclasses import replace

import pytest

from lambdabot.aws.invoking.cpu_model import TERM, VARIABLE, announcing, read_cpu_model


@pytest.fixture
def copy(make_copy, tmp_path):
    path = tmp_path / "orders.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event\n")
    made = make_copy(512)
    digest = b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
    build = replace(made.build, zip_path=path, code_sha256=digest, zip_bytes=path.stat().st_size, unzipped_bytes=42)
    return replace(made, build=build, function=made.function.changed(runtime="python3.13"))


def test_the_package_gets_a_script_that_the_runtime_starts_through(copy, tmp_path):
    (announced,) = announcing([copy], tmp_path / "out")

    script = announced.function.setup.environment[VARIABLE].removeprefix("/var/task/")
    with zipfile.ZipFile(announced.build.zip_path) as archive:
        assert archive.namelist() == ["app.py", script]
        assert archive.getinfo(script).external_attr >> 16 == 0o100755
        assert announced.build.unzipped_bytes == copy.build.unzipped_bytes + len(archive.read(script))
    written = announced.build.zip_path.read_bytes()
    assert announced.build.code_sha256 == b64encode(hashlib.sha256(written).digest()).decode()
    assert announced.build.zip_bytes == len(written)


def test_the_users_own_package_and_settings_stay_as_they_are(copy, tmp_path):
    before = copy.build.zip_path.read_bytes()

    (announced,) = announcing([copy], tmp_path / "out")

    assert copy.build.zip_path.read_bytes() == before
    assert VARIABLE not in copy.function.setup.environment
    assert announced.build.zip_path.parent == tmp_path / "out"
    assert {**announced.function.setup.environment, VARIABLE: None} == {
        **copy.function.setup.environment,
        VARIABLE: None,
    }


def test_the_same_package_gives_the_same_bytes_and_is_written_once_for_all_copies(copy, tmp_path):
    first, second = announcing([copy, copy], tmp_path / "a")
    (other,) = announcing([copy], tmp_path / "b")

    assert first.build is second.build
    assert other.build.zip_path.read_bytes() == first.build.zip_path.read_bytes()


def test_sides_with_the_same_package_keep_the_layers_that_each_has(copy, tmp_path):
    other = replace(copy, build=replace(copy.build, layers=("arn:of:a:layer",)))

    first, second = announcing([copy, other], tmp_path)

    assert (first.build.layers, second.build.layers) == ((), ("arn:of:a:layer",))
    assert first.build.code_sha256 == second.build.code_sha256


@pytest.mark.parametrize("runtime", ["provided.al2023", "go1.x"])
def test_a_runtime_that_knows_no_wrapper_gets_none(copy, tmp_path, runtime):
    plain = replace(copy, function=copy.function.changed(runtime=runtime))

    assert list(announcing([plain], tmp_path)) == [plain]


def test_a_wrapper_of_the_users_own_stays(copy, tmp_path):
    own = replace(copy, function=copy.function.changed(environment={VARIABLE: "/opt/otel-instrument"}))

    assert list(announcing([own], tmp_path)) == [own]


def test_an_image_has_no_package_to_put_it_in(copy, tmp_path):
    image = replace(copy, build=replace(copy.build, zip_path=None, image_uri="registry/orders:1"))

    assert list(announcing([image], tmp_path)) == [image]


@pytest.mark.parametrize("sizes", [{"zip_bytes": 50 * 2**20 - 100}, {"unzipped_bytes": 250 * 2**20 - 100}])
def test_a_package_that_just_fits_stays_as_it_is(copy, tmp_path, sizes):
    full = replace(copy, build=replace(copy.build, **sizes))

    assert list(announcing([full], tmp_path)) == [full]


X86_64 = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Processor @ 2.50GHz\nstepping\t: 7\n"
GRAVITON = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU variant\t: 0x1\nCPU part\t: 0xd40\n"


@pytest.mark.parametrize(
    ("cpuinfo", "line"),
    [
        (X86_64 + X86_64, f"{TERM} Intel(R) Xeon(R) Processor @ 2.50GHz\n"),
        (GRAVITON, f"{TERM} ARM implementer 0x41 part 0xd40\n"),
        ("nothing known: 1\n", ""),
        (None, ""),
    ],
)
def test_the_script_says_the_model_once_and_becomes_the_runtime(copy, tmp_path, cpuinfo, line):
    (announced,) = announcing([copy], tmp_path / "out")
    with zipfile.ZipFile(announced.build.zip_path) as archive:
        text = archive.read(archive.namelist()[-1]).decode()
    source = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        source.write_text(cpuinfo)
    script = tmp_path / "script"
    script.write_text(text.replace("/proc/cpuinfo", str(source)))
    script.chmod(0o755)

    program = [
        sys.executable,
        "-c",
        "import os, sys; print(os.getpid(), os.environ['name'], sys.argv[1:])",
        "a b",
        "$c",
    ]
    process = subprocess.Popen([script, *program], env={"name": "mine"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    told, complained = process.communicate(timeout=60)

    assert told.decode() == f"{line}{process.pid} mine ['a b', '$c']\n"
    assert complained == b""


def test_only_the_line_itself_is_read():
    assert read_cpu_model(f"{TERM} Intel Xeon\n") == "Intel Xeon"
    assert read_cpu_model(f"user says {TERM} fast") is None
    assert read_cpu_model(TERM) is None
    assert len(read_cpu_model(f"{TERM} {'x' * 5000}")) == 200
