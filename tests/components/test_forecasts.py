"""The components of `pipeline=forecast` through their command lines, on a real local store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.tables.io import read_parquet
from relay.util.errors import ConfigError
from tests.components.conftest import Finished, Store
from tests.loading import load

TARGET = {"target": "sold"}
MONTHS = 60
LAGS = {
    "method": "lag_boosting",
    "params": {"n_estimators": 30, "min_child_samples": 2},
}
ETS = {"method": "ets", "params": {"trend": "add"}}


def sales(months: int = MONTHS, shops: tuple[str, ...] = ("north", "south")) -> pd.DataFrame:
    """Return sales that rise, with a season of twelve months and a little noise, by shop."""
    place = np.arange(months)
    noise = np.random.default_rng(0).normal(1, 0.01, months)
    season = 2 + np.sin(2 * np.pi * place / 12)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "shop": shop,
                    "month": pd.date_range("2015-01-01", periods=months, freq="MS"),
                    "sold": 100.0 * (number + 1) * season * noise * (1 + place / 100),
                }
            )
            for number, shop in enumerate(shops)
        ],
        ignore_index=True,
    )


def time_axis(store: Store, table: pd.DataFrame, **params: Any) -> Finished:
    store.put_table("sales_clean", "clean_data", table)
    names = {"time": "month", "series": "shop", **TARGET, **params}
    return store.run("time_axis", input_artifact="sales_clean", **names)


def split(store: Store, **params: Any) -> Finished:
    return store.run("forecast_split", input_artifact="series", **TARGET, **params)


def train(store: Store, model: dict[str, Any] = LAGS, **params: Any) -> Finished:
    words = {"train_artifact": "train", "model": json.dumps(model), **TARGET, **params}
    return store.run("forecast_train", **words)


def evaluate(store: Store, **params: Any) -> Finished:
    words = {"model_artifact": "model", "test_artifact": "test", **TARGET, **params}
    return store.run("forecast_evaluate", **words)


@pytest.fixture
def with_sets(store: Store) -> Store:
    """Return a store with a training set and a test set of twelve months of two shops."""
    for done in (time_axis(store, sales()), split(store)):
        assert done.status == 0, done.output
    return store


@pytest.fixture
def with_model(with_sets: Store) -> Store:
    done = train(with_sets)
    assert done.status == 0, done.output
    return with_sets


def result(done: Finished) -> Any:
    assert done.result is not None, done.output
    return done.result


# time_axis


def test_the_series_have_a_row_for_each_step_and_their_layout(store: Store) -> None:
    mixed = sales().sample(frac=1, random_state=0).assign(weather="fine")
    done = time_axis(store, mixed)
    assert done.status == 0, done.output
    series = store.table("series:v0")
    assert list(series.columns) == ["shop", "month", "sold"]
    pd.testing.assert_frame_equal(series, sales(), check_dtype=False)
    version = store.backend.find("series:v0")
    assert version is not None
    layout = version.metadata["layout"]
    assert (layout["season"], layout["series"]) == (12, "shop")
    metrics = result(done).metrics
    assert (metrics["rows"], metrics["series"], metrics["gaps"]) == (2 * MONTHS, 2, 0)
    assert "not used: column weather" in done.output


def test_a_gap_stops_the_step_until_a_setting_decides(store: Store) -> None:
    without = sales().drop(index=[3, 7])
    done = time_axis(store, without)
    assert done.status == 1
    assert "data.gaps: 2 of 120 steps of 1 month have no value (north 2015-04-01" in done.output
    assert store.backend.find("series:latest") is None
    done = time_axis(store, without, gaps="interpolate")
    assert done.status == 0, done.output
    assert result(done).metrics["gaps"] == 2
    assert "2 of 120 steps had no value and were filled" in result(done).warnings[0]
    filled, whole = store.table("series:v0")["sold"], sales()["sold"]
    assert filled[3] == pytest.approx((whole[2] + whole[4]) / 2)


def test_two_columns_of_one_name_are_an_error_before_the_run() -> None:
    module = load("time_axis", "params")
    params = module.Params(input_artifact="x", target="sold", time="month", series="month")
    with pytest.raises(ConfigError, match=r"data\.time and data\.series: both are"):
        module.check(params)


# forecast_split


def test_the_test_set_is_the_last_horizon_and_has_what_was_before(store: Store) -> None:
    time_axis(store, sales())
    done = split(store, horizon=6, test_size=0.25)
    assert done.status == 0, done.output
    train_set, test_set = store.table("train:v0"), store.table("test:v0")
    assert test_set["month"].min() == pd.Timestamp("2019-01-01")
    assert train_set["month"].max() == pd.Timestamp("2018-12-01")
    assert len(train_set) + len(test_set) == 2 * MONTHS
    history = read_parquet(store.files("test:v0") / "history.parquet")
    pd.testing.assert_frame_equal(history, train_set)
    assert result(done).metrics["windows"] == 2


def test_a_series_that_begins_in_the_test_set_is_left_out_with_a_warning(store: Store) -> None:
    late = sales(6, ("late",)).assign(month=pd.date_range("2019-07-01", periods=6, freq="MS"))
    time_axis(store, pd.concat([sales(), late], ignore_index=True))
    done = split(store)
    assert done.status == 0, done.output
    assert "1 series begin in the test set's time, so no set has them: late" in done.output
    assert "late" not in {*store.table("train:v0")["shop"], *store.table("test:v0")["shop"]}


def test_a_table_without_a_time_axis_is_not_split(store: Store) -> None:
    store.put_table("series", "clean_data", sales())
    done = split(store)
    assert done.status == 1
    assert "it has no time axis. Make it with the step time_axis" in done.output


# forecast_train


@pytest.mark.parametrize("model", [LAGS, ETS], ids=["lag_boosting", "ets"])
def test_a_model_is_stored_with_its_band_and_held_out_scores(
    with_sets: Store, model: dict[str, Any]
) -> None:
    done = train(with_sets, model)
    assert done.status == 0, done.output
    report = result(done)
    assert report.metrics["cv_score"] == -report.metrics["cv_mase"]
    assert report.metrics["cv_mase"] < 1.5
    content = json.loads((with_sets.files("model:v0") / "forecast.json").read_text())
    band = content["band"]
    assert len(band) == 12
    assert 0 < band[0] <= band[-1]
    version = with_sets.backend.find("model:v0")
    assert version is not None
    assert (version.metadata["task"], version.metadata["horizon"]) == ("forecast", 12)


@pytest.mark.parametrize(
    ("method", "name", "nearest"),
    [("ets", "trnd", "trend"), ("lag_boosting", "num_leafs", "num_leaves")],
)
def test_a_parameter_that_the_method_does_not_have_is_a_wrong_command(
    with_sets: Store, method: str, name: str, nearest: str
) -> None:
    done = train(with_sets, {"method": method, "params": {name: 9}})
    assert done.status == 2
    assert f"model.params.{name}: " in done.output
    assert f"Did you mean '{nearest}'?" in done.output
    assert with_sets.backend.find("model:latest") is None


def test_a_model_for_tables_is_refused_with_the_methods(with_sets: Store) -> None:
    done = train(with_sets, {"name": "ridge", "_target_": "sklearn.linear_model.Ridge"})
    assert done.status == 2
    assert "'ridge' is a model for tables" in done.output
    assert "model=lag_boosting, model=ets" in done.output


# forecast_evaluate


def test_the_forecasts_of_the_test_set_are_scored_beside_the_seasonal_naive(
    with_model: Store,
) -> None:
    done = evaluate(with_model)
    assert done.status == 0, done.output
    metrics = result(done).metrics
    assert metrics["mase"] < metrics["baseline_mase"]
    assert 0 <= metrics["covered"] <= 1
    folder = with_model.files("evaluation:v0")
    content = json.loads((folder / "metrics.json").read_text())
    assert content["passed"] is content["beats_baseline"] is True
    assert content["baselines"].keys() == {"seasonal naive, 12 months before"}
    predictions = pd.read_parquet(folder / "predictions.parquet")
    np.testing.assert_allclose(predictions["actual"], with_model.table("test:v0")["sold"])
    error = (predictions["actual"] - predictions["prediction"]).abs()
    assert metrics["mae"] == pytest.approx(error.mean())
    assert {path.name for path in folder.glob("*.png")} == {"forecast.png", "error_by_step.png"}


def test_a_missed_threshold_is_a_gate_and_the_evaluation_is_stored(with_model: Store) -> None:
    done = evaluate(with_model, thresholds='{"smape": 0.001}')
    assert done.status == 1
    assert "above the threshold 0.001 (evaluate.thresholds.smape)" in done.output
    version = with_model.backend.find("evaluation:v0")
    assert version is not None
    assert version.metadata["passed"] is False


def test_a_metric_of_tables_is_a_wrong_command(with_model: Store) -> None:
    done = evaluate(with_model, thresholds='{"r2": 0.5}')
    assert done.status == 2
    assert "'r2' is not a metric of forecasts" in done.output


def test_a_model_of_another_target_is_an_error(with_model: Store) -> None:
    done = evaluate(with_model, target="returned")
    assert done.status != 0
    assert "'returned'" in done.output
    assert "Traceback" not in done.output


# forecast_predict


@pytest.mark.parametrize("name", ["next.csv", "next.parquet"])
def test_the_next_steps_are_in_an_artifact_and_a_file(
    with_model: Store, tmp_path: Path, name: str
) -> None:
    params: dict[str, Any] = {
        "model_artifact": "model",
        "series_artifact": "series",
        "horizon": 6,
    }
    done = with_model.run("forecast_predict", **params, output_path=tmp_path / name)
    assert done.status == 0, done.output
    ahead = with_model.table("predictions:v0")
    assert list(ahead.columns) == ["shop", "month", "forecast", "low", "high"]
    assert ahead["month"].unique().tolist() == [*pd.date_range("2020-01-01", periods=6, freq="MS")]
    assert ((ahead["low"] < ahead["forecast"]) & (ahead["forecast"] < ahead["high"])).all()
    # Both shops have the same course, and one sells twice as much.
    north, south = (ahead.loc[ahead["shop"] == shop, "forecast"] for shop in ("north", "south"))
    assert (south.to_numpy() / north.to_numpy()).tolist() == pytest.approx([2] * 6, rel=0.2)
    read = pd.read_csv if name.endswith("csv") else pd.read_parquet
    np.testing.assert_allclose(read(tmp_path / name)["forecast"], ahead["forecast"])
    assert f"Forecast of 6 months from 2020-01-01 to 2020-06-01 by model:v0, in {tmp_path}" in (
        done.output
    )


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({"output_path": "next.xlsx"}, 2, "the file must end in .csv or .parquet"),
        ({"output_path": "missing/next.csv"}, 1, "there is no folder"),
        ({"input_path": "new.csv"}, 2, "a forecast continues the series of data.url"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error(
    with_model: Store, params: dict[str, str], status: int, message: str
) -> None:
    words = {"model_artifact": "model", "series_artifact": "series", **params}
    done = with_model.run("forecast_predict", **words)
    assert done.status == status
    assert message in done.output
    assert with_model.backend.find("predictions:latest") is None
