"""A setting on the command line that no step of the pipeline reads is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS, ROOT

FORECAST = (
    *("pipeline=forecast", "data.url=https://example.com/sales.csv"),
    *("data.target=sales", "data.time=month"),
)


def check(*arguments: str) -> None:
    loaded = config.load(ROOT / "config", arguments, Path("/"))
    make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))


@pytest.mark.parametrize(
    "setting", ["split.stratify=false", "train.folds=3", "train.time_column=a"]
)
def test_settings_of_tables_are_refused_by_forecasts(setting: str) -> None:
    key = setting.partition("=")[0]
    with pytest.raises(ConfigError, match=f"^{key}: no step of this pipeline reads it. Leave it"):
        check(*FORECAST, setting)


def test_each_of_them_is_named() -> None:
    with pytest.raises(ConfigError) as refused:
        check(*FORECAST, "train.folds=3", "horizon=6", "split.group_column=shop")
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["train.folds", "split.group_column"]


@pytest.mark.parametrize(
    "setting",
    [
        "horizon=6",  # through pipeline.steps.split.params
        "model.params.max_depth=3",  # in a group that a step gets whole
        "evaluate.thresholds.mase=1",  # in a mapping
        "data.read.header=none",  # in a group within a group
        "register={min_gain:0.1}",
        "jobs=1",
        "tracking.tags=[a]",
        "pipeline.steps.train.resources.minutes=5",
    ],
)
def test_settings_that_are_read_are_not(setting: str) -> None:
    check(*FORECAST, setting)


def test_a_setting_is_read_through_another_and_by_steps_that_are_not_selected() -> None:
    check("split.time_column=age", "steps=train", "predict.output=predictions.csv", "seed=1")
