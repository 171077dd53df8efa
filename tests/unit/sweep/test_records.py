"""The runs that a sweep and its trials leave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from relay.sweep.journal import Ended
from relay.sweep.records import Records, SweepFacts
from relay.tracking import Backend, Row, RunSpec, RunStatus, TrackingSettings
from relay.tracking.interface import SECONDS
from relay.tracking.mlflow.runs import MlflowRuns
from relay.util.errors import RelayError
from tests.mlflow_store import copy_store

ROWS = [{"score": 0.25}, {"score": 0.5}]
TRIAL = Ended(3, "complete", {"a": 0.5}, 0.5, ROWS[-1], ROWS, 1.5, "", 1_000, 2_500)


class Store:
    """A backend that keeps the runs; `refuses` is what it answers instead."""

    def __init__(self) -> None:
        self.runs: dict[str, RunSpec] = {}
        self.rows: dict[str, list[Row]] = {}
        self.ends: dict[str, tuple[RunStatus, str]] = {}
        self.refuses: RelayError | None = None

    def warm_up(self) -> None: ...

    def start_run(self, spec: RunSpec) -> Any:
        if self.refuses is not None:
            raise self.refuses
        self.runs[spec.name] = spec
        return _Run(self, spec.name)


class _Run:
    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    def log(self, row: Row) -> None:
        self._store.rows.setdefault(self._name, []).append(row)

    def finish(self, status: RunStatus, message: str = "") -> None:
        self._store.ends[self._name] = (status, message)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def mlflow_runs(tmp_path: Path) -> MlflowRuns:
    copy_store(tmp_path / "mlflow.db")
    return MlflowRuns(f"sqlite:///{tmp_path / 'mlflow.db'}")


@pytest.fixture
def records(tmp_path: Path, store: Store, mlflow_runs: MlflowRuns) -> Records:
    return make(tmp_path, store, mlflow_runs)


def make(folder: Path, store: Store, runs: MlflowRuns) -> Records:
    return Records(
        folder,
        SweepFacts("small-abc", "score", {"method": "random"}),
        cast(Backend, store),
        TrackingSettings("local", "relay"),
        lambda: runs,
        lambda runs: runs.experiment("relay", str(folder)),
    )


def in_mlflow(runs: MlflowRuns) -> dict[str, Any]:
    return {str(run.info.run_name): run for run in runs._client.search_runs(["1"])}


def test_a_trial_has_a_run_with_its_settings_and_a_row_for_each_fold(
    records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    records.open()
    records.add(TRIAL)
    records.close(TRIAL, "succeeded")
    assert records.problems == []
    name = "trial 3 small-abc"
    assert store.runs[name].config == {"a": 0.5, "trial": 3, "trial_status": "complete"}
    assert store.runs[name].group == "sweep small-abc"
    *folds, last = store.rows[name]
    assert [(row.step, row.metrics) for row in folds] == list(enumerate(ROWS, 1))
    assert last.metrics == {SECONDS: 1.5}
    assert store.ends[name] == ("succeeded", "")
    runs = in_mlflow(mlflow_runs)
    trial, parent = runs["trial 3"], runs["sweep small-abc"]
    assert trial.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert trial.data.params == {"a": "0.5"}
    assert (trial.info.status, trial.info.start_time, trial.info.end_time) == (
        "FINISHED", 1_000, 2_500,
    )  # fmt: skip
    history = mlflow_runs._client.get_metric_history(trial.info.run_id, "score")
    assert [(point.step, point.value) for point in history] == [(1, 0.25), (2, 0.5)]


def test_the_sweep_has_a_run_with_a_row_for_each_trial_and_the_best(
    records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    records.open()
    records.add(TRIAL)
    records.add(replace(TRIAL, number=1, metrics={"score": 0.125}))
    records.close(TRIAL, "killed")
    *rows, last = store.rows["sweep small-abc"]
    assert [(row.step, row.metrics) for row in rows] == [(1, {"score": 0.125}), (3, {"score": 0.5})]
    seconds = last.metrics[SECONDS]
    assert 0 < seconds < 60
    assert last.metrics == {"best_score": 0.5, "best_trial": 3, SECONDS: seconds}
    parent = in_mlflow(mlflow_runs)["sweep small-abc"]
    assert parent.info.status == "KILLED"
    assert parent.data.metrics == {"best_score": 0.5, "best_trial": 3}


def test_a_failed_trial_is_a_failed_run_with_its_error(
    records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    records.open()
    records.add(replace(TRIAL, status="failed", error="no room", rows=[], metrics={}))
    records.close(None, "failed")
    assert store.ends["trial 3 small-abc"] == ("failed", "no room")
    trial = in_mlflow(mlflow_runs)["trial 3"]
    assert trial.info.status == "FAILED"
    assert trial.data.tags["relay.error"] == "no room"


def test_a_later_command_continues_the_sweeps_run_and_adds_what_is_missing(
    tmp_path: Path, records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    records.open()
    records.add(TRIAL)
    records.close(TRIAL, "killed")
    again = make(tmp_path, store, mlflow_runs)
    missing = again.missing([TRIAL, replace(TRIAL, number=4)])
    assert [trial.number for trial in missing] == [4]
    again.open(missing)
    again.close(TRIAL, "succeeded")
    runs = in_mlflow(mlflow_runs)
    assert sorted(runs) == ["sweep small-abc", "trial 3", "trial 4"]
    assert runs["sweep small-abc"].info.status == "FINISHED"


def test_a_store_that_refuses_does_not_end_the_sweep_and_is_reported_once(
    records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    store.refuses = RelayError("the store is full.")
    records.open()
    records.add(TRIAL)
    records.add(replace(TRIAL, number=4))
    records.close(None, "succeeded")
    assert records.problems == ["the store is full."]
    assert {"trial 3", "trial 4"} <= set(in_mlflow(mlflow_runs))


def test_a_trial_that_one_store_refused_is_recorded_there_alone_by_a_later_command(
    tmp_path: Path, records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    store.refuses = RelayError("the server does not answer.")
    records.open()
    records.add(TRIAL)
    records.close(TRIAL, "killed")
    store.refuses = None
    again = make(tmp_path, store, mlflow_runs)
    again.open(again.missing([TRIAL]))
    again.close(TRIAL, "succeeded")
    assert again.missing([TRIAL]) == []
    assert store.ends["trial 3 small-abc"] == ("succeeded", "")
    assert names(mlflow_runs) == ["sweep small-abc", "trial 3"]


def test_what_a_killed_command_left_of_a_trials_run_is_replaced(
    tmp_path: Path, records: Records, store: Store, mlflow_runs: MlflowRuns
) -> None:
    records.open()
    records.close(None, "killed")
    tags = {"relay.sweep": "small-abc", "relay.trial": "3"}
    mlflow_runs.start("1", "trial 3", tags=tags)
    again = make(tmp_path, store, mlflow_runs)
    again.open([TRIAL])
    again.close(TRIAL, "succeeded")
    assert names(mlflow_runs) == ["sweep small-abc", "trial 3"]
    assert in_mlflow(mlflow_runs)["trial 3"].info.status == "FINISHED"


def names(runs: MlflowRuns) -> list[str]:
    return sorted(str(run.info.run_name) for run in runs._client.search_runs(["1"]))
