"""Files that people have come out as right tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.step.params import validate
from relay.util.errors import RelayError
from tests.loading import load

params = load("clean", "params")
run = load("clean")


REAL = {
    "pokemon.csv": ("Total", (800, 13), "regression"),
    "house_prices/train.csv": ("SalePrice", (1460, 81), "regression"),
    "nyc_airbnb/sample1.csv": ("price", (20000, 16), "regression"),
    "tabular/housing.csv": ("median_house_value", (20640, 10), "regression"),
    "tabular/diamonds.csv": ("cut", (53794, 10), "classification"),
    "timeseries/airline-passengers.csv": ("Passengers", (144, 2), "regression"),
    "timeseries/daily-min-temperatures.csv": ("Temp", (3650, 2), "regression"),
    "messy/winequality-red.csv": ("quality", (1359, 12), "classification"),
    "messy/winequality-white.csv": ("quality", (3961, 12), "classification"),
    "messy/bikes_latin1_semicolon.csv": ("Berri 1", (310, 8), "regression"),
    "messy/oecd_bli_bom.csv": ("Value", (2369, 13), "regression"),
    "messy/boe_cpi_fan_bom.csv": ("Mean", (13, 6), "regression"),
    "messy/house_train_truncated_100000_bytes.csv": ("SalePrice", (314, 81), "regression"),
}


def clean_file(path: Path, target: str, **more: Any) -> Any:
    given = params.Params(input_artifact="x", target=target, **more)
    raw = run.read(path, given)
    return run.clean(raw.table, run.rules(given, raw.about))


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_files_come_out_as_right_tables(shared: Path, name: str) -> None:
    target, shape, task = REAL[name]
    done = clean_file(shared / name, target)
    assert done.table.shape == shape
    assert done.task == task


@pytest.mark.shared
def test_real_dates_with_the_day_first_are_read_as_such(shared: Path) -> None:
    done = clean_file(shared / "messy" / "bikes_latin1_semicolon.csv", "Berri 1")
    assert done.table["date"].iloc[[0, 1, -1]].dt.strftime("%F").tolist() == [
        "2012-01-01",
        "2012-01-02",
        "2012-11-05",
    ]


@pytest.mark.shared
def test_real_broken_numbers_are_an_error_and_the_setting_in_it_mends_them(shared: Path) -> None:
    path = shared / "messy" / "winequality-red_cr_only.csv"
    with pytest.raises(RelayError, match=r"'alcohol'.*row 1360.*missing_values=(\[.*?\])") as error:
        clean_file(path, "quality")
    named = str(error.value).split("missing_values=")[1].split("]")[0] + "]"
    missing = validate(
        params.Params, {"input_artifact": "x", "target": "quality", "missing_values": named}
    ).missing_values
    done = clean_file(path, "quality", missing_values=missing)
    assert done.table["alcohol"].dtype == "float64"
    assert done.table["alcohol"].isna().sum() == 5  # a sixth is in a repeated row
