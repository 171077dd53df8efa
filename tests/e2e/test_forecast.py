"""Forecasts from end to end: two series in a file to a registered model, and its next steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.e2e.conftest import Checkout, new_checkout


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return new_checkout(tmp_path_factory.mktemp("forecasts") / "relay")


def write_sales(path: Path, months: int = 72, without: int | None = None) -> Path:
    """Write the monthly sales of two shops, which rise and have a season."""
    times = pd.date_range("2015-01-01", periods=months, freq="MS")
    random = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {
                "shop": shop,
                "month": times,
                "sales": level
                * (1 + np.arange(months) / 60)
                * (1.5 + np.sin(2 * np.pi * np.arange(months) / 12))
                * random.normal(1, 0.01, months),
            }
        )
        for shop, level in (("north", 100.0), ("south", 9.0))
    ]
    table = pd.concat(parts)
    table = table if without is None else table.drop(index=without)
    table.to_csv(path, index=False)
    return path


def test_series_become_a_champion_that_forecasts_their_next_steps(
    forecasts: Checkout, tmp_path: Path
) -> None:
    names = ["data.name=sales", "data.target=sales", "data.time=month", "data.series=shop"]
    words = ["pipeline=forecast", *names, f"data.url={write_sales(tmp_path / 'sales.csv')}"]
    done = forecasts.main(*words, "model=ets")
    assert done.status == 0, done.output
    metrics = forecasts.step("evaluate")["metrics"]
    assert metrics["mase"] < metrics["baseline_mase"]
    assert forecasts.step("register")["metrics"]["promoted"] == 1
    assert set(forecasts.step("train")["phases"]) == {"reading", "fit", "scoring"}

    done = forecasts.main(*words, "steps=predict", f"predict.output={tmp_path / 'next.csv'}")
    assert done.status == 0, done.output
    assert set(forecasts.step("predict")["phases"]) == {"reading", "scoring", "writing"}
    ahead = pd.read_csv(tmp_path / "next.csv", parse_dates=["month"])
    assert ahead["shop"].value_counts().to_dict() == {"north": 12, "south": 12}
    assert (ahead["month"].min(), ahead["month"].max()) == (
        pd.Timestamp("2021-01-01"), pd.Timestamp("2021-12-01"),
    )  # fmt: skip
    assert ((ahead["low"] < ahead["forecast"]) & (ahead["forecast"] < ahead["high"])).all()

    # Of another method, on the same test set: compared by the rule of all models.
    done = forecasts.main(*words, "model=lag_boosting", "steps=train+")
    assert done.status == 0, done.output
    assert "champion_mase" in forecasts.step("register")["metrics"]

    write_sales(tmp_path / "sales.csv", without=5)
    done = forecasts.main(*words, "steps=time_axis,clean,get_data")
    assert done.status != 0
    assert (
        "data.gaps: 2 of 144 steps of 1 month have no value (north 2015-06-01, south 2015"
        in done.output
    )
