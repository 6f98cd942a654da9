"""How an invocation fails, in the words of Lambda: in a real worker, on both kinds of machine."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from lambdabot.sandbox import processes

ID = "8f5d3c1e-0000-4000-8000-000000000001"


def failure(result):
    return json.loads(result.payload)


def test_reports_an_exception_of_the_handler(start, machine):
    call = start(machine, "def handler(event, context):\n    raise ValueError('bad order')")
    result = call()
    error = failure(result)

    assert (result.status, result.function_error, result.healthy) == ("error", "Unhandled", True)
    assert error["errorType"] == "ValueError"
    assert error["errorMessage"] == "bad order"
    assert error["requestId"] == ID
    assert "app.py" in error["stackTrace"][0]
    assert "[ERROR] ValueError: bad order" in result.logs.decode()


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("def handler(event, context) return 1", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("import nowhere_to_be_found", "Runtime.ImportModuleError", "No module named 'nowhere_to_be_found'"),
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("raise RuntimeError('at init')", "RuntimeError", "at init"),
    ],
)
def test_reports_what_is_wrong_with_the_module(start, machine, source, kind, message):
    call = start(machine, source)
    for _ in range(2):  # the second time in a new process
        result = call()
        error = failure(result)
        assert (error["errorType"], error["requestId"]) == (kind, ID)
        assert message in error["errorMessage"]
        assert (result.status, result.function_error, result.error_type) == ("error", "Unhandled", kind)
        assert (result.healthy, result.init_ms) == (False, None)
        assert kind in result.logs.decode()


def test_reports_a_result_that_cannot_be_marshalled(start, machine):
    result = start(machine, "def handler(event, context): return {1, 2}")()
    assert failure(result)["errorType"] == "Runtime.MarshalError"
    assert result.healthy


@pytest.mark.parametrize(
    ("statement", "end"),
    [
        ("sys.exit(3)", "with error: exit status 3"),
        ("os._exit(1)", "with error: exit status 1"),
        ("os._exit(0)", "without providing a reason"),
        ("os.kill(os.getpid(), 9)", "with error: signal: killed"),
        ("ctypes.string_at(1)", "with error: signal: segmentation fault"),
        ("os.kill(os.getpid(), 40)", "with error: signal: signal 40"),
    ],
)
def test_reports_how_the_process_ended_and_starts_a_new_one(start, machine, statement, end):
    call = start(
        machine,
        f"import ctypes, os, sys\\ndef handler(event, context):\\n    if event: {statement}\\n    return 1".replace(
            "\\n", "\n"
        ),
    )
    assert call.value() == 1
    result = call(end=True)
    message = f"RequestId: {ID} Error: Runtime exited {end}"

    assert failure(result) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert (result.status, result.error_type, result.healthy) == ("error", "Runtime.ExitError", False)
    assert result.logs.decode().endswith(f"{message}\nRuntime.ExitError\n")

    again = call()
    assert (again.payload, again.init_ms, again.healthy) == (b"1", None, True)
    assert again.duration_ms > call().duration_ms  # its start is part of it


def test_reports_an_exit_during_init(start, machine):
    result = start(machine, "raise SystemExit(7)")()
    assert failure(result)["errorMessage"] == f"RequestId: {ID} Error: Runtime exited with error: exit status 7"


def test_kills_what_takes_more_memory_than_it_has(start, any_machine):
    call = start(
        any_machine,
        """
        def handler(event, context):
            if event:
                parts = []
                while True: parts.append(b"x" * (8 << 20))
        """,
        memory_mb=256,
    )
    call()
    result = call(eat=True)

    assert (result.status, result.error_type, result.healthy) == ("out of memory", "Runtime.ExitError", False)
    assert failure(result)["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert result.max_memory_mb == 256
    assert call().status == "ok"


def test_kills_a_child_that_takes_more_memory_than_the_function_has(start, plain_machine):
    call = start(
        plain_machine,
        """
        import subprocess, sys
        def handler(event, context):
            subprocess.run([sys.executable, "-c", "x = b'x' * (400 << 20); input()"], stdin=subprocess.PIPE)
            import time; time.sleep(20)
        """,
        memory_mb=256,
    )
    assert call().status == "out of memory"


def test_ends_at_the_timeout_with_everything_that_was_started(start, any_machine, tmp_path):
    call = start(
        any_machine,
        """
        import os, subprocess, time
        def handler(event, context):
            print("before", flush=True)
            if event: subprocess.Popen(["setsid", "sleep", "98765"]); time.sleep(60)
        """,
        timeout_seconds=1,
    )
    call()
    result = call(sleep=True)

    expected = f"RequestId: {ID} Error: Task timed out after 1.00 seconds"
    assert failure(result) == {"errorType": "Sandbox.Timedout", "errorMessage": expected}
    assert (result.status, result.error_type, result.healthy) == ("timeout", "Sandbox.Timedout", False)
    assert result.duration_ms == 1000
    assert result.logs.decode().startswith("before\n20")
    assert f"Z {ID} Task timed out after 1.00 seconds\n\n" in result.logs.decode()
    assert "sleep\x0098765" not in all_commands()
    assert call().status == "ok"


def all_commands():
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text(errors="replace"))
        except OSError:
            continue
    return "\n".join(found)


def test_ends_a_fork_bomb(start, machine):
    """Safe to run: the number of processes of a worker's own user is limited."""
    if not machine.isolation.own_users:
        pytest.skip("needs a user id of its own for workers, that is root")
    call = start(
        machine,
        """
        import os
        def handler(event, context):
            while True:
                try: os.fork()
                except OSError: pass
        """,
        timeout_seconds=1,
        memory_mb=1024,
    )
    assert call().status in {"timeout", "out of memory"}
    call.environment.stop()


def test_refuses_a_response_that_is_too_large_and_goes_on(start, machine):
    call = start(machine, "def handler(event, context): return 'x' * event.get('n', 1)")
    result = call(n=6_291_556)
    assert failure(result) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert result.error_type == "Function.ResponseSizeTooLarge"
    assert call().payload == b'"x"'  # awslambdaric does not survive the refusal: this is a new process


def test_passes_the_largest_response(start, machine):
    call = start(machine, "def handler(event, context): return 'x' * event['n']")
    assert len(call(n=6_291_554).payload) == 6_291_556  # with its quotes


def test_starts_again_when_the_process_ended_between_two_invocations(start, plain_machine):
    call = start(plain_machine, "import os\ndef handler(event, context): return os.getpid()")
    first = call.value()
    os.kill(first, signal.SIGKILL)
    while not processes.is_dead(first):
        time.sleep(0.001)
    assert call.value() != first


def test_repeats_an_init_of_more_than_ten_seconds_within_the_invocation(start, machine, monkeypatch):
    monkeypatch.setattr("lambdabot.local.worker.environment._INIT_SECONDS", 0.3)
    call = start(machine, "import time\ntime.sleep(0.5)\ndef handler(event, context): return 1")
    result = call()
    assert (result.payload, result.init_ms) == (b"1", None)
    assert result.duration_ms > 500


def test_times_out_during_a_repeated_init(start, machine, monkeypatch):
    monkeypatch.setattr("lambdabot.local.worker.environment._INIT_SECONDS", 0.2)
    call = start(machine, "import time\ntime.sleep(30)\ndef handler(event, context): return 1", timeout_seconds=1)
    assert call().status == "timeout"


@pytest.mark.parametrize("waits", [False, True], ids=["seen at its end", "seen while it runs"])
def test_ends_what_holds_more_files_than_its_ephemeral_storage(start, any_machine, waits):
    call = start(
        any_machine,
        """
        import os, time
        def handler(event, context):
            for number in range(event["files"]):
                with open(f"/tmp/part-{number}", "wb") as file: file.write(bytes(4 * 1024**2))
            time.sleep(event["seconds"])
            return len([name for name in os.listdir("/tmp") if name.startswith("part-")])
        """,
        storage_mb=8,
    )
    assert call.value(files=1, seconds=0) == 1
    result = call(files=8, seconds=19 if waits else 0)
    assert (result.status, result.error_type, result.healthy) == ("error", "OSError", False)
    assert json.loads(result.payload)["errorMessage"] == "[Errno 28] No space left on device"
    assert b"/tmp is 8 MB large" in result.logs
    assert call.value(files=1, seconds=0) == 1, "the next environment has its own"


def test_refuses_a_file_that_is_larger_than_the_ephemeral_storage(start, any_machine):
    call = start(
        any_machine,
        """
        import os
        def handler(event, context):
            with open("/tmp/one", "wb", buffering=0) as file:
                try:
                    while file.write(bytes(1024**2)): pass
                except OSError as error:
                    size = file.tell()
            os.unlink("/tmp/one")
            return size
        """,
        storage_mb=8,
    )
    assert call.value() == 9 * 1024**2  # a megabyte more than fits, by which it is known


def test_what_fills_tmp_with_one_file_is_told_as_lambda_does(start, any_machine):
    call = start(
        any_machine,
        """
        def handler(event, context):
            with open("/tmp/one", "wb", buffering=0) as file:
                while file.write(bytes(1024**2)): pass
        """,
        storage_mb=8,
    )
    result = call()
    assert (result.status, result.error_type) == ("error", "OSError")
    assert json.loads(result.payload)["errorMessage"] == "[Errno 28] No space left on device"
