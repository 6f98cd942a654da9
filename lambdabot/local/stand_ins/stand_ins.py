"""What stands for AWS for each copy on the endpoint: nothing, the user's own endpoint, or a moto of the copy's own."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from lambdabot.errors import EndpointError
from lambdabot.local.stand_ins.access import Access
from lambdabot.local.stand_ins.moto import Moto, MotoServer
from lambdabot.local.stand_ins.nowhere import Nowhere
from lambdabot.model import SeedCall, StandIn


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What a copy was given."""

    access: Access
    url: str
    server: MotoServer | None = None


class StandIns:
    """Of one endpoint. A copy is known by its name, so that what it wrote outlives its execution environments."""

    def __init__(self) -> None:
        """Begin with an answer for those who have nothing."""
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._given: dict[tuple[str, str], _Given] = {}
        self._motos: dict[tuple[str, tuple[SeedCall, ...]], Moto | EndpointError] = {}
        self._nowhere = Nowhere()
        self._stack.callback(self._nowhere.close)

    def give(self, name: str, region: str, stand_in: StandIn) -> None:
        """Let an endpoint or moto answer a copy's calls from now on. Raises EndpointError where it cannot."""
        if stand_in.url:
            given = _Given(access=Access.shared(), url=stand_in.url)
        else:
            access = Access.new()
            server = self._moto(region, stand_in.seed).server(access.key)
            given = _Given(access=access, url=server.url, server=server)
        with self._lock:
            self._given[name, region] = given

    def variables(self, name: str, region: str) -> Mapping[str, str]:
        """Return the environment variables by which a copy's workers find what stands for AWS."""
        with self._lock:
            given = self._given.get((name, region))
            if given is None:
                given = self._given[name, region] = _Given(access=Access.new(), url=self._nowhere.url)
                self._nowhere.expect(given.access.key)
        return given.access.variables(given.url)

    def take_back(self, names: Iterable[str]) -> None:
        """End what stood for AWS for copies that are not invoked any more."""
        wanted = set(names)
        with self._lock:
            servers = [given.server for (name, _), given in self._given.items() if name in wanted and given.server]
        for server in servers:
            server.line.close()

    def unanswered(self, names: Iterable[str]) -> Mapping[str, int]:
        """Return what copies asked of AWS where there is none, as `dynamodb:GetItem`, and how often."""
        wanted = set(names)
        with self._lock:
            keys = [given.access.key for (name, _), given in self._given.items() if name in wanted]
        found: Counter[str] = Counter()
        for key in keys:
            found.update(self._nowhere.calls(key))
        return found

    def _moto(self, region: str, seed: tuple[SeedCall, ...]) -> Moto:
        """Return the moto of a seed, which is started when the first copy needs it; what fails is tried once."""
        with self._lock:
            moto = self._motos.get((region, seed))
            if moto is None:
                try:
                    moto = self._stack.enter_context(Moto(seed, region))
                except EndpointError as error:
                    moto = error
                self._motos[region, seed] = moto
        if isinstance(moto, EndpointError):
            raise moto
        return moto

    def close(self) -> None:
        """End all of it."""
        self.take_back([name for name, _ in self._given])
        self._stack.close()
