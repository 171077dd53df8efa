"""`predict` reads values as the training set of its model was read."""

from __future__ import annotations

import pandas as pd
import pytest

from relay.step.params import validate
from relay.tables.reading.settings.options import ReadOptions
from relay.util.errors import RelayError
from tests.loading import load

run, table_io = load("predict"), load("predict", "table_files")
Params = load("predict", "params").Params


def test_missing_values_may_be_numbers_as_in_clean() -> None:
    given = {"model_artifact": "m:v0", "input_path": "a.csv", "missing_values": "[-999]"}
    assert validate(Params, given).missing_values == ["-999"]


def test_what_meant_missing_in_training_does_unless_the_present_settings_decide() -> None:
    model = {"missing_values": ["-999", "?", "x"], "keep_texts": ["NA", "None"]}
    present = ReadOptions(missing_values=["-1", "None"], keep_texts=["x"])
    options = run.with_texts_of_training(present, model)
    assert options.missing_values == ["-1", "None", "-999", "?"]
    assert options.keep_texts == ["x", "NA"]
    assert run.with_texts_of_training(present, {}) == present


def test_the_users_dtypes_stand_above_the_formats_of_the_training_data() -> None:
    formats = {"day": "datetime:%d/%m/%Y", "born": "datetime:ISO8601", "gone": "datetime:%Y"}
    words = table_io.dtype_words(["day", "born", "a"], {"Day": "datetime:%m/%d/%Y"}, formats)
    assert words == {"day": "datetime:%m/%d/%Y", "born": "datetime:ISO8601"}


def test_a_date_that_does_not_fit_the_training_data_is_an_error_with_the_setting() -> None:
    table = pd.DataFrame({"day": ["03/04/2024", "04/25/2024"]})
    words = {"day": "datetime:%d/%m/%Y"}
    with pytest.raises(
        RelayError, match=r"'day', row 2 .*'04/25/2024'.*training set.*data\.dtypes\.day"
    ):
        table_io.with_dtypes(table, words, trained={"day"})


def test_dates_are_read_by_the_format_of_the_training_data() -> None:
    table = pd.DataFrame({"day": ["03/04/2024"], "a": [1]})
    read = table_io.with_dtypes(table, {"day": "datetime:%d/%m/%Y", "absent": "int"})
    assert read["day"].tolist() == [pd.Timestamp("2024-04-03")]
    assert table["day"].tolist() == ["03/04/2024"]
