"""References to artifacts as people write them, and their translation for another store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from relay.util.errors import RelayError

_PART = r"[A-Za-z0-9._-]+"
_REFERENCE = re.compile(
    rf"(?:(?:(?P<entity>{_PART})/)?(?P<project>{_PART})/)?(?P<name>{_PART})(?::(?P<alias>{_PART}))?"
)
_REGISTRY_PREFIX = "wandb-registry-"


@dataclass(frozen=True)
class Reference:
    """`name`, `name:alias`, `name:v3`, `project/name:v3` or `entity/project/name:v3`.

    A project `wandb-registry-<registry>` is a registry, and its artifacts are collections.
    """

    name: str
    alias: str = "latest"
    project: str | None = None
    entity: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read the reference in `text`.

        Raises RelayError if it is not a reference.
        """
        match = _REFERENCE.fullmatch(text)
        if not match or {".", ".."} & set(match.groups()):
            raise RelayError(
                f"{text or repr(text)}: not a reference to an artifact. Write name, name:alias or "
                "name:v3, after project/ or entity/project/ for another project. Each part has "
                "letters, digits, '.', '_' and '-' only."
            )
        return cls(match["name"], match["alias"] or "latest", match["project"], match["entity"])

    @classmethod
    def to_collection(cls, registry: str, name: str) -> Reference:
        """Return the collection `name` of `registry`."""
        return cls(name, project=f"{_REGISTRY_PREFIX}{registry}")

    @property
    def registry(self) -> str | None:
        """Return the registry's name, or None if this is not a collection."""
        if self.project is None or not self.project.startswith(_REGISTRY_PREFIX):
            return None
        return self.project.removeprefix(_REGISTRY_PREFIX)

    @property
    def path(self) -> str:
        """Return the reference without its alias."""
        return "/".join(part for part in (self.entity, self.project, self.name) if part)

    def at(self, alias: str) -> Reference:
        """Return the same artifact at another alias or version."""
        return replace(self, alias=alias)

    def __str__(self) -> str:
        return f"{self.path}:{self.alias}"


def translated(value: Any, names: Mapping[str, str]) -> Any:
    """Return `value` with each text that is a key of `names` replaced by its value there."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: translated(item, names) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [translated(item, names) for item in value]
    return value
