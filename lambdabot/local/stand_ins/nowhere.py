"""What answers where nothing stands for AWS: at once, that there is no AWS here, and it keeps what was asked.

Without it an SDK would look for AWS in the network, and a function would wait for its retries.
"""

import threading
from collections import Counter
from collections.abc import Mapping

from lambdabot.local.exchange import Request, Response
from lambdabot.local.server import Server
from lambdabot.local.stand_ins.access import scope_of
from lambdabot.local.stand_ins.recognition import recognise
from lambdabot.local.stand_ins.refusal import refuse

_MOST = 40  # operations that are kept of one copy, whose code may ask for anything


class Nowhere:
    """Answers on loopback until closed."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self._lock = threading.Lock()
        self._calls: dict[str, Counter[str]] = {}
        self._server = Server(0, chunks=True)
        self._server.start(self._answer)
        self.url = self._server.url

    def expect(self, key: str) -> None:
        """Keep what is asked with this access key id from now on; what others ask is nobody's call."""
        with self._lock:
            self._calls.setdefault(key, Counter())

    def calls(self, key: str) -> Mapping[str, int]:
        """Return what was asked with an access key id, as `dynamodb:GetItem`, and how often."""
        with self._lock:
            return dict(self._calls.get(key, {}))

    def close(self) -> None:
        """Stop answering."""
        self._server.close()

    def _answer(self, request: Request) -> Response:
        key, signed_for = scope_of(request)
        asked = recognise(request, signed_for)
        with self._lock:
            calls = self._calls.get(key)
            if calls is not None and (str(asked) in calls or len(calls) < _MOST):
                calls[str(asked)] += 1
        return refuse(asked.protocol, f"no AWS here for {asked}: set `local` in lambdabot.yml")
