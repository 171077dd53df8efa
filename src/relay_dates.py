"""Numbers from dates. A model with dates carries this file with it, so it imports no Relay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

PARTS = ("days", "year", "month", "day", "weekday", "hour", "far")
FIRST, LAST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")
"""A date before the first or from the last on stands for something else: no end, not known."""


class DateFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns each date column into numbers: those of PARTS that vary in what it is fitted on.

    `days` is the time since 1970-01-01 in days, with fractions; `weekday` counts from Monday = 0;
    `far` is 1 for a date after 2261 (such as 9999-12-31) and -1 for one before 1678, of which all
    other parts are missing: as a number of days, it would be larger than all others together.
    In: a table of date columns (texts are read as dates); out: float64, NaN for a missing date.
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> DateFeatures:  # noqa: N803
        """Find out which parts of each column vary."""
        self.columns_ = [str(name) for name in X.columns]
        self.n_features_in_ = len(self.columns_)
        self.parts_ = []
        for name in X.columns:
            values = _values(X[name])
            varying = [part for part in PARTS if len(set(_known(values[part]))) > 1]
            self.parts_.append(varying or ["days"])
        return self

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:  # noqa: N803
        """The parts of each column, side by side."""
        check_is_fitted(self)
        found = []
        for name, parts in zip(self.columns_, self.parts_, strict=True):
            values = _values(X[name])
            found += [values[part] for part in parts]
        return np.column_stack(found)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """`<column>_<part>` for each number."""
        check_is_fitted(self)
        columns = self.columns_ if input_features is None else list(input_features)
        names = [
            f"{column}_{part}"
            for column, parts in zip(columns, self.parts_, strict=True)
            for part in parts
        ]
        return np.asarray(names, dtype=object)


def _values(column: pd.Series) -> dict[str, NDArray[np.float64]]:
    plain = pd.to_datetime(column, utc=True).dt.tz_localize(None)
    moments = plain.to_numpy(dtype="datetime64[us]")
    is_before, is_after = moments < FIRST, moments >= LAST
    times = plain.mask(is_before | is_after).dt
    days = moments.astype("int64") / (np.timedelta64(1, "D") / np.timedelta64(1, "us"))
    values = {
        "days": np.where(times.day.isna(), np.nan, days),
        "year": times.year,
        "month": times.month,
        "day": times.day,
        "weekday": times.day_of_week,
        "hour": times.hour,
        "far": is_after.astype(float) - is_before,
    }
    return {part: np.asarray(numbers, dtype=np.float64) for part, numbers in values.items()}


def _known(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return numbers[~np.isnan(numbers)]
