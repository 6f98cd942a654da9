"""A program with secrets in all the usual places, which runs the hunter and prints what it found."""

import ctypes
import json
import os
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

from lambdabot.local.worker.environment import ExecutionEnvironment
from lambdabot.local.worker.machine import Machine
from lambdabot.local.worker.spec import EnvironmentSpec
from lambdabot.sandbox import cgroup, prctl
from lambdabot.sandbox.isolation import Means

prctl.forbid_inspection()  # as every door does first
half = os.environ.pop("SECRET_HALF")
secret = half * 2
home = Path(os.environ["HOME"])
paths = [home / ".aws/credentials", home / "workspace/.git/config", home / "event.json", home / ".netrc"]
for path in paths:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(secret)
os.environ |= {"GITHUB_EVENT_PATH": str(home / "event.json"), "GITHUB_WORKSPACE": str(home / "workspace")}
os.chdir(home / "workspace")
handle = os.open(home / "event.json", os.O_RDONLY)
os.set_inheritable(handle, 1)
in_memory = ctypes.create_string_buffer(secret.encode())

name = f"prey-{os.getpid()}"
server = socket.socket(socket.AF_UNIX)
server.bind(f"\0{name}")
server.listen()


def serve():
    while True:
        connection, _ = server.accept()
        with connection:
            connection.sendall(secret.encode())


threading.Thread(target=serve, daemon=True).start()

wanted = json.loads(os.environ["MEANS"])
means = Means.find()
if wanted is not None:
    means = replace(means, **wanted | {"landlock": means.landlock if wanted["landlock"] else 0})
with Machine(controllers=None if wanted is None else cgroup.NONE, means=means) as machine:
    spec = EnvironmentSpec(
        code=Path(__file__).parent,
        handler="hunter.handler",
        runtime="python3.11",
        memory_mb=1769,
        timeout_seconds=60,
        environment={},
        function_name="hunter",
        version="$LATEST",
        function_arn="arn:aws:lambda:us-east-1:000000000000:function:hunter",
        region="us-east-1",
        log_group="/aws/lambda/hunter",
        log_stream="hunter",
    )
    environment = ExecutionEnvironment(spec, machine)
    event = {
        "half": half,
        "pids": [os.getpid(), os.getppid()],
        "address": ctypes.addressof(in_memory),
        "paths": list(map(str, paths)),
        "socket": name,
    }
    result = environment.invoke(request_id="hunt", payload=json.dumps(event).encode())
    environment.stop()
    if result.status != "ok":
        sys.exit(f"{result.payload!r}\n{result.logs.decode()}")
    print(json.dumps(json.loads(result.payload) | {"machine": machine.describe()}))
