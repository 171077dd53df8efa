"""Removes versions from the local store, where Trackio keeps them, without an import of Trackio.

The entries go first, in one transaction, then the files that no entry names. A process that is
killed between them leaves files without an entry, which the next removal takes away: there is no
version without its files.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from pydantic_core import from_json

from relay.tracking.interface import ArtifactVersion, Holding
from relay.tracking.local.store import open_store
from relay.util.times import to_utc

_ALL = """SELECT v.id, v.version, v.created_at, v.size_bytes, a.name, a.type,
              json_extract(v.metadata, '$.component', '$.inputs') AS lineage
          FROM artifacts a JOIN artifact_versions v ON v.artifact_id = a.id
          ORDER BY a.name, v.version"""
_ALIASES = "SELECT artifact_version_id AS id, alias FROM artifact_aliases"
_ID = """SELECT v.id FROM artifacts a JOIN artifact_versions v ON v.artifact_id = a.id
         WHERE a.name = ? AND v.version = ?"""
_REMOVE = (
    "DELETE FROM artifact_aliases WHERE artifact_version_id = ?",
    "DELETE FROM run_artifact_links WHERE artifact_version_id = ?",
    "DELETE FROM artifact_versions WHERE id = ?",
)
_LINKED = "SELECT source_artifact AS name, source_version AS version FROM collection_links"
_USED = """SELECT source_artifact AS name, source_version AS version
           FROM external_run_artifact_links"""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def list_holdings(folder: Path, project: str) -> Iterator[Holding]:
    """Yield each version of `project` in the store's `folder`, with its size and its lineage.

    Its other metadata and its digest are left out, as reading them takes most of the time.
    Raises sqlite3.Error if the store cannot be read.
    """
    elsewhere = set(_named_elsewhere(folder, project))
    with open_store(project, "artifact_aliases") as store:
        if store is None:
            return
        aliases: dict[int, list[str]] = {}
        for row in store.execute(_ALIASES):
            aliases.setdefault(row["id"], []).append(row["alias"])
        for row in store.execute(_ALL):
            version = _without_files(row, aliases.get(row["id"], ()))
            is_named = (row["name"], int(row["version"])) in elsewhere
            yield Holding(version, int(row["size_bytes"]), is_named)


def _without_files(row: sqlite3.Row, aliases: Sequence[str]) -> ArtifactVersion:
    """Return the version in a `row` of _ALL, with its lineage as its only metadata."""
    component, inputs = from_json(row["lineage"]) if row["lineage"] else (None, None)
    return ArtifactVersion(
        name=row["name"],
        version=f"v{row['version']}",
        type=row["type"],
        digest="",
        aliases=tuple(aliases),
        metadata={"component": component, "inputs": inputs},
        created=to_utc(row["created_at"]),
    )


def _named_elsewhere(folder: Path, project: str) -> Iterator[tuple[str, int]]:
    """Yield (name, version) of what registries link to, and runs of other projects used."""
    for path in folder.glob("*.db"):
        query = _LINKED if path.name.startswith("registry-") else _USED
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            with contextlib.suppress(sqlite3.OperationalError):  # it has no such table
                rows = store.execute(f"{query} WHERE source_project = ?", (project,)).fetchall()
                yield from ((row["name"], int(row["version"])) for row in rows)


def remove_versions(folder: Path, project: str, versions: Sequence[ArtifactVersion]) -> int:
    """Remove `versions`, all or none, and the files that no version needs; return their bytes.

    No other process may write to the store meanwhile. Raises sqlite3.Error if the store cannot be
    written, and OSError if a file cannot be removed.
    """
    with open_store(project, "artifact_aliases") as store:
        if store is None:
            return 0
        with store:  # one transaction
            for version in versions:
                number = int(version.version.removeprefix("v"))
                for row in store.execute(_ID, (version.name, number)).fetchall():
                    for statement in _REMOVE:
                        store.execute(statement, (row["id"],))
        needed = {
            str(entry["digest"])
            for row in store.execute("SELECT manifest FROM artifact_versions")
            for entry in from_json(row["manifest"])
        }
    return sum(_remove_file(path) for path in _stored_files(folder) if path.name not in needed)


def _stored_files(folder: Path) -> list[Path]:
    """Return the complete files in the artifacts' `folder`, each named by its digest."""
    files = (folder / "blobs" / "sha256").glob("??/*")
    return [path for path in files if _DIGEST.fullmatch(path.name)]


def _remove_file(path: Path) -> int:
    size = path.stat().st_size
    path.unlink()
    with contextlib.suppress(OSError):  # others are in it
        path.parent.rmdir()
    return size
