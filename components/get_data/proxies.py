"""The proxy that a request goes through, as the environment's variables have it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import httpx

from relay.errors import RelayError
from relay.redact import redact_url

_SUPPORTED = ("http", "https")


@dataclass(frozen=True)
class Proxy:
    """A proxy, and the variable that names it."""

    variable: str
    url: str

    def __str__(self) -> str:
        return f"the proxy {redact_url(self.url)} of {self.variable}"


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for a request of `url`; None where there is none, or NO_PROXY has its host.

    RelayError where it is of a kind that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    skipped = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if proxy_bypass_environment(host, {"no": skipped}):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := environ.get(variable, "").strip():
                return _usable(
                    Proxy(variable, value if "://" in value else f"http://{value}"), host
                )
    return None


def _usable(proxy: Proxy, host: str) -> Proxy:
    """`proxy`; RelayError where requests cannot go through it."""
    try:
        parts = urlsplit(proxy.url)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise RelayError(
            f"{proxy.variable}: '{redact_url(proxy.url)}' is not the address of a proxy, such as "
            "http://proxy.example.com:3128."
        )
    if parts.scheme not in _SUPPORTED:
        raise RelayError(
            f"{proxy.variable}: {redact_url(proxy.url)} is a proxy of the kind '{parts.scheme}', "
            "and files are fetched through proxies of http:// and https:// only. Set HTTP_PROXY "
            f"and HTTPS_PROXY to such a proxy, name {host} in NO_PROXY to reach it without one, or "
            "download the file yourself and set data.url to its path."
        )
    return proxy


class ProxyTransport(httpx.BaseTransport):
    """Sends each request through the proxy for its URL, also where a redirect leads elsewhere."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._transports: dict[Proxy | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = proxy_for(str(request.url), os.environ)
        if proxy not in self._transports:
            self._transports[proxy] = httpx.HTTPTransport(
                verify=self._context, proxy=None if proxy is None else proxy.url
            )
        return self._transports[proxy].handle_request(request)

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()
