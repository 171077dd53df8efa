"""A look at the data's header before anything runs: is the target one of its columns?"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import ValidationError

from relay.errors import ConfigError, RelayError
from relay.names import column_name, did_you_mean
from relay.orchestrator.config import Config
from relay.params import to_text
from relay.reading.columns import renamed, require_one_target
from relay.reading.params import ReadParams
from relay.reading.peek import read_columns

SKLEARN_TARGET = "target"
"""What each data set that ships inside scikit-learn calls its target."""


def check_target(config: Config) -> None:
    """ConfigError where `data.target` is no column of a `data.url` that can be read at once.

    Files on the web are not fetched for this, and a file that cannot be read is left to the step
    that reads it, which says why.
    """
    data: dict[str, Any] = config.section("data")
    url, target = str(data["url"]), column_name(data["target"])
    read = _read_params(data)
    if read is None:
        return
    if urlsplit(url).scheme == "sklearn" and target == SKLEARN_TARGET and not read.rename:
        return  # true without a look, and the look takes a second
    raw = _columns(url, read)
    if raw is None:
        return
    try:
        columns = renamed(raw, read.rename)
    except RelayError as error:
        raise ConfigError(str(error)) from error
    if target not in columns:
        raise ConfigError(
            f"data.target: there is no column '{target}' in {url}.{did_you_mean(target, columns)}"
        )
    dropped = data["drop"] if isinstance(data["drop"], list) else []
    if target in map(column_name, dropped):
        raise ConfigError(f"data.drop: '{target}' is the target, it cannot be dropped.")
    try:
        require_one_target(target, raw, read.rename, dropped)
    except RelayError as error:
        raise ConfigError(str(error)) from error


def _read_params(data: dict[str, Any]) -> ReadParams | None:
    """How the file is read; None where a setting is wrong, which the step that reads it says."""
    given = {**(data["read"] or {}), "rename": data["rename"]}
    try:
        return ReadParams.model_validate({name: to_text(value) for name, value in given.items()})
    except ValidationError:
        return None


def _columns(url: str, read: ReadParams) -> list[str] | None:
    parts = urlsplit(url)
    if parts.scheme == "sklearn":
        return _sklearn_columns(parts.netloc)
    if parts.scheme not in ("", "file"):
        return None
    path = Path(url2pathname(parts.path)) if parts.scheme else Path(url)
    if not path.exists():
        raise ConfigError(f"data.url: there is no file {path}.")
    try:
        return read_columns(path, read.read_options())
    except (RelayError, OSError):
        return None


def _sklearn_columns(name: str) -> list[str] | None:
    try:
        load = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}", None)
    except ModuleNotFoundError:
        return None
    return None if load is None else [str(column) for column in load(as_frame=True).frame]
