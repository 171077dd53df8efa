"""A trial of a W&B sweep: what the agent hands over, and the run that it gets back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from relay.config import compose as config
from relay.config.composed import Config
from relay.pipeline.run_summary import StepSummary, Summary
from relay.pipeline.server_trial import (
    record_trial,
    require_metric,
    start_trial,
    with_trial_settings,
    without_prefixes,
)
from relay.tracking import Backend, Row, TrackingSettings, Trial
from relay.tracking.remote import take_trial
from relay.util.errors import ConfigError
from tests.loading import ROOT
from tests.unit.pipeline.backstage import Backstage

TRACKING = TrackingSettings("wandb", "houses", "team", None, ("nightly",), "words")
TRIAL = Trial("sweep1", "run1", {"split.test_size": 0.3})


def agents_environment(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config-run1.yaml"
    path.write_text(
        "wandb_version: 1\nsplit.test_size:\n  value: 0.3\nmodel:\n  value: linear\n",
        encoding="utf-8",
    )
    return {
        "WANDB_SWEEP_ID": "sweep1",
        "WANDB_RUN_ID": "run1",
        "WANDB_SWEEP_PARAM_PATH": str(path),
        "WANDB_API_KEY": "key",
    }


def test_the_agents_variables_are_taken_out_of_the_environment(tmp_path: Path) -> None:
    environ = agents_environment(tmp_path)
    trial = take_trial(environ)
    assert environ == {"WANDB_API_KEY": "key"}
    assert trial == Trial("sweep1", "run1", {"split.test_size": 0.3, "model": "linear"})


def test_its_runs_go_to_the_project_that_the_agent_names(tmp_path: Path) -> None:
    environ = agents_environment(tmp_path) | {"WANDB_PROJECT": "houses", "WANDB_ENTITY": "team"}
    trial = take_trial(environ)
    assert trial is not None
    assert (trial.project, trial.entity) == ("houses", "team")


def test_without_a_sweep_there_is_neither_a_trial_nor_an_id_for_all_steps() -> None:
    environ = {"WANDB_RUN_ID": "mine", "PATH": "/bin"}
    assert take_trial(environ) is None
    assert environ == {"PATH": "/bin"}


def test_a_trial_whose_parameters_cannot_be_read_has_none(tmp_path: Path) -> None:
    environ = agents_environment(tmp_path)
    for text in ("[", "- a list", "word"):
        Path(environ["WANDB_SWEEP_PARAM_PATH"]).write_text(text)
        assert take_trial(dict(environ)) == Trial("sweep1", "run1", {})
    Path(environ["WANDB_SWEEP_PARAM_PATH"]).unlink()
    assert take_trial(dict(environ)) == Trial("sweep1", "run1", {})


def load(*arguments: str) -> Config:
    return config.load(ROOT / "config", arguments, ROOT)


def promotes(*arguments: str) -> bool:
    return bool(load(*arguments).params("register", ["promote"])["promote"])


def test_a_trial_promotes_nothing_unless_it_is_asked_to() -> None:
    assert promotes()
    assert not promotes(*with_trial_settings(["seed=1"], load("seed=1")))
    assert promotes(*with_trial_settings(["register.promote=true"], load()))


def test_a_trial_of_a_pipeline_without_promotion_has_the_settings_of_its_command() -> None:
    plain = load()
    del plain.tree["register"]
    assert with_trial_settings(["seed=1"], plain) == ["seed=1"]


def test_parameters_may_be_written_as_hydra_writes_new_keys() -> None:
    trial = replace(TRIAL, params={"model": "linear", "model.params.alpha": 1})
    words = ["++model=linear", "+model.params.alpha=1", "+x=1", "seed=1", "~y"]
    assert without_prefixes(words, trial) == [
        "model=linear", "model.params.alpha=1", "+x=1", "seed=1", "~y",
    ]  # fmt: skip


def recorded(summary: Summary) -> Backstage:
    backend = Backstage()
    record_trial(TRIAL, cast(Backend, backend), TRACKING, summary, "group")
    return backend


def test_its_run_has_its_parameters_and_the_metrics_of_all_steps() -> None:
    steps = [
        StepSummary("train", "cached", metrics={"cv_r2_mean": 0.4, "rows": 3}),
        StepSummary("evaluate", "ran", metrics={"r2": 0.5, "rows": 2}),
        StepSummary("register", "not_started"),
    ]
    backend = recorded(Summary("succeeded", "wandb", "now", None, False, steps))
    [spec] = backend.specs
    assert (spec.id, spec.sweep, spec.step, spec.group) == ("run1", "sweep1", "trial", "group")
    assert spec.config == {"split.test_size": 0.3}
    assert spec.tags == ("nightly",)
    assert backend.rows == [Row({"cv_r2_mean": 0.4, "rows": 2, "r2": 0.5})]
    assert backend.ends == [("succeeded", "")]


def test_a_trial_that_failed_ends_as_failed_with_the_reason() -> None:
    steps = [StepSummary("evaluate", "failed", error="r2 is 0.1", metrics={"r2": 0.1})]
    backend = recorded(Summary("failed", "wandb", "now", None, False, steps))
    assert backend.rows == [Row({"r2": 0.1})]
    assert backend.ends == [("failed", "evaluate: r2 is 0.1")]


def test_its_run_may_begin_before_anything_is_known_of_it() -> None:
    backend = Backstage()
    start_trial(TRIAL, cast(Backend, backend), TRACKING)
    [spec] = backend.specs
    assert (spec.id, spec.sweep, spec.config) == ("run1", "sweep1", {"split.test_size": 0.3})
    assert backend.ends == []


def test_a_trial_without_the_metric_of_its_sweep_has_failed() -> None:
    trial = replace(TRIAL, metric="r2")
    require_metric(trial, {"r2": 0.1})
    backend = Backstage()
    steps = [StepSummary("train", "ran", metrics={"cv_r2_mean": 0.4})]
    summary = Summary("succeeded", "wandb", "now", None, False, steps)
    message = (
        "^sweep sweep1: its trials have no metric 'r2'.* Correct metric.name in the sweep's file, "
        "or let its command run the step that has it, with steps=NAME.$"
    )
    with pytest.raises(ConfigError, match=message):
        record_trial(trial, cast(Backend, backend), TRACKING, summary, "group")
    assert [status for status, _ in backend.ends] == ["failed"]
