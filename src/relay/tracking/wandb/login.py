"""The W&B login and server that the SDK would use, read without an import of wandb."""

from __future__ import annotations

import configparser
import netrc
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.redact import redact_url

CLOUD = "https://api.forge.coreweave.com"
"""The SDK's default server; it also has an older name."""
_CLOUD_HOSTS = ("api.forge.coreweave.com", "api.wandb.ai")
_NOT_ONLINE = ("offline", "disabled", "dryrun")
_MODES = ("", "online", "run", "shared", *_NOT_ONLINE)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
LOG_IN = "Run `wandb login` or set WANDB_API_KEY"


@dataclass(frozen=True)
class Login:
    """A W&B server and the key for it, which `repr` leaves out."""

    base_url: str
    key: str | None = field(repr=False)
    """None if there is an identity token instead, which the SDK exchanges itself."""


def find_login(environ: Mapping[str, str]) -> Login | None:
    """Return the login that the SDK would use, from variables or from its netrc file, or None."""
    base_url = server_of(environ)
    key = environ.get("WANDB_API_KEY") or _key_in_netrc(base_url, environ)
    if key:
        return Login(base_url, key)
    return Login(base_url, None) if environ.get("WANDB_IDENTITY_TOKEN_FILE") else None


def resolve_backend(name: str, environ: Mapping[str, str]) -> str:
    """Return `wandb` or `local` for the setting `tracking`.

    `auto` is W&B if there is a login and W&B is not switched off. Raises ConfigError if `name` is
    wandb and W&B is switched off.
    """
    switch = _switched_off(environ)
    if name == "auto":
        return "wandb" if switch is None and find_login(environ) is not None else "local"
    if name == "wandb" and switch is not None:
        raise ConfigError(
            f"tracking=wandb: W&B is switched off by {switch}, and artifacts cannot be read "
            f"offline. {_switch_on(switch)}, or run with tracking=local now and upload later with "
            "`make publish`."
        )
    return name


def require_switched_on(environ: Mapping[str, str]) -> None:
    """Check that runs can be published.

    Raises ConfigError if W&B is switched off.
    """
    switch = _switched_off(environ)
    if switch is not None:
        raise ConfigError(f"{switch}: W&B is switched off. {_switch_on(switch)} to publish.")


def _switched_off(environ: Mapping[str, str]) -> str | None:
    """Return the setting that switches W&B off, as it is written, or None.

    WANDB_DISABLED is older than WANDB_MODE, but other libraries still read it. `wandb offline` and
    `wandb disabled` write `mode` into the settings file. Raises ConfigError if a value is invalid.
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
    """Return the login that the SDK would use.

    Raises ConfigError if there is none.
    """
    login = find_login(environ)
    if login is None:
        raise ConfigError(f"W&B: there is no login for {redact_url(server_of(environ))}. {LOG_IN}.")
    return login


def server_of(environ: Mapping[str, str]) -> str:
    """Return the URL of the W&B server that the SDK would use.

    Raises ConfigError if it is not a web address, or if its port is not a number.
    """
    url = environ.get("WANDB_BASE_URL") or _in_settings_file(environ, "base_url") or CLOUD
    url = url.rstrip("/")
    if not _is_web_address(url):
        raise ConfigError(
            f"WANDB_BASE_URL: not a web address (got '{redact_url(url)}'). Begin it with https:// "
            "or http:// and the name of a host."
        )
    try:
        _ = urlsplit(url).port
    except ValueError:
        port = urlsplit(url).netloc.rpartition(":")[2]
        raise ConfigError(
            f"WANDB_BASE_URL: the port must be a number from 0 to 65535 (got '{port}'). Give the "
            "one that the server listens on, such as http://localhost:8080."
        ) from None
    return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _in_settings_file(environ: Mapping[str, str], key: str) -> str | None:
    """Return the value of `key` as `wandb login --host` or `wandb offline` wrote it, or None."""
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
    for name in _CLOUD_HOSTS if host == _CLOUD_HOSTS[0] else (host,):
        entry = logins.authenticators(name)
        if entry and entry[2]:
            return entry[2]
    return None


def _netrc_file(environ: Mapping[str, str]) -> Path:
    """Return the netrc file that the SDK reads."""
    if path := environ.get("NETRC"):
        return Path(path).expanduser()
    usual, windows = _home(environ) / ".netrc", _home(environ) / "_netrc"
    return windows if windows.exists() and not usual.exists() else usual


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())
