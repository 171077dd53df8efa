"""The libraries that a script loads as it starts, read from the source."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from relay.tracking.backends import UNSHARED_LIBRARIES
from relay.util.imports import Import, SourceReader, find_module, open_reader

Library = tuple[str, tuple[str, ...]]
"""A module and the names imported from it, some of them submodules; no names: the module alone."""

_LATE: Mapping[str, tuple[str, ...]] = {
    "pandas": ("pyarrow.dataset",),
    "matplotlib": ("matplotlib.backends.backend_agg",),
    "mlflow": (
        "mlflow.pyfunc",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.store.model_registry.sqlalchemy_store",
    ),
}
"""The modules that a library loads when it is used, not before."""


def list_libraries(scripts: Sequence[Path], root: Path) -> list[Library]:
    """Return the imports of `scripts` from outside the checkout `root`, in order of execution.

    Modules beside a script or in the checkout's `src` are followed. An import within a function is
    left out: it is executed when it is needed.

    Raises ConfigError, with the line, if a file is not valid Python.
    """
    reader = open_reader(root)
    libraries: dict[Library, None] = {}
    seen: set[Path] = set()
    for script in scripts:
        folders = (script.parent, root / "src")
        libraries.update(dict.fromkeys(_walk_libraries(script, folders, reader, seen)))
    reader.save()
    return list(libraries)


def guess_libraries(script: Path, root: Path) -> list[Library]:
    """Return what the functions of `script`, and of the modules beside it, import from outside.

    Imports in a branch or a `try` are left out: it is not known whether they will be executed.

    Raises ConfigError, with the line, if a file is not Python.
    """
    reader = open_reader(root)
    folders = (script.parent, root / "src")
    seen: set[Path] = set()
    list(_walk_libraries(script, folders, reader, seen))
    libraries: dict[Library, None] = {}
    for path in sorted(seen):
        if path.is_relative_to(script.parent):
            for statement in reader.read(path).imports:
                if statement.depth and not statement.is_conditional and not statement.for_types:
                    libraries.update(dict.fromkeys(_follow(statement, folders, reader, seen)))
    reader.save()
    return list(libraries)


def list_late_libraries(libraries: Iterable[Library]) -> list[Library]:
    """Return the modules that `libraries` load when they are used, to load if there is time."""
    names = {module.partition(".")[0] for module, _ in libraries}
    return [(module, ()) for name in sorted(names & set(_LATE)) for module in _LATE[name]]


def _walk_libraries(
    path: Path, folders: Sequence[Path], reader: SourceReader, seen: set[Path]
) -> Iterator[Library]:
    """Yield the imports from outside `folders` that loading the file `path` executes."""
    if path in seen:
        return
    seen.add(path)
    for statement in reader.read(path).imports:
        if not statement.depth:
            yield from _follow(statement, folders, reader, seen)


def _follow(
    statement: Import, folders: Sequence[Path], reader: SourceReader, seen: set[Path]
) -> Iterator[Library]:
    """Yield what executing an import loads from outside of `folders`."""
    module, names = statement.module, tuple(statement.names)
    files = _find_files(module, names, folders)
    if files:
        for file in [*files, *_find_lazy_files(files, names, folders, reader)]:
            yield from _walk_libraries(file, folders, reader, seen)
    elif not is_shared_by_none(module):
        yield module, names


def is_shared_by_none(module: str) -> bool:
    """Return whether `module` is Python's own, or one that each process has to load itself."""
    return module.partition(".")[0] in {*sys.stdlib_module_names, *UNSHARED_LIBRARIES}


def _find_files(module: str, names: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    """Return the files that an import loads, from the first of `folders` that has the module."""
    for folder in folders:
        if files := find_module(module, folder):
            submodules = (find_module(f"{module}.{name}", folder) for name in names)
            return list(dict.fromkeys([*files, *(path for files in submodules for path in files)]))
    return []


def _find_lazy_files(
    files: Sequence[Path], names: Sequence[str], folders: Sequence[Path], reader: SourceReader
) -> list[Path]:
    """Return the files that the packages in `files` load when they are asked for `names` (PEP 562).

    Such a package lists its names for type checkers, in imports under `if TYPE_CHECKING`.
    """
    modules = [
        statement.module
        for source in map(reader.read, files)
        if source.has_getattr
        for statement in source.imports
        if statement.for_types and set(statement.names) & set(names)
    ]
    return [file for module in modules for file in _find_files(module, (), folders)]
