"""A look at the data's header before anything runs: are the columns there that settings name?"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from omegaconf import DictConfig, ListConfig, OmegaConf
from pydantic import ValidationError

from relay.config.compose import Config
from relay.step.params import to_text
from relay.tables.reading.columns import find_column, renamed, require_one_target
from relay.tables.reading.header import is_number
from relay.tables.reading.params import ReadParams
from relay.tables.reading.peek import read_columns
from relay.util.errors import ConfigError, RelayError
from relay.util.names import column_name, did_you_mean
from relay.util.paths import shown

SKLEARN_TARGET = "target"
"""What each data set that ships inside scikit-learn calls its target."""

_NAMING_COLUMNS = (
    "data.drop", "data.dtypes", "data.ranges", "data.text",
    "split.time_column", "split.group_column", "train.time_column", "train.group_column",
    "evaluate.slices",
)  # fmt: skip
"""Settings that name columns: one, a list, or the keys of a mapping."""


def check_source(config: Config) -> None:
    """ConfigError where `data.url` holds no table, or lacks a column that a setting names.

    As far as its beginning shows it. Files on the web are not fetched for this. With
    `data.refresh=never` the file may be gone: what was fetched before is taken.
    """
    data: dict[str, Any] = config.section("data")
    url, target = str(data["url"]), column_name(data["target"])
    read = _read_params(data)
    if read is None:
        return
    named = _named_columns(config)
    is_plain = target == SKLEARN_TARGET and not read.rename and not named
    if urlsplit(url).scheme == "sklearn" and is_plain:
        return  # true without a look, and the look takes a second
    raw = _columns(url, read, must_exist=data["refresh"] != "never")
    if raw is None:
        return
    try:
        columns = renamed(raw, read.rename)
    except RelayError as error:
        raise ConfigError(str(error)) from error
    if target not in columns:
        raise ConfigError(
            f"data.target: there is no column '{target}' in {url}."
            f"{did_you_mean(target, columns)}{_header_advice(raw)}"
        )
    dropped = data["drop"] if isinstance(data["drop"], list) else []
    if target in map(column_name, dropped):
        raise ConfigError(f"data.drop: '{target}' is the target, it cannot be dropped.")
    try:
        require_one_target(target, raw, read.rename, dropped)
    except RelayError as error:
        raise ConfigError(str(error)) from error
    _require_columns(named, columns)


def _header_advice(names: Sequence[str]) -> str:
    """Advice where `names` may be a row of values, or a line of something else."""
    numbers = [name for name in names if is_number(name)]
    if not numbers:
        return ""
    return (
        f" If '{numbers[0]}' is no name: data.read.skip leaves out so many lines above the header, "
        "and with data.read.header=none the columns are column_1, column_2, ..."
    )


def _named_columns(config: Config) -> dict[str, str]:
    """The columns that settings name, each with the first setting that does.

    A setting of a wrong type is left to the step that reads it.
    """
    found: dict[str, str] = {}
    for setting in _NAMING_COLUMNS:
        value = OmegaConf.select(config.tree, setting)
        names = [value] if isinstance(value, str) else value
        if isinstance(names, ListConfig | DictConfig | list):
            for name in names:
                found.setdefault(str(name), setting)
    return found


def _require_columns(named: Mapping[str, str], columns: Sequence[str]) -> None:
    wrong = []
    for name, setting in named.items():
        try:
            find_column(name, columns, setting)
        except RelayError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigError("\n".join(wrong))


def _read_params(data: dict[str, Any]) -> ReadParams | None:
    """How the file is read; None where a setting is wrong, which the step that reads it says."""
    given = {**(data["read"] or {}), "rename": data["rename"]}
    try:
        return ReadParams.model_validate({name: to_text(value) for name, value in given.items()})
    except ValidationError:
        return None


def _columns(url: str, read: ReadParams, must_exist: bool) -> list[str] | None:
    parts = urlsplit(url)
    if parts.scheme == "sklearn":
        return _sklearn_columns(parts.netloc)
    if parts.scheme not in ("", "file"):
        return None
    path = Path(url2pathname(parts.path)) if parts.scheme else Path(url)
    if not path.exists():
        if not must_exist:
            return None
        raise ConfigError(f"data.url: there is no file {shown(path)}.")
    try:
        return read_columns(path, read.read_options())
    except RelayError as error:
        raise ConfigError(str(error)) from error
    except OSError:  # a folder, say: get_data has the words for it
        return None


def _sklearn_columns(name: str) -> list[str] | None:
    try:
        load = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}", None)
    except ModuleNotFoundError:
        return None
    return None if load is None else [str(column) for column in load(as_frame=True).frame]
