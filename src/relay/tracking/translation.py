"""The same artifacts have other version numbers in another store: names are translated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def translated(value: Any, names: Mapping[str, str]) -> Any:
    """Return `value` with each text that is an exact reference of `names` replaced."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: translated(one, names) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [translated(one, names) for one in value]
    return value
