"""What a component does around its step: all outputs or none, one report, one clear error."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.step import lifecycle
from relay.step import main as component
from relay.step.fingerprint import Fingerprint
from relay.step.main import StepRun
from relay.step.params import Params
from relay.step.result import read_result
from relay.tracking import ArtifactVersion, Draft, TrackingSettings, UploadError
from relay.tracking.run_records import RunRecord
from relay.util.errors import GateFailed, RelayError
from tests.loading import ROOT
from tests.memory import Memory, result


class Two(Params):
    first_artifact: str = "first"
    second_artifact: str = "second"
    number: int = 1


def hand_over(run: StepRun[Two]) -> None:
    """Hand over two outputs."""
    for key in ("first", "second"):
        path = run.workspace / key
        path.write_text(key)
        run.output(key, path, type="t", description="")


def test_outputs_are_stored_and_reported(memory: Memory, tmp_path: Path) -> None:
    assert component.main(Two, hand_over, []) == 0
    assert result(tmp_path).outputs == {"first": "first:v0", "second": "second:v0"}
    assert memory.ended == "succeeded"


def test_what_a_step_warns_of_is_reported_once(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEIR_TOKEN", "a-secret-of-many-letters")

    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        log = logging.getLogger("relay")
        for text in ("odd row", "odd row", "a-secret-of-many-letters"):
            log.warning("%s", text)
        log.info("all went well")

    assert component.main(Two, step, []) == 0
    first, second = result(tmp_path).warnings
    assert memory.stored["first"].metadata["warnings"] == [first, second]
    assert first == "odd row"
    assert "secret-of" not in second
    # and the next step begins again
    assert component.main(Two, hand_over, []) == 0
    assert result(tmp_path).warnings == []
    assert "warnings" not in memory.stored["first"].metadata


def test_a_step_that_fails_stores_nothing(memory: Memory, tmp_path: Path) -> None:
    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        raise RelayError("the file is gone")

    assert component.main(Two, step, []) == 1
    assert memory.stored == {}
    assert result(tmp_path).error == "the file is gone"
    assert memory.ended == "failed"


def test_a_failed_gate_keeps_its_outputs(memory: Memory, tmp_path: Path) -> None:
    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        run.finally_do(lambda: pytest.fail("not after a gate that says no"))
        raise GateFailed("too low")

    assert component.main(Two, step, []) == 1
    assert set(memory.stored) == {"first", "second"}
    assert result(tmp_path).status == "failed"


def test_where_one_output_cannot_be_stored_none_is(memory: Memory, tmp_path: Path) -> None:
    memory.stored["second"] = ArtifactVersion("second", "v0", "other", "digest")
    assert component.main(Two, hand_over, []) == 1
    assert "first" not in memory.stored
    assert "with type 'other'" in (result(tmp_path).error or "")


def test_a_signal_while_outputs_are_stored_does_not_part_them(
    memory: Memory, tmp_path: Path
) -> None:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    memory.on_log = lambda draft: os.kill(os.getpid(), signal.SIGTERM)
    try:
        assert component.main(Two, hand_over, []) == 0
    finally:
        stop.set()
        other.join()
    assert set(memory.stored) == {"first", "second"}
    assert result(tmp_path).status == "succeeded"


def test_a_signal_while_the_step_works_stores_nothing(memory: Memory, tmp_path: Path) -> None:
    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        os.kill(os.getpid(), signal.SIGTERM)

    assert component.main(Two, step, []) == 143
    assert memory.stored == {}
    assert memory.ended == "killed"
    assert result(tmp_path).error == "stopped by SIGTERM"


def test_what_fails_while_storing_is_reported_with_what_was_stored(
    memory: Memory, tmp_path: Path
) -> None:
    def on_log(draft: Draft) -> None:
        if draft.name == "second":
            raise RelayError("the disk is full")

    memory.on_log = on_log
    assert component.main(Two, hand_over, []) == 1
    assert result(tmp_path).outputs == {"first": "first:v0"}
    assert result(tmp_path).error == "the disk is full"


def test_wrong_parameters_are_reported_too(memory: Memory, tmp_path: Path) -> None:
    assert component.main(Two, hand_over, ["--number=many"]) == 2
    assert "number" in (result(tmp_path).error or "")


def test_a_bug_is_a_failure_with_its_name(memory: Memory, tmp_path: Path) -> None:
    def step(run: StepRun[Two]) -> None:
        raise ZeroDivisionError("a bug")

    assert component.main(Two, step, []) == 1
    assert result(tmp_path).error == "ZeroDivisionError: a bug"


@pytest.fixture
def kept_alias(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a step whose upload fails, and return the cache alias that its work is kept with."""
    fingerprint = Fingerprint({}, {"number": 1}, {}, {}, {})
    (tmp_path / "fingerprint.json").write_text(fingerprint.to_json())
    monkeypatch.setenv("RELAY_FINGERPRINT", str(tmp_path / "fingerprint.json"))
    records: list[RunRecord] = []

    def keep(kept: Path, tracking: TrackingSettings, record: RunRecord) -> Path:
        records.append(record)
        return kept / "id"

    def refuse(draft: Draft) -> None:
        raise UploadError("it did not take that")

    def run(step: Callable[[StepRun[Two]], None]) -> str | None:
        memory.on_log = refuse
        assert component.main(Two, step, []) == 1
        return records[-1].cache_alias

    monkeypatch.setattr(lifecycle, "keep", keep)
    return run, fingerprint.alias


def test_kept_work_has_the_mark_by_which_the_cache_finds_it(kept_alias: Any) -> None:
    run, alias = kept_alias
    assert run(hand_over) == alias


def test_kept_work_of_a_step_that_would_have_done_more_is_not_marked(kept_alias: Any) -> None:
    def acts(step_run: StepRun[Two]) -> None:
        hand_over(step_run)
        step_run.finally_do(lambda: None)

    def fails(step_run: StepRun[Two]) -> None:
        hand_over(step_run)
        raise GateFailed("too low")

    run, _ = kept_alias
    assert run(acts) is None
    assert run(fails) is None


def test_kept_work_of_code_that_was_edited_meanwhile_is_not_marked(
    kept_alias: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "are_unchanged", lambda code, root: False)
    run, _ = kept_alias
    assert run(hand_over) is None


def test_rows_are_logged_as_the_step_goes_on_and_its_metrics_after_them(
    memory: Memory, tmp_path: Path
) -> None:
    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        for loss in (3.0, 2.0):
            run.log_row({"loss": loss})
        with run.phase("fit"):
            run.log_metrics({"score": 1.0})

    assert component.main(Two, step, []) == 0
    *epochs, last = memory.rows
    assert [(row.step, row.metrics) for row in epochs] == [(0, {"loss": 3.0}), (1, {"loss": 2.0})]
    assert (last.step, last.metrics["score"]) == (2, 1.0)
    assert list(result(tmp_path).phases) == ["fit"]


def test_an_execution_that_was_given_up_stores_nothing(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = tmp_path / "two.execution"
    execution.touch()
    monkeypatch.setenv("RELAY_EXECUTION", str(execution))

    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        execution.unlink()  # as the orchestrator does when it has lost this machine

    assert component.main(Two, step, []) == 1
    assert memory.stored == {}
    assert "has given it up" in str(result(tmp_path).error)
    execution.touch()
    assert component.main(Two, hand_over, []) == 0
    assert result(tmp_path).max_rss_mb > 10


SLOW = """
import sys, time
from relay.step import main as component
from relay.step.params import Params

def step(run):
    time.sleep(0.5)

sys.exit(component.main(Params, step, []))
"""


@pytest.mark.parametrize(
    ("redirection", "status"),
    [
        ("0<&-", 0),  # sbatch, a worker of jobs
        ("< /dev/null", 0),  # cron, systemd, `docker run` without -i
        ("", 128 + signal.SIGTERM),  # a pipe, whose other end the orchestrator held
    ],
)
def test_a_step_ends_with_its_standard_input_only_if_somebody_held_it(
    tmp_path: Path, redirection: str, status: int
) -> None:
    folder, report = tmp_path / "components" / "slow", tmp_path / "report.json"
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(SLOW)
    (tmp_path / "MLproject").touch()
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "RELAY_BACKEND": "local",
        "RELAY_RESULT": str(report),
    }
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" run.py {redirection}', sys.executable],
        cwd=folder,
        env=environ,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    written = read_result(report)
    assert written is not None
    assert written.status == ("failed" if status else "succeeded")
