"""Sends what others asked to be told of to where they asked for it, and takes little back.

Whether an address may be called is decided where the connection is made, by the very address that is connected to: a name that leads
elsewhere the next time it is looked up leads nowhere else here.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from time import monotonic

import httpcore
import httpx

from claims.errors import NotReachedError
from claims.services.outgoing_addresses import resolve, split_address

SECONDS = 10.0
"""So long one call may take from end to end."""
MOST_READ = 2_000
"""So many bytes of an answer are read; the rest stays where it is."""
MOST_KEPT = 500
"""So many characters of it are kept."""
MOST_TRIED = 3
"""So many addresses of one host are tried."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the beginning of the text."""

    status: int
    text: str

    @property
    def is_fine(self) -> bool:
        return 200 <= self.status < 300


class _CheckedBackend(httpcore.SyncBackend):
    """Connects to none but checked addresses, and cuts every connection when the time of the call is over."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._watches: list[Callable[[], None]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in resolve(host, port)[:MOST_TRIED]:
            left = self._until - monotonic()
            if left <= 0:
                break
            try:
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            self._watch(stream)
            return stream
        raise failed or httpcore.ConnectTimeout("timed out")

    def _watch(self, stream: httpcore.NetworkStream) -> None:
        """End the connection when the time is over: a limit for each read alone lets somebody send a byte at a time for ever."""
        own: socket.socket = stream.get_extra_info("socket").dup()

        def cut() -> None:
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(0.0, self._until - monotonic()), cut)
        timer.daemon = True
        timer.start()

        def end() -> None:
            timer.cancel()
            timer.join()
            own.close()

        self._watches.append(end)

    def stop_watching(self) -> None:
        for end in self._watches:
            end()
        self._watches.clear()


class _Body(httpx.SyncByteStream):
    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts

    def close(self) -> None:
        close: Callable[[], None] | None = getattr(self._parts, "close", None)
        if close is not None:
            close()


class _CheckedTransport(httpx.BaseTransport):
    """httpx's transport over a backend of our own, which httpx takes none of. Of proxies it knows nothing."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), max_connections=1, network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path)
        sent = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions)
        response = self._pool.handle_request(sent)
        assert isinstance(response.stream, Iterable)  # noqa: S101 - a pool that waits has such answers alone
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response.stream), extensions=response.extensions)

    def close(self) -> None:
        self._pool.close()


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)  # a tenth of a second each


_ERRORS = (
    *(httpx.HTTPError, httpx.InvalidURL, httpx.StreamError),
    *(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol),
    OSError,
    UnicodeError,
)


def post(url: str, body: str, headers: Mapping[str, str]) -> Answer:
    """Send `body`, follow no redirect, and return what came back.

    Raises `ForbiddenAddressError` for an address that is not to be called, `NotReachedError` if no answer came in `SECONDS`.
    """
    split_address(url)
    until = monotonic() + SECONDS
    backend = _CheckedBackend(until)
    try:
        with (
            httpx.Client(transport=_CheckedTransport(backend), follow_redirects=False, trust_env=False, timeout=SECONDS) as client,
            client.stream("POST", url, content=body.encode(), headers={**headers, "Accept-Encoding": "identity"}) as response,
        ):
            return Answer(response.status_code, _read_beginning(response))
    except _ERRORS as error:
        if monotonic() >= until:
            raise NotReachedError(f"No answer within {SECONDS:g} seconds.") from None
        raise NotReachedError(f"{type(error).__name__}: {error}"[:MOST_KEPT]) from None
    finally:
        backend.stop_watching()


def _read_beginning(response: httpx.Response) -> str:
    """Return the beginning of an answer's text. What breaks off behind a status has that status all the same."""
    read = b""
    with contextlib.suppress(*_ERRORS):
        for part in response.iter_raw():
            read += part[:MOST_READ]
            if len(read) >= MOST_READ:
                break
    return read[:MOST_READ].decode("utf-8", "replace").replace("\0", " ")[:MOST_KEPT]
