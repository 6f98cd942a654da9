"""The embedded Lambda endpoint: started, served, and removed without a trace."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from lambdabot.local.code import CodeStore
from lambdabot.local.faults.canned import CannedHost
from lambdabot.local.faults.faults import Faults
from lambdabot.local.host import Host, WorkerHost
from lambdabot.local.region import Limits
from lambdabot.local.runtimes.available import Runtimes
from lambdabot.local.server import Server
from lambdabot.local.services import Services
from lambdabot.local.stand_ins.stand_ins import StandIns
from lambdabot.sandbox.folder import PrivateFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A live endpoint.

    `access_key` is the only access key id that it serves; None: it serves everyone on this machine. The secret key
    may be anything. `machine` says in words how CPU, memory and isolation are enforced here; `runtimes` are
    those that run code, None where nothing runs.
    """

    url: str
    access_key: str | None = field(repr=False)
    machine: str
    runtimes: Runtimes | None = field(repr=False)
    stand_ins: StandIns = field(repr=False)  # what functions find in place of AWS
    stop: Callable[[], None] = field(repr=False)


@contextmanager
def serve(
    *, port: int = 0, anyone: bool = False, limits: Limits | None = None, faults: Faults | None = None
) -> Iterator[Endpoint]:
    """Serve on loopback while the context lasts; then no process, cgroup or file of it is left.

    Port 0 takes a free one. Unless `anyone` may call, callers need the endpoint's access key: the code under test
    shares the loopback interface and must not steer its own measurement. `faults` go with an account of their own,
    which stands in for `limits`. OSError when the port is taken.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(PrivateFolder())
        canned = faults.canned if faults else ()
        stand_ins = StandIns()
        stack.callback(stand_ins.close)
        host: Host = CannedHost(canned) if canned else WorkerHost(stand_ins)
        stack.callback(host.close)
        server = Server(port)
        access_key = None if anyone else f"LOCAL{secrets.token_hex(16).upper()}"
        services = Services(
            url=server.url,
            access_key=access_key,
            host=host,
            codes=CodeStore(folder.path),
            limits=faults.limits if faults else limits or Limits(),
            faults=faults,
        )
        stack.callback(services.close)
        stack.callback(server.close)
        server.start(services.answer)
        yield Endpoint(
            url=server.url,
            access_key=access_key,
            machine=host.describe(),
            runtimes=host.runtimes if isinstance(host, WorkerHost) else None,
            stand_ins=stand_ins,
            stop=stack.close,
        )


def serve_until(
    stop: threading.Event,
    *,
    port: int,
    started: Callable[[Endpoint], None],
    limits: Limits | None = None,
    faults: Faults | None = None,
) -> None:
    """Serve everyone on this machine until `stop` is set, or the calling thread is interrupted.

    `started` is told the endpoint when it listens.
    """
    with serve(port=port, anyone=True, limits=limits, faults=faults) as endpoint:
        started(endpoint)
        stop.wait()
