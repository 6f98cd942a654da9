"""moto's server, in a confined process without lambdabot: seeded once, then forked for each copy of a function.

A copy's server begins with the seed's state, shares its memory with the others' and none of its changes. It answers
those alone who sign with the copy's own access key id: a function could otherwise empty the tables of the side that it
is compared with. Nothing of moto's own interface (`/moto-api`) is served.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, cast

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_ADDRESS = "127.0.0.1"
_REFUSED = b'{"__type": "AccessDenied", "message": "this moto is another throw-away copy\'s"}'
_OWN_PATHS = "/moto-api"


class _Raw(BytesIO):
    """A body as botocore reads one from the network."""

    def stream(self, *_: object, **__: object) -> Iterable[bytes]:
        """Yield it whole."""
        yield self.getvalue()


def server_application() -> Application:
    """Return moto's server for every service as one WSGI application."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415  # a second of CPU time, and not installed everywhere
        DomainDispatcherApplication,
        create_backend_app,
    )

    return cast("Application", DomainDispatcherApplication(create_backend_app))


def seed(application: Application, calls: Iterable[Mapping[str, str]], region: str) -> str:
    """Make the calls one after the other, and return what went wrong with the first that failed, or nothing."""
    import boto3  # noqa: PLC0415  # as above
    from botocore import xform_name  # noqa: PLC0415  # as above
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415  # as above
    from botocore.compat import HTTPHeaders  # noqa: PLC0415  # as above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # as above
    from werkzeug.test import Client  # noqa: PLC0415  # as above

    def send(request: Any, **_: object) -> Any:  # noqa: ANN401  # botocore's own
        headers = {key: os.fsdecode(value) for key, value in request.headers.items()}
        body = request.body if isinstance(request.body, bytes | None) else request.body.read()
        answer = Client(application).open(request.url, method=request.method, headers=headers, data=body)
        return AWSResponse(request.url, answer.status_code, HTTPHeaders.from_pairs(answer.headers), _Raw(answer.data))

    connect: Any = boto3.session.Session("seed", "seed", region_name=region).client  # by any service's name
    for call in calls:
        try:
            client = connect(call["service"], endpoint_url=f"http://{_ADDRESS}")
            client.meta.events.register("before-send", send)
            getattr(client, xform_name(call["operation"]))(**json.loads(call["parameters"]))
        except (BotoCoreError, ClientError, NotImplementedError) as error:
            return f"{call['name']}: {error}"
    return ""


def guarded(application: Application, key: str) -> Application:
    """Return the application for those alone who sign with an access key id, in the header or in the address."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        signed = f"{environ.get('HTTP_AUTHORIZATION', '')}&{environ.get('QUERY_STRING', '')}"
        if environ.get("PATH_INFO", "").startswith(_OWN_PATHS) or key not in signed:
            start_response("403 Forbidden", [("Content-Type", "application/json")])
            return [_REFUSED]
        return application(environ, start_response)

    return answer


def serve(application: Application, key: str, told: socket.socket) -> None:
    """Serve one copy's calls on a port of its own, which is told first, until the other end hangs up."""
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415  # as above

    class Quiet(WSGIRequestHandler):
        def log(self, *_: object) -> None:
            """Nobody reads it."""

    server = make_server(_ADDRESS, 0, guarded(application, key), threaded=True, request_handler=Quiet)
    told.sendall(json.dumps({"port": server.server_port}).encode() + b"\n")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.recv(1)


def main() -> None:
    """Seed, tell the port in a file of the working folder, then fork a server for each key that is sent to it."""
    order = json.loads(Path("order.json").read_text())
    application = server_application()
    fault = seed(application, order["calls"], order["region"])
    listener = socket.create_server((_ADDRESS, 0))
    answer = {"fault": fault, "port": listener.getsockname()[1]}
    Path("answer.new").write_text(json.dumps(answer))
    Path("answer.new").rename("answer.json")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps them
    while True:
        connection, _ = listener.accept()
        with connection, suppress(OSError, ValueError, KeyError):
            asked = json.loads(connection.makefile("rb").readline(4096))
            if asked["token"] == order["token"] and os.fork() == 0:
                listener.close()
                try:
                    serve(application, asked["key"], connection)
                finally:
                    os._exit(0)


if __name__ == "__main__":
    sys.path += sys.argv[1:]
    main()
