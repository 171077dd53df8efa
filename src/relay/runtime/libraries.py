"""Which libraries a script loads as it starts, read from the source."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from relay.util.code_files import parsed

Library = tuple[str, tuple[str, ...]]
"""A module and what is imported from it, which may be modules of its own; nothing: itself."""

_LATE: Mapping[str, tuple[str, ...]] = {
    "pandas": ("pyarrow.dataset",),
    "matplotlib": ("matplotlib.backends.backend_agg",),
    "mlflow": (
        "mlflow.pyfunc",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.store.model_registry.sqlalchemy_store",
    ),
}
"""What a library loads when it is used, not before."""
_NOT_SHARED = ("wandb",)
"""Makes a temporary folder as it loads and removes it at exit: a fork would remove it for all."""


def libraries(scripts: Sequence[Path], source: Path) -> list[Library]:
    """What `scripts` import from elsewhere, in the order in which they would.

    Modules beside a script or under `source` are followed. What is imported within a function is
    left to be loaded when it is needed.
    """
    found: dict[Library, None] = {}
    seen: set[Path] = set()
    for script in scripts:
        for library in _libraries(script, (script.parent, source), seen):
            found[library] = None
    return list(found)


def late(found: Iterable[Library]) -> list[Library]:
    """What the libraries `found` will load when they are used: worth it where there is time."""
    names = {module.partition(".")[0] for module, _ in found}
    return [(module, ()) for name in sorted(names & set(_LATE)) for module in _LATE[name]]


def _libraries(path: Path, folders: Sequence[Path], seen: set[Path]) -> Iterator[Library]:
    if path in seen:
        return
    seen.add(path)
    for module, names in _imports(path):
        files = _files(module, names, folders)
        if files:
            for file in [*files, *_named_files(files, names, folders)]:
                yield from _libraries(file, folders, seen)
        elif module.partition(".")[0] not in {*sys.stdlib_module_names, *_NOT_SHARED}:
            yield module, names


@functools.cache
def _imports(path: Path) -> tuple[Library, ...]:
    """The imports that loading the file `path` executes for certain."""
    found: list[Library] = []
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            found += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, tuple(alias.name for alias in node.names)))
    return tuple(found)


def _files(module: str, names: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    """The files in `folders` that are loaded for an import; none where it is from elsewhere."""
    found: list[Path] = []
    for folder in folders:
        place = folder
        for part in module.split("."):
            place = place / part
            found += _existing(place / "__init__.py", place.with_suffix(".py"))
        for name in names if found else ():
            found += _existing(place / f"{name}.py")
        if found:
            break
    return found


def _named_files(
    files: Sequence[Path], names: Sequence[str], folders: Sequence[Path]
) -> list[Path]:
    """The files that a package loads when it is asked for `names` (PEP 562).

    Such a package lists its names for type checkers, in imports under `if TYPE_CHECKING`.
    """
    listed = [one for file in files for one in _listed_names(file)]
    modules = [module for module, provided in listed if set(provided) & set(names)]
    return [file for module in modules for file in _files(module, (), folders)]


@functools.cache
def _listed_names(path: Path) -> tuple[Library, ...]:
    """What the module in `path` imports for type checkers, if it has a `__getattr__`."""
    body = parsed(path).body
    if not any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in body):
        return ()
    return tuple(
        (node.module, tuple(alias.name for alias in node.names))
        for block in body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
    )


def _existing(*paths: Path) -> list[Path]:
    return [path for path in paths if path.is_file()]
