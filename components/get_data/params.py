"""Parameters of `get_data`."""

from __future__ import annotations

import os
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from relay import IS_PATH, NO_CONTENT, ConfigError, Facts, RelayError
from relay import Params as BaseParams
from relay.tables.setting_checks import find_source
from relay.util.names import did_you_mean, nearest
from relay.util.paths import find_local_path, scheme_of, shown
from relay.util.proxies import open_url

SCHEMES = ("http", "https", "file", "sklearn")
HEAD_SECONDS = 10.0
AS_IT_IS = "as it is"
SKLEARN_SETS = ("diabetes", "wine", "breast_cancer", "iris", "digits")


class Params(BaseParams):
    raw_artifact: str = Field("raw", description="name of the fetched file")
    url: str = Field(
        min_length=1,
        description="http(s)://, file://, sklearn://NAME, or a path",
        json_schema_extra=IS_PATH,
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="expected digest of the file"
    )
    refresh: Literal["auto", "always", "never"] = Field(
        "auto",
        description="auto: fetch again if the source changed; always; never",
        json_schema_extra=NO_CONTENT,
    )
    max_mb: float = Field(
        2000,
        gt=0,
        description="largest download, in megabytes (10^6 bytes)",
        json_schema_extra=NO_CONTENT,
    )

    @field_validator("url")
    @classmethod
    def _is_supported_source(cls, url: str) -> str:
        scheme = scheme_of(url)
        if scheme and scheme not in SCHEMES:
            near = nearest(scheme, SCHEMES)
            hint = f" Did you mean '{near}://'?" if near else ""
            raise ValueError(
                f"'{scheme}://' is not supported: use http(s)://, file://, sklearn:// or a "
                f"path.{hint}"
            )
        if scheme in ("http", "https"):
            try:
                host, _ = urlsplit(url).hostname, urlsplit(url).port
            except ValueError as error:
                raise ValueError(f"not a URL: {error}") from error
            if not host:
                raise ValueError("the URL has no host")
        if scheme == "sklearn" and sklearn_name(url) not in SKLEARN_SETS:
            raise ValueError(
                f"Relay has no data set '{sklearn_name(url)}' of scikit-learn."
                f"{did_you_mean(sklearn_name(url), SKLEARN_SETS)}"
            )
        return url


def source_state(params: Params) -> str | None:
    """Return a text that changes when the source does; None if the source must be fetched again.

    For a file it is size and time, for a URL the answer to a HEAD request: ETag, or time and size.
    """
    if params.refresh == "always":
        return None
    if params.refresh == "never" or params.sha256 is not None:
        return AS_IT_IS
    scheme = scheme_of(params.url)
    if scheme == "sklearn":
        return AS_IT_IS
    if scheme in ("http", "https"):
        return _state_of_url(params.url)
    try:
        path = find_local_path(params.url, Path())
        status = None if path is None else path.stat()
    except (OSError, ConfigError):
        return None
    return None if status is None else f"{status.st_size} bytes, {status.st_mtime_ns}"


def _an_example(folder: Path) -> str:
    """Return the name of the first file in `folder`, for a message."""
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    return next((name for name in files if not name.startswith(".")), "FILE.csv")


def inspect_source(params: Params, facts: Facts) -> Facts:
    """Find the file, for the steps that read it. Raises ConfigError if it does not exist.

    With refresh=never it need not exist: the file that was fetched before is used.
    """
    path = None if scheme_of(params.url) else find_local_path(params.url, Path())
    if path is not None and path.is_dir():
        raise ConfigError(
            f"data.url: {shown(path)} is a folder. Name one file of it, such as "
            f"data.url={shown(path / _an_example(path))}."
        )
    return find_source(params.url, must_exist=params.refresh != "never")


def _state_of_url(url: str) -> str | None:
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - http or https
    try:
        with open_url(request, os.environ, HEAD_SECONDS) as response:
            headers = response.headers
    except (OSError, ValueError, HTTPException, RelayError):
        return None
    if headers.get("ETag"):
        return str(headers["ETag"])
    if headers.get("Last-Modified"):
        return f"{headers['Last-Modified']}, {headers.get('Content-Length')} bytes"
    return None


def sklearn_name(url: str) -> str:
    """Return the name in a sklearn:// URL: `iris` of `sklearn://iris`."""
    return url.partition("://")[2].strip("/")
