"""A component whose work the server does not accept: it is kept, and that is reported."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.step import main as component
from relay.step.main import StepRun
from relay.step.params import Params
from relay.tracking import ArtifactVersion, Draft, OutageError, UploadError
from relay.tracking.outbox import list_outbox
from relay.tracking.run_records import RunRecord
from relay.util.errors import GateFailed, RelayError
from relay.util.project import Project
from tests.memory import Memory, result


class Made(Params):
    input_artifact: str = "before:latest"
    first_artifact: str = "first"
    second_artifact: str = "second"


@pytest.fixture
def kept(memory: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a checkout of the test's own keeps its runs; `before:v3` is in the store."""
    project = Project(tmp_path / "checkout")
    (project.components / "part").mkdir(parents=True)
    (project.root / "MLproject").touch()
    for name, value in project.variables({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RELAY_START", str(project.root))
    monkeypatch.setenv("RELAY_RUN_ID", "id1")
    monkeypatch.chdir(project.components / "part")
    memory.stored["before"] = ArtifactVersion("before", "v3", "t", "digest")
    return project.kept


def make(run: StepRun[Made]) -> None:
    """Hand over a file, a folder, numbers, a picture and a table, made of an input."""
    run.input("input")
    file, folder, picture = (run.workspace / name for name in ("file.txt", "tree", "picture.png"))
    file.write_text("first")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file.txt").write_text("second")
    picture.write_bytes(b"png")
    run.output("first", file, type="t", description="A file.", metadata={"rows": 3})
    run.output("second", folder, type="t", description="A folder.")
    run.log_metrics({"r2": 0.5, "unknown": math.nan})
    run.log_image("seen", picture)
    run.log_table("removed", ("rule", "rows"), [("empty", 2)])


def not_taking(name: str) -> Callable[[Draft], None]:
    def on_log(draft: Draft) -> None:
        if draft.name == name:
            raise UploadError(f"W&B did not take {name}: HTTP 403.")

    return on_log


def gone() -> None:
    raise UploadError("W&B did not take the end of the run: it has gone.")


def unanswered(reference: str) -> ArtifactVersion | None:
    raise OutageError("The W&B server cannot be reached.")


def only(kept: Path) -> RunRecord:
    """Return the one run that was kept."""
    [run] = list_outbox(kept).values()
    return run.record


def outputs(record: RunRecord) -> dict[str, Draft]:
    return {draft.name: draft for draft in record.outputs if draft.type != "source"}


def test_an_output_that_is_not_accepted_is_a_failure_with_the_place_of_the_work(
    memory: Memory, kept: Path, tmp_path: Path
) -> None:
    memory.on_log = not_taking("second")
    assert component.main(Made, make, []) == 1
    report = result(tmp_path)
    assert report.status == "failed"
    assert report.outputs == {"first": "first:v0"}
    error = report.error or ""
    assert error.startswith("W&B did not take second: HTTP 403. The step's work is kept in ")
    assert ".relay/kept/id1:" in error
    assert "`make publish`" in error
    assert memory.ended == "failed"


def test_a_server_that_has_gone_before_the_first_output_is_stored_costs_no_work(
    memory: Memory, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(run: StepRun[Made]) -> None:
        make(run)
        monkeypatch.setattr(memory, "find", unanswered)

    assert component.main(Made, work, []) == 1
    error = result(tmp_path).error or ""
    assert error.startswith("The W&B server cannot be reached. The step's work is kept in ")
    assert outputs(only(kept)).keys() == {"first", "second"}
    assert only(kept).status == "succeeded"


def test_what_is_kept_is_the_whole_run_as_it_would_have_been(memory: Memory, kept: Path) -> None:
    memory.on_log = not_taking("second")
    component.main(Made, make, [])
    record = only(kept)
    assert (record.status, record.message) == ("succeeded", "")
    assert (record.spec.id, record.spec.step) == ("id1", "part")
    assert record.inputs == ("before:v3",)
    assert record.spec.config["input_artifact"] == "before:v3"
    [row] = record.rows
    assert row.metrics.keys() == {"r2", "unknown", "seconds"}
    assert row.metrics["r2"] == 0.5
    assert row.images["seen"].read_bytes() == b"png"
    assert row.tables["removed"].rows == (("empty", 2),)
    first, second = outputs(record).values()
    assert (first.name, first.description, first.metadata["rows"]) == ("first", "A file.", 3)
    assert first.metadata["inputs"]["input"]["artifact"] == "before:v3"
    assert first.metadata["step_metrics"] == second.metadata["step_metrics"] == {"r2": 0.5}
    assert (first.path.name, first.path.read_text()) == ("file.txt", "first")
    assert (second.path / "deep" / "file.txt").read_text() == "second"


def test_what_is_to_be_done_last_is_not_done_where_an_output_is_not_taken(
    memory: Memory, kept: Path
) -> None:
    def step(run: StepRun[Made]) -> None:
        make(run)
        run.finally_do(lambda: pytest.fail("the model is not there to be pointed at"))

    memory.on_log = not_taking("second")
    assert component.main(Made, step, []) == 1


def test_a_failed_gate_is_kept_as_a_failed_gate(memory: Memory, kept: Path, tmp_path: Path) -> None:
    def step(run: StepRun[Made]) -> None:
        make(run)
        raise GateFailed("too low")

    memory.on_log = not_taking("first")
    assert component.main(Made, step, []) == 1
    assert "W&B did not take first" in (result(tmp_path).error or "")
    record = only(kept)
    assert (record.status, record.message) == ("failed", "too low")
    assert set(outputs(record)) == {"first", "second"}


@pytest.mark.parametrize("moment", ["on_log_row", "on_finish"])
def test_an_end_that_is_not_taken_is_a_failure_though_all_outputs_are_stored(
    memory: Memory, kept: Path, tmp_path: Path, moment: str
) -> None:
    setattr(memory, moment, gone)
    assert component.main(Made, make, []) == 1
    report = result(tmp_path)
    assert report.status == "failed"
    assert set(report.outputs) == {"first", "second"}
    assert "it has gone. The step's work is kept in .relay/kept/id1" in (report.error or "")
    record = only(kept)
    assert record.status == "succeeded"
    assert set(outputs(record)) == {"first", "second"}


def test_where_neither_outputs_nor_the_end_are_taken_the_run_is_kept_once(
    memory: Memory, kept: Path, tmp_path: Path
) -> None:
    memory.on_log = not_taking("first")
    memory.on_finish = gone
    assert component.main(Made, make, []) == 1
    assert "W&B did not take first" in (result(tmp_path).error or "")
    assert set(outputs(only(kept))) == {"first", "second"}


def test_a_run_that_is_tried_again_and_not_taken_again_is_kept_once(
    memory: Memory, kept: Path
) -> None:
    def step(run: StepRun[Made]) -> None:
        make(run)
        run.log_metrics({"r2": 0.75})

    memory.on_log = not_taking("first")
    component.main(Made, make, [])
    component.main(Made, step, [])
    assert only(kept).rows[0].metrics["r2"] == 0.75
    assert [path.name for path in kept.iterdir()] == ["id1"]


def test_a_step_that_failed_keeps_why_where_its_end_is_not_taken(
    memory: Memory, kept: Path
) -> None:
    def step(run: StepRun[Made]) -> None:
        run.input("input")
        raise RelayError("the file is gone")

    memory.on_finish = gone
    assert component.main(Made, step, []) == 1
    record = only(kept)
    assert (record.status, record.message) == ("failed", "the file is gone")
    assert record.inputs == ("before:v3",)


def test_a_step_that_was_stopped_ends_as_that_where_its_end_is_not_taken(
    memory: Memory, kept: Path, tmp_path: Path
) -> None:
    def step(run: StepRun[Made]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    memory.on_finish = gone
    assert component.main(Made, step, []) == 143
    assert result(tmp_path).status == "killed"
    assert (only(kept).status, only(kept).message) == ("killed", "stopped by SIGTERM")


def test_any_other_error_of_the_store_keeps_nothing(
    memory: Memory, kept: Path, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise RelayError("the disk is full")

    memory.on_log = fail
    assert component.main(Made, make, []) == 1
    assert result(tmp_path).error == "the disk is full"
    memory.on_log, memory.on_finish = (lambda draft: None), fail
    assert component.main(Made, make, []) == 1
    assert result(tmp_path).error == "the disk is full"
    assert list_outbox(kept) == {}


def test_a_run_that_is_taken_keeps_nothing(memory: Memory, kept: Path) -> None:
    assert component.main(Made, make, []) == 0
    assert not kept.exists()


def test_outputs_of_a_step_that_failed_are_not_kept(memory: Memory, kept: Path) -> None:
    def step(run: StepRun[Made]) -> None:
        make(run)
        raise RelayError("the file is gone")

    memory.on_finish = gone
    assert component.main(Made, step, []) == 1
    assert outputs(only(kept)) == {}


def test_a_lost_file_is_not_a_traceback_if_the_end_is_not_accepted_either(
    memory: Memory, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(run: StepRun[Made]) -> None:
        run.output("first", run.workspace / "nothing", type="t", description="")

    memory.on_finish = gone
    assert component.main(Made, step, []) == 1
    assert only(kept).status == "failed"
    assert "which does not exist" in only(kept).message
    assert "Traceback" not in capsys.readouterr().err


def test_a_step_reports_that_nothing_can_be_kept(
    memory: Memory, kept: Path, tmp_path: Path
) -> None:
    kept.parent.mkdir(parents=True)
    kept.write_text("in the way")
    memory.on_log = not_taking("first")
    assert component.main(Made, make, []) == 1
    assert f"The step's work could not be kept in {kept} either" in (result(tmp_path).error or "")
