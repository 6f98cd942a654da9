"""What a run needs around it: a project, an endpoint with other people's resources on it, and a watch on its calls."""

import hashlib
import io
import json
import threading
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from lambdabot.local.call import Call
from lambdabot.local.endpoint import serve
from lambdabot.local.faults.document import Chaos
from lambdabot.local.faults.faults import Faults

READS = ("Get", "List", "Describe", "Filter", "Invoke")
USERS = "thumbnail"
OTHERS = "lambdabot-0a0b0c0d-0123456789-thumbnail-head-arm64-128"  # a run of another repository
ROLE = "arn:aws:iam::123456789012:role/any"


def mutates(operation: str) -> bool:
    """Say whether an operation, as `lambda:CreateFunction`, changes anything but what an invocation does."""
    return not operation.partition(":")[2].startswith(READS)


@dataclass(slots=True)
class Traffic:
    """A watch that counts: calls by operation, and how many are being performed; `hook` may act on each of them."""

    hook: Callable[[str, str, Call], None] = lambda *_: None  # moment (`before`, `after`), operation, call
    calls: Counter[str] = field(default_factory=Counter)
    _performing: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def before(self, operation: str, call: Call) -> None:
        """Count a call that arrived."""
        with self._changed:
            self.calls[operation] += 1
            self._performing += 1
        try:
            self.hook("before", operation, call)
        except BaseException:
            self._done()
            raise

    def after(self, operation: str, call: Call) -> None:
        """Count it as done."""
        try:
            self.hook("after", operation, call)
        finally:
            self._done()

    def wait(self) -> None:
        """Return when nothing is being performed any more."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._performing == 0, timeout=60):
                message = "the endpoint is still performing a call"
                raise TimeoutError(message)

    def _done(self) -> None:
        with self._changed:
            self._performing -= 1
            self._changed.notify_all()


class Account:
    """An endpoint as its owner sees it, with a function of the user's and another repository's copy."""

    def __init__(self, url: str, faults: Faults, traffic: Traffic, session: boto3.Session) -> None:
        """Put the two functions there."""
        self.url = url
        self.faults = faults
        self.traffic = traffic
        config = Config(retries={"total_max_attempts": 1})
        self._lambdas: Any = session.client("lambda", endpoint_url=url, region_name="us-east-1", config=config)
        self._logs: Any = session.client("logs", endpoint_url=url, region_name="us-east-1", config=config)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("app.py", "def handler(event, context):\n    return 'production'\n")
        other = {"lambdabot:repository": "octo/other", "lambdabot:run": "0123456789"}
        for name, tags in {USERS: {"team": "images"}, OTHERS: other}.items():
            self._lambdas.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Role=ROLE,
                Handler="app.handler",
                Code={"ZipFile": package.getvalue()},
                Environment={"Variables": {"STAGE": "production"}},
                Tags=tags,
            )
        for name in (USERS, OTHERS):
            self._lambdas.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.01})
        self._lambdas.publish_version(FunctionName=USERS)
        self._logs.create_log_group(logGroupName=f"/aws/lambda/{USERS}", tags={"team": "images"})
        self._before = self._theirs()

    def left(self) -> list[str]:
        """Return the names of what a run left, and of the functions that it touched although they are not its own."""
        self.traffic.wait()
        now = self._theirs()
        touched = {f"{name} was touched: {now[name]}" for name in now if now[name] != self._before[name]}
        functions = {one["FunctionName"] for one in self._lambdas.list_functions()["Functions"]} - {USERS, OTHERS}
        groups = {one["logGroupName"] for one in self._logs.describe_log_groups()["logGroups"]}
        return sorted(touched | functions | (groups - {f"/aws/lambda/{USERS}"}))

    def _theirs(self) -> dict[str, str]:
        """Return all there is to each of the two functions as text: settings, revisions, code byte for byte, tags."""
        seen = {}
        for name in (USERS, OTHERS):
            function = self._lambdas.get_function(FunctionName=name)
            with urllib.request.urlopen(function["Code"]["Location"]) as package:  # noqa: S310  # loopback
                code = hashlib.sha256(package.read()).hexdigest()
            versions = self._lambdas.list_versions_by_function(FunctionName=name)["Versions"]
            seen[name] = json.dumps([code, function["Configuration"], function["Tags"], versions], sort_keys=True)
        return seen


@contextmanager
def account(session: boto3.Session, chaos: Mapping[str, object], traffic: Traffic) -> Iterator[Account]:
    """Serve an endpoint whose chaos begins when its faults are made active."""
    faults = Faults(Chaos.model_validate({"version": 1, **chaos}), traffic)
    faults.active = False
    with serve(anyone=True, faults=faults) as endpoint:
        yield Account(endpoint.url, faults, traffic, session)


def project(folder: Path, settings: str) -> Path:
    """Write a repository with a base, both of them tiny; return its lambdabot.yml."""
    for side, answer in (("", 1), ("base/", 2)):
        source = folder / f"{side}src"
        source.mkdir(parents=True, exist_ok=True)
        (source / "app.py").write_text(f"def handler(event, context):\n    return {answer}\n")
        (folder / f"{side}lambdabot.yml").write_text(settings)
    return folder / "lambdabot.yml"
