"""Which addresses this site may call for others: none of its own network, whatever they are called.

Who may name an address for the site to call may otherwise have it ask machines that only the site can reach.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from claims.errors import ForbiddenAddressError, NotReachedError

LONGEST_ADDRESS = 500

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# 6to4 and its relays lead to whatever IPv4 address is named within, Teredo likewise; documentation leads nowhere. That protocol
# assignments are none of the internet's, only later versions of Python know.
_NEVER = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "192.88.99.0/24")))


def is_public(address: _Address) -> bool:
    """Say whether an address belongs to the open internet; one of IPv6 that stands for one of IPv4 is judged by that."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_IPV6:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NEVER)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises `ForbiddenAddressError` if one of them is not to be called, `NotReachedError` without any.

    The system reads what it is given as it does when it connects: "0x7f.1" and "2130706433" are found to be 127.0.0.1 here.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotReachedError(f"There is no host “{host[:100]}”.") from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not settings.WEBHOOKS_ALLOW_PRIVATE:
        for address in addresses:
            try:
                allowed = is_public(ipaddress.ip_address(address))
            except ValueError:
                allowed = False
            if not allowed:
                raise ForbiddenAddressError(
                    f"{host[:100]} is at {address}, which is not on the open internet. This site calls no such address."
                )
    return addresses


def split_address(url: str) -> SplitResult:
    """Return the parts of an address that may be called, as far as it says that itself. Raises `ForbiddenAddressError`."""
    if len(url) > LONGEST_ADDRESS:
        raise ForbiddenAddressError(f"An address has at most {LONGEST_ADDRESS} characters.", field="url")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise ForbiddenAddressError("An address has no blanks, and other letters than ASCII are written as %C3%A9 or xn--….", field="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenAddressError("This is no address. One looks like https://example.org/hooks.", field="url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ForbiddenAddressError("An address begins with https:// or http:// and names a host.", field="url")
    if "@" in parts.netloc:
        raise ForbiddenAddressError("An address has no name and password in it. What is sent is signed instead.", field="url")
    if parts.fragment:
        raise ForbiddenAddressError("What stands behind # is never sent: leave it out.", field="url")
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def check_address(url: str) -> None:
    """Raise `ForbiddenAddressError` for an address that is not to be called, or whose host is not known."""
    parts = split_address(url)
    try:
        resolve(parts.hostname or "", port_of(parts))
    except (ForbiddenAddressError, NotReachedError) as error:
        raise ForbiddenAddressError(error.message, field="url") from None
