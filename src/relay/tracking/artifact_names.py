"""The stems of artifact names, made from the names of files and columns."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from relay.util.names import plain_ascii
from relay.util.redact import redact_url

_LONGEST_STEM = 56
"""Two of them and a step's suffix are a name of at most 128 characters, as W&B allows."""
_LONGEST_BASE = 2 * _LONGEST_STEM + 1
_DIGEST = 8
_FILE_ENDING = re.compile(
    r"(?i)\.(?:csv|tsv|tab|psv|txt|dat|data|json|jsonl|ndjson|parquet|pq|xlsx|xlsm|xlsb|xls|ods"
    r"|gz|gzip|bz2|xz|zst|zip)$"
)
_WEB = ("http", "https")
_PASSING = re.compile(
    r"(?i)(?:x-(?:amz|goog|ms)-.*|awsaccesskeyid|googleaccessid|key-pair-id|policy|expires"
    r"|signature|token|access_token)"
)
"""Parameters of signed URLs; their values differ each time that a file's URL is signed."""
_PASSING_WITH_SIG = re.compile(r"(?i)sig|se|sp|sr|srt|ss|st|sv|spr|sk(?:oid|tid|t|e|s|v)")
"""Those of Azure. Other URLs use the names for other things, so `sig` must be among them."""


def artifact_stem(text: str, longest: int = _LONGEST_STEM) -> str:
    """Return a stem for an artifact's name: letters, digits, `.`, `_` and `-`, never empty.

    A text that is such a stem is returned as it is. Another one, or one longer than `longest`, gets
    a digest at its end, so that two texts have two stems: `größe` -> `grosse_d353a267`.
    """
    text = unicodedata.normalize("NFC", text)  # file systems differ in how they write an accent
    stem = plain_ascii(text) or "data"
    if stem == text and len(stem) <= longest:
        return stem
    return _with_digest(stem, text, longest)


def url_stem(url: str) -> str:
    """Return `housing` for `path/to/housing.csv.gz` and for `sklearn://housing`.

    Only endings of formats are removed: `sales.2020.csv` gives `sales.2020`. A web address without
    such an ending (`/download?id=7`) is distinguished by its query, as a digest.
    """
    path, query = str(url), ""
    if "://" in path:
        parts = urlsplit(path)
        path = unquote(parts.path.rstrip("/") or parts.netloc)
        query = urlsplit(lasting_url(url)).query if parts.scheme in _WEB else ""
    last = path.rstrip("/").rpartition("/")[2]
    stem = last
    while _FILE_ENDING.search(stem):
        stem = _FILE_ENDING.sub("", stem)
    if query and stem == last:
        return _with_digest(plain_ascii(last) or "data", f"{last}?{query}", _LONGEST_STEM)
    return artifact_stem(stem)


def lasting_url(url: str) -> str:
    """Return `url` without its secrets and without the parameters that each signing changes."""
    redacted = redact_url(str(url))
    parts = urlsplit(redacted)
    if parts.scheme not in _WEB or not parts.query:
        return redacted
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    passing = [_PASSING]
    if any(name.lower() == "sig" for name, _ in pairs):
        passing.append(_PASSING_WITH_SIG)
    lasting = [
        (name, value)
        for name, value in pairs
        if not any(pattern.fullmatch(name) for pattern in passing)
    ]
    return urlunsplit(parts._replace(query=urlencode(lasting)))


def is_another_source(artifact: str, url: str, before: str) -> bool:
    """Return whether `artifact`, named after the file at `url`, was made from another file before.

    `before` is the URL of its last version. A name that does not come from the URL was set by
    data.name, and may have any source.
    """
    return artifact.startswith(f"{url_stem(url)}_") and lasting_url(url) != lasting_url(before)


def model_stem(reference: str) -> str:
    """Return `housing` for `housing_model:champion`."""
    name = str(reference).rsplit("/", maxsplit=1)[-1].split(":")[0]
    return artifact_stem(name.removesuffix("_model"), _LONGEST_BASE)


def _with_digest(stem: str, text: str, longest: int) -> str:
    """Return `stem`, cut to fit, with a digest of the `text` that it was made from."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{stem[: longest - _DIGEST - 1].rstrip('._-')}_{digest}"
