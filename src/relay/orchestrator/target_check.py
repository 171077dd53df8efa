"""A look at the data's header before anything runs: is the target one of its columns?"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from relay.errors import ConfigError, RelayError
from relay.names import column_names, did_you_mean
from relay.orchestrator.config import Config
from relay.reading.layout import ReadOptions, read_columns

SKLEARN_TARGET = "target"
"""What each data set that ships inside scikit-learn calls its target."""


def check_target(config: Config) -> None:
    """ConfigError where `data.target` is no column of a `data.url` that can be read at once.

    Files on the web are not fetched for this, and a file that cannot be read is left to the step
    that reads it, which says why.
    """
    data: dict[str, Any] = config.section("data")
    if urlsplit(data["url"]).scheme == "sklearn" and data["target"] == SKLEARN_TARGET:
        return  # true without a look, and the look takes a second
    raw = _columns(data["url"], data["read"])
    if raw is None:
        return
    columns = [data["rename"].get(name, name) for name in column_names(raw)]
    target = data["target"]
    if target not in columns:
        raise ConfigError(
            f"data.target: there is no column '{target}' in {data['url']}."
            f"{did_you_mean(target, columns)}"
        )
    if target in data["drop"]:
        raise ConfigError(f"data.drop: '{target}' is the target, it cannot be dropped.")


def _columns(url: str, read: dict[str, Any]) -> list[str] | None:
    parts = urlsplit(url)
    if parts.scheme == "sklearn":
        return _sklearn_columns(parts.netloc)
    if parts.scheme not in ("", "file"):
        return None
    path = Path(url2pathname(parts.path)) if parts.scheme else Path(url)
    if not path.exists():
        raise ConfigError(f"data.url: there is no file {path}.")
    try:
        return read_columns(path, ReadOptions(**read))
    except (RelayError, OSError):
        return None


def _sklearn_columns(name: str) -> list[str] | None:
    try:
        load = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}", None)
    except ModuleNotFoundError:
        return None
    return None if load is None else [str(column) for column in load(as_frame=True).frame]
