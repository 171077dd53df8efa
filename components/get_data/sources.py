"""Copies of the file that a URL names, byte for byte."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from download import Response, Sleep, download
from params import sklearn_name

from relay import ConfigError, RelayError
from relay.util.names import plain_ascii
from relay.util.paths import describe_missing_file, find_local_path, scheme_of

_LONGEST_NAME = 100


@dataclass(frozen=True)
class RawFile:
    """A file that was fetched: its path, size and digest, and headers of its server."""

    path: Path
    bytes: int
    sha256: str
    etag: str | None = None
    last_modified: str | None = None


def fetch(
    url: str,
    folder: Path,
    *,
    root: Path,
    max_bytes: int,
    sha256: str | None = None,
    sleep: Sleep = time.sleep,
) -> RawFile:
    """Copy the file that `url` names into `folder`; a relative path begins at `root`.

    `max_bytes` limits downloads; `sleep` waits between tries. Raises RelayError if the file does
    not exist, cannot be fetched, or has another digest than `sha256`.
    """
    response = Response(None, None)
    scheme = scheme_of(url)
    if scheme in ("http", "https"):
        path = folder / safe_file_name(urlsplit(url).path)
        response = download(url, path, max_bytes=max_bytes, sleep=sleep)
    elif scheme == "sklearn":
        path = write_sklearn(sklearn_name(url), folder)
    elif source := find_local_path(url, root):
        path = copy_local(source, folder)
    else:
        raise ConfigError(
            f"data.url: the scheme is not supported (got {url!r}). Use http(s)://, file://, "
            "sklearn:// or a path."
        )
    raw = raw_file(path, response.etag, response.last_modified)
    if sha256 is not None and raw.sha256 != sha256.lower():
        raise RelayError(
            f"data.sha256: the file has another digest, {raw.sha256} (got {sha256.lower()}). If "
            "the new file is right, set data.sha256 to its digest."
        )
    return raw


def raw_file(path: Path, etag: str | None, last_modified: str | None) -> RawFile:
    """Return the file at `path` with its size, its digest and its server's headers."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RawFile(path, path.stat().st_size, digest, etag, last_modified)


def safe_file_name(url_path: str) -> str:
    """Return the last part of a URL's path as a file name that cannot lead out of its folder."""
    return plain_ascii(unquote(url_path).rstrip("/").rpartition("/")[2])[-_LONGEST_NAME:] or "data"


def copy_local(source: Path, folder: Path) -> Path:
    """Copy the file `source` into `folder`, and return the copy.

    Raises RelayError if `source` is not a file that can be read.
    """
    if source.is_dir():
        raise RelayError(f"data.url: {source} is a folder. Name the file in it.")
    if not source.exists():
        raise RelayError(f"data.url: {describe_missing_file(source)}")
    if not source.is_file():
        raise RelayError(f"data.url: {source} is not a regular file. Give the path of a file.")
    path = folder / safe_file_name(source.name)
    try:
        shutil.copyfile(source, path)
    except OSError as error:
        raise RelayError(
            f"data.url: {source} cannot be read: {error.strerror}. Check its permissions."
        ) from error
    return path


def write_sklearn(name: str, folder: Path) -> Path:
    """Write scikit-learn's data set `name` as CSV, with the column `target` as its last.

    Classes with names are written by name: `setosa`, not 0. The same data gives the same bytes.
    """
    from sklearn import datasets  # noqa: PLC0415 - seconds, for a source that few runs have

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    table = bunch.frame
    names = [str(name) for name in getattr(bunch, "target_names", [])]
    if names and not all(name.isdigit() for name in names):
        table["target"] = table["target"].map(dict(enumerate(names)))
    path = folder / f"{name}.csv"
    table.to_csv(path, index=False, lineterminator="\n")
    return path
