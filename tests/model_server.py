"""A server that stands in for a language model: it answers as it is told and keeps what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A response. After `delay` seconds; its body is sent `times` over, in one go or with a pause of `drip` seconds after each byte."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delay: float = 0
    drip: float = 0
    times: int = 1


def says(content: Any, **more: Any) -> Reply:
    """Return the reply of a model that says this: text, or an object as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    message = {"role": "assistant", "content": text}
    completion = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message}]}
    return Reply(json.dumps(completion).encode(), **more)


def fills(**slots: Any) -> dict[str, Any]:
    """Return an answer about the first number asked about: "81.5", unless `number` says another."""
    return {"numbers": [{"index": 1, "number": "81.5", **slots}]}


@dataclass
class ModelServer:
    """`replies` are given in their order, the last one again and again; one that is called is given what the request asks about."""

    address: str
    replies: list[Reply | Callable[[dict[str, Any]], Reply]]
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What the user's messages held, in the order of the requests."""
        return [json.loads(request["messages"][-1]["content"]) for request in self.requests]


@contextlib.contextmanager
def serve_model(*replies: Reply | Callable[[dict[str, Any]], Reply]) -> Iterator[ModelServer]:
    """Serve replies at an address of this machine until the end of the block."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                reply = model.replies[min(len(model.requests), len(model.replies) - 1)]
                model.requests.append(request)
                model.paths.append(self.path)
                model.keys.append(self.headers["Authorization"])
            if not isinstance(reply, Reply):
                reply = reply(json.loads(request["messages"][-1]["content"]))
            with contextlib.suppress(OSError):  # whoever asked may have left
                self._send(reply)

        do_GET = do_POST  # noqa: N815 - the base class looks for this name

        def _send(self, reply: Reply) -> None:
            time.sleep(reply.delay)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            for _ in range(reply.times):
                for part in [bytes([byte]) for byte in reply.body] if reply.drip else [reply.body]:
                    self.wfile.write(part)
                    self.wfile.flush()
                    time.sleep(reply.drip)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parameter's name in the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    model = ModelServer(f"http://127.0.0.1:{server.server_address[1]}/v1", list(replies))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
