"""One request to the W&B server: does it take the login, and is it there? Without wandb."""

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
    """Ask the server for the owner of the key, and return their default entity.

    A request that may succeed in a moment is repeated, within _LIMIT seconds. An identity
    token is not checked; the entity is None then.

    Raises ConfigError if the server refuses the key, RelayError where it cannot be reached,
    the proxy before it included, or is not a W&B server.
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


def find_outage(environ: Mapping[str, str]) -> str | None:
    """Ask the server once, briefly, and return why it does not serve the login; None if it does."""
    try:
        _ask(require_login(environ), _OUTAGE_SECONDS)
    except RelayError as error:
        return str(error)
    return None


class _MayPassError(RelayError):
    """The server has too much to do, or dropped the connection."""


def _ask(login: Login, timeout: float) -> str | None:
    """Do what `probe` does, in one request.

    Raises _MayPassError if another may succeed.
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
            f"{server} is not a W&B server: its answer{_by_way_of(login.base_url)} has another "
            "form. Check WANDB_BASE_URL."
        ) from error
    if viewer is None:
        raise _unknown_key(server)
    return str(entity) if entity else None


def _refusal(url: str, status: int, place: str | None) -> RelayError:
    """Return the error for an answer with the HTTP `status`, which sends on to `place`."""
    server = redact_url(url)
    proxy = find_proxy(url, os.environ)
    if status == LOGIN_REQUIRED and proxy is not None:
        return RelayError(f"W&B: {proxy} refuses the request ({status}). {LOGIN_ADVICE}")
    if status in (401, 403):
        return _unknown_key(server, _by_way_of(url))
    if place:
        return ConfigError(
            f"The W&B server {server} is elsewhere: it sends on to {redact_url(place)}. Set "
            "WANDB_BASE_URL to its own address."
        )
    kind = _MayPassError if status == 429 or status >= 500 else RelayError
    return kind(
        f"The W&B server {server} answered with HTTP {status}{_by_way_of(url)}. Try again later."
    )


def _no_connection(url: str, reason: object) -> RelayError:
    """Return the error for a connection that failed, which names the proxy if there is one."""
    dropped = isinstance(reason, (ConnectionResetError, ConnectionAbortedError))
    kind = _MayPassError if dropped else RelayError
    proxy = find_proxy(url, os.environ)
    if proxy is None:
        advice = "Check the network and WANDB_BASE_URL."
    else:
        advice = LOGIN_ADVICE if str(LOGIN_REQUIRED) in str(reason) else proxy.advise(host_of(url))
    return kind(
        f"The W&B server {redact_url(url)} cannot be reached{_by_way_of(url)} ({reason}). {advice}"
    )


def _by_way_of(url: str) -> str:
    """Return ` through the proxy ...` for a request of `url`; "" for a direct one."""
    proxy = find_proxy(url, os.environ)
    return "" if proxy is None else f" through {proxy}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the key is for the server that was named."""

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
        f"The W&B server {server} does not know the key that it was given{by_way_of}. {LOG_IN} "
        "again (a key belongs to one server: see WANDB_BASE_URL)."
    )


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
