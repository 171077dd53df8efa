"""What each step loaded when it last ran, so that it is loaded ahead the next time."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relay.runtime.libraries import Library, is_shared_by_none
from relay.util.files import write_text

_MOST_REMEMBERED = 200
"""Components in environments; each change of a lock makes another environment."""
_MOST_MODULES = 5000


class LibraryMemory:
    """Modules by environment and component, in the file `path`.

    A component's are forgotten when its imports change, or its environment does. Some modules are
    not fit to be loaded ahead: a process ended or hung when it loaded them, or could not be forked
    afterwards. They are left out for as long as the environment is the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = _read(path)
        self._is_changed = False

    def find(
        self, environment: str, component: str, imports: Sequence[Library]
    ) -> list[Library] | None:
        """Return what `component` with its `imports` loaded; None if it is not remembered.

        What each process must load itself is left out.
        """
        libraries = self._entries.get(_key(environment, component, imports))
        if libraries is None:
            return None
        return [
            (module, tuple(names)) for module, names in libraries if not is_shared_by_none(module)
        ]

    def add(
        self,
        environment: str,
        component: str,
        imports: Sequence[Library],
        libraries: Sequence[Library],
    ) -> None:
        """Remember that `component` with its `imports` loads `libraries`."""
        key = _key(environment, component, imports)
        self._entries.pop(key, None)  # the newest is the last
        self._entries[key] = list(dict.fromkeys(libraries))[:_MOST_MODULES]
        self._is_changed = True

    def unfit(self, environment: str) -> list[str]:
        """Return the modules that must not be loaded ahead in `environment`."""
        return [module for module, _ in self._entries.get(f"unfit {environment}", [])]

    def add_unfit(self, environment: str, module: str) -> None:
        """Remember that `module` must not be loaded ahead in `environment`."""
        modules = {*self.unfit(environment), module}
        self._entries[f"unfit {environment}"] = [(name, ()) for name in sorted(modules)]
        self._is_changed = True

    def save(self) -> None:
        """Write what was added, if the file's folder can be written to."""
        if self._is_changed:
            with contextlib.suppress(OSError):
                newest = dict(list(self._entries.items())[-_MOST_REMEMBERED:])
                write_text(self._path, json.dumps(newest))
                self._is_changed = False


def _key(environment: str, component: str, imports: Sequence[Library]) -> str:
    digest = hashlib.sha256(repr(sorted(imports)).encode()).hexdigest()[:16]
    return f"{environment} {component} {digest}"


def _read(path: Path) -> dict[str, list[Any]]:
    try:
        entries: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # missing, or damaged: it is made again
        return {}
    return entries if isinstance(entries, dict) else {}
