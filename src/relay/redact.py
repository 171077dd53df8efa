"""Keeps secrets that travel in URLs out of logs, metadata and error texts."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_SECRET_KEYS = re.compile(
    r"(?i)(^|[-_.])(api[-_]?key|key|token|secret|password|passwd|pwd|sig|signature|credential|auth)"
    r"([-_.]|$)"
)
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]+")


def redact_url(url: str) -> str:
    """`url` without user, password and the values of query parameters that look like secrets.

    A text that is no URL comes back as it is.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if not parts.netloc:
        return url
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(_redact_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))


def redact(text: str) -> str:
    """`text` with `redact_url` done on each URL in it."""
    return _URL.sub(lambda match: redact_url(match.group()), text)


def _redact_pair(pair: str) -> str:
    name, separator, value = pair.partition("=")
    return f"{name}=***" if separator and value and _SECRET_KEYS.search(name) else pair
