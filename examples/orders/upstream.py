"""Stands in for the services that `orders` and `ledger` call, as slow as one with a database behind it."""

import argparse
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

READ_SECONDS = 0.06
WRITE_SECONDS = 0.03


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps the connection open
    disable_nagle_algorithm = True

    def do_GET(self):
        limit = int(parse_qs(urlsplit(self.path).query).get("limit", ["10"])[0])
        states = ("open", "packed", "delivered")
        orders = [
            {"id": n, "cents": 1999 + 100 * n, "state": states[n % 3], "due": f"2027-03-{n % 28 + 1:02}"}
            for n in range(limit)
        ]
        self._answer(200, {"orders": orders}, after=READ_SECONDS)

    def do_POST(self):
        entries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(201, {"stored": len(entries)}, after=WRITE_SECONDS)

    def _answer(self, status, body, *, after):
        time.sleep(after)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def serve(port=0):
    """Return the server, bound to loopback; port 0 takes any free one."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Upstream)
    server.daemon_threads = True
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    with serve(parser.parse_args().port) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
