"""Reads versions and their files where Trackio keeps them, without an import of Trackio.

The tables are Trackio's (version 0.43, which the locks pin); `tests/tracking/test_local_store.py`
compares the functions here with Trackio's own. Nothing here writes.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic_core import from_json

from relay.tracking.digests import digest_of_files
from relay.tracking.interface import ArtifactVersion, Collection
from relay.tracking.local.blobs import Blobs
from relay.tracking.references import Reference
from relay.util.errors import RelayError
from relay.util.times import to_utc

_VERSION = re.compile(r"v(\d+)")
_SECONDS = 30.0  # how long to wait for a process that writes
_REGISTRY_PREFIX = "registry-"

_VERSIONS = """SELECT v.id, v.version, v.manifest, v.metadata, v.created_at, a.type
               FROM artifacts a JOIN artifact_versions v ON v.artifact_id = a.id
               WHERE a.name = :name AND """
_BY_NUMBER = _VERSIONS + "v.version = :spec"
_BY_ALIAS = f"""{_VERSIONS} v.id = (SELECT artifact_version_id FROM artifact_aliases
                                    WHERE artifact_id = a.id AND alias = :spec)"""
_NEWEST = f"{_VERSIONS} 1 ORDER BY v.version DESC LIMIT :limit"
_MADE_FROM = """SELECT a.name, v.id, v.version, v.manifest, v.metadata, v.created_at, a.type
                FROM artifacts s JOIN artifact_versions u ON u.artifact_id = s.id
                JOIN run_artifact_links used ON used.artifact_version_id = u.id
                     AND used.direction = 'input'
                JOIN run_artifact_links made ON made.run_name IS used.run_name
                     AND made.run_id IS used.run_id AND made.direction = 'output'
                JOIN artifact_versions v ON v.id = made.artifact_version_id
                JOIN artifacts a ON a.id = v.artifact_id
                WHERE s.name = :name AND u.version = :spec ORDER BY made.id"""
_LINKS = """SELECT l.source_project, l.source_artifact, l.source_version
            FROM collections c JOIN collection_links l ON l.collection_id = c.id
            WHERE c.name = :name AND """
_LINK_BY_NUMBER = _LINKS + "l.collection_version = :spec"
_LINK_BY_ALIAS = f"""{_LINKS} l.id = (SELECT link_id FROM collection_aliases
                                      WHERE collection_id = c.id AND alias = :spec)"""
_NEWEST_LINK = f"""{_LINKS} l.collection_version = (SELECT max(collection_version)
                            FROM collection_links WHERE collection_id = c.id)"""


def find_version(project: str, name: str, spec: str, place: str = "") -> ArtifactVersion | None:
    """Return the version of artifact `name` that `spec` (`v3` or an alias) points at, or None.

    `place` is the project that the version records. Raises sqlite3.Error if the store cannot be
    read.
    """
    with open_store(project, "artifact_aliases") as store:
        if store is None:
            return None
        row = _first(store, _BY_NUMBER if _number(spec) is not None else _BY_ALIAS, name, spec)
        if row is None:
            return None
        return _version(store, name, row, place)


def list_collections(project: str) -> list[Collection]:
    """Return the project's artifacts, by name.

    Raises sqlite3.Error if the store cannot be read.
    """
    query = "SELECT name, type FROM artifacts ORDER BY name"
    with open_store(project, "artifacts") as store:
        rows = [] if store is None else store.execute(query).fetchall()
    return [Collection(row["name"], row["type"]) for row in rows]


def list_newest_collections(
    project: str, types: Sequence[str], limit: int
) -> tuple[list[Collection], int]:
    """Return the newest artifacts of `types`, newest first, and how many there are.

    Raises sqlite3.Error if the store cannot be read.
    """
    query = f"""SELECT name, type FROM artifacts WHERE type IN ({", ".join("?" * len(types))})
                ORDER BY created_at DESC, name"""
    with open_store(project, "artifacts") as store:
        rows = [] if store is None else store.execute(query, types).fetchall()
    return [Collection(row["name"], row["type"]) for row in rows[:limit]], len(rows)


def list_versions(project: str, name: str, limit: int) -> list[ArtifactVersion]:
    """Return the newest versions of artifact `name`, newest first.

    Raises sqlite3.Error if the store cannot be read.
    """
    with open_store(project, "artifact_aliases") as store:
        if store is None:
            return []
        rows = store.execute(_NEWEST, {"name": name, "limit": limit}).fetchall()
        return [_version(store, name, row) for row in rows]


def list_made_from(project: str, version: ArtifactVersion) -> list[ArtifactVersion]:
    """Return the outputs of the runs of `project` that used its `version`, oldest first.

    Raises sqlite3.Error if the store cannot be read.
    """
    with open_store(project, "artifact_aliases") as store:
        if store is None:
            return []
        number = _number(version.version)
        rows = store.execute(_MADE_FROM, {"name": version.name, "spec": number}).fetchall()
        return list(dict.fromkeys(_version(store, row["name"], row) for row in rows))


def _version(
    store: sqlite3.Connection, name: str, row: sqlite3.Row, place: str = ""
) -> ArtifactVersion:
    aliases = store.execute(
        "SELECT alias FROM artifact_aliases WHERE artifact_version_id = ?", (row["id"],)
    ).fetchall()
    return version_of(name, row, [alias["alias"] for alias in aliases], place)


def version_of(
    name: str, row: sqlite3.Row, aliases: Sequence[str], place: str = ""
) -> ArtifactVersion:
    """Return the version of artifact `name` in a `row` of artifact_versions."""
    return ArtifactVersion(
        name=name,
        version=f"v{row['version']}",
        type=row["type"],
        digest=digest_of_files(_files_of(row)),
        aliases=tuple(aliases),
        metadata=from_json(row["metadata"]) if row["metadata"] else {},
        place=place,
        created=to_utc(row["created_at"]),
    )


def copy_files(project: str, version: ArtifactVersion, folder: Path) -> None:
    """Copy the files of `version` into `folder`, each verified against its SHA-256.

    Raises RelayError if one is missing or damaged, or would not lie in `folder`, and sqlite3.Error
    if the store cannot be read.
    """
    manifest = _manifest(project, version)
    if manifest is None:
        raise RelayError(not_stored(version))
    blobs = _blobs(project)
    for path, digest in manifest.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise RelayError(
                f"{version}: the path of its file {path} leaves the artifact's folder, so it is "
                "not read. Check where the store comes from."
            )
        damage = blobs.find_damage(digest)
        if damage is not None:
            maker = version.metadata.get("component")
            again = f" Run component '{maker}' again to remake it." if maker else ""
            raise RelayError(f"{version}: the file {path} in the local store {damage}.{again}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(blobs.path(digest), target)


def not_stored(version: ArtifactVersion) -> str:
    """Return the message for a version that was in the store and is not there any more."""
    return f"{version}: not in the local store any more. Run the step that makes it again."


def find_damage(project: str, version: ArtifactVersion) -> str | None:
    """Return which file of `version` is missing or damaged and how, or None if all are intact.

    Raises sqlite3.Error if the store cannot be read.
    """
    manifest = _manifest(project, version)
    if manifest is None:
        return "its entry is missing"
    blobs = _blobs(project)
    for path, digest in manifest.items():
        damage = blobs.find_damage(digest)
        if damage is not None:
            return f"its file {path} {damage}"
    return None


def find_link(registry: str, collection: str, spec: str) -> Reference | None:
    """Return where the version is stored that `spec` points at in a registry's collection.

    None if there is no such link. Raises sqlite3.Error if the store cannot be read.
    """
    query = _LINK_BY_NUMBER if _number(spec) is not None else _LINK_BY_ALIAS
    with open_store(f"{_REGISTRY_PREFIX}{registry}", "collection_aliases") as store:
        if store is None:
            return None
        row = _first(store, _NEWEST_LINK if spec == "latest" else query, collection, spec)
    if row is None:
        return None
    return Reference(
        row["source_artifact"], f"v{row['source_version']}", project=row["source_project"]
    )


def _manifest(project: str, version: ArtifactVersion) -> dict[str, str] | None:
    """Return the SHA-256 of each file of `version` by its path, or None if it is not stored."""
    with open_store(project, "artifact_aliases") as store:
        row = None if store is None else _first(store, _BY_NUMBER, version.name, version.version)
    if row is None:
        return None
    return _files_of(row)


def _files_of(row: sqlite3.Row) -> dict[str, str]:
    return {str(file["path"]): str(file["digest"]) for file in from_json(row["manifest"])}


def _blobs(project: str) -> Blobs:
    return Blobs(artifacts_folder(project))


def artifacts_folder(project: str) -> Path:
    """Return the folder with the files of the project's artifacts."""
    return store_folder() / "artifacts" / _canonical(project)


def _number(spec: str) -> int | None:
    match = _VERSION.fullmatch(spec)
    return int(match[1]) if match else None


def _first(store: sqlite3.Connection, query: str, name: str, spec: str) -> sqlite3.Row | None:
    number = _number(spec)
    rows = store.execute(query, {"name": name, "spec": spec if number is None else number})
    row: sqlite3.Row | None = rows.fetchone()
    return row


@contextmanager
def open_store(project: str, table: str) -> Iterator[sqlite3.Connection | None]:
    """Open the project's file; yield None if it, or the table in it, does not exist yet."""
    path = store_folder() / f"{_canonical(project)}.db"
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(path, timeout=_SECONDS)) as store:
        store.row_factory = sqlite3.Row
        tables = store.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
        yield store if tables.fetchone() else None


def store_folder() -> Path:
    """Return the folder of the store."""
    return Path(os.environ["TRACKIO_DIR"])


def _canonical(project: str) -> str:
    """Return the project's name as Trackio writes it in file names."""
    return "".join(c for c in project if c.isalnum() or c in "-_") or "default"
