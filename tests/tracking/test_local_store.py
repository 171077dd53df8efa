"""What is read from the local store's files is what Trackio itself reads there."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

import pytest

from relay.tracking import Reference, Row, RunSpec
from relay.tracking.local.backend import LocalBackend
from relay.tracking.local.store import find_link, find_version
from tests.tracking.conftest import Store


@pytest.fixture
def local(trackio_folder: Path, tmp_path: Path) -> Store:
    """Return an empty store."""
    project = f"test-{uuid.uuid4().hex[:12]}"
    return Store(LocalBackend(project), tmp_path, project)


@pytest.mark.parametrize("project", ["plain", "with.dots-and_more", "..."])
def test_versions(local: Store, project: str) -> None:
    from trackio.sqlite_storage import SQLiteStorage

    store = local.sibling(f"{local.project}{project}")
    first = store.put("one", metadata={"rows": 1, "nested": {"a": [None, 1.5, "ü"]}})
    store.put("two")
    store.backend.set_alias(first, "champion")
    for spec in ("v0", "v1", "latest", "champion"):
        theirs = SQLiteStorage.get_artifact_manifest(store.project, "table", spec)
        ours = find_version(store.project, "table", spec)
        assert ours is not None
        assert (ours.version, ours.type) == (f"v{theirs['version']}", theirs["type"])
        assert ours.metadata == theirs["metadata"]
        assert sorted(ours.aliases) == sorted(theirs["aliases"])
    for spec in ("v2", "other"):
        assert find_version(local.project, "table", spec) is None


def test_links(local: Store) -> None:
    from trackio.registry_storage import RegistryStorage, resolve_collection_link

    versions = [local.put(text, name="model") for text in ("one", "two")]
    registry = local.project
    for version, alias in zip(versions, ("old", "champion"), strict=True):
        local.backend.link(version, Reference.to_collection(registry, "best"), [alias])
    links = RegistryStorage.get_collection(registry, "best")["links"]
    for spec in ("v0", "v1", "latest", "old", "champion"):
        theirs = resolve_collection_link(links, spec)
        expected = Reference("model", f"v{theirs['source_version']}", project=local.project)
        assert find_link(registry, "best", spec) == expected
    assert find_link(registry, "best", "none") is None
    assert find_link(registry, "worst", "latest") is None
    assert find_link("no-such-registry", "best", "latest") is None


def test_a_store_that_is_being_made_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    assert find_version("p", "table", "latest") is None
    sqlite3.connect(tmp_path / "p.db").execute("CREATE TABLE artifacts (id)").connection.close()
    assert find_version("p", "table", "latest") is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.db"]


def test_a_failure_is_alerted_once_though_the_run_is_continued(local: Store) -> None:
    from trackio.sqlite_storage import SQLiteStorage

    for _ in range(2):  # by the step, and with the table of the whole pipeline run
        run = local.backend.start_run(RunSpec("id1", "evaluate now", "evaluate"))
        run.log(Row({"r2": 0.4}))
        run.finish("failed", "r2 is too low")
    alerts = SQLiteStorage.get_alerts(local.project)
    assert [(alert["title"], alert["text"]) for alert in alerts] == [
        ("Run failed", "r2 is too low")
    ]
