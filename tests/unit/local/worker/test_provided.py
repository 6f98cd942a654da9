"""Programs that functions bring for `provided` runtimes: started as they are, from the package or a layer."""

import json
import platform
import struct

import pytest

from lambdabot.local.runtimes.provided import built_for, elsewhere
from lambdabot.model import Architecture
from tests import provided

needs_gcc = pytest.mark.skipif(bool(provided.missing()), reason=f"needs {provided.missing()}")


@pytest.fixture
def program(start, code):
    """Start a worker from a bootstrap, in the package or in a layer."""

    def make(machine, data, *, mode=0o755, layer=False, **changes):
        folder = code({"data.txt": "data"})
        place = code({"data.txt": "data"}) if layer else folder
        if data is not None:
            (place / "bootstrap").write_bytes(data)
            (place / "bootstrap").chmod(mode)
        layers = {"layers": place} if layer else {}
        call = start(machine, folder, **{"runtime": "provided.al2023", "handler": "any", **layers, **changes})
        seen = ("/opt" if layer else "/var/task") if machine.isolation.own_view else place
        call.program = f"{seen}/bootstrap"
        return call

    return make


@needs_gcc
@pytest.mark.parametrize("layer", [False, True], ids=["package", "layer"])
def test_a_bootstrap_runs_as_it_is(program, any_machine, layer):
    call = program(
        any_machine, provided.bootstrap(), layer=layer, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/not/there"}
    )
    cold = call(n=1)
    said = json.loads(cold.payload)

    assert said["program"] == call.program
    assert (said["event"], said["named"]) == ({"n": 1}, ""), "Lambda sets no AWS_EXECUTION_ENV there"
    assert cold.logs.decode() == f"{said['program']} got 8 bytes\n"
    assert (cold.status, cold.init_ms > 0) == ("ok", True)
    assert cold.runtime == "provided.al2023 on this machine's own system"
    failed = call(fail=1)
    assert (failed.status, json.loads(failed.payload)["errorType"]) == ("error", "Refused")
    assert "exit status 3" in json.loads(call(exit=3).payload)["errorMessage"]
    assert call.value(n=2)["event"] == {"n": 2}


def test_a_script_is_a_program_too(program, machine):
    result = program(machine, b"#!/bin/sh\necho started; exit 7\n")()
    assert "exit status 7" in json.loads(result.payload)["errorMessage"]
    assert result.logs.startswith(b"started\n")


OTHER = {"x86_64": 0xB7, "aarch64": 0x3E}.get(platform.machine(), 0xB7)


def elf(machine):
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, machine) + bytes(44)


@pytest.mark.parametrize(
    ("data", "mode", "reason"),
    [
        (None, 0o755, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        (b"#!/bin/sh\n", 0o644, "fork/exec /var/task/bootstrap: permission denied"),
        (elf(OTHER), 0o755, "fork/exec /var/task/bootstrap: exec format error"),
    ],
    ids=["missing", "no right to run it", "of another machine"],
)
def test_a_program_that_cannot_be_started_is_told_in_lambdas_words(program, machine, data, mode, reason):
    call = program(machine, data, mode=mode)
    for _ in range(2):
        result = call()
        error = json.loads(result.payload)
        assert (error["errorType"], result.error_type) == ("Runtime.InvalidEntrypoint", "Runtime.InvalidEntrypoint")
        assert error["errorMessage"].endswith(reason.replace("/var/task/bootstrap:", f"{call.program}:"))
        assert (result.status, result.healthy, result.function_error) == ("error", False, "Unhandled")
        assert error["errorMessage"] in result.logs.decode()


def test_a_program_says_which_machine_it_was_built_for():
    assert built_for(elf(0x3E)) is Architecture.X86_64
    assert built_for(elf(0xB7)) is Architecture.ARM64
    assert [built_for(head) for head in (b"", b"#!/bin/sh\n" * 4, elf(0x08))] == [None, None, None]
    assert "its bootstrap is built for" in elsewhere(elf(OTHER))
    assert elsewhere(b"#!/bin/sh\n" * 4) == ""
