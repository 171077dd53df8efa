"""The comparison of two folders, apart from the names of versions, dates and rounding."""

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

# Keys that differ each time that a model is written, as they are times and ids.
_DATED = ("utc_time_created", "model_uuid", "model_id", "run_id", "model_size_bytes")
_IDENTITY = "__id__"
_SCHEMA = "schema.json"
_ROUNDING = 1e-9
_TEXTS = (".html", ".md", ".txt")


def differing(recorded: Path, again: Path, names: Mapping[str, str]) -> list[str]:
    """Return the paths of the files that differ between two folders.

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


def alike(first: Any, second: Any) -> bool:
    """Return whether two plain values are the same, apart from the last digits of numbers.

    These depend on the order in which threads add numbers up.
    """
    if isinstance(first, float) and isinstance(second, float):
        both_missing = math.isnan(first) and math.isnan(second)
        return both_missing or math.isclose(first, second, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            alike(first[key], second[key]) for key in first
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(alike, first, second))
    return bool(first == second)


def _same(recorded: Path, again: Path, names: Mapping[str, str]) -> bool:
    a, b = recorded.read_bytes(), again.read_bytes()
    try:
        return a == b or alike(_comparable(recorded, a, names), _comparable(again, b, {}))
    except (ValueError, KeyError, yaml.YAMLError, zipfile.BadZipFile):
        return False


def _comparable(path: Path, content: bytes, names: Mapping[str, str]) -> Any:
    """Return the part of a file's `content` to compare, with `names` translated."""
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
    """Return a model saved by skops with digests for its arrays, whose names are random."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        digests = {
            name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()
        }
        schema = json.loads(archive.read(_SCHEMA))
    return _plain(schema, {name: text for name, text in digests.items() if name != _SCHEMA})


def _plain(value: Any, digests: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, digests) for key, item in value.items() if key != _IDENTITY}
    if isinstance(value, list):
        return [_plain(item, digests) for item in value]
    return digests.get(value, value) if isinstance(value, str) else value
