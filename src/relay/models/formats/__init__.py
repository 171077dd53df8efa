"""Formats of models besides scikit-learn's, one adapter each: a module here with a `FORMAT`.

Each holds numbers only, so that loading it runs no code of the file's.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from relay.models.formats.interface import ModelFormat


@functools.cache
def formats() -> Mapping[str, ModelFormat]:
    """Return the adapter of each format, by the name that MLflow gives the flavor."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    adapters: list[ModelFormat] = [
        vars(module)["FORMAT"] for module in modules if "FORMAT" in vars(module)
    ]
    return {adapter.flavor: adapter for adapter in adapters}
