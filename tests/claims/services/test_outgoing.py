"""Calls to strangers' servers: never into the site's own network, never for long, and little of what they say."""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from claims.errors import ForbiddenAddressError, NotReachedError
from claims.services import outgoing, outgoing_addresses
from tests.receiver import Receiver, Reply, receive


@pytest.fixture(autouse=True)
def _here(settings: Settings) -> None:
    """Let the receivers of tests be called, which are on this machine."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receive() as receiver:
        yield receiver


# ---- what strangers' servers do ----


def test_slow_answer_ends_with_the_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    with receive(Reply(body=b"x", drip=0.1, times=100)) as receiver:
        begun = time.monotonic()
        assert outgoing.post(receiver.address, "{}", {}) == outgoing.Answer(200, "xxx"[: receiver.sent])
        assert time.monotonic() - begun < 2
    listening = socket.create_server(("127.0.0.1", 0))
    try:
        begun = time.monotonic()
        with pytest.raises(NotReachedError, match="seconds"):
            outgoing.post(f"http://127.0.0.1:{listening.getsockname()[1]}/", "{}", {})
        with pytest.raises(NotReachedError):
            outgoing.post(f"https://127.0.0.1:{listening.getsockname()[1]}/", "{}", {})  # a handshake that never ends
        assert time.monotonic() - begun < 3
    finally:
        listening.close()


def test_huge_answer_is_not_read() -> None:
    with receive(Reply(body=b"<b>" + b"y" * 997, times=200_000)) as receiver:
        came = outgoing.post(receiver.address, "{}", {})
        assert (came.status, len(came.text), came.text[:5]) == (200, 500, "<b>yy")
        assert receiver.sent < 50_000_000


def test_nobody_there_and_no_such_host() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    for url in (f"http://127.0.0.1:{port}/", "http://nobody.invalid/"):
        with pytest.raises(NotReachedError):
            outgoing.post(url, "{}", {})


# ---- addresses ----

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",  # noqa: S104 - to be refused
    "192.0.2.1", "198.18.0.1", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "3fff::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", [*PRIVATE, *PUBLIC])
def test_addresses_of_the_open_internet_alone_are_called(settings: Settings, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """By number, and by a name that is found to be there, beside a public address too."""
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    assert outgoing_addresses.is_public(ipaddress.ip_address(address)) is (address in PUBLIC)
    found = [(0, 0, 0, "", (spelt, 80)) for spelt in ("8.8.8.8", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    if address in PUBLIC:
        outgoing_addresses.check_address("https://a-name.example/")
    else:
        with pytest.raises(ForbiddenAddressError, match="not on the open internet"):
            outgoing_addresses.check_address("https://a-name.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/", "http://localhost.:8000/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
        "http://0177.0.0.1/", "http://017700000001/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
        "http://[fe80::1%25lo]/", "http://[64:ff9b::7f00:1]/", "http://0/", "http://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
def test_forms_of_private_addresses_are_seen_through(settings: Settings, url: str) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises(ForbiddenAddressError):
        outgoing_addresses.check_address(url)
    with pytest.raises((ForbiddenAddressError, NotReachedError)):
        outgoing.post(url, "{}", {})


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)", "https://",
        "https://user:secret@example.org/", "https://user@example.org/", "https://example.org:0/", "https://example.org:99999/",
        "https://example.org:port/", "https://[::1/", "https://example.org/a b", "https://example.org/\n", "https://exa\0mple.org/",
        "https://example.org\\@127.0.0.1/", "https://example.org/#part", "https://exämple.org/", f"https://example.org/{'x' * 500}",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddressError) as refused:
        outgoing_addresses.check_address(url)
    assert refused.value.field == "url"
    with pytest.raises((ForbiddenAddressError, NotReachedError)):
        outgoing.post(url, "{}", {})


def test_connection_goes_to_the_address_that_was_checked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once; what is connected to afterwards is a number."""
    asked: list[str] = []
    real = socket.getaddrinfo
    port = int(receiver.address.rsplit(":", 1)[1].split("/")[0])

    def look_up(host: str, *arguments: Any, **options: Any) -> Any:
        asked.append(host)
        return (
            [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]
            if host == "a-name.example"
            else real(host, *arguments, **options)
        )

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert outgoing.post(f"http://a-name.example:{port}/", "{}", {}).is_fine
    assert asked == ["a-name.example", "127.0.0.1"]
    assert receiver.headers[0]["Host"] == f"a-name.example:{port}"


def test_environment_sends_nothing_through_a_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert outgoing.post(receiver.address, json.dumps({}), {}).is_fine
