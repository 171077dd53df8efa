"""A request to the W&B server that checks the login, without an import of wandb."""

from __future__ import annotations

import base64
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO

from relay.tracking.wandb.login import LOG_IN, Login, require_login
from relay.util.errors import ConfigError, RelayError
from relay.util.proxies import LOGIN_ADVICE, LOGIN_REQUIRED, find_proxy, host_of, open_url
from relay.util.redact import redact_url

_SECONDS = 8.0
_LIMIT = 15.0
_OUTAGE_SECONDS = 3.0
_WAITS = (1.0, 2.0)  # seconds between one request and the next
_LONGEST_ANSWER = 100_000  # bytes
_VIEWER = "query Viewer { viewer { entity username } }"


def probe(login: Login, timeout: float = _SECONDS) -> str | None:
    """Ask the server for the owner of the key, and return the owner's default entity.

    A request that may succeed in a moment is repeated, within _LIMIT seconds. An identity token is
    not checked, and the entity is None.

    Raises ConfigError if the server refuses the key, RelayError if the server or its proxy cannot
    be reached, or if it is not a W&B server.
    """
    deadline = time.monotonic() + _LIMIT
    for seconds in _WAITS:
        try:
            return _ask(login, timeout)
        except _MayPassError as error:
            if time.monotonic() + seconds + timeout > deadline:
                raise RelayError(str(error)) from error
            time.sleep(seconds)
    try:
        return _ask(login, timeout)
    except _MayPassError as error:
        raise RelayError(str(error)) from error


def find_outage(environ: Mapping[str, str], timeout: float = _OUTAGE_SECONDS) -> str | None:
    """Ask the server once, briefly, and return why it refuses the login or is out, or None."""
    try:
        _ask(require_login(environ), timeout)
    except RelayError as error:
        return str(error)
    return None


class _MayPassError(RelayError):
    """The server is busy, or dropped the connection: a later request may succeed."""


def _ask(login: Login, timeout: float) -> str | None:
    """Return the default entity of the key's owner, by one request.

    Raises _MayPassError if another request may succeed, else as `probe`.
    """
    if login.key is None:
        return None
    server = redact_url(login.base_url)
    request = urllib.request.Request(  # noqa: S310 - server_of() has checked the scheme
        f"{login.base_url}/graphql",
        data=json.dumps({"query": _VIEWER}).encode(),
        headers={"Content-Type": "application/json", "Authorization": _basic(login.key)},
    )
    try:
        with open_url(request, os.environ, timeout, _NoRedirect) as response:
            answer = json.loads(response.read(_LONGEST_ANSWER))
        viewer = answer["data"]["viewer"]
        entity = None if viewer is None else viewer["entity"]
    except urllib.error.HTTPError as error:
        raise _refusal(login.base_url, error.code, error.headers.get("Location")) from error
    except (OSError, urllib.error.URLError) as error:
        raise _no_connection(login.base_url, getattr(error, "reason", None) or error) from error
    except (http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise RelayError(
            f"WANDB_BASE_URL: {server} is not a W&B server, as its answer"
            f"{_by_way_of(login.base_url)} has another form. Check the address."
        ) from error
    if viewer is None:
        raise _unknown_key(server)
    return str(entity) if entity else None


def _refusal(url: str, status: int, place: str | None) -> RelayError:
    """Return the error for an answer with the HTTP `status`, and `place` if it is a redirect."""
    server = redact_url(url)
    proxy = find_proxy(url, os.environ)
    if status == LOGIN_REQUIRED and proxy is not None:
        return RelayError(f"W&B: {proxy} refuses the request ({status}). {LOGIN_ADVICE}")
    if status in (401, 403):
        return _unknown_key(server, _by_way_of(url))
    if place:
        return ConfigError(
            f"WANDB_BASE_URL: the server {server} redirects to {redact_url(place)}. Set the "
            "variable to the W&B server's own address."
        )
    kind = _MayPassError if status == 429 or status >= 500 else RelayError
    return kind(
        f"W&B: the server {server} answered with HTTP {status}{_by_way_of(url)}. Try again later, "
        "or run with tracking=local."
    )


def _no_connection(url: str, reason: object) -> RelayError:
    """Return the error for a failed connection, with the proxy if there is one."""
    dropped = isinstance(reason, (ConnectionResetError, ConnectionAbortedError))
    kind = _MayPassError if dropped else RelayError
    proxy = find_proxy(url, os.environ)
    if proxy is None:
        advice = "Check the network and WANDB_BASE_URL."
    else:
        advice = LOGIN_ADVICE if str(LOGIN_REQUIRED) in str(reason) else proxy.advise(host_of(url))
    return kind(
        f"W&B: the server {redact_url(url)} cannot be reached{_by_way_of(url)} ({reason}). {advice}"
    )


def _by_way_of(url: str) -> str:
    """Return ` through the proxy ...` for a request to `url`, or "" if it is direct."""
    proxy = find_proxy(url, os.environ)
    return "" if proxy is None else f" through {proxy}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, as the key is only for the server that was set."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        return None


def _unknown_key(server: str, by_way_of: str = "") -> ConfigError:
    return ConfigError(
        f"W&B: the server {server} does not accept the key{by_way_of}. {LOG_IN} to a "
        "key of this server (WANDB_BASE_URL names it)."
    )


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
