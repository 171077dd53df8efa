"""The W&B login and server that the SDK would take, read without importing wandb."""

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
"""What the SDK takes where no other server is named; also known by its older name."""
_CLOUD_HOSTS = ("api.forge.coreweave.com", "api.wandb.ai")
_NOT_ONLINE = ("offline", "disabled", "dryrun")
_MODES = ("", "online", "run", "shared", *_NOT_ONLINE)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
LOG_IN = "Run `wandb login` or set WANDB_API_KEY"


@dataclass(frozen=True)
class Login:
    """A W&B server and the key for it; the key shows in no text."""

    base_url: str
    key: str | None = field(repr=False)
    """None where an identity token stands for it, which the SDK exchanges itself."""


def find_login(environ: Mapping[str, str]) -> Login | None:
    """Return the login that the SDK would take: from variables, then from its netrc file."""
    base_url = server_of(environ)
    key = environ.get("WANDB_API_KEY") or _key_in_netrc(base_url, environ)
    if key:
        return Login(base_url, key)
    return Login(base_url, None) if environ.get("WANDB_IDENTITY_TOKEN_FILE") else None


def resolve_backend(name: str, environ: Mapping[str, str]) -> str:
    """Return `wandb` or `local` for the setting `tracking`.

    `auto` is W&B if there is a login, unless W&B is switched off. Raises ConfigError if W&B is
    asked for and switched off.
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
    """Check that runs can be published. Raises ConfigError if W&B is switched off."""
    switch = _switched_off(environ)
    if switch is not None:
        raise ConfigError(f"W&B is switched off by {switch}. {_switch_on(switch)} to publish.")


def _switched_off(environ: Mapping[str, str]) -> str | None:
    """Return what switches W&B off, as it is written there; None where nothing does.

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
    """Return the login.

    Raises ConfigError if there is none.
    """
    login = find_login(environ)
    if login is None:
        raise ConfigError(f"There is no W&B login for {redact_url(server_of(environ))}. {LOG_IN}.")
    return login


def server_of(environ: Mapping[str, str]) -> str:
    """Return the URL of the W&B server that the SDK would talk to."""
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
    """Return what `wandb login --host`, `wandb offline` or `wandb disabled` wrote."""
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
    """Return the netrc file that the SDK reads."""
    if named := environ.get("NETRC"):
        return Path(named).expanduser()
    usual, windows = _home(environ) / ".netrc", _home(environ) / "_netrc"
    return windows if windows.exists() and not usual.exists() else usual


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())
