"""What a function sees and what an invocation returns: in a real worker, on both kinds of machine."""

import json
import os
import sys
import time
from pathlib import Path

OK = "8f5d3c1e-0000-4000-8000-000000000001"


def test_returns_what_the_handler_returns_and_keeps_its_process(start, any_machine):
    call = start(
        any_machine,
        """
        count = 0
        def handler(event, context):
            global count
            count += 1
            return {"count": count, "event": event, "id": context.aws_request_id}
        """,
    )
    first, second = call(n=1), call(n=2)

    assert json.loads(first.payload) == {"count": 1, "event": {"n": 1}, "id": OK}
    assert json.loads(second.payload)["count"] == 2
    assert (first.status, first.function_error, first.error_type, first.healthy) == ("ok", None, None, True)
    assert first.init_ms > 0
    assert second.init_ms is None
    assert 0 < second.duration_ms < 20_000
    assert 5 < second.max_memory_mb < 100


def test_shows_the_context_of_lambda(start, machine):
    call = start(
        machine,
        """
        def handler(event, context):
            return {
                "name": context.function_name, "version": context.function_version,
                "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
                "group": context.log_group_name, "stream": context.log_stream_name,
                "left": context.get_remaining_time_in_millis(), "custom": context.client_context.custom,
            }
        """,
        memory_mb=1024,
    )
    result = call.environment.invoke(request_id=OK, payload=b"{}", client_context='{"custom": {"a": "b"}}')
    seen = json.loads(result.payload)

    assert 0 < seen.pop("left") <= 20_000
    assert seen == {
        "name": "orders",
        "version": "$LATEST",
        "arn": "arn:aws:lambda:eu-central-1:000000000000:function:orders",
        "memory": "1024",
        "group": "/aws/lambda/orders",
        "stream": "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef",
        "custom": {"a": "b"},
    }


ENVIRONMENT = """
import os, sys
def handler(event, context):
    return {"variables": dict(os.environ), "path": sys.path, "cwd": os.getcwd()}
"""


def test_has_lambdas_environment_and_nothing_of_ours(start, any_machine, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ours")
    seen = start(any_machine, ENVIRONMENT, environment={"STAGE": "test", "AWS_REGION": "refused"}).value()
    variables = seen["variables"]

    assert variables["STAGE"] == "test"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert variables["_HANDLER"] == "app.handler"
    assert variables["AWS_EXECUTION_ENV"] == f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}"
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "1769"
    assert variables["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert variables["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    names = {"PATH", "LANG", "TZ", "PYTHONPATH", "TMPDIR"}
    if any_machine.isolation.own_view:
        assert "HOME" not in variables  # as on Lambda, where the list of users has the home
    else:
        names |= {"HOME", "LOGNAME", "USER"}
        assert variables["HOME"] == "/home/sbx_user1051"
    assert not {name for name in variables if name in os.environ} - names
    assert seen["cwd"] == seen["path"][0] == variables["LAMBDA_TASK_ROOT"]
    assert seen["path"][-1] == variables["LAMBDA_RUNTIME_DIR"]
    assert not any("site-packages" in entry for entry in seen["path"] if "/opt/python" not in entry)


def test_is_lambdas_user_whose_home_cannot_be_written(start, any_machine):
    source = """
        import getpass, os
        from pathlib import Path

        def handler(event, context):
            try:
                Path.home().joinpath("file").write_text("kept")
            except OSError as error:
                return [getpass.getuser(), str(Path.home()), os.path.expanduser("~/.cache"), type(error).__name__]
    """
    user, home, cache, refused = start(any_machine, source).value()
    assert (user, home, cache) == ("sbx_user1051", "/home/sbx_user1051", "/home/sbx_user1051/.cache")
    assert refused in {"FileNotFoundError", "PermissionError"}


def test_shows_paths_as_lambda_has_them_where_it_can(start, machine):
    seen = start(machine, ENVIRONMENT).value()
    assert seen["cwd"] == "/var/task"
    assert seen["path"][-1] == "/var/runtime"


def test_provides_boto3_and_not_lambdabots_other_packages(start, any_machine):
    call = start(
        any_machine,
        """
        import importlib.util, importlib.metadata
        import boto3
        client = boto3.client("lambda")
        def handler(event, context):
            names = ["numpy", "pydantic", "github", "lambdabot", "pip"]
            return {"region": client.meta.region_name, "boto3": importlib.metadata.version("boto3"),
                    "found": [name for name in names if importlib.util.find_spec(name)]}
        """,
    )
    seen = call.value()
    assert seen["region"] == "eu-central-1"
    assert seen["boto3"] == __import__("boto3").__version__
    assert seen["found"] == []


def test_prefers_a_package_that_the_function_brings(start, machine, code):
    folder = code(
        {
            "boto3/__init__.py": "ours = True",
            "app.py": "import boto3\ndef handler(event, context): return boto3.ours",
        }
    )
    assert start(machine, folder).value() is True


def test_runs_handlers_in_packages_and_several_files(start, machine, code):
    folder = code(
        {
            "shop/__init__.py": "",
            "shop/api/__init__.py": "",
            "shop/api/orders.py": "from shop.rules import price\ndef handler(event, context): return price(event['n'])",
            "shop/rules.py": "def price(n): return n * 2",
        }
    )
    assert start(machine, folder, handler="shop.api.orders.handler").value(n=4) == 8
    assert start(machine, folder, handler="shop/api/orders.handler").value(n=5) == 10


def test_logs_what_lambda_logs(start, machine):
    call = start(
        machine,
        """
        import logging, os, sys, subprocess
        logging.getLogger().setLevel("INFO")
        print("in init")
        def handler(event, context):
            print("printed", flush=False)
            print("to stderr", file=sys.stderr)
            logging.info("logged %s", 1)
            os.write(1, b"written\\n")
            subprocess.run(["echo", "from a child"])
        """,
    )
    text = call().logs.decode()
    assert text.startswith("in init\n")
    for line in ("printed\n", "to stderr\n", f"Z\t{OK}\tlogged 1\n", "written\n", "from a child\n"):
        assert line in text
    assert "[INFO]\t20" in text
    assert "in init" not in call().logs.decode()


def test_keeps_a_log_of_100_kb_lines_whole(start, machine):
    call = start(machine, "def handler(event, context):\n    for n in range(10): print(str(n) * 100_000)")
    assert call().logs.decode() == "".join(f"{str(n) * 100_000}\n" for n in range(10))


def test_writes_to_a_tmp_of_its_own(start, any_machine):
    source = """
    import os, shutil, subprocess, sys, tempfile
    from pathlib import Path
    def handler(event, context):
        before = sorted(os.listdir("/tmp"))
        with open("/tmp/a.txt", "w") as file: file.write("a")
        Path("/tmp/folder/inner").mkdir(parents=True)
        shutil.copy("/tmp/a.txt", "/tmp/folder/inner/b.txt")
        os.replace("/tmp/a.txt", "/tmp/c.txt")
        with tempfile.NamedTemporaryFile() as file: file.write(b"x")
        child = subprocess.run(["cat", "/tmp/folder/inner/b.txt"], capture_output=True, text=True)
        written = [str(p) for p in (*Path("/tmp").glob("*.txt"), *Path("/tmp/folder").rglob("*.txt"))]
        return [before, written, child.stdout,
                Path(os.environ["TMPDIR"], "c.txt").read_text(), os.path.exists("/tmp/a.txt")]
    """
    # An interpreter that lies under /tmp must be seen there: of such a path, the first folder and no more.
    needed = {Path(prefix).parts[2] for prefix in (sys.prefix, sys.base_prefix) if Path(prefix).parts[1] == "tmp"}
    one, other = start(any_machine, source), start(any_machine, source)
    for call in (one, other):
        before, after, child, text, gone = call.value()
        assert set(before) <= needed
        assert {path.rsplit("/", 1)[1] for path in after} == {"b.txt", "c.txt"}
        assert (child, text, gone) == ("a", "a", False)


def test_cannot_change_its_code(start, any_machine):
    call = start(
        any_machine,
        """
        import os
        def handler(event, context):
            try: open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "new.py"), "w")
            except OSError as error: return type(error).__name__
        """,
    )
    assert call.value() in {"PermissionError", "OSError"}


def test_runs_threads_and_child_processes(start, any_machine):
    call = start(
        any_machine,
        """
        import subprocess, sys
        from concurrent.futures import ThreadPoolExecutor
        def handler(event, context):
            with ThreadPoolExecutor(8) as pool: total = sum(pool.map(lambda n: n * n, range(100)))
            code = "import os, json; print(json.dumps(os.path.exists('/proc/self/status')))"
            child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            return [total, child.stdout.strip(), child.stderr]
        """,
    )
    assert call.value() == [328350, "true", ""]


def test_counts_the_memory_of_child_processes(start, any_machine):
    call = start(
        any_machine,
        """
        import subprocess, sys
        def handler(event, context):
            child = subprocess.Popen([sys.executable, "-c", "x = b'x' * (120 << 20); print(1, flush=True); input()"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            child.stdout.readline()
            handler.child = child
        """,
    )
    assert call().max_memory_mb > 120


def test_passes_payloads_of_six_megabytes_both_ways(start, machine):
    call = start(machine, "def handler(event, context): return event['text']")
    text = "x" * 6_000_000
    assert call.value(text=text) == text


def test_freezes_what_goes_on_in_the_background(start, any_machine):
    call = start(
        any_machine,
        """
        import threading, time
        ticks = 0
        def tick():
            global ticks
            while True: ticks += 1; time.sleep(0.001)
        threading.Thread(target=tick, daemon=True).start()
        def handler(event, context):
            if event: time.sleep(0.05)
            return ticks
        """,
    )
    running = call.value(wait=True)
    assert running > 10
    time.sleep(0.5)  # time must pass for the background to use it
    assert call.value() < running + 100  # of the 500 that it would have counted


def test_sets_the_limits_of_lambda(start, machine):
    call = start(
        machine,
        """
        import resource
        def handler(event, context):
            return [resource.getrlimit(resource.RLIMIT_NOFILE)[1], resource.getrlimit(resource.RLIMIT_CORE)[1]]
        """,
    )
    assert call.value() == [1024, 0]


def test_serves_a_runtime_client_of_the_users_own(start, machine):
    """A subprocess that speaks the Runtime API itself is served; asking for an event out of turn is refused."""
    call = start(
        machine,
        """
        import os, urllib.error, urllib.request
        def status(path, data=None):
            url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}{path}"
            try: return urllib.request.urlopen(urllib.request.Request(url, data=data)).status
            except urllib.error.HTTPError as error: return error.code
        def handler(event, context):
            runtime = "/2018-06-01/runtime"
            return [status(f"{runtime}/invocation/next"), status(f"{runtime}/invocation/wrong/response", b"x"),
                    status("/elsewhere"), status(f"{runtime}/init/error", b"x")]
        """,
    )
    assert call.value() == [403, 400, 404, 403]


def test_leaves_the_init_unthrottled(start, any_machine):
    """A handler at 128 MB has a fourteenth of a processor, its init a whole one."""
    source = """
    import time
    start, used = time.monotonic(), time.process_time()
    while time.process_time() - used < 0.3: pass
    took = time.monotonic() - start
    def handler(event, context):
        start, used = time.monotonic(), time.process_time()
        while time.process_time() - used < 0.02: pass
        return [took, time.monotonic() - start]
    """
    init, handler = start(any_machine, source, memory_mb=128).value()
    assert init / 0.3 < handler / 0.02, "each as a multiple of the CPU time that it took"


def test_a_wrapper_script_starts_the_runtime(start, code, any_machine):
    folder = code(
        {
            "app.py": "import os\ndef handler(event, context):\n    return os.environ['WRAPPED']\n",
            "wrapper": '#!/bin/sh\necho "around $(($#)) words"\nexport WRAPPED=yes\nexec "$@"\n',
        }
    )
    (folder / "wrapper").chmod(0o755)

    result = start(any_machine, folder, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"})()

    assert result.payload == b'"yes"'
    assert b"around 5 words\n" in result.logs


def test_a_wrapper_script_that_is_not_there_fails_the_init(start, any_machine):
    source = "def handler(event, context): return 1\n"

    result = start(any_machine, source, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"})()

    assert result.status == "error"
    assert b"No such file" in result.logs
