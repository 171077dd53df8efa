"""Whether two folders hold the same, but for names of versions, dates and rounding."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from relay.tracking.references import translated

# What differs each time a model is written: when that was, and where in memory it lay.
_DATED = ("utc_time_created", "model_uuid", "model_id", "run_id", "model_size_bytes")
_IDENTITY = "__id__"
_SCHEMA = "schema.json"
_ROUNDING = 1e-9
_TEXTS = (".html", ".md", ".txt")


def differing(recorded: Path, again: Path, names: Mapping[str, str]) -> list[str]:
    """Return the files of two folders that are not the same, by their paths.

    `names` are the references and digests of `recorded`'s artifacts, each with that of `again`.
    """
    files = [
        {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        for folder in (recorded, again)
    ]
    return [
        name
        for name in sorted({*files[0], *files[1]})
        if name not in files[0]
        or name not in files[1]
        or not _same(files[0][name], files[1][name], names)
    ]


def alike(one: Any, other: Any) -> bool:
    """Return whether two plain values are the same but for the last digits of numbers.

    Threads that add numbers up in another order round otherwise.
    """
    if isinstance(one, float) and isinstance(other, float):
        both_missing = math.isnan(one) and math.isnan(other)
        return both_missing or math.isclose(one, other, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def _same(one: Path, other: Path, names: Mapping[str, str]) -> bool:
    a, b = one.read_bytes(), other.read_bytes()
    try:
        return a == b or alike(_gist(one, a, names), _gist(other, b, {}))
    except (ValueError, KeyError, yaml.YAMLError, zipfile.BadZipFile):
        return False


def _gist(path: Path, content: bytes, names: Mapping[str, str]) -> Any:
    """Return what is to be the same of a file with this `content`, with `names` translated."""
    if path.name == "MLmodel":
        return _without_dates(content)
    if path.suffix == ".json":
        return translated(json.loads(content), names)
    if path.suffix == ".skops":
        return _skops(content)
    if path.suffix == ".parquet":
        return pq.read_table(io.BytesIO(content)).to_pydict()
    if path.suffix not in _TEXTS:
        return content
    text = content.decode()
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def _without_dates(content: bytes) -> Any:
    loaded = yaml.safe_load(content)
    return {key: value for key, value in loaded.items() if key not in _DATED}


def _skops(content: bytes) -> Any:
    """Return what a model saved by skops is: its arrays are named by where they were in memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        digests = {
            name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()
        }
        schema = json.loads(archive.read(_SCHEMA))
    return _plain(schema, {name: one for name, one in digests.items() if name != _SCHEMA})


def _plain(value: Any, digests: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one, digests) for key, one in value.items() if key != _IDENTITY}
    if isinstance(value, list):
        return [_plain(one, digests) for one in value]
    return digests.get(value, value) if isinstance(value, str) else value
