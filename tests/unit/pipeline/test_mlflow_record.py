"""MLflow's runs are written in the background, with the times of the events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.pipeline import mlflow_record
from relay.pipeline.mlflow_record import MlflowRecord, NewRun
from relay.step.result import StepResult
from relay.util.errors import RelayError


class Runs:
    """Runs that note what is asked of them, once `gate` is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.calls: list[tuple[Any, ...]] = []
        self.refused: set[str] = set()

    def _note(self, *call: Any) -> None:
        self.gate.wait(10)
        if call[0] in self.refused:
            raise RelayError(f"MLflow: no {call[0]}")
        self.calls.append(call)

    def end_orphans(self) -> None:
        self._note("end_orphans")

    def chosen_experiment(self, environ: Any, place: str) -> str:
        return "7"

    def experiment_of(self, run_id: str) -> str:
        return "7"

    def start(self, experiment: str, name: str, **more: Any) -> str:
        self._note("start", name, more)
        return f"id of {name}"

    def take_over(self, run_id: str, name: str) -> None:
        self._note("take_over", run_id, name)

    def tag(self, run_id: str, tags: Any) -> None: ...

    def log_params(self, run_id: str, params: Any) -> None: ...

    def record(self, run_id: str, **more: Any) -> None:
        self._note("record", run_id, more)

    def log_metrics(self, run_id: str, metrics: Any) -> None:
        self._note("log_metrics", run_id, metrics)

    def log_file(self, run_id: str, path: str) -> None:
        self._note("log_file", run_id, path)

    def end(self, run_id: str, status: str, ended: int | None = None) -> None:
        self._note("end", run_id, status, ended)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()
    monkeypatch.setattr(mlflow_record, "_connect", lambda uri: runs)
    return runs


@pytest.fixture
def record(runs: Runs) -> Iterator[MlflowRecord]:
    record = MlflowRecord("sqlite:///never.db")
    yield record
    runs.gate.set()
    record.close()


RUN = NewRun("diabetes / linear", {"a": "b"}, {"seed": "1"})
STEP = NewRun("train", {}, {})
DONE = StepResult(status="succeeded", metrics={"r2": 0.5})


def test_no_call_waits_for_mlflow(runs: Runs, record: MlflowRecord, tmp_path: Path) -> None:
    record.begin(RUN, None, "mlruns")
    record.begin_step("train", STEP, tmp_path / "id")
    assert record.has_begun
    assert record.step_run("train") is None
    record.end_step("train", "succeeded", DONE)
    record.check()
    assert not runs.calls
    runs.gate.set()
    record.finish()
    names = [call[0] for call in runs.calls]
    assert names == ["end_orphans", "start", "start", "record", "end"]
    assert record.step_run("train") == (tmp_path / "id").read_text() == "id of train"


def test_times_are_those_of_the_events(runs: Runs, record: MlflowRecord, tmp_path: Path) -> None:
    before = time.time() * 1000
    record.begin(RUN, None, "mlruns")
    record.begin_step("train", STEP, tmp_path / "id")
    time.sleep(0.05)
    record.end_step("train", "failed", DONE)
    after = time.time() * 1000
    time.sleep(0.1)
    runs.gate.set()
    record.finish()
    started, begun = (call[2]["started"] for call in runs.calls if call[0] == "start")
    recorded = next(call[2]["recorded"] for call in runs.calls if call[0] == "record")
    ended = runs.calls[-1][3]
    assert before - 1 <= started <= begun < begun + 45 < recorded == ended <= after + 1


def test_a_step_is_below_the_pipelines_run(
    runs: Runs, record: MlflowRecord, tmp_path: Path
) -> None:
    runs.gate.set()
    record.begin(RUN, "outer", "mlruns")
    record.begin_step("train", STEP, tmp_path / "id")
    record.finish()
    assert ("take_over", "outer", RUN.name) in runs.calls
    assert runs.calls[-1][2]["parent"] == "outer" == record.pipeline_run()


def test_a_store_that_does_not_open_is_reported_and_no_step_waits_for_its_run(
    record: MlflowRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(uri: str) -> None:
        raise RelayError("MLflow's store did not open.")

    monkeypatch.setattr(mlflow_record, "_connect", refuse)
    record.begin(RUN, None, "mlruns")
    record.begin_step("train", STEP, tmp_path / "id")
    record.finish()
    with pytest.raises(RelayError, match="did not open"):
        record.check()
    assert (tmp_path / "id").read_text() == ""
    assert record.step_run("train") is None
    assert record.pipeline_run() is None


@pytest.mark.parametrize("refused", ["record", "end"])
def test_an_end_that_is_refused_is_the_steps(
    runs: Runs, record: MlflowRecord, tmp_path: Path, refused: str
) -> None:
    runs.refused.add(refused)
    runs.gate.set()
    record.begin(RUN, None, "mlruns")
    record.begin_step("train", STEP, tmp_path / "id")
    record.end_step("train", "succeeded", DONE)
    record.finish()
    record.check()
    assert record.refused_ends() == {"train": f"MLflow: no {refused}"}
    if refused == "record":  # its run is ended even so
        assert runs.calls[-1][:3] == ("end", "id of train", "succeeded")


def test_a_step_without_a_run_ends_without_one(record: MlflowRecord) -> None:
    record.end_step("train", "killed", None)
    record.finish()
    assert record.refused_ends() == {}


def test_the_end_of_the_pipeline_has_its_metrics_and_files(
    runs: Runs, record: MlflowRecord, tmp_path: Path
) -> None:
    runs.gate.set()
    record.begin(RUN, None, "mlruns")
    record.end({"r2": 0.5}, [tmp_path / "summary.json"], "succeeded")
    assert [call[0] for call in runs.calls[-3:]] == ["log_metrics", "log_file", "end"]
