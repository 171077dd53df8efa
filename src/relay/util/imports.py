"""The imports of Python files: read from the source once, remembered, and resolved to files."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from relay.util.errors import ConfigError
from relay.util.files import write_text

_MEMORY = Path(".relay", "imports.json")
_MOST_REMEMBERED = 2000
"""The number of files; each version of a file counts."""
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields of a statement that hold other statements."""
_UNCONDITIONAL = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With, ast.AsyncWith,
)  # fmt: skip
"""Statements whose body is executed once whenever they are, or once they are called."""


class Import(NamedTuple):
    """An import statement: `from module import names`, or without names `import module`."""

    module: str
    names: Sequence[str] = ()
    depth: int = 0
    """The number of statements around it; at 0 it is executed when the module is loaded."""
    for_types: bool = False
    """Whether it is in the module's `if TYPE_CHECKING`."""
    is_conditional: bool = False
    """Whether it is in a branch, a loop or a `try`, wherever that is."""


class Source(NamedTuple):
    """The imports of a file by absolute names, in the order of its lines."""

    imports: Sequence[Import]
    has_getattr: bool
    """Whether the module has a `__getattr__`, so that names can be loaded on demand (PEP 562)."""


class SourceReader:
    """Reads the sources of the checkout at `root`.

    Their imports are kept by digest in a file of the checkout, as to parse all sources takes longer
    than the rest of a run in which nothing has changed.
    """

    def __init__(self, root: Path) -> None:
        self._file = root / _MEMORY
        self._memory = _read_memory(self._file)
        self._saved = len(self._memory)
        self._sources: dict[Path, Source] = {}

    def read(self, path: Path) -> Source:
        """Return the imports of the file `path`.

        Raises ConfigError, with the line, if it is not valid Python.
        """
        if path not in self._sources:
            digest = file_digest(path)
            if digest not in self._memory:
                self._memory[digest] = read_source(parse_source(path))
            imports, has_getattr = self._memory[digest]
            self._sources[path] = Source([Import(*values) for values in imports], has_getattr)
        return self._sources[path]

    def save(self) -> None:
        """Write the imports to the checkout's file, if its folder exists and can be written to."""
        if len(self._memory) > self._saved and self._file.parent.is_dir():
            with contextlib.suppress(OSError):
                newest = dict(list(self._memory.items())[-_MOST_REMEMBERED:])
                write_text(self._file, json.dumps(newest))
                self._saved = len(self._memory)


@functools.cache
def open_reader(root: Path) -> SourceReader:
    """Return this process's reader of the checkout at `root`."""
    return SourceReader(root)


def read_source(tree: ast.Module) -> Source:
    """Return the imports of a parsed file, without relative ones, as Relay's code has none."""
    has_getattr = any(
        isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body
    )
    return Source(list(_walk_imports(tree.body)), has_getattr)


@functools.cache
def parse_source(path: Path) -> ast.Module:
    """Return the syntax tree of the file `path`.

    Raises ConfigError, with the line, if it is not valid Python.
    """
    try:
        return ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        place = "/".join(path.parts[-3:])
        raise ConfigError(f"{place}, line {error.lineno}: {error.msg}. Correct it.") from error


@functools.cache
def find_module(name: str, folder: Path) -> tuple[Path, ...]:
    """Return the files below `folder` that are loaded for module `name`, its packages first.

    Empty if the module is not in `folder`.
    """
    package, _, _ = name.rpartition(".")
    files = find_module(package, folder) if package else ()
    place = name.replace(".", "/")
    for path in (folder / place / "__init__.py", folder / f"{place}.py"):
        if path.is_file():
            return (*files, path)
    return files


@functools.cache
def file_digest(path: Path) -> str:
    """Return the digest of the file `path` when this process first asked for it."""
    return compute_digest(path)


def compute_digest(path: Path) -> str:
    """Return the first 16 digits of the SHA-256 of the file `path`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _walk_imports(
    body: Sequence[ast.AST], depth: int = 0, for_types: bool = False, is_conditional: bool = False
) -> Iterator[Import]:
    """Yield the imports in `body`, at any depth; skip expressions, which are most of a file."""
    for node in body:
        place = (depth, for_types, is_conditional)
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, (), *place) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield Import(node.module, [alias.name for alias in node.names], *place)
        is_branch = is_conditional or not isinstance(node, _UNCONDITIONAL)
        for block in _BLOCKS:
            is_typing = depth == 0 and block == "body" and _is_type_checking(node)
            yield from _walk_imports(getattr(node, block, ()), depth + 1, is_typing, is_branch)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _read_memory(path: Path) -> dict[str, Any]:
    try:
        memory = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}
