"""Inputs in the store tell, before anything runs, that a setting cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.tables.setting_checks import task_in
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS, ROOT

PRICED: Mapping[str, Any] = {
    "columns": ["area", "price"],
    "dtypes": {"area": "int64", "price": "float64"},
}


def version(name: str, **metadata: Any) -> ArtifactVersion:
    return ArtifactVersion(name, "v0", "t", "digest", metadata=metadata)


def look(step: str, *inputs: ArtifactVersion, target: str = "price", more: str = "seed=1") -> None:
    given = ["data=table", "data.url=x.csv", f"data.target={target}", more]
    loaded = config.load(ROOT / "config", given, Path.cwd())
    jobs = make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    job = next(job for job in jobs if job.name == step)
    Preflight(jobs).check_inputs(job, {version.name: version for version in inputs})


def test_inputs_that_suit_the_target_or_do_not_record_it_are_accepted() -> None:
    look("split", version("clean", target="Price", task="regression", **PRICED))
    look("train", version("train", **PRICED), version("report", target="price"))
    look("clean", version("raw", bytes=3))
    look("evaluate")


def test_a_target_that_is_not_a_column_is_an_error_with_the_nearest() -> None:
    message = r"data\.target: step 'train' .* train:v0.* no column 'prize'\. Did you mean 'price'"
    with pytest.raises(ConfigError, match=message):
        look("train", version("train", **PRICED), target="prize")


def test_one_table_with_the_target_is_enough() -> None:
    look("train", version("weather", columns=["day"]), version("train", **PRICED))


def test_an_input_that_was_made_for_another_target_is_an_error() -> None:
    message = r"model:v0.* for the target 'price', not 'area'.*steps=\+evaluate"
    with pytest.raises(ConfigError, match=message):
        look("evaluate", version("model", target="price"), version("t", **PRICED), target="area")


def test_a_step_that_has_no_target_may_use_any_table() -> None:
    look_at = version("model", target="price", columns=["other"])
    look("get_data", look_at, target="area")


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("evaluate.thresholds.accuracy=0.4", "evaluate.thresholds.accuracy"),
        ("register.metric=f1", "register.metric"),
    ],
)
def test_a_metric_of_another_task_is_an_error_once_the_task_is_recorded(
    given: str, where: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{where}: .* is not a metric of regr.* r2, mae"):
        look("check", version("clean", **PRICED), more=given)
    look("check", version("clean"), more=given)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        ("model.class_weight=balanced", "float64", r"model\.class_weight: .* numbers"),
        ("model.target_transform=log", "category", r"model\.target_transform: .* classes"),
    ],
)
def test_a_model_setting_for_another_task_is_an_error_at_the_same_time(
    given: str, kind: str, message: str
) -> None:
    table = {"columns": ["price"], "dtypes": {"price": kind}}
    with pytest.raises(ConfigError, match=message):
        look("check", version("clean", **table), more=given)


@pytest.mark.parametrize(
    ("metadata", "task"),
    [
        ({"target": "price", "task": "classification"}, "classification"),
        ({"target": "area", "task": "classification"}, None),
        ({"dtypes": {"price": "float64"}}, "regression"),
        ({"dtypes": {"price": "int64"}}, "regression"),
        ({"dtypes": {"price": "category"}}, "classification"),
        ({"dtypes": {"price": "bool"}}, "classification"),
        ({"dtypes": {"price": "datetime64[ns]"}}, None),
        ({"rows": 3}, None),
    ],
)
def test_the_task_is_what_an_artifact_records_of_the_target(
    metadata: dict[str, Any], task: str | None
) -> None:
    assert task_in(metadata, "price") == task
