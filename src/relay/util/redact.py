"""The removal of secrets from logs, metadata and messages."""

from __future__ import annotations

import os
import re

_SECRET_KEYS = re.compile(
    r"(?i)(^|[-_.])(api[-_]?key|key|token|secret|password|passwd|pwd|sig|signature|credential|auth)"
    r"([-_.]|$)"
)
_SHORTEST_SECRET = 8  # characters; a shorter one could be part of innocent words
_NO_SECRETS = ("PWD", "OLDPWD", "SSH_AUTH_SOCK")  # paths, in spite of their names
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# A password may hold quotes, which elsewhere end a URL in a text.
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^\s/?#<>]*@)?[^\s'\"<>]*")
_PARTS = re.compile(
    r"(?s)(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*:)?//(?P<authority>[^/?#]*)(?P<path>[^?#]*)"
    r"(?P<query>\?[^#]*)?(?P<fragment>#.*)?"
)
_PAIRS = re.compile(r"([?#&;]+)")


def redact_url(url: str) -> str:
    """Return `url` without user and password, and without values that look like a secret.

    These are the values of names such as `token` in the query and in the fragment. The URL need not
    be valid; a text that is not a URL is returned as it is.
    """
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return url
    host = parts["authority"].rpartition("@")[2]
    start = f"{parts['scheme'] or ''}//{host}{parts['path']}"
    return start + _redact_pairs(parts["query"] or "") + _redact_pairs(parts["fragment"] or "")


def redact(text: str) -> str:
    """Return `text` with each URL redacted, and without the environment's secrets.

    These are the values of variables such as AWS_SECRET_ACCESS_KEY.
    """
    text = _URL.sub(lambda match: redact_url(match.group()), text)
    for value in _secrets():
        text = text.replace(value, "***")
    return text


def _secrets() -> list[str]:
    """Return the environment's secrets, the longest first, as one may contain another."""
    secrets = {
        value
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST_SECRET and _SECRET_KEYS.search(name) and name not in _NO_SECRETS
    }
    return sorted(secrets, key=len, reverse=True)


def _redact_pairs(text: str) -> str:
    return "".join(_redact_pair(part) for part in _PAIRS.split(text))


def _redact_pair(pair: str) -> str:
    name, separator, value = pair.partition("=")
    is_secret = bool(_SECRET_KEYS.search(_HUMP.sub("_", name)))
    return f"{name}=***" if separator and value and is_secret else pair
