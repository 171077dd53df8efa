"""Is there a W&B login, and does its server take it? Asked without importing wandb."""

from __future__ import annotations

import base64
import configparser
import http.client
import json
import netrc
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from relay.errors import ConfigError, RelayError
from relay.names import did_you_mean
from relay.redact import redact_url

CLOUD = "https://api.forge.coreweave.com"
"""What the SDK takes where no other server is named; also known by its older name."""
_CLOUD_HOSTS = ("api.forge.coreweave.com", "api.wandb.ai")
_NOT_ONLINE = ("offline", "disabled", "dryrun")
_MODES = ("", "online", "run", "shared", *_NOT_ONLINE)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
_PROBE_SECONDS = 8.0
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
    """Ask the server who the key belongs to, and return its default entity.

    ConfigError where it does not know the key, RelayError where it cannot be reached or is no
    W&B server. What may pass in a moment is asked again. None without asking where an identity
    token stands for the key.
    """
    for seconds in _PROBE_WAITS:
        try:
            return _ask(login, timeout)
        except _MayPassError:
            time.sleep(seconds)
    try:
        return _ask(login, timeout)
    except _MayPassError as error:
        raise RelayError(str(error)) from error


class _MayPassError(RelayError):
    """The server has too much to do, or dropped the connection."""


def _ask(login: Login, timeout: float) -> str | None:
    """What `probe` gives, in one request; _MayPassError where another may do better."""
    if login.key is None:
        return None
    server = redact_url(login.base_url)
    request = urllib.request.Request(  # noqa: S310 - server_of() has checked the scheme
        f"{login.base_url}/graphql",
        data=json.dumps({"query": _VIEWER}).encode(),
        headers={"Content-Type": "application/json", "Authorization": _basic(login.key)},
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as response:
            answer = json.loads(response.read(_LONGEST_ANSWER))
        viewer = answer["data"]["viewer"]
        entity = None if viewer is None else viewer["entity"]
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise _unknown_key(server) from error
        if place := error.headers.get("Location"):
            raise ConfigError(
                f"The W&B server {server} is elsewhere: it sends on to {redact_url(place)}. Set "
                "WANDB_BASE_URL to its own address."
            ) from error
        kind = _MayPassError if error.code == 429 or error.code >= 500 else RelayError
        raise kind(
            f"The W&B server {server} answered with HTTP {error.code}. Try again later."
        ) from error
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", None) or error
        dropped = isinstance(reason, (ConnectionResetError, ConnectionAbortedError))
        raise (_MayPassError if dropped else RelayError)(
            f"The W&B server {server} cannot be reached ({reason}). Check the network and "
            "WANDB_BASE_URL."
        ) from error
    except (http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise RelayError(
            f"{server} is no W&B server: it did not answer as one. Check WANDB_BASE_URL."
        ) from error
    if viewer is None:
        raise _unknown_key(server)
    return str(entity) if entity else None


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


def _unknown_key(server: str) -> ConfigError:
    return ConfigError(
        f"The W&B server {server} does not know the key that it was given. {_LOG_IN} anew (a key "
        f"belongs to one server: see WANDB_BASE_URL)."
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
