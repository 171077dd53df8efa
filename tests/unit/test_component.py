"""What a component does around its step: all outputs or none, one report, one clear error."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from relay import component, execution
from relay.component import StepRun
from relay.errors import GateFailed, RelayError
from relay.params import Params
from relay.step_result import StepResult, read_result
from relay.tracking import ArtifactVersion, Draft, Reference, Row, RunSpec, RunStatus
from tests.loading import COMPONENTS


class Two(Params):
    first_artifact: str = "first"
    second_artifact: str = "second"
    number: int = 1


class Memory:
    """A backend in memory that does to each artifact what `on_log` does."""

    name = "memory"
    url = None

    def __init__(self) -> None:
        self.stored: dict[str, ArtifactVersion] = {}
        self.ended: RunStatus | None = None
        self.on_log: Callable[[Draft], None] = lambda draft: None
        self.on_finish: Callable[[], None] = lambda: None

    def find(self, reference: str) -> ArtifactVersion | None:
        return self.stored.get(Reference.parse(reference).name)

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None: ...

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None: ...

    def start_run(self, spec: RunSpec) -> Memory:
        self.spec = spec
        return self

    def use_artifact(self, reference: str) -> ArtifactVersion:
        raise RelayError(f"Artifact '{reference}' is not in the store.")

    def download(self, artifact: ArtifactVersion, folder: Path) -> None: ...

    def log_artifact(self, draft: Draft) -> ArtifactVersion:
        self.on_log(draft)
        self.stored[draft.name] = ArtifactVersion(draft.name, "v0", draft.type, "digest")
        return self.stored[draft.name]

    def log(self, row: Row) -> None: ...

    def update_config(self, values: Mapping[str, Any]) -> None: ...

    def finish(self, status: RunStatus, message: str = "") -> None:
        self.on_finish()
        self.ended = status


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Memory]:
    backend = Memory()
    monkeypatch.setattr(execution, "open_backend", lambda settings, code_root: backend)
    monkeypatch.setattr(component, "_stop_with_parent", lambda: None)
    monkeypatch.setenv("RELAY_RESULT", str(tmp_path / "result.json"))
    monkeypatch.setenv("TRACKIO_DIR", os.environ.get("TRACKIO_DIR", str(tmp_path)))
    monkeypatch.chdir(COMPONENTS / "split")
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield backend
    for number, handler in before.items():
        signal.signal(number, handler)


def hand_over(run: StepRun[Two], second_type: str = "t") -> None:
    """Hand over two outputs."""
    for key, type_name in (("first", "t"), ("second", second_type)):
        path = run.workspace / key
        path.write_text(key)
        run.output(key, path, type=type_name, description="")


def result(tmp_path: Path) -> StepResult:
    found = read_result(tmp_path / "result.json")
    assert found is not None
    return found


def test_outputs_are_stored_and_reported(memory: Memory, tmp_path: Path) -> None:
    assert component.main(Two, hand_over, []) == 0
    assert result(tmp_path).outputs == {"first": "first:v0", "second": "second:v0"}
    assert memory.ended == "succeeded"


def test_a_step_that_fails_stores_nothing(memory: Memory, tmp_path: Path) -> None:
    def step(run: StepRun[Two]) -> None:
        hand_over(run)
        raise RelayError("the file is gone")

    assert component.main(Two, step, []) == 1
    assert memory.stored == {}
    assert result(tmp_path).error == "the file is gone"
    assert memory.ended == "failed"


def test_a_gate_that_says_no_keeps_its_outputs(memory: Memory, tmp_path: Path) -> None:
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
