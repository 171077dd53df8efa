"""Runs that a server did not accept: kept whole, uploaded once, and only to their server."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relay.tracking import (
    ArtifactVersion,
    Draft,
    Reference,
    Row,
    RunSpec,
    RunStatus,
    Table,
    TrackingSettings,
    UploadError,
)
from relay.tracking.interface import Collection, Holding
from relay.tracking.outbox import flush_outbox, keep, list_outbox
from relay.tracking.run_records import RunRecord, replay
from relay.util.errors import ConfigError, RelayError

HERE = "https://wandb.example.com"
WANDB = TrackingSettings(backend="wandb", project="houses", entity="team")


@dataclass
class Taking:
    """A backend that records its calls; it refuses the artifact `refused`."""

    refused: str = ""
    name: str = "memory"
    title: str = "the memory"
    url: Any = None
    calls: list[tuple[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def warm_up(self) -> None:
        self.calls.append(("warm_up", None))

    def start_run(self, spec: RunSpec) -> Taking:
        self.calls.append(("start", spec))
        return self

    def use_artifact(self, reference: str) -> ArtifactVersion:
        self.calls.append(("use", reference))
        return ArtifactVersion(reference.partition(":")[0], "v0", "t", "digest")

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        yield from map(self.put, drafts)

    def put(self, draft: Draft) -> ArtifactVersion:
        if draft.name == self.refused:
            raise UploadError(f"it did not take {draft.name}")
        paths = [draft.path] if draft.path.is_file() else sorted(draft.path.rglob("*.*"))
        for path in paths:
            self.files[f"{draft.name}/{path.name}"] = path.read_text()
        self.calls.append(("log_artifacts", draft.name))
        self.calls += [("alias", (f"{draft.name}:v7", alias)) for alias in draft.aliases]
        return ArtifactVersion(draft.name, "v7", draft.type, "digest")

    def log(self, row: Row) -> None:
        self.files |= {name: path.read_text() for name, path in row.images.items()}
        self.calls.append(("log", replace(row, images={})))

    def finish(self, status: RunStatus, message: str = "") -> None:
        self.calls.append(("finish", (status, message)))

    def collections(self) -> list[Collection]:
        return []

    def types(self) -> list[str]:
        return []

    def newest_collections(self, types: Sequence[str], limit: int) -> tuple[list[Collection], int]:
        return [], 0

    def versions(self, name: str, limit: int) -> list[ArtifactVersion]:
        return []

    def download(self, artifact: ArtifactVersion, folder: Path) -> None: ...
    def find_damage(self, artifact: ArtifactVersion) -> str | None:
        raise AssertionError("nothing is read from here")

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        return []

    def holdings(self, before: str) -> Iterator[Holding]:
        return iter(())

    def removal(self) -> AbstractContextManager[None]:
        raise AssertionError("nothing is removed from here")

    def remove(self, versions: Sequence[ArtifactVersion]) -> int:
        raise AssertionError("nothing is removed from here")

    def update_config(self, values: Mapping[str, Any]) -> None: ...
    def find(self, reference: str) -> ArtifactVersion | None: ...
    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        self.calls.append(("alias", (str(artifact), alias)))

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None: ...


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", HERE)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "state" / "kept"


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """Return a run with a file, a folder and a picture, all of them in a workspace."""
    workspace = tmp_path / "workspace"
    (workspace / "tree" / "deep").mkdir(parents=True)
    (workspace / "table.csv").write_text("a,b\n")
    (workspace / "tree" / "table.csv").write_text("other")
    (workspace / "tree" / "deep" / "file.txt").write_text("deep")
    (workspace / "picture.png").write_text("png")
    metadata = {"rows": 3, "columns": ["a", "é"], "deep": {"x": None, "y": [1.5, True]}}
    return RunRecord(
        spec=RunSpec("id1", "clean 1", "clean", "group", {"k": [1, None]}, ("t",), "notes", "abc"),
        status="failed",
        message="the gate says no",
        rows=(
            Row(
                {"r2": 0.5},
                {"picture": workspace / "picture.png"},
                {"seen": Table(("name", "rows"), (("a", 1), ("b", None)))},
                step=0,
                time=1700000000.25,
            ),
        ),
        inputs=("raw:v3",),
        outputs=(
            Draft("table", "dataset", workspace / "table.csv", "A file.", metadata),
            Draft("tree", "model", workspace / "tree", "A folder.", {}),
        ),
    )


def named(record: RunRecord, run_id: str, **more: Any) -> RunRecord:
    return replace(record, spec=replace(record.spec, id=run_id, name=f"run {run_id}"), **more)


def keep_aged(kept: Path, record: RunRecord, age: int) -> Path:
    folder = keep(kept, WANDB, record)
    os.utime(folder / "run.json", (10**9 - age, 10**9 - age))
    return folder


def names(kept: Path) -> list[str]:
    return [run.record.spec.id for run in list_outbox(kept).values()]


# Keeping


def test_nothing_is_kept_without_a_folder(kept: Path) -> None:
    assert list_outbox(kept) == {}


def test_a_run_is_read_as_it_was_kept(kept: Path, record: RunRecord) -> None:
    folder = keep(kept, WANDB, record)
    [(place, run)] = list_outbox(kept).items()
    assert place == folder == kept / "id1"
    assert (run.server, run.tracking) == (HERE, WANDB)
    assert replace(run.record, rows=(), outputs=()) == replace(record, rows=(), outputs=())
    assert [replace(row, images={}) for row in run.record.rows] == [
        replace(row, images={}) for row in record.rows
    ]
    for draft, before in zip(run.record.outputs, record.outputs, strict=True):
        assert replace(draft, path=before.path) == before


def test_its_files_outlive_the_workspace_and_a_move_of_the_checkout(
    kept: Path, record: RunRecord, tmp_path: Path
) -> None:
    keep(kept, WANDB, record)
    shutil.rmtree(tmp_path / "workspace")
    moved = kept.parent.rename(tmp_path / "moved") / "kept"
    [run] = list_outbox(moved).values()
    table, tree = (draft.path for draft in run.record.outputs)
    assert (table.name, table.read_text()) == ("table.csv", "a,b\n")
    assert (tree / "table.csv").read_text() == "other"
    assert (tree / "deep" / "file.txt").read_text() == "deep"
    assert run.record.rows[0].images["picture"].read_text() == "png"


def test_what_is_not_a_number_is_kept_as_well(kept: Path, record: RunRecord) -> None:
    row = Row({"r2": math.nan, "loss": math.inf}, tables={"t": Table(("a",), ((-math.inf,),))})
    keep(kept, WANDB, replace(record, rows=(row,)))
    [run] = list_outbox(kept).values()
    assert math.isnan(run.record.rows[0].metrics["r2"])
    assert run.record.rows[0].metrics["loss"] == math.inf
    assert run.record.rows[0].tables == row.tables


def test_numbers_of_numpys_are_kept_as_numbers(kept: Path, record: RunRecord) -> None:
    metrics: dict[str, Any] = {"r2": np.float32(0.5)}
    row = Row(metrics, tables={"t": Table(("a", "b"), ((np.int64(3), np.True_),))})
    keep(kept, WANDB, replace(record, rows=(row,)))
    [run] = list_outbox(kept).values()
    assert run.record.rows[0] == Row({"r2": 0.5}, tables={"t": Table(("a", "b"), ((3, True),))})


def test_a_run_that_is_kept_again_is_there_once_as_it_was_last(
    kept: Path, record: RunRecord
) -> None:
    keep(kept, WANDB, record)
    keep(kept, WANDB, replace(record, message="again", outputs=record.outputs[:1]))
    [run] = list_outbox(kept).values()
    assert run.record.message == "again"
    assert len(list(kept.rglob("table.csv"))) == 1
    assert [path.name for path in kept.iterdir()] == ["id1"]


def test_a_run_that_cannot_be_kept_whole_leaves_the_older_one(
    kept: Path, record: RunRecord
) -> None:
    keep(kept, WANDB, record)
    lost = replace(record.outputs[1], path=kept / "nothing")
    with pytest.raises(FileNotFoundError):
        keep(kept, WANDB, replace(record, message="again", outputs=(record.outputs[0], lost)))
    [run] = list_outbox(kept).values()
    assert run.record.message == record.message
    assert [path.name for path in kept.iterdir()] == ["id1"]


def test_the_half_done_work_of_a_killed_process_is_not_a_kept_run(
    kept: Path, record: RunRecord
) -> None:
    folder = keep(kept, WANDB, record)
    folder.rename(folder.with_name(".id1.0123"))
    (kept / "empty").mkdir()
    assert list_outbox(kept) == {}


def test_no_password_of_the_servers_address_is_written(
    kept: Path, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "https://me:hidden@wandb.example.com")
    folder = keep(kept, WANDB, record)
    assert "hidden" not in (folder / "run.json").read_text()
    assert [run.spec.id for run in flush_outbox(kept, WANDB, Taking())] == ["id1"]


@pytest.mark.parametrize("text", ["", "{", '{"server": "x"}'])
def test_a_file_that_is_not_a_kept_run_is_named(kept: Path, record: RunRecord, text: str) -> None:
    path = keep(kept, WANDB, record) / "run.json"
    path.write_text(text)
    with pytest.raises(
        RelayError, match=rf"{path}: this version of Relay cannot read the kept run"
    ):
        list_outbox(kept)


# Bringing up


def test_a_kept_run_is_uploaded_whole_and_then_gone(kept: Path, record: RunRecord) -> None:
    keep(kept, WANDB, record)
    backend = Taking()
    assert [run.spec for run in flush_outbox(kept, WANDB, backend)] == [record.spec]
    assert list_outbox(kept) == {}
    assert list(kept.iterdir()) == []
    assert backend.calls == [
        ("start", record.spec),
        ("use", "raw:v3"),
        ("log_artifacts", "table"),
        ("log_artifacts", "tree"),
        ("log", replace(record.rows[0], images={})),
        ("finish", ("failed", "the gate says no")),
    ]
    assert backend.files == {
        "table/table.csv": "a,b\n",
        "tree/table.csv": "other",
        "tree/file.txt": "deep",
        "picture": "png",
    }


def test_outputs_that_the_cache_may_find_are_marked_for_it(kept: Path, record: RunRecord) -> None:
    source = replace(record.outputs[0], name="source-clean", type="source")
    marked = replace(record, outputs=(source, *record.outputs), cache_alias="cache-0123")
    keep(kept, WANDB, marked)
    backend = Taking()
    assert len(list(flush_outbox(kept, WANDB, backend))) == 1
    assert [what for kind, what in backend.calls if kind == "alias"] == [
        ("table:v7", "cache-0123"),
        ("tree:v7", "cache-0123"),
    ]


def test_the_oldest_is_uploaded_first(kept: Path, record: RunRecord) -> None:
    for run_id, age in (("b", 10), ("c", 30), ("a", 20)):
        keep_aged(kept, named(record, run_id), age)
    assert names(kept) == ["c", "a", "b"]
    assert [run.spec.id for run in flush_outbox(kept, WANDB, Taking())] == ["c", "a", "b"]


def test_one_that_is_not_taken_stays_with_those_after_it(kept: Path, record: RunRecord) -> None:
    other = replace(record.outputs[0], name="other")
    keep_aged(kept, named(record, "first", outputs=(other,)), 30)
    keep_aged(kept, named(record, "second"), 20)
    keep_aged(kept, named(record, "third", outputs=(other,)), 10)
    backend = Taking(refused="tree")
    brought: list[str] = []
    with pytest.raises(UploadError, match="did not take tree"):
        brought.extend(run.spec.id for run in flush_outbox(kept, WANDB, backend))
    assert names(kept) == ["second", "third"]
    assert backend.calls[-1] == ("finish", ("killed", ""))
    assert [run.spec.id for run in flush_outbox(kept, WANDB, Taking())] == ["second", "third"]


@pytest.mark.parametrize(
    "settings",
    [
        replace(WANDB, backend="local"),
        replace(WANDB, project="other"),
        replace(WANDB, entity="other"),
    ],
)
def test_runs_that_are_meant_for_elsewhere_stay(
    kept: Path, record: RunRecord, settings: TrackingSettings
) -> None:
    keep(kept, WANDB, record)
    backend = Taking()
    assert list(flush_outbox(kept, settings, backend)) == []
    assert backend.calls == []
    assert names(kept) == ["id1"]


def test_a_run_for_another_server_stays(
    kept: Path, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(kept, WANDB, record)
    monkeypatch.setenv("WANDB_BASE_URL", "https://other.example.com")
    assert list(flush_outbox(kept, WANDB, Taking())) == []
    assert names(kept) == ["id1"]


def test_a_run_for_the_keys_own_entity_is_uploaded_into_it(kept: Path, record: RunRecord) -> None:
    keep(kept, replace(WANDB, entity=None), record)
    assert [run.spec.id for run in flush_outbox(kept, WANDB, Taking())] == ["id1"]


def test_the_local_store_does_not_ask_which_server_there_is(
    kept: Path, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(kept, WANDB, record)
    monkeypatch.setenv("WANDB_BASE_URL", "no address")
    assert list(flush_outbox(kept, replace(WANDB, backend="local"), Taking())) == []
    with pytest.raises(ConfigError, match="WANDB_BASE_URL"):
        list(flush_outbox(kept, WANDB, Taking()))


# Replaying


def test_a_replayed_run_gives_its_outputs_in_their_order(record: RunRecord) -> None:
    assert [str(version) for version in replay(record, Taking())] == ["table:v7", "tree:v7"]


def test_a_replay_that_fails_ends_its_run_and_is_reported(record: RunRecord) -> None:
    backend = Taking(refused="table")
    with pytest.raises(UploadError, match="did not take table"):
        replay(record, backend)
    assert [what for what, _ in backend.calls] == ["start", "use", "finish"]
    assert backend.calls[-1] == ("finish", ("killed", ""))
