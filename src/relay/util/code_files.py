"""Which files a component's work depends on: its own, and the shared ones that it imports."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from relay.util.errors import ConfigError
from relay.util.files import write_text

_IGNORED = ("__pycache__",)
_MEMORY = Path(".relay", "imports.json")
_MOST_REMEMBERED = 2000
"""Files; each edit of one is another."""
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement holds others."""
_LOOKS_FOR_MODULES = b"iter_modules(__path__)"
"""In a package whose modules are imported without being named."""


def code_digests(component: Path, root: Path) -> dict[str, str]:
    """The first 16 digits of the SHA-256 of each such file, by its path from `root`, the checkout.

    Imports are read from the source, wherever in a file they stand; what is imported under a name
    that only running it would tell is not found, but all modules of a package that looks for its
    modules with `iter_modules(__path__)`. What lies in a package beside its modules, such as a
    template, counts with the package.
    """
    own = [path for path in sorted(component.rglob("*")) if _counts(path, component)]
    files = set(own)
    waiting = [path for path in own if path.suffix == ".py"]
    names = _remembered(root)
    before = len(names)
    while waiting:
        for imported in _imports(waiting.pop(), root):
            if imported not in files:
                files.add(imported)
                waiting += [imported] if imported.suffix == ".py" else []
    if len(names) > before:
        _remember(root, names)
    return {path.relative_to(root).as_posix(): _sha256(path) for path in sorted(files)}


def are_unchanged(digests: Mapping[str, str], root: Path) -> bool:
    """True where each file of `code_digests` still is what it was then."""
    return all(
        (root / name).is_file() and _digest(root / name) == digest
        for name, digest in digests.items()
    )


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The source in `path`; ConfigError, with the line, where it is no Python."""
    try:
        return ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        place = "/".join(path.parts[-3:])
        raise ConfigError(f"{place}, line {error.lineno}: {error.msg}.") from error


def _counts(path: Path, component: Path) -> bool:
    parts = path.relative_to(component).parts
    return path.is_file() and not any(part in _IGNORED or part[0] == "." for part in parts)


@functools.cache
def _imports(path: Path, root: Path) -> tuple[Path, ...]:
    """The files under `src` of the checkout `root` that the file `path` imports."""
    names = _remembered(root)
    digest = _sha256(path)
    if digest not in names:
        names[digest] = list(dict.fromkeys(_imported_names(parsed(path))))
    found: dict[Path, None] = {}
    for name in names[digest]:
        found.update(dict.fromkeys(_files(name, root / "src")))
    return tuple(found)


@functools.cache
def _remembered(root: Path) -> dict[str, list[str]]:
    """Return the names that files import, by digest.

    To parse all files takes longer than the rest of a run in which nothing has changed.
    """
    try:
        names = json.loads((root / _MEMORY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return names if isinstance(names, dict) else {}


def _remember(root: Path, names: Mapping[str, list[str]]) -> None:
    if (root / _MEMORY).parent.is_dir():
        with contextlib.suppress(OSError):  # a checkout that may only be read
            newest = list(names.items())[-_MOST_REMEMBERED:]
            write_text(root / _MEMORY, json.dumps(dict(newest)))


def _imported_names(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # what is imported from a package may be a module of it
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All statements in `body`, at any depth; expressions, most of a file, are left alone."""
    for node in body:
        yield node
        for part in _BLOCKS:
            yield from _statements(getattr(node, part, ()))


@functools.cache
def _files(name: str, source: Path) -> tuple[Path, ...]:
    """The files of module `name` and of the packages that it is in."""
    found: list[Path] = []
    place = source
    for part in name.split("."):
        found += _in_package(place / part) or _in_module(place / f"{part}.py")
        place = place / part
    return tuple(found)


@functools.cache
def _in_package(folder: Path) -> list[Path]:
    """The files of a package that count with it; none where it is no package."""
    package = folder / "__init__.py"
    if not package.is_file():
        return []
    data = [path for path in folder.iterdir() if _is_data(path)]
    modules = folder.glob("*.py") if _LOOKS_FOR_MODULES in package.read_bytes() else [package]
    return [*modules, *data]


def _in_module(path: Path) -> list[Path]:
    return [path] if path.is_file() else []


def _is_data(path: Path) -> bool:
    return path.suffix not in (".py", ".pyc") and path.name[0] != "." and path.is_file()


@functools.cache
def _sha256(path: Path) -> str:
    return _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
