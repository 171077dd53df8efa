"""The local backend: Trackio, a store in the project's folder that needs no account.

Versions are read from the store's file itself (`store.py`). Trackio, whose import takes as long as
a small step's work, is loaded only to write.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relay.tracking.interface import ArtifactVersion, Collection, Holding, RunSpec
from relay.tracking.local import removal
from relay.tracking.local import store as local_store
from relay.tracking.references import Reference
from relay.util.disk import full_disk, has_room, is_full
from relay.util.errors import RelayError
from relay.util.use_locks import UseLock

if TYPE_CHECKING:
    from relay.tracking.local.run import LocalRun

# Set, each of these would make Trackio write to a server instead of to the project's folder.
_REMOTE_VARIABLES = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_REGISTRY_BUCKET_ID")
_IN_USE = ".in-use"
"""The file in the store whose lock every process holds that uses the store."""


class LocalBackend:
    """Runs and artifacts of one Trackio project; the store's folder is TRACKIO_DIR."""

    name = "local"
    title = "the local store"

    def __init__(self, project: str) -> None:
        for variable in _REMOTE_VARIABLES:
            os.environ.pop(variable, None)
        self.project = project
        # What is read or written here is not removed meanwhile. A store that does not exist yet has
        # nothing to remove; start_run() makes it.
        self._use = UseLock(local_store.store_folder() / _IN_USE)
        self._use.share()

    def warm_up(self) -> None:
        from relay.tracking.local import run as local_run  # noqa: F401 - for the import

    def start_run(self, spec: RunSpec) -> LocalRun:
        from relay.tracking.local.run import start_run

        self._use.share()
        with self._errors():
            return start_run(self, self.project, spec)

    def find(self, reference: str) -> ArtifactVersion | None:
        parsed = Reference.parse(reference)
        if parsed.entity is not None:
            raise RelayError(
                f"{reference}: the local store has no entities. Write "
                f"{parsed.project}/{parsed.name}:{parsed.alias}, or set tracking=wandb."
            )
        with self._errors():
            if parsed.registry is not None:
                link = local_store.find_link(parsed.registry, parsed.name, parsed.alias)
                if link is None:
                    return None
                parsed = link
            project = parsed.project or self.project
            place = "" if project == self.project else project
            return local_store.find_version(project, parsed.name, parsed.alias, place)

    def collections(self) -> list[Collection]:
        with self._errors():
            return local_store.list_collections(self.project)

    def types(self) -> list[str]:
        return sorted({one.type for one in self.collections()})

    def newest_collections(self, types: Sequence[str], limit: int) -> tuple[list[Collection], int]:
        with self._errors():
            return local_store.list_newest_collections(self.project, types, limit)

    def versions(self, name: str, limit: int) -> list[ArtifactVersion]:
        with self._errors():
            return local_store.list_versions(self.project, name, limit)

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        with self._errors():
            local_store.copy_files(artifact.place or self.project, artifact, folder)

    def find_damage(self, artifact: ArtifactVersion) -> str | None:
        with self._errors():
            return local_store.find_damage(artifact.place or self.project, artifact)

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        with self._errors():
            # Runs of this project alone are asked, as those of others are not in its lineage.
            return [] if artifact.place else local_store.list_made_from(self.project, artifact)

    def holdings(self, before: str) -> Iterator[Holding]:
        with self._errors():
            yield from removal.list_holdings(local_store.store_folder(), self.project)

    @contextlib.contextmanager
    def removal(self) -> Iterator[None]:
        with self._use.alone() as is_alone:
            if not is_alone:
                raise RelayError(
                    "The local store is in use by a run or another command, whose artifacts must "
                    "not be removed. Wait for its end, and try again."
                )
            yield

    def remove(self, versions: Sequence[ArtifactVersion]) -> int:
        with self._errors():
            return removal.remove_versions(
                local_store.artifacts_folder(self.project), self.project, versions
            )

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        from trackio.sqlite_storage import SQLiteStorage

        project = artifact.place or self.project
        with self._errors():
            record = SQLiteStorage.resolve_artifact_version(
                project, artifact.name, artifact.version
            )
            if record is None:
                raise RelayError(local_store.not_stored(artifact))
            SQLiteStorage.reassign_alias(
                project, record["artifact_id"], alias, record["version_id"]
            )

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None:
        from trackio.registry_storage import RegistryStorage

        if collection.registry is None:
            raise RelayError(
                f"{collection.path}: not a collection of a registry. Its project must begin with "
                "wandb-registry-."
            )
        with self._errors():
            with contextlib.suppress(ValueError):  # it is there already
                RegistryStorage.create_registry(collection.registry)
            RegistryStorage.link_artifact_version(
                registry=collection.registry,
                collection=collection.name,
                type=artifact.type,
                source_project=artifact.place or self.project,
                source_artifact=artifact.name,
                source_version=int(artifact.version.removeprefix("v")),
                aliases=list(aliases),
                run_name=None,
                run_id=None,
            )

    def url(self) -> None:
        return None

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn the store's errors into RelayError, with the store's folder."""
        try:
            yield
        except sqlite3.Error as error:
            folder = Path(os.environ.get("TRACKIO_DIR", "."))
            if is_full(str(error)) or not has_room(folder):
                raise RelayError(f"The local store: {full_disk([folder])}") from error
            raise RelayError(
                f"{os.environ.get('TRACKIO_DIR')}: the local store cannot be read ({error}). Move "
                "the folder away to begin a new store, or name another one with TRACKIO_DIR."
            ) from error
        except ValueError as error:
            raise RelayError(
                f"{os.environ.get('TRACKIO_DIR')}: the local store refused this ({error}). Try "
                "again, or name another folder with TRACKIO_DIR."
            ) from error
