"""Files of Keras (`.keras`) without what differs each time that one is written."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIG, METADATA = "config.json", "metadata.json"
_DATE = "1980-01-01@00:00:00"
_ID = "shared_object_id"


def make_repeatable(path: Path) -> None:
    """Write the file again without its date and the memory addresses in it.

    Two equal nets then have equal files. Parts that share an object still do: addresses become
    numbers in the order in which they come.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = _renumbered(json.loads(parts[CONFIG]), {})
    metadata = {**json.loads(parts[METADATA]), "date_saved": _DATE}
    parts |= {CONFIG: json.dumps(config).encode(), METADATA: json.dumps(metadata).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # which has the date of 1980


def _renumbered(value: Any, numbers: dict[Any, int]) -> Any:
    if isinstance(value, list):
        return [_renumbered(one, numbers) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: numbers.setdefault(one, len(numbers)) if key == _ID else _renumbered(one, numbers)
        for key, one in value.items()
    }
