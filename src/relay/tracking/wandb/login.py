"""Is there a W&B login, and does its server take it? Asked without importing wandb."""

from __future__ import annotations

import base64
import configparser
import http.client
import json
import netrc
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from relay.util.errors import ConfigError, RelayError
from relay.util.names import did_you_mean
from relay.util.proxies import LOGIN_ADVICE, LOGIN_REQUIRED, find_proxy, host_of, open_url
from relay.util.redact import redact_url

CLOUD = "https://api.forge.coreweave.com"
"""What the SDK takes where no other server is named; also known by its older name."""
_CLOUD_HOSTS = ("api.forge.coreweave.com", "api.wandb.ai")
_NOT_ONLINE = ("offline", "disabled", "dryrun")
_MODES = ("", "online", "run", "shared", *_NOT_ONLINE)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
_PROBE_SECONDS = 8.0
_PROBE_LIMIT = 15.0
_OUTAGE_SECONDS = 3.0
_PROBE_WAITS = (1.0, 2.0)  # seconds between one request and the next
_LONGEST_ANSWER = 100_000  # bytes
_VIEWER = "query Viewer { viewer { entity username } }"
_LOG_IN = "Run `wandb login` or set WANDB_API_KEY"


@dataclass(frozen=True)
class Login:
    """A W&B server and the key for it; the key shows in no text."""

    base_url: str
    key: str | None = field(repr=False)
    """None where an identity token stands for it, which the SDK exchanges itself."""


def find_login(environ: Mapping[str, str]) -> Login | None:
    """What the wandb SDK would log in with: variables, then the netrc file that it writes."""
    base_url = server_of(environ)
    key = environ.get("WANDB_API_KEY") or _key_in_netrc(base_url, environ)
    if key:
        return Login(base_url, key)
    return Login(base_url, None) if environ.get("WANDB_IDENTITY_TOKEN_FILE") else None


def resolve_backend(name: str, environ: Mapping[str, str]) -> str:
    """`wandb` or `local` for what the setting `tracking` says; ConfigError where it cannot be.

    `auto` is W&B where a login is found, unless W&B is switched off.
    """
    switch = _switched_off(environ)
    if name == "auto":
        return "wandb" if switch is None and find_login(environ) is not None else "local"
    if name == "wandb" and switch is not None:
        raise ConfigError(
            f"tracking=wandb, but W&B is switched off by {switch}, and artifacts cannot be read "
            f"offline. {_switch_on(switch)}, or take tracking=local now and publish later with "
            "`make publish`."
        )
    return name


def require_switched_on(environ: Mapping[str, str]) -> None:
    """ConfigError where W&B is switched off: nothing can be published then."""
    switch = _switched_off(environ)
    if switch is not None:
        raise ConfigError(f"W&B is switched off by {switch}. {_switch_on(switch)} to publish.")


def _switched_off(environ: Mapping[str, str]) -> str | None:
    """What switches W&B off, as it is written there; None where nothing does.

    WANDB_DISABLED is older than WANDB_MODE, and still what other libraries look at. `mode` in the
    settings file is what `wandb offline` and `wandb disabled` write.
    """
    disabled = environ.get("WANDB_DISABLED", "")
    if disabled.lower() in _TRUE:
        return f"WANDB_DISABLED={disabled}"
    if disabled.lower() not in _FALSE:
        raise ConfigError(
            f"WANDB_DISABLED: neither true nor false (got '{disabled}'). Set true, or unset it."
        )
    mode = environ.get("WANDB_MODE", "")
    if mode not in _MODES:
        raise ConfigError(f"WANDB_MODE: there is no mode '{mode}'.{did_you_mean(mode, _MODES)}")
    if mode:
        return f"WANDB_MODE={mode}" if mode in _NOT_ONLINE else None
    written = _in_settings_file(environ, "mode")
    return f"`mode = {written}` in {_settings_file(environ)}" if written in _NOT_ONLINE else None


def _switch_on(switch: str) -> str:
    from_file = switch.startswith("`")
    return "Run `wandb online`" if from_file else f"Unset {switch.partition('=')[0]}"


def require_login(environ: Mapping[str, str]) -> Login:
    """The login; ConfigError where there is none."""
    login = find_login(environ)
    if login is None:
        raise ConfigError(f"There is no W&B login for {redact_url(server_of(environ))}. {_LOG_IN}.")
    return login


def probe(login: Login, timeout: float = _PROBE_SECONDS) -> str | None:
    """Ask the server for the owner of the key, and return their default entity.

    A request that may succeed in a moment is repeated, within _PROBE_LIMIT seconds. An identity
    token is not checked; the entity is None then.

    Raises: ConfigError where the server refuses the key, RelayError where it cannot be reached,
    the proxy before it included, or is not a W&B server.
    """
    deadline = time.monotonic() + _PROBE_LIMIT
    for seconds in _PROBE_WAITS:
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
    """Do what `probe` does, in one request; _MayPassError where another may succeed."""
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
            f"{server} is no W&B server: it did not answer as one{_by_way_of(login.base_url)}. "
            "Check WANDB_BASE_URL."
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
        f"The W&B server {server} does not know the key that it was given{by_way_of}. {_LOG_IN} "
        "anew (a key belongs to one server: see WANDB_BASE_URL)."
    )


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"api:{key}".encode()).decode()


def server_of(environ: Mapping[str, str]) -> str:
    """The URL of the W&B server that the SDK would talk to."""
    url = environ.get("WANDB_BASE_URL") or _in_settings_file(environ, "base_url") or CLOUD
    url = url.rstrip("/")
    if not _is_web_address(url):
        raise ConfigError(
            f"WANDB_BASE_URL is '{redact_url(url)}': it has to begin with https:// or http://, and "
            "to name a host."
        )
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _in_settings_file(environ: Mapping[str, str], key: str) -> str | None:
    """What `wandb login --host`, `wandb offline` and `wandb disabled` wrote."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(_settings_file(environ), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        return None
    return parser.get("default", key, fallback=None)


def _settings_file(environ: Mapping[str, str]) -> Path:
    folder = environ.get("WANDB_CONFIG_DIR")
    return (Path(folder) if folder else _home(environ) / ".config" / "wandb") / "settings"


def _key_in_netrc(base_url: str, environ: Mapping[str, str]) -> str | None:
    host = urlsplit(base_url).netloc
    try:
        logins = netrc.netrc(_netrc_file(environ))
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return None
    for one in _CLOUD_HOSTS if host == _CLOUD_HOSTS[0] else (host,):
        found = logins.authenticators(one)
        if found and found[2]:
            return found[2]
    return None


def _netrc_file(environ: Mapping[str, str]) -> Path:
    """The one file that the SDK reads."""
    if named := environ.get("NETRC"):
        return Path(named).expanduser()
    usual, windows = _home(environ) / ".netrc", _home(environ) / "_netrc"
    return windows if windows.exists() and not usual.exists() else usual


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())
