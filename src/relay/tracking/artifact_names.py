"""What begins the names of artifacts: made of files and columns, whatever these are called."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from relay.util.names import plain_ascii

_LONGEST_STEM = 56
"""Two of them and a step's suffix are a name of at most 128 characters, as W&B allows."""
_LONGEST_BASE = 2 * _LONGEST_STEM + 1
_DIGEST = 8
_FILE_ENDING = re.compile(
    r"(?i)\.(?:csv|tsv|tab|psv|txt|dat|data|json|jsonl|ndjson|parquet|pq|xlsx|xlsm|xlsb|xls|ods"
    r"|gz|gzip|bz2|xz|zst|zip)$"
)


def artifact_stem(text: str, longest: int = _LONGEST_STEM) -> str:
    """What may begin an artifact's name: letters, digits, `.`, `_` and `-`, and never empty.

    A text that is this already stays, but for blanks. Any other gets a digest at its end, and so
    does one that is too long, so that two of them have two names: `größe` -> `grosse_d353a267`.
    """
    text = unicodedata.normalize("NFC", text)  # file systems differ in how they write an accent
    stem = plain_ascii(text) or "data"
    if stem == re.sub(r" +", "_", text) and len(stem) <= longest:
        return stem
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{stem[: longest - _DIGEST - 1].rstrip('._-')}_{digest}"


def url_stem(url: str) -> str:
    """`housing` of `path/to/housing.csv.gz` and of `sklearn://housing`.

    It is `sales.2020` of `sales.2020.csv`: what stands before the ending tells files apart.
    """
    parts = urlsplit(str(url))
    last = unquote(parts.path.rstrip("/") or parts.netloc).rpartition("/")[2]
    while _FILE_ENDING.search(last):
        last = _FILE_ENDING.sub("", last)
    return artifact_stem(last)


def model_stem(reference: str) -> str:
    """`housing` of `housing_model:champion`."""
    name = str(reference).rsplit("/", maxsplit=1)[-1].split(":")[0]
    return artifact_stem(name.removesuffix("_model"), _LONGEST_BASE)
