"""The removal of versions, on both backends, and against kills and full disks on the local one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from rich.console import Console

from relay.commands.gc.command import gc
from relay.tracking import ArtifactVersion, Draft, Reference, TrackingSettings, open_backend
from relay.util.errors import RelayError
from relay.util.project import Project
from tests.loading import ROOT
from tests.tracking.conftest import Store

LATER = "2999-01-01T00:00:00+00:00"


def remove(store: Store, *versions: ArtifactVersion) -> int:
    """Remove `versions` as a process does that uses the store alone."""
    if store.server is None:  # backends of other tests are in this process
        (Path(os.environ["TRACKIO_DIR"]) / ".in-use").unlink(missing_ok=True)
    backend = open_backend(TrackingSettings(store.backend.name, store.project), ROOT)
    with backend.removal():
        return backend.remove(versions)


def names(store: Store) -> list[str]:
    return [str(holding.version) for holding in store.backend.holdings(LATER)]


def test_every_version_is_held_with_its_aliases_and_size(store: Store) -> None:
    inputs = {"raw": {"artifact": "raw:v3", "digest": "d"}}
    store.put("a", metadata={"component": "get", "inputs": inputs})
    store.backend.set_alias(store.put("bcd"), "mine")
    first, second = sorted(
        store.backend.holdings(LATER), key=lambda holding: holding.version.version
    )
    assert (str(first.version), first.size, first.version.aliases) == ("table:v0", 1, ())
    assert (second.size, set(second.version.aliases)) == (3, {"latest", "mine"})
    assert not first.is_named_elsewhere
    assert first.version.metadata == {"component": "get", "inputs": inputs}


def test_an_empty_project_holds_nothing_and_can_be_removed_from(store: Store) -> None:
    assert names(store) == []
    assert remove(store) == 0


def test_a_version_is_removed_with_its_aliases_and_the_others_stay(store: Store) -> None:
    first, second = store.put("a"), store.put("bcd")
    store.backend.set_alias(first, "cache-1f")
    assert remove(store, first) == 1
    assert names(store) == ["table:v1"]
    assert store.backend.find("table:v0") is store.backend.find("table:cache-1f") is None
    assert (store.files(str(second)) / "file.txt").read_text() == "bcd"


def test_content_that_is_made_again_is_stored_again(store: Store) -> None:
    first = store.put("a")
    store.put("b")
    remove(store, first)
    again = store.put("a")
    assert again.digest == first.digest
    assert (store.files(str(again)) / "file.txt").read_text() == "a"


def test_the_lineage_of_others_leads_past_a_removed_version(store: Store) -> None:
    table = store.put("a")
    run = store.backend.start_run(store.spec("train"))
    run.use_artifact("table:v0")
    (store.folder / "model.txt").write_text("model")
    (model,) = run.log_artifacts([Draft("m", "model", store.folder / "model.txt", "", {})])
    run.finish("succeeded")
    remove(store, model)
    assert store.backend.made_from(table) == []


def test_what_a_registry_links_to_is_named_elsewhere(store: Store) -> None:
    version = store.put("a", type="model")
    registry = "model" if store.server else f"r{uuid.uuid4().hex[:8]}"
    collection = Reference.to_collection(registry, f"c{uuid.uuid4().hex[:8]}")
    store.backend.link(version, collection, ["champion"])
    assert [holding.is_named_elsewhere for holding in store.backend.holdings(LATER)] == [True]


def test_while_a_run_is_active_nothing_can_be_removed(store: Store) -> None:
    version = store.put("a")
    other = open_backend(TrackingSettings(store.backend.name, store.project), ROOT)
    run = store.backend.start_run(store.spec("train"))
    with pytest.raises(RelayError, match=r"active|in use by a run"), other.removal():
        pass
    run.finish("succeeded")
    assert store.found(str(version)) == version


def test_gc_lists_first_and_keeps_the_champion_and_what_it_was_made_from(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = {"component": "get"}
    for content in "abc":
        table = store.put(content, metadata=made)
    inputs = {"train": {"artifact": "table:v0", "digest": store.found("table:v0").digest}}
    for content in "mno":
        store.put(content, "model", "model", {**made, "inputs": inputs if content == "m" else {}})
    store.backend.set_alias(store.found("model:v0"), "champion")
    monkeypatch.setenv("RELAY_HOME", str(tmp_path))
    time.sleep(1.1)  # a version is old from the second after it was made
    settings = (f"tracking={store.backend.name}", f"tracking.project={store.project}")

    def run(*options: str) -> str:
        if store.server is None:  # backends of other tests are in this process
            (Path(os.environ["TRACKIO_DIR"]) / ".in-use").unlink(missing_ok=True)
        output = io.StringIO()
        words = [*settings, "--older-than", "0h", *options]
        assert gc(Project.at(ROOT, os.environ), words, Console(file=output, width=200)) == 0
        return output.getvalue()

    listed = run("--dry-run")
    rows = [line.split()[:3] for line in listed.splitlines()[1:3]]
    assert rows == [["model", "v1", "1"], ["table", "v1", "1"]]
    assert len(names(store)) == 6
    assert "Removed. " in run("--yes")
    assert sorted(names(store)) == ["model:v0", "model:v2", "table:v0", "table:v2"]
    assert (store.files("model:champion") / "file.txt").read_text() == "m"
    assert store.found("table:latest") == table
    assert "Nothing in " in run("--yes")


def test_newest_versions_are_asked_for_in_one_page_of_a_server(store: Store) -> None:
    if store.server is None:
        pytest.skip("the local store has no pages")
    for content in "abcde":
        store.put(content)
    before = len(store.server.requests())
    assert [one.version for one in store.backend.versions("table", 2)] == ["v4", "v3"]
    bodies = [request.body for request in store.server.requests()[before:]]
    assert sum(b'"perPage":2' in body.replace(b" ", b"") for body in bodies) == 1


# Ends the process at the call number N of what a removal does, as a kill would.
REMOVE = """
import os, sqlite3, sys
from relay.tracking import TrackingSettings, open_backend
from relay.tracking.local import removal, store
project, point, names = sys.argv[1], sys.argv[2], sys.argv[3:]
backend = open_backend(TrackingSettings("local", project), None)
versions = [backend.find(name) for name in names]
def die(*_): os._exit(9)
if point == "entries":
    removal._REMOVE = (*removal._REMOVE[:1], "SELECT die() WHERE ?")
    opened = removal.open_store
    from contextlib import contextmanager
    @contextmanager
    def open_store(*words):
        with opened(*words) as connection:
            connection.create_function("die", 0, die)
            yield connection
    removal.open_store = open_store
elif point == "before files":
    removal._stored_files = die
elif point == "between files":
    remove, calls = removal._remove_file, []
    def remove_file(path):
        calls.append(path)
        if len(calls) == 2: die()
        return remove(path)
    removal._remove_file = remove_file
elif point == "full":
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
with backend.removal():
    backend.remove(versions)
"""


def remove_in_another_process(project: str, point: str, *references: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", REMOVE, project, point, *references],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
        text=True,
    )
    print(done.stderr)
    return done.returncode


@pytest.fixture
def local(trackio_folder: Path, tmp_path: Path) -> Store:
    """Return a local store of three versions, which no process uses."""
    project = f"test-{uuid.uuid4().hex[:12]}"
    store = Store(open_backend(TrackingSettings("local", project), ROOT), tmp_path, project)
    for text in "abc":
        store.put(text)
    return store


@pytest.fixture
def unused(local: Store) -> Store:
    """Let go of this process's use of the store, which other tests of it began too."""
    lock = Path(os.environ["TRACKIO_DIR"]) / ".in-use"
    lock.unlink()  # the next process locks a new file
    return local


def blobs(store: Store) -> int:
    folder = Path(os.environ["TRACKIO_DIR"]) / "artifacts" / store.project / "blobs"
    return sum(path.is_file() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("entries", ["table:v0", "table:v1", "table:v2"]),
        ("before files", ["table:v2"]),
        ("between files", ["table:v2"]),
    ],
)
def test_a_removal_that_is_killed_leaves_whole_versions_and_is_completed_later(
    unused: Store, point: str, left: list[str]
) -> None:
    assert remove_in_another_process(unused.project, point, "table:v0", "table:v1") == 9
    assert names(unused) == left
    for name in left:
        assert unused.backend.find_damage(unused.found(name)) is None
    doomed = [name for name in ("table:v0", "table:v1") if name in left]
    assert remove_in_another_process(unused.project, "-", *doomed) == 0
    assert (names(unused), blobs(unused)) == (["table:v2"], 1)


def test_a_disk_that_is_full_leaves_everything(unused: Store) -> None:
    assert remove_in_another_process(unused.project, "full", "table:v0") == 1
    assert (len(names(unused)), blobs(unused)) == (3, 3)


def test_the_store_is_in_use_while_another_process_reads_it(local: Store) -> None:
    assert remove_in_another_process(local.project, "-", "table:v0") == 1
    assert len(names(local)) == 3


PULL = """
import os, pathlib, shutil, sys
from relay import cli
point, *words = sys.argv[1:]
if point == "kill":
    copy = shutil.copyfile
    def copyfile(source, target):
        copy(source, target)
        os._exit(9)
    shutil.copyfile = copyfile
elif point == "full":
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
sys.exit(cli.main(pathlib.Path.cwd(), ["pull", *words]))
"""


@pytest.mark.parametrize(("point", "status"), [("kill", 9), ("full", 1)])
def test_a_pull_that_is_killed_or_has_no_room_leaves_no_folder_and_can_be_repeated(
    local: Store, tmp_path: Path, point: str, status: int
) -> None:
    local.put("the content")
    folder = tmp_path / "pulled"
    words = ("table:latest", str(folder), "tracking=local", f"tracking.project={local.project}")

    def pull(point: str) -> int:
        environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "RELAY_HOME": str(tmp_path)}
        command = [sys.executable, "-c", PULL, point, *words]
        return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode

    assert pull(point) == status
    assert not folder.exists()
    assert pull("-") == 0
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [
        ("file.txt", "the content")
    ]
