"""A server that receives webhooks: it answers as it is told and keeps what came, and whether its signature was right."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier


@dataclass(frozen=True)
class Reply:
    """A response. Its body is sent `times` over, with a pause of `drip` seconds after each."""

    status: int = 200
    body: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0
    times: int = 1


@dataclass
class Receiver:
    """`replies` are given in their order, the last one again and again."""

    address: str
    replies: list[Reply]
    ids: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    sent: int = 0

    def verify(self, secret: str, number: int = -1) -> Any:
        """Return what a request told, if its signature is that of the secret."""
        return Verifier(secret).verify(self.bodies[number], self.headers[number])


@contextlib.contextmanager
def receive(*replies: Reply) -> Iterator[Receiver]:
    """Receive at an address of this machine until the end of the block."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                reply = receiver.replies[min(len(receiver.ids), len(receiver.replies) - 1)]
                receiver.ids.append(self.headers["webhook-id"])
                receiver.headers.append(dict(self.headers.items()))
                receiver.bodies.append(body)
            with contextlib.suppress(OSError):  # whoever asked may have left
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) * reply.times))
                self.end_headers()
                for _ in range(reply.times):
                    self.wfile.write(reply.body)
                    receiver.sent += len(reply.body)
                    time.sleep(reply.drip)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hooks", list(replies) or [Reply()])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
