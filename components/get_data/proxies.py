"""Sends requests through the proxies that the environment's variables name."""

from __future__ import annotations

import os
import ssl

import httpx

from relay.util.proxies import Proxy, find_proxy


class ProxyTransport(httpx.BaseTransport):
    """Sends each request through the proxy for its URL, also where a redirect leads elsewhere."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._transports: dict[Proxy | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`. Raises RelayError if its proxy cannot be used."""
        proxy = find_proxy(str(request.url), os.environ)
        if proxy is not None:
            proxy.require_usable(request.url.host)
        if proxy not in self._transports:
            self._transports[proxy] = httpx.HTTPTransport(
                verify=self._context, proxy=None if proxy is None else proxy.url
            )
        return self._transports[proxy].handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()
