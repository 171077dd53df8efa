"""The names of a W&B project's artifacts, listed by the server page by page."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import islice
from typing import Any

import wandb
from wandb.errors import CommError

from relay.tracking.interface import Collection
from relay.tracking.wandb.removal import PAGE


class Collections:
    """The artifacts of `project`, which may not exist yet; the first run makes it."""

    def __init__(self, api: wandb.Api, entity: str, project: str) -> None:
        self._api = api
        self._entity = entity
        self._project = project
        self._listed: list[Any] = []
        """The SDK's types of the project's artifacts, if they were listed."""
        self.type_of: dict[str, str] = {}
        """The type of each artifact that was listed."""

    def types(self) -> list[Any]:
        """Return the SDK's types of the project's artifacts; none if there is no project yet."""
        try:
            self._listed = list(self._api.artifact_types(f"{self._entity}/{self._project}"))
        except (CommError, ValueError):
            if self.has_project():
                raise
            return []
        return self._listed

    def all(self) -> list[Collection]:
        """Return all artifacts by name, from a request for each type and page."""
        listed = [
            Collection(collection.name, type.name)
            for type in self.types()
            for collection in type.collections()
        ]
        self._note(listed)
        return sorted(listed, key=lambda collection: collection.name)

    def newest(self, types: Sequence[str], limit: int) -> tuple[list[Collection], int]:
        """Return the newest `limit` artifacts of `types`, and how many there are."""
        # The server lists those of a type, the newest first; pages are requested as they are read.
        listed = [
            type.collections(per_page=min(limit, PAGE))
            for type in self._listed or self.types()
            if type.name in types
        ]
        # The SDK's list begins again each time that it is iterated, which `merge` does twice.
        merged = heapq.merge(
            *((one for one in pages) for pages in listed),
            key=lambda one: str(one.created_at),
            reverse=True,
        )
        newest = [Collection(one.name, one.type) for one in islice(merged, limit)]
        self._note(newest)
        return newest, sum(map(len, listed))

    def has_project(self) -> bool:
        """Return whether the project exists."""
        try:
            return bool(self._api.project(self._project, self._entity).id)
        except ValueError:
            return False

    def _note(self, listed: Sequence[Collection]) -> None:
        self.type_of |= {collection.name: collection.type for collection in listed}
