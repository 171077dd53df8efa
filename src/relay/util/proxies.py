"""The proxy of a request, from environment variables, which are read as in `requests`."""

from __future__ import annotations

import ipaddress
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import cast
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from relay.util.errors import RelayError
from relay.util.redact import redact_url

LOGIN_REQUIRED = 407
"""The HTTP status of a proxy that requires a user and a password."""
LOGIN_ADVICE = "Give it user and password in the variable, as http://USER:PASSWORD@HOST:PORT."
_SUPPORTED = ("http", "https")


@dataclass(frozen=True)
class Proxy:
    """A proxy, and the variable that names it."""

    variable: str
    url: str

    def __str__(self) -> str:
        return f"the proxy {redact_url(self.url)} ({self.variable})"

    def advise(self, host: str) -> str:
        """Return the advice if `host` cannot be reached through this proxy."""
        return f"Correct {self.variable}, or name {host} in NO_PROXY to reach it without a proxy."

    def require_usable(self, host: str) -> None:
        """Check that a request to `host` can go through this proxy.

        Raises RelayError if its address is not valid, or it is not an HTTP proxy.
        """
        shown = redact_url(self.url)
        try:
            parts = urlsplit(self.url)
            is_address = bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise RelayError(
                f"{self.variable}: not the address of a proxy (got '{shown}'). Write it as "
                "http://proxy.example.com:3128."
            )
        if parts.scheme not in _SUPPORTED:
            raise RelayError(
                f"{self.variable}: only proxies of http:// and https:// are supported (got "
                f"'{shown}'). Set HTTP_PROXY and HTTPS_PROXY to such a proxy, or name {host} in "
                "NO_PROXY to reach it without a proxy."
            )


def find_proxy(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a request to `url`, or None for a direct connection."""
    parts = urlsplit(url)
    if _is_excepted(url, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := environ.get(variable, "").strip():
                return Proxy(variable, value if "://" in value else f"http://{value}")
    return None


def open_url(
    request: urllib.request.Request,
    environ: Mapping[str, str],
    timeout: float,
    *handlers: urllib.request.BaseHandler | type[urllib.request.BaseHandler],
) -> HTTPResponse:
    """Send `request` with urllib, through the proxy in `environ` for it.

    Raises RelayError if the proxy cannot be used, and the errors of urllib.
    """
    proxy = find_proxy(request.full_url, environ)
    if proxy is not None:
        proxy.require_usable(host_of(request.full_url))
    proxies = {} if proxy is None else {request.type: proxy.url}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), *handlers)
    return cast(HTTPResponse, opener.open(request, timeout=timeout))


def host_of(url: str) -> str:
    """Return the host of `url` without its port, or "" if `url` has none."""
    return urlsplit(url).hostname or ""


def _is_excepted(url: str, no_proxy: str) -> bool:
    """Return whether NO_PROXY excepts the host of `url`: by name, suffix, address or network."""
    host = host_of(url)
    place = urlsplit(url).netloc.rpartition("@")[2]
    if not host or proxy_bypass_environment(place, {"no": no_proxy}):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(_contains(entry.strip(), address) for entry in no_proxy.split(","))


def _contains(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether `entry`, an address or a network such as 10.0.0.0/8, has `address`."""
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
