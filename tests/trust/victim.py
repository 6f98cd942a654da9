"""lambdabot in a process of its own, with a secret in its environment: a hostile function, or a whole step of a job.

Reads what is asked from the standard input, and prints what came of it.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from lambdabot.errors import LambdabotError
from lambdabot.local.worker import nursery
from lambdabot.local.worker.environment import ExecutionEnvironment
from lambdabot.local.worker.machine import Machine
from lambdabot.local.worker.spec import EnvironmentSpec
from lambdabot.sandbox import cell, cgroup, prctl, users
from lambdabot.sandbox.isolation import Means
from tests.trust import unguarded

_USERS_KEYRING, _UNLINK = -4, 9  # keyctl(2)


def spec_of(code: str, storage_mb: int) -> EnvironmentSpec:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return EnvironmentSpec(
        code=Path(code),
        handler="intruder.handler",
        runtime=version,
        memory_mb=1769,
        timeout_seconds=20,
        storage_mb=storage_mb,
        environment={},
        function_name="intruder",
        version="$LATEST",
        function_arn="arn:aws:lambda:us-east-1:000000000000:function:intruder",
        region="us-east-1",
        log_group="/aws/lambda/intruder",
        log_stream="intruder",
    )


@contextmanager
def in_keyring(name: str, add_key: int, keyctl: int) -> Iterator[None]:
    """Keep the secret in the user's keyring, which outlives every process, and has room for 200 keys."""
    system = ctypes.CDLL(None, use_errno=True)
    token = os.environ["GITHUB_TOKEN"].encode()
    key = system.syscall(add_key, b"user", name.encode(), token, len(token), _USERS_KEYRING)
    if key < 0:
        raise OSError(ctypes.get_errno(), "the user's keyring takes no key")
    try:
        yield
    finally:
        system.syscall(keyctl, _UNLINK, key, _USERS_KEYRING)


def serve(address: str) -> None:
    """Give the secret to whoever connects."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    if not address.startswith("\0"):
        Path(address).chmod(0o777)
    server.listen()

    def run() -> None:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.sendall(os.environ["GITHUB_TOKEN"].encode())

    threading.Thread(target=run, daemon=True).start()


def listen(address: str, port: int) -> None:
    """Answer whoever connects over TCP."""
    server = socket.create_server((address, port))

    def run() -> None:
        while True:
            connection, _ = server.accept()
            connection.close()

    threading.Thread(target=run, daemon=True).start()


def run_function(asked: dict) -> dict:
    prctl.forbid_inspection()  # as every door does first
    answers = []
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as other, Machine() as machine:  # it ends with its input
        event = asked["event"] | {"pid": os.getpid(), "other": other.pid}
        spec = spec_of(asked["code"], asked["storage_mb"])
        environments = [ExecutionEnvironment(spec, machine) for _ in range(asked["times"])]
        for environment in environments:
            result = environment.invoke(request_id="x", payload=json.dumps(event).encode())
            answers.append({"status": result.status, "value": json.loads(result.payload), "logs": result.logs.decode()})
        for environment in environments:
            environment.stop()
    return {"answers": answers, "warnings": machine.warnings()}


def run_step(step: dict, storage_mb: int) -> int:
    """Run the command line or the action, whose functions get so much ephemeral storage."""
    from lambdabot import action, cli
    from lambdabot.local import pool

    pool.EnvironmentSpec = lambda **given: EnvironmentSpec(**given | {"storage_mb": storage_mb})
    if step["command"]:
        return cli.main(step["command"])
    inputs = {f"INPUT_{name.upper()}": value for name, value in step["inputs"].items()}
    return action.main({**os.environ, **inputs})


def main() -> None:
    asked = json.loads(sys.stdin.read())
    unguarded.take_out(asked["removed"])
    if asked["removed"]:
        again = f"from tests.trust.unguarded import take_out; take_out({asked['removed']!r}); "
        for module in (nursery, cell):
            module._PROGRAM = module._PROGRAM.replace("from lambdabot", f"{again}from lambdabot", 1)
    if asked["ids"]:
        users._LAST = users._FIRST + asked["ids"] - 1
        asked["event"]["ids"] = list(range(users._FIRST, users._LAST + 1))
    found = Means.find()
    means = replace(found, **{name: value for name, value in asked["means"].items() if value is not None})
    Means.find = classmethod(lambda _: means)
    cgroup.find_controllers = lambda: cgroup.NONE  # each guard must hold without them
    for address in asked["serve"]:
        serve(address)
    for address, port in asked["listen"]:
        listen(address, port)
    with in_keyring(**asked["key"]) if asked["key"] else nullcontext():
        try:
            if asked["step"]:  # of a workflow; the function finds its event beside its code
                Path(asked["step"]["event"]).write_text(json.dumps(asked["event"] | {"pid": os.getpid()}))
                sys.exit(run_step(asked["step"], asked["storage_mb"]))
            told = run_function(asked)
        except LambdabotError as error:
            told = {"refused": str(error), "answers": []}
    print(json.dumps(told))


main()
