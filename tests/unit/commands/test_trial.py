"""The run of a trial under a sweep's agent: a row for each fold, and an end in any case."""

from __future__ import annotations

import signal
from typing import cast

import pytest
from rich.console import Console

from relay.commands.trial import TrialRun
from relay.sweep.inputs import UpstreamFailed
from relay.tracking import Row, Run, Trial
from relay.util.errors import ConfigError, Interrupted, RelayError
from tests.unit.pipeline.backstage import Backstage

TRIAL = Trial("sweep1", "run1", {}, metric="cv_score")


def begin() -> tuple[Backstage, TrialRun]:
    backend = Backstage()
    return backend, TrialRun(TRIAL, cast(Run, backend), Console(quiet=True))


def test_each_fold_is_a_row() -> None:
    backend, run = begin()
    run.report(1, {"cv_score": 0.4, "cv_mae_mean": 3.0})
    run.report(2, {"cv_score": 0.5, "cv_mae_mean": 2.0})
    assert run.end("succeeded") == 0
    assert backend.rows == [
        Row({"cv_score": 0.4, "cv_mae_mean": 3.0}),
        Row({"cv_score": 0.5, "cv_mae_mean": 2.0}),
    ]
    assert backend.ends == [("succeeded", "")]


def test_a_row_without_the_metric_of_the_sweep_is_refused() -> None:
    backend, run = begin()
    with pytest.raises(ConfigError, match=r"no metric 'cv_score'.*'cv_scores'"):
        run.report(1, {"cv_scores": 0.4})
    assert backend.rows == []


def test_a_score_that_is_not_a_number_is_not_a_row() -> None:
    backend, run = begin()
    with pytest.raises(RelayError, match=r"^cv_score is nan after fold 2\.$"):
        run.report(2, {"cv_score": float("nan")})
    assert backend.rows == []


@pytest.mark.parametrize(
    "error", [Interrupted(signal.SIGTERM), UpstreamFailed(128 + signal.SIGTERM)]
)
def test_a_trial_that_a_signal_stopped_was_killed(error: BaseException) -> None:
    backend, run = begin()
    assert run.end_by_error(error) == 128 + signal.SIGTERM
    assert [status for status, _ in backend.ends] == ["killed"]


@pytest.mark.parametrize(
    "error", [ConfigError("seed: wrong"), UpstreamFailed(1), RelayError("no"), ValueError("bug")]
)
def test_after_any_other_error_it_has_failed_with_the_message(error: Exception) -> None:
    backend, run = begin()
    with pytest.raises(type(error)):
        run.end_by_error(error)
    assert backend.ends == [("failed", str(error))]
