"""Splits by time, examples and forecasts from rolling origins: nothing sees its own future."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relay.forecasts.files import load_forecaster, require_forecaster, save_forecaster
from relay.forecasts.forecaster import Forecaster
from relay.forecasts.methods import ets, lag_boosting
from relay.forecasts.methods.naive import seasonal_naive
from relay.forecasts.rolling_origin import make_windows
from relay.forecasts.series import Floats, Layout, Series
from relay.forecasts.settings import ForecastSpec
from relay.forecasts.time_axis import TimeAxis
from relay.forecasts.training_windows import Examples, Frame, describe, learnable
from relay.util.errors import ConfigError, RelayError
from tests.loading import load

split_by_time = load("forecast_split", "time_split").split_by_time
training = load("forecast_train", "training")

LAYOUT = Layout("y", "t", None, TimeAxis("D"), 4)
SHOPS = Layout("y", "t", "shop", TimeAxis("D"), 4)
FRAME = Frame(window=6, horizon=3, season=4, log=False)


def wave(count: int, start: int = 0, name: str = "") -> Series:
    """Return a season of four steps that rises, with a little noise."""
    places = np.arange(start, start + count)
    noise = np.random.default_rng(0).normal(scale=0.3, size=count)
    return Series(name, start, 20 + 0.1 * places + 5.0 * (places % 4) + noise)


def table(*series: Series) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "shop": one.name,
                "t": LAYOUT.axis.times(np.arange(one.start, one.end)),
                "y": one.values,
            }
        )
        for one in series
    ]
    return pd.concat(parts, ignore_index=True)


def test_the_last_whole_horizons_are_the_test_set() -> None:
    parts = split_by_time(table(wave(40)), LAYOUT, 3, 0.2)
    assert (len(parts.train), len(parts.test), parts.windows) == (34, 6, 2)
    assert parts.train["t"].max() < parts.test["t"].min()


def test_all_series_are_split_at_one_moment() -> None:
    late = wave(4, start=36, name="late")
    parts = split_by_time(table(wave(40, name="a"), wave(35, name="b"), late), SHOPS, 3, 0.2)
    assert parts.train["t"].max() < parts.test["t"].min()
    assert parts.left_out == ("late",)
    assert parts.test["shop"].value_counts().to_dict() == {"a": 6, "b": 1}


def test_a_horizon_that_leaves_too_little_is_an_error() -> None:
    with pytest.raises(RelayError, match=r"^horizon: with 12 steps, 40 .*horizon=10\.$"):
        split_by_time(table(wave(40)), LAYOUT, 12, 0.2)


def test_each_test_row_is_forecast_once_from_what_is_before_its_window() -> None:
    series = wave(20)
    windows = make_windows(
        LAYOUT, 3, {"": series.until(12)}, {"": Series("", 12, series.values[12:])}
    )
    assert [window.known.end for window in windows.windows] == [12, 15, 18]
    assert [window.rows.tolist() for window in windows.windows] == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert windows.steps.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]

    def last(known: Sequence[Series], horizon: int) -> Floats:
        return np.array([[one.values[-1]] * horizon for one in known])

    assert windows.predict(last).tolist() == pytest.approx(
        [series.values[11]] * 3 + [series.values[14]] * 3 + [series.values[17]] * 2
    )
    season = np.abs(series.values[4:12] - series.values[:8]).mean()
    assert windows.scales.tolist() == pytest.approx([season] * 8)


def test_seasonal_naive_repeats_the_last_season() -> None:
    known = [Series("", 0, np.array([1.0, 2, 3, 4, 5])), Series("", 0, np.array([7.0, 8]))]
    assert seasonal_naive(known, 4, 3).tolist() == [[3, 4, 5, 3], [8, 8, 8, 8]]


def test_an_example_holds_the_past_and_the_newest_value_of_each_season() -> None:
    values = np.arange(1.0, 11)
    example = describe(FRAME, [Series("", 0, values)])
    level, scale = example.level[0], example.scale[0]
    assert (example.past[0] * scale + level).tolist() == pytest.approx([5, 6, 7, 8, 9, 10])
    assert (example.seasonal[0] * scale + level).tolist() == pytest.approx([7, 8, 9])
    assert example.phase[0].tolist() == [0.5, 0.75, 0.0]
    assert level == pytest.approx(np.mean([7, 8, 9, 10]))  # of a whole season


def test_examples_to_learn_from_are_those_to_forecast_from_at_each_origin() -> None:
    series = wave(16)
    learned = learnable(FRAME, [series], 1000, 0)
    assert learned.target is not None
    assert len(learned) == 16 - 6 - 3 + 1
    for number in range(len(learned)):
        origin = series.until(6 + number)
        here = describe(FRAME, [origin])
        level = learned.level[number]
        scale = learned.scale[number]
        assert here.level[0] == pytest.approx(level)
        assert here.past[0] * here.scale[0] == pytest.approx(learned.past[number] * scale)
        assert here.seasonal[0] * here.scale[0] == pytest.approx(learned.seasonal[number] * scale)
        assert here.phase[0].tolist() == learned.phase[number].tolist()
        target = series.values[6 + number : 9 + number]
        assert learned.target[number] * scale + level == pytest.approx(target)


def test_values_from_the_origin_on_change_no_forecast() -> None:
    series = wave(60)
    other = Series("", 0, np.concatenate([series.values[:50], np.full(10, 1e6)]))
    settings = {"params": {}, "window": 6, "horizon": 3, "season": 4, "log": False, "seed": 0}
    for method in (lag_boosting, ets):
        fitted = method.fit([series.until(50)], settings, None, lambda numbers, epochs: None)
        forecasts = [fitted.forecast([one.until(50)], 3) for one in (series, other)]
        assert forecasts[0].tolist() == forecasts[1].tolist()


def test_a_series_too_short_to_learn_from_is_an_error_that_names_the_settings() -> None:
    with pytest.raises(RelayError, match=r"has 8 values, .*needs 9: .*model\.window, data\.season"):
        learnable(FRAME, [wave(8)], 10, 0)


def test_the_band_is_found_on_values_after_those_of_the_fit() -> None:
    early, later = training.hold_out([wave(100)], 3)
    assert (early[0].end, later[0].end) == (80, 100)
    held = training.Held(np.zeros((4, 2)), np.array([[1, 1], [2, 2], [3, 0], [4, 8]]), np.ones(4))
    assert held.band(0.75).tolist() == [4.0, 8.0]
    assert held.band(0.5).tolist() == [3.0, 3.0]  # not narrower than the step before
    assert held.score()["mase"] == pytest.approx(21 / 8)


def trained(method: str) -> Forecaster:
    made: Forecaster = training.train(
        [wave(100)], LAYOUT, 3, ForecastSpec.model_validate({"method": method}),
        coverage=0.8, seed=0, phase=lambda name: contextlib.nullcontext(), log_row=lambda row: None,
    ).forecaster  # fmt: skip
    return made


@pytest.mark.parametrize("method", ["lag_boosting", "ets"])
def test_a_stored_forecaster_forecasts_the_same(method: str, tmp_path: Path) -> None:
    forecaster = trained(method)
    folder = save_forecaster(forecaster, tmp_path / "model")
    again = load_forecaster(folder, "m:v0")
    longer = [wave(110)]
    assert again.forecast(longer, 3).tolist() == forecaster.forecast(longer, 3).tolist()
    assert again.band.tolist() == forecaster.band.tolist()
    assert not [path for path in folder.rglob("*") if b"pickle" in path.read_bytes()]
    with pytest.raises(RelayError, match=r"the model forecasts 3 steps, not 4.*horizon=4"):
        again.forecast(longer, 4)


@pytest.mark.parametrize("name", ["model.pkl", "code/x.py", "lags.txt"])
def test_a_file_that_relay_does_not_write_is_refused(name: str, tmp_path: Path) -> None:
    folder = save_forecaster(trained("ets"), tmp_path / "model")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    with pytest.raises(RelayError, match=r"is not loaded: \S+ is not a file that Relay writes"):
        require_forecaster(folder, "m:v0")


def test_a_flavor_that_mlflow_would_serve_is_refused(tmp_path: Path) -> None:
    folder = save_forecaster(trained("ets"), tmp_path / "model")
    text = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(f"{text}  python_function: {{loader_module: os}}\n")
    with pytest.raises(RelayError, match="python_function"):
        require_forecaster(folder, "m:v0")


def test_ets_knows_the_series_of_its_training_only() -> None:
    with pytest.raises(RelayError, match="series 'new' was not in the training set"):
        trained("ets").forecast([wave(50, name="new")], 3)


def test_parameters_are_checked_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"num_leves: .*Did you mean 'num_leaves'"):
        lag_boosting.check({"num_leves": 3})
    with pytest.raises(ConfigError, match=r"model\.params\.trend: must be auto, none"):
        ets.check({"trend": "up"})


def test_examples_restore_what_they_made_relative() -> None:
    example: Examples = describe(FRAME, [wave(12)])
    assert example.restore((FRAME.transform(np.array([[7.0]])) - example.level) / example.scale)[
        0, 0
    ] == pytest.approx(7.0)
