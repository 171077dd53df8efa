"""The libraries of models, one adapter each: a module of this package with a `LIBRARY`.

Nothing else in Relay names a library. A new library is a new module here, and a line in the lock
of the components that load models.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from relay.models.libraries.interface import ModelLibrary
from relay.util.errors import ConfigError


@functools.cache
def libraries() -> Mapping[str, ModelLibrary]:
    """Return the adapter of each library, by the name that the library is imported by."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    adapters: list[ModelLibrary] = [
        vars(module)["LIBRARY"] for module in modules if _is_adapter(module)
    ]
    return {adapter.package: adapter for adapter in adapters}


def library_at(path: str) -> ModelLibrary:
    """Return the adapter for the class at the dotted `path`.

    Raises ConfigError if there is no adapter for its package, or `path` is not a dotted name.
    """
    package = path.partition(".")[0]
    if package not in libraries() or not all(part.isidentifier() for part in path.split(".")):
        examples = " or ".join(sorted(library.example for library in libraries().values()))
        raise ConfigError(
            f"model._target_: not a class of {', '.join(sorted(libraries()))} (got '{path}'). "
            f"Give the full name of one, such as {examples}."
        )
    return libraries()[package]


def library_of(estimator: Any) -> ModelLibrary:
    """Return the adapter for the library that the class of `estimator` comes from."""
    return libraries()[type(estimator).__module__.partition(".")[0]]


def _is_adapter(module: Any) -> bool:
    return "LIBRARY" in vars(module)
