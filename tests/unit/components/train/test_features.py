"""Which columns `train` uses, and what numbers it makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import relay_dates as dates
from relay.util.errors import RelayError
from tests.loading import load

features = load("train", "features")

ROWS = 60


def column(values: Any) -> pd.DataFrame:
    return pd.DataFrame({"it": values, "other": np.arange(ROWS) % 7})


def transformed(table: pd.DataFrame, seen: pd.DataFrame | None = None, **options: Any) -> Any:
    """Return the numbers made of `seen` (or of `table`) by what was fitted on `table`."""
    text = options.pop("text", None)
    chosen = features.choose_features(table, text)
    given = {"scale": False, "sparse": False, **options}
    made = features.make_preprocessor(chosen, **given)
    made.fit(features.model_frame(table, chosen))
    return made.transform(table if seen is None else seen)


KINDS = {
    "integers": (range(ROWS), "numeric"),
    "nullable integers": (pd.array([*range(ROWS - 1), None], dtype="Int64"), "numeric"),
    "floats": (np.linspace(0, 1, ROWS), "numeric"),
    "booleans": ([True, False] * 30, "numeric"),
    "booleans, some missing": (pd.array([True, False, None] * 20, dtype="boolean"), "numeric"),
    "booleans as objects": (pd.Series([True, False, None] * 20, dtype="object"), "numeric"),
    "texts": (["a", "b"] * 30, "category"),
    "texts, some missing": (["a", None, "b"] * 20, "category"),
    "one text or none": (["a", None] * 30, "category"),
    "categories": (pd.Categorical(["a", "b"] * 30), "category"),
    "categories of numbers": (pd.Categorical([1, 2, None] * 20), "category"),
    "dates": (pd.date_range("2024-01-01", periods=ROWS), "date"),
    "dates with a zone": (pd.date_range("2024-01-01", periods=ROWS, tz="Asia/Tokyo"), "date"),
}


@pytest.mark.parametrize(("values", "kind"), KINDS.values(), ids=KINDS)
def test_a_column_is_used_by_its_kind_and_becomes_finite_numbers(values: Any, kind: str) -> None:
    table = column(values)
    chosen = features.choose_features(table, None)
    assert chosen.used["it"] == kind
    made = transformed(features.model_frame(table, chosen))
    assert made.dtype == np.float64
    assert np.isfinite(made).all()


ASIDE = {
    "constant": (1, "constant"),
    "constant text": ("a", "constant"),
    "a number or none": ([1.0, None] * 30, "constant"),
    "empty number": (np.nan, "empty"),
    "empty text": (pd.Series([None] * ROWS, dtype="object"), "empty"),
    "identifier": ([f"id{i}" for i in range(ROWS)], "an identifier: 60 distinct values"),
    "durations": (pd.to_timedelta(range(ROWS), unit="D"), "values of type timedelta64"),
    "lists": (pd.Series([[1], [2]] * 30), "values of type mixed"),
}


@pytest.mark.parametrize(("values", "reason"), ASIDE.values(), ids=ASIDE)
def test_a_column_that_cannot_help_is_set_aside(values: Any, reason: str) -> None:
    chosen = features.choose_features(column(values), None)
    assert dict(chosen.aside) == {"it": reason}
    assert list(chosen.used) == ["other"]


def test_whole_numbers_that_all_differ_are_an_identifier_by_their_name() -> None:
    table = pd.DataFrame({"shop_id": range(ROWS), "size": range(ROWS), "kind_id": [1, 2] * 30})
    chosen = features.choose_features(table, None)
    assert list(chosen.used) == ["size", "kind_id"]
    assert chosen.aside["shop_id"].startswith("an identifier")


def test_a_text_with_few_distinct_values_is_not_an_identifier() -> None:
    table = pd.DataFrame({"it": [f"id{i}" for i in range(50)]})
    assert features.choose_features(table, None).used == {"it": "category"}


def test_a_table_without_usable_columns_is_an_error_with_the_reasons() -> None:
    with pytest.raises(RelayError, match=r"no column is left .* a \(constant\), b \(empty\)"):
        features.choose_features(pd.DataFrame({"a": [1, 1], "b": [None, None]}), None)


def test_integers_become_floats_so_that_missing_ones_can_be_served() -> None:
    table = column(range(ROWS))
    frame = features.model_frame(table, features.choose_features(table, None))
    assert set(frame.dtypes) == {np.dtype("float64")}


def test_a_category_never_seen_is_not_an_error() -> None:
    table = column(["a", "b", "c"] * 20)
    seen = table.head(2).assign(it=pd.Series(["never", None]))
    assert transformed(table, seen)[:, 1:].sum() == 0


def test_missing_is_a_category_of_its_own() -> None:
    made = transformed(pd.DataFrame({"it": ["a", None, "b"] * 20}))
    assert made.shape[1] == 3
    np.testing.assert_array_equal(made.sum(axis=0), [20, 20, 20])


def test_none_and_nan_are_the_same_category() -> None:
    table = pd.DataFrame({"it": ["a", None, "b"] * 20})
    none = pd.DataFrame({"it": pd.Series([None], dtype="object")})
    nan = pd.DataFrame({"it": pd.Series([np.nan], dtype="object")})
    np.testing.assert_array_equal(transformed(table, none), transformed(table, nan))
    assert transformed(table, none).sum() == 1


def test_many_categories_become_a_bounded_number_of_columns() -> None:
    values = [f"c{i % 200}" for i in range(2000)]
    assert transformed(pd.DataFrame({"it": values})).shape[1] == features.MAX_CATEGORIES


def test_scaled_numbers_have_mean_0_and_deviation_1() -> None:
    table = pd.DataFrame({"it": np.linspace(5, 500, ROWS)})
    made = transformed(table, scale=True)
    assert made.mean() == pytest.approx(0)
    assert made.std() == pytest.approx(1)


def test_a_text_column_becomes_weights_of_words() -> None:
    table = column(["red house", "blue house", None] * 20)
    made = transformed(table, text="it")
    assert made.shape == (ROWS, 4)
    assert made[2, 1:].sum() == 0
    seen = table.head(1).assign(it=pd.Series([None], dtype="object"))
    assert transformed(table, seen, text="it")[0, 1:].sum() == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("itt", "Did you mean 'it'"),
        ("other", "column 'other' has no text"),
        ("empty", r"has no text \(empty\)"),
    ],
)
def test_a_text_column_must_be_one(text: str, message: str) -> None:
    table = column(["a", "b"] * 30).assign(empty=None)
    with pytest.raises(RelayError, match=message):
        features.choose_features(table, text)


def test_a_date_becomes_the_parts_that_vary() -> None:
    days = pd.DataFrame({"d": pd.date_range("2024-01-30", periods=4)})
    made = dates.DateFeatures().fit(days)
    assert list(made.get_feature_names_out()) == ["d_days", "d_month", "d_day", "d_weekday"]
    np.testing.assert_array_equal(made.transform(days)[0], [19752, 1, 30, 1])


def test_hours_count_where_there_are_some() -> None:
    times = pd.DataFrame({"d": pd.to_datetime(["2024-01-01 06:00", "2024-01-01 18:00"])})
    made = dates.DateFeatures().fit(times)
    assert made.parts_ == [["days", "hour"]]
    np.testing.assert_array_equal(made.transform(times), [[19723.25, 6], [19723.75, 18]])


def test_a_missing_date_is_nan_and_texts_are_read_as_dates() -> None:
    made = dates.DateFeatures().fit(pd.DataFrame({"d": pd.date_range("2024-01-01", periods=3)}))
    parts = made.transform(pd.DataFrame({"d": ["2024-01-02", None]}))
    assert parts[0, 0] == 19724
    assert np.isnan(parts[1]).all()


@pytest.mark.parametrize(("end", "far"), [("9999-12-31", 1), ("0001-01-01", -1)])
def test_a_date_that_stands_for_no_date_is_far_off_and_no_number_of_days(
    end: str, far: int
) -> None:
    days = pd.DataFrame({"d": pd.to_datetime(pd.Series(["2024-01-01", "2024-01-03", end]))})
    made = dates.DateFeatures().fit(days)
    assert made.parts_ == [["days", "day", "weekday", "far"]]
    np.testing.assert_array_equal(
        made.transform(days), [[19723, 1, 0, 0], [19725, 3, 2, 0], [np.nan, np.nan, np.nan, far]]
    )


def test_a_zone_is_taken_into_account() -> None:
    zone = pd.DataFrame(
        {"d": pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("Asia/Tokyo")}
    )
    table = column([*zone["d"]] * 30)
    frame = features.model_frame(table, features.choose_features(table, None))
    assert frame["it"].iloc[0] == pd.Timestamp("2023-12-31 15:00")


def test_a_large_wide_table_needs_a_sparse_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({f"c{i}": [f"v{j}" for j in range(40)] * 2 for i in range(3)})
    chosen = features.choose_features(table, None)
    assert not features.needs_sparse(table, chosen)
    monkeypatch.setattr(features, "DENSE_BYTES", 1000)
    assert features.needs_sparse(table, chosen)
