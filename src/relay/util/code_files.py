"""The files that a component's outputs depend on: its own, and the shared ones that it imports."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from relay.util.imports import compute_digest, file_digest, find_module, open_reader

_IGNORED = ("__pycache__",)
_OF_ENVIRONMENT = ("conda.yml", "requirements.txt", "uv.toml")
_LOOKS_FOR_MODULES = b"iter_modules(__path__)"
"""The mark of a package whose modules are imported without their names in the source."""


def code_digests(component: Path, root: Path, environment: Path | None = None) -> dict[str, str]:
    """Return the digest of each file that `component` depends on, by its path in the checkout.

    `environment` is the folder of its lock, if that is not the component's own folder.

    The checkout is `root`; a digest is the first 16 digits of the SHA-256. Imports are read from
    the source, at any place in a file. A module whose name is computed when the code runs is left
    out, except in a package that lists its modules with `iter_modules(__path__)`. Other files in a
    package, such as a template, count with the package.

    Raises ConfigError, with the line, if a file is not valid Python.
    """
    own = [path for path in sorted(component.rglob("*")) if _is_own(path, component)]
    files = set(own)
    if environment is not None and environment != component:
        files = {path for path in own if path.name not in _OF_ENVIRONMENT}
        files |= {environment / name for name in _OF_ENVIRONMENT if (environment / name).is_file()}
    waiting = [path for path in own if path.suffix == ".py"]
    while waiting:
        for path in _imported_files(waiting.pop(), root):
            if path not in files:
                files.add(path)
                waiting += [path] if path.suffix == ".py" else []
    open_reader(root).save()
    return {path.relative_to(root).as_posix(): file_digest(path) for path in sorted(files)}


def are_unchanged(digests: Mapping[str, str], root: Path) -> bool:
    """Return whether each file in `digests` (of `code_digests`) still has the same content."""
    return all(
        (root / name).is_file() and compute_digest(root / name) == digest
        for name, digest in digests.items()
    )


def _is_own(path: Path, component: Path) -> bool:
    parts = path.relative_to(component).parts
    return path.is_file() and not any(part in _IGNORED or part[0] == "." for part in parts)


@functools.cache
def _imported_files(path: Path, root: Path) -> tuple[Path, ...]:
    """Return the files in `src` of the checkout `root` that the file `path` imports."""
    files: dict[Path, None] = {}
    for module, names, *_ in open_reader(root).read(path).imports:
        for imported in (module, *(f"{module}.{name}" for name in names)):  # perhaps submodules
            files.update(dict.fromkeys(_counted_files(imported, root / "src")))
    return tuple(files)


@functools.cache
def _counted_files(module: str, folder: Path) -> tuple[Path, ...]:
    """Return the files of `module` and of its packages, and the files that count with those."""
    return tuple(path for file in find_module(module, folder) for path in _with_package(file))


@functools.cache
def _with_package(file: Path) -> list[Path]:
    if file.name != "__init__.py":
        return [file]
    others = [path for path in file.parent.iterdir() if _is_no_module(path)]
    lists_modules = _LOOKS_FOR_MODULES in file.read_bytes()
    return [*others, *file.parent.glob("*.py")] if lists_modules else [*others, file]


def _is_no_module(path: Path) -> bool:
    return path.suffix not in (".py", ".pyc") and path.name[0] != "." and path.is_file()
