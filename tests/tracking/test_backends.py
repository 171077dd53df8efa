"""The contract of a tracking backend; each test runs on every one of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from relay.tracking import ArtifactVersion, Draft, Reference, Row, RunSpec, Table
from relay.tracking.digests import digest_of_path
from relay.tracking.interface import Collection
from relay.tracking.run_records import RunRecord, replay
from relay.tracking.wandb.backend import WandbBackend
from relay.util.errors import RelayError
from tests.loading import ROOT
from tests.tracking.conftest import Store


def test_new_content_is_a_new_version_and_latest(store: Store) -> None:
    assert [store.put(text).version for text in "ab"] == ["v0", "v1"]
    assert store.found("table").version == store.found("table:latest").version == "v1"


def test_content_that_comes_back_keeps_its_version_and_is_latest_again(store: Store) -> None:
    assert [store.put(text).version for text in "aba"] == ["v0", "v1", "v0"]
    assert store.found("table:latest").version == "v0"


def test_content_that_comes_back_takes_the_new_metadata_and_description(store: Store) -> None:
    store.put("a", metadata={"rows": 1, "old": True})
    store.put("a", metadata={"rows": 2})
    assert store.found("table").metadata == {"rows": 2}


def test_the_same_files_have_the_same_digest_in_every_backend(store: Store) -> None:
    version = store.put("a")
    file_hash = hashlib.sha256(b"a").hexdigest()
    assert version.digest == hashlib.sha256(f"{file_hash}  file.txt\n".encode()).hexdigest()
    assert store.found("table:v0").digest == version.digest


def test_files_are_read_without_a_run(store: Store) -> None:
    folder = store.folder / "copy"
    store.backend.download(store.put("a"), folder)
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("file.txt", "a")]


def test_a_file_that_was_replaced_is_never_handed_out(store: Store) -> None:
    version = store.put("the content", metadata={"component": "split"})
    replace_stored(store, b"the content", b"another one")
    with pytest.raises(
        RelayError, match=r"table:v0.* (is damaged|the file file\.txt .*is damaged)"
    ):
        store.backend.download(version, store.folder / "copy")
    with pytest.raises(RelayError, match=r"is damaged|is missing"):
        store.files("table:v0")


def replace_stored(store: Store, old: bytes, new: bytes) -> None:
    """Put `new` where the store keeps a file with the content `old`."""
    if store.server is None:
        digest = hashlib.sha256(old).hexdigest()
        paths = list(Path(os.environ["TRACKIO_DIR"]).rglob(digest))
        assert len(paths) == 1
        paths[0].write_bytes(new)
        return
    uploads = [upload for upload in store.server.state.uploads.values() if upload.content == old]
    assert uploads
    for upload in uploads:
        upload.content = new
    shutil.rmtree(Path(os.environ["WANDB_CACHE_DIR"]) / "wandb" / "artifacts", ignore_errors=True)
    shutil.rmtree(Path(os.environ["WANDB_CACHE_DIR"]) / "artifacts", ignore_errors=True)


def test_what_was_made_from_a_version_is_known_oldest_first(store: Store) -> None:
    table = store.put("a")
    assert store.backend.made_from(table) == []
    made: list[ArtifactVersion] = []
    for number in range(2):
        run = store.backend.start_run(store.spec("train"))
        run.use_artifact("table:v0")
        (store.folder / "file.txt").write_text(f"model {number}")
        made += run.log_artifacts([Draft("m", "model", store.folder / "file.txt", "", {})])
        run.finish("succeeded")
    store.put("b")
    assert store.backend.made_from(table) == made
    assert store.backend.made_from(made[1]) == []


def test_the_digest_of_a_folder_is_that_of_its_files_and_their_paths(store: Store) -> None:
    folder = store.folder / "tree"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "b").write_text("b")
    (folder / "a").write_text("a")
    version = store.put_path(folder, "tree", "t", {})
    assert version.digest == digest_of_path(folder)
    (folder / "a").rename(folder / "c")
    assert store.put_path(folder, "tree", "t", {}).digest != version.digest


def test_an_alias_moves_in_both_directions(store: Store) -> None:
    first, second = store.put("a"), store.put("b")
    for version in (first, second, first):
        store.backend.set_alias(version, "champion")
        assert store.found("table:champion").version == version.version
    assert "champion" not in store.found("table:v1").aliases


def test_an_alias_that_is_set_again_changes_nothing(store: Store) -> None:
    version = store.put("a")
    for _ in range(2):
        store.backend.set_alias(version, "champion")
    assert sorted(store.found("table:v0").aliases) == ["champion", "latest"]


def test_aliases_of_one_artifact_are_not_those_of_another(store: Store) -> None:
    store.backend.set_alias(store.put("a", name="one"), "champion")
    store.put("a", name="two")
    assert store.backend.find("two:champion") is None


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.backend.find("table") is None
    store.put("a")
    assert store.backend.find("table:v7") is None
    assert store.backend.find("table:champion") is None
    assert store.backend.find("nowhere/table:v0") is None


@pytest.mark.parametrize(
    "name", ["../table", "/a", "a//b", "", "table:", "a:b:c", "..", "a/b/c/d", "a b", "a/../b"]
)
def test_a_wrong_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(RelayError, match="not a reference to an artifact"):
        store.backend.find(name)


def test_an_artifact_keeps_its_type(store: Store) -> None:
    assert store.put("a").type == "t"
    with pytest.raises(RelayError, match="type"):
        store.put("b", type="other")
    assert store.found("table:latest").version == "v0"


def test_files_and_metadata_come_back_as_they_were(store: Store) -> None:
    folder = store.folder / "tree"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_bytes(b"\x00\xff")
    (folder / "empty").write_bytes(b"")
    metadata = {"rows": 3, "columns": ["a", "é"], "deep": {"x": None, "y": [1.5, True]}}
    store.put_path(folder, "tree", "t", metadata)
    assert store.found("tree").metadata == metadata
    got = store.files("tree:v0")
    assert (got / "deep" / "file").read_bytes() == b"\x00\xff"
    assert (got / "empty").read_bytes() == b""


def test_a_big_file_comes_back_whole(store: Store) -> None:
    path = store.folder / "big.bin"
    path.write_bytes(hashlib.sha256(b"seed").digest() * (20 * 2**20 // 32))
    version = store.put_path(path, "big", "t", {})
    assert digest_of_path(store.files(str(version)) / "big.bin") == version.digest


def test_many_files_come_back(store: Store) -> None:
    folder = store.folder / "many"
    folder.mkdir()
    for number in range(150):
        (folder / f"{number:03}.txt").write_text(str(number))
    got = store.files(str(store.put_path(folder, "many", "t", {})))
    assert [(got / f"{number:03}.txt").read_text() for number in range(150)] == [
        str(number) for number in range(150)
    ]


def test_an_exact_reference_stays_when_latest_moves_on(store: Store) -> None:
    store.put("a")
    store.put("b")
    assert (store.files("table:v0") / "file.txt").read_text() == "a"
    assert (store.files("table:latest") / "file.txt").read_text() == "b"


def test_using_an_artifact_that_does_not_exist_is_an_error(store: Store) -> None:
    run = store.backend.start_run(store.spec())
    with pytest.raises(RelayError, match=r"^nothing:v1: .* no such artifact.*Run the step"):
        run.use_artifact("nothing:v1")
    run.finish("failed", "nothing to use")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("house_tabel:v1", r"Did you mean 'house_table'\?"),
        ("house_table:v7", r"There is house_table:v0 \(latest\): check the alias"),
    ],
)
def test_using_a_misspelled_artifact_is_an_error_with_a_hint(
    store: Store, wrong: str, hint: str
) -> None:
    version = store.put("a", "house_table")
    store.backend.set_alias(version, "cache-abc")
    run = store.backend.start_run(store.spec())
    with pytest.raises(RelayError, match=hint):
        run.use_artifact(wrong)
    run.finish("failed", "nothing to use")


def test_several_are_stored_in_their_order_with_their_aliases(store: Store) -> None:
    drafts = []
    for name in ("b", "a", "c"):
        path = store.folder / f"{name}.txt"
        path.write_text(name)
        drafts.append(Draft(name, "t", path, "", {}, aliases=(f"is-{name}", "ready")))
    run = store.backend.start_run(store.spec())
    made = list(run.log_artifacts(drafts))
    run.finish("succeeded")
    assert [str(version) for version in made] == ["b:v0", "a:v0", "c:v0"]
    for name in ("a", "b", "c"):
        for alias in ("latest", "ready", f"is-{name}"):
            assert str(store.found(f"{name}:{alias}")) == f"{name}:v0"


def test_content_that_comes_back_gets_the_aliases_of_its_draft(store: Store) -> None:
    store.put("one")
    store.put("two")
    path = store.folder / "file.txt"
    path.write_text("one")
    run = store.backend.start_run(store.spec())
    [version] = run.log_artifacts([Draft("table", "t", path, "", {}, aliases=("ready",))])
    run.finish("succeeded")
    assert str(version) == "table:v0"
    assert str(store.found("table:ready")) == str(store.found("table:latest")) == "table:v0"


def test_collections_are_all_artifacts_by_name(store: Store) -> None:
    assert store.backend.collections() == []
    store.put("b", "two")
    store.put("a", "one", type="table")
    store.put("c", "two")
    assert store.backend.collections() == [Collection("one", "table"), Collection("two", "t")]


def test_the_newest_collections_of_some_types_are_counted(store: Store) -> None:
    assert store.backend.newest_collections(["t"], 9) == ([], 0)
    for name, type in [("b", "t"), ("a", "u"), ("c", "t"), ("d", "u"), ("hidden", "source")]:
        store.put(name, name, type)
    assert store.backend.types() == ["source", "t", "u"]
    newest, count = store.backend.newest_collections(["t", "u"], 3)
    assert ([one.name for one in newest], count) == (["d", "c", "a"], 4)
    assert newest[0].type == "u"


def test_versions_are_those_of_one_artifact_newest_first(store: Store) -> None:
    assert store.backend.versions("none", 9) == []
    made = [store.put(content, metadata={"content": content}) for content in "abc"]
    store.put("d", "another")
    store.backend.set_alias(made[1], "champion")
    newest = store.backend.versions("table", 2)
    assert newest == [made[2], made[1]]
    assert "champion" in newest[1].aliases
    assert newest[1].metadata["content"] == "b"
    age = datetime.now(UTC) - datetime.fromisoformat(newest[0].created)
    assert abs(age.total_seconds()) < 120


def test_an_artifact_of_another_project_is_named_by_it(store: Store) -> None:
    other = store.sibling(f"{store.project}-other")
    other.put("a")
    version = store.found(f"{other.project}/table:latest")
    assert str(version) == f"{other.project}/table:v0"
    assert store.backend.find("table") is None
    assert (store.files(str(version)) / "file.txt").read_text() == "a"


def test_an_entity_is_known_where_there_are_entities(store: Store) -> None:
    store.put("a")
    full = f"someone/{store.project}/table:v0"
    if store.backend.name == "local":
        with pytest.raises(RelayError, match="the local store has no entities"):
            store.backend.find(full)
    else:
        assert str(store.found(full)) == "table:v0"


def test_a_run_that_is_continued_keeps_what_it_had(store: Store) -> None:
    spec = store.spec(config={"depth": 3})
    run = store.backend.start_run(spec)
    run.log(Row({"r2": 0.5}, step=0))
    run.finish("succeeded")
    run = store.backend.start_run(replace(spec, config={}))
    run.log(Row(tables={"pipeline": Table(("step",), (("train",),))}))
    run.finish("succeeded")
    assert logged(store, spec) == ({"depth": 3}, {"r2": 0.5})


def test_a_model_linked_into_a_registry_is_found_there_by_its_aliases(store: Store) -> None:
    first, second = store.put("a", type="model"), store.put("b", type="model")
    collection = Reference.to_collection("model", f"houses-{store.project}")
    assert store.backend.find(str(collection)) is None
    store.backend.link(first, collection, ["candidate", "champion"])
    store.backend.link(second, collection, ["candidate"])
    assert store.found(f"{collection.path}:champion") == first
    assert store.found(f"{collection.path}:candidate") == second
    assert str(store.found(f"{collection.path}:champion")) == "table:v0"
    assert (store.files(f"{collection.path}:champion") / "file.txt").read_text() == "a"


def test_in_a_registry_aliases_move_back_as_well(store: Store) -> None:
    first, second = store.put("a", type="model"), store.put("b", type="model")
    collection = Reference.to_collection("model", f"houses-{store.project}")
    for version in (first, second, first):
        store.backend.link(version, collection, ["champion"])
        assert store.found(f"{collection.path}:champion") == version


def logged(store: Store, spec: RunSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Config and metrics of a run, read from the store itself."""
    if store.server is not None:
        run = store.server.snapshot(store.project)["runs"][spec.id]
        return run["config"], {"r2": run["summary"]["r2"]}
    from relay.tracking.local.history import LocalHistory  # noqa: PLC0415 - after TRACKIO_DIR is set

    [past] = LocalHistory(store.project).runs()
    return dict(past.spec.config), dict(past.rows[0].metrics)


WRITER = """
import sys
from pathlib import Path
from relay.tracking import ArtifactVersion, Draft, RunSpec, TrackingSettings, open_backend

backend, project, path, root = sys.argv[1:]
run = open_backend(TrackingSettings(backend, project), Path(root)).start_run(
    RunSpec(Path(path).stem, "writer", "writer")
)
draft = Draft("table", "t", Path(path), "", {"writer": Path(path).stem})
print(*run.log_artifacts([draft]))
run.finish("succeeded")
"""


def test_writers_at_once_each_get_a_version_of_their_own(store: Store) -> None:
    writers = []
    for name in ("one", "two", "three"):
        path = store.folder / f"{name}.txt"
        path.write_text(name)
        command = [sys.executable, "-c", WRITER, store.backend.name, store.project]
        writers.append(
            subprocess.Popen(
                [*command, str(path), str(ROOT)],
                env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    printed = [writer.communicate(timeout=120)[0].split()[-1] for writer in writers]
    assert sorted(printed) == ["table:v0", "table:v1", "table:v2"]
    for name, exact in zip(("one", "two", "three"), printed, strict=True):
        assert store.found(exact).metadata == {"writer": name}
        assert (store.files(exact) / f"{name}.txt").read_text() == name


def test_numbers_pictures_and_tables_are_taken(store: Store) -> None:
    run = store.backend.start_run(store.spec(config={"depth": 3, "columns": ["a"]}))
    run.update_config({"input_artifact": "table:v0"})
    picture = store.folder / "picture.png"
    Image.new("RGB", (4, 4)).save(picture)
    table = Table(("name", "rows", "min"), (("a", 1, "2024-01-31"), ("b", 2, 0.5), ("c", 3, None)))
    run.log(Row({"r2": 0.5, "rows": 3.0}, {"picture": picture}, {"removed": table}))
    run.finish("succeeded")


def test_a_run_that_fails_keeps_what_it_logged(store: Store) -> None:
    run = store.backend.start_run(store.spec())
    path = store.folder / "file.txt"
    path.write_text("found")
    next(run.log_artifacts([Draft("report", "t", path, "", {})]))
    run.finish("failed", "the gate says no")
    assert store.found("report").version == "v0"


def test_a_run_that_ends_before_it_logged_leaves_nothing(store: Store) -> None:
    run = store.backend.start_run(store.spec())
    run.finish("failed", "too early")
    assert store.backend.find("table") is None


@pytest.mark.parametrize("rows", [(), (Row({"loss": 1.0}),)])
def test_a_run_that_was_cut_off_counts_as_sent_once_all_of_it_is_there(
    store: Store, rows: tuple[Row, ...]
) -> None:
    if store.server is None:
        return  # nothing is published to the local store

    def complete_runs() -> set[str]:
        backend = store.sibling(store.project).backend  # a new one: the SDK remembers its answers
        assert isinstance(backend, WandbBackend)
        return backend.complete_runs()

    spec = store.spec()
    store.backend.start_run(spec).finish("killed")  # a first try that was interrupted
    assert complete_runs() == set()
    replay(RunRecord(spec, "failed", "out of memory", rows), store.backend)
    assert complete_runs() == {spec.id}
