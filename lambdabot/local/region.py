"""One Region of the embedded endpoint: its functions, environments and logs, and the operations on them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from lambdabot.local import sts
from lambdabot.local.account import Account
from lambdabot.local.call import Operation
from lambdabot.local.code import CodeStore
from lambdabot.local.configuration import MEMORY_LIMIT, ConfigurationRules
from lambdabot.local.functions_api import FunctionsApi
from lambdabot.local.host import Host
from lambdabot.local.invocations_api import InvocationsApi
from lambdabot.local.layers import LayerStore
from lambdabot.local.layers_api import LayersApi
from lambdabot.local.log_store import LogStore
from lambdabot.local.logs_api import LogsApi
from lambdabot.local.names import ACCOUNT
from lambdabot.local.pool import EnvironmentPool, available_mb
from lambdabot.local.registry import Registry
from lambdabot.local.versions_api import VersionsApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How the endpoint behaves where AWS accounts differ, and how long things take.

    `transition_seconds`: in Pending and InProgress; `idle_seconds`: until an unused environment is stopped; `busy`: the
    invocations of other traffic, which are always at work.
    """

    transition_seconds: float = 0.001  # over before a waiter asks for the first time
    concurrency: int = 10  # a new account's
    busy: int = 0
    memory_mb: int = MEMORY_LIMIT  # a new account's is 3,008
    idle_seconds: float = 600


class Region:
    """Holds one Region's state; `operations` by service and name."""

    def __init__(
        self, name: str, *, host: Host, codes: CodeStore, limits: Limits, runtimes: list[str], download: str
    ) -> None:
        """Begin empty; `download` is the address of packages before their token."""
        self._pool = EnvironmentPool(
            name, start=host.start, idle_seconds=limits.idle_seconds, available_mb=available_mb
        )
        registry = Registry(
            name, clock=time.time, transition_seconds=limits.transition_seconds, retire=self._pool.retire
        )
        rules = ConfigurationRules(
            runtimes=runtimes, runs=host.runs, supports=host.supports, memory_limit_mb=limits.memory_mb
        )
        layers = LayerStore(name, codes, clock=time.time)
        logs = LogStore(f"arn:aws:logs:{name}:{ACCOUNT}:log-group:")
        account = Account(registry, codes, concurrency=limits.concurrency, busy=limits.busy)
        self._invocations = InvocationsApi(registry, account, self._pool, logs)
        self.operations: Mapping[str, Mapping[str, Operation]] = {
            "lambda": {
                **FunctionsApi(registry, codes, layers, rules, download=download).operations,
                **LayersApi(layers, download=download).operations,
                **VersionsApi(registry).operations,
                **account.operations,
                **self._invocations.operations,
            },
            "logs": LogsApi(logs).operations,
            "sts": sts.OPERATIONS,
        }

    def close(self) -> None:
        """Stop every environment, also those at work."""
        self._pool.close()
        self._invocations.close()
