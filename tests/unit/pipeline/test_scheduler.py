"""Steps that were announced to MLflow and do not start leave no run that goes on for ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from relay.pipeline.scheduler import Scheduler
from relay.util.errors import RelayError


def test_a_step_that_waits_for_its_run_when_all_ends_has_its_run_ended() -> None:
    ended: list[tuple[str, str]] = []

    def refuse() -> None:
        raise RelayError("MLflow's store did not open.")

    mlflow = SimpleNamespace(
        check=refuse, end_step=lambda name, status, result: ended.append((name, status))
    )
    step = SimpleNamespace(name="train")
    done = SimpleNamespace(why="first", status="not_started")
    state: Any = SimpleNamespace(
        has_failed=False,
        waiting=[step],
        steps={"train": done},
        has_inputs=lambda step: True,
        is_cut_off=lambda step: False,
    )
    runner = SimpleNamespace(
        mlflow=mlflow, announce=lambda step, done: None, can_begin=lambda step: False
    )
    signals = SimpleNamespace(check=lambda: None)
    scheduler = Scheduler(state, cast(Any, runner), 2, False, cast(Any, None), cast(Any, signals))
    with pytest.raises(RelayError, match="did not open"):
        scheduler.run()
    assert ended == [("train", "killed")]
