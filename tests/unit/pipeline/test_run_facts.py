"""What a pipeline's own MLflow run is known by."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.config import compose as config
from relay.config.composed import Config
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.run_facts import comparable_settings, run_metrics, run_name
from relay.pipeline.run_summary import StepSummary, Summary
from tests.loading import COMPONENTS, ROOT


def load(*arguments: str) -> Config:
    return config.load(ROOT / "config", arguments, Path.cwd())


def named(*arguments: str, steps: str = "train") -> str:
    loaded = load(*arguments)
    the_plan = plan.build(loaded.settings.pipeline)
    planned = make_planned_steps(COMPONENTS, loaded, the_plan)
    return run_name(loaded, [step for step in planned if step.name in steps.split(",")])


def test_its_name_has_data_and_model() -> None:
    assert named("engine=slurm") == "diabetes / random_forest"
    table = ("data=table", "data.url=sales.csv", "data.target=price")
    assert named(*table, "model=linear", steps="get_data,train") == "sales_price / linear"


def test_its_name_leaves_out_a_model_that_no_step_reads() -> None:
    predicting = ("steps=predict", "predict.input=new.csv")
    assert named(*predicting, steps="predict") == "diabetes"
    assert named(steps="get_data,clean") == "diabetes"


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
