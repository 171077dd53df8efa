"""What a pipeline's own MLflow run is known by."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.config import compose as config
from relay.config.composed import Config
from relay.pipeline.run_facts import comparable_settings, run_metrics, run_name
from relay.pipeline.run_summary import StepSummary, Summary
from tests.loading import ROOT


def load(*arguments: str) -> Config:
    return config.load(ROOT / "config", arguments, Path.cwd())


def test_its_name_has_data_and_model() -> None:
    assert run_name(load("engine=slurm")) == "diabetes / random_forest"
    assert run_name(load("data=table", "data.url=sales.csv", "data.target=price", "model=linear")) \
        == "sales_price / linear"  # fmt: skip


def test_the_settings_that_matter_stand_one_by_one() -> None:
    settings = comparable_settings(
        load("model=linear", "split.test_size=0.3", "data.drop=[bmi]", "jobs=3", "seed=7"),
        ["train"],
    )
    assert settings["model.name"] == "linear"
    assert settings["model.task_params.regression.alpha"] == "1.0"
    assert settings["split.test_size"] == "0.3"
    assert settings["data.drop"] == '["bmi"]'
    assert settings["seed"] == "7"
    assert "split.time_column" not in settings  # not given
    assert not any(key.startswith(("jobs", "pipeline", "tracking", "predict")) for key in settings)


def test_settings_are_bounded_and_hold_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hush-hush-hush")
    settings = comparable_settings(
        load(
            "data=table", "data.name=t", "data.target=y", "data.drop=[hush-hush-hush]",
            "data.url=https://user:secret@host/a.csv?token=abc",
            "data.rename={" + ",".join(f"column {n}: c{n}" for n in range(60)) + "}",
        ),
        [],
    )  # fmt: skip
    assert settings["data.url"] == "https://host/a.csv?token=***"
    assert settings["data.drop"] == '["***"]'
    assert len(settings["data.rename"]) <= 253


def test_its_metrics_are_those_of_all_steps() -> None:
    steps = [
        StepSummary("train", "cached", metrics={"cv_r2_mean": 0.4, "rows": 10}),
        StepSummary("evaluate", "ran", metrics={"r2": 0.5, "rows": 3, "mape": float("nan")}),
        StepSummary("register", "not_started", metrics={"promoted": 1}),
    ]
    summary = Summary("succeeded", "local", "now", None, False, steps=steps)
    assert run_metrics(summary) == {"cv_r2_mean": 0.4, "rows": 3, "r2": 0.5}
