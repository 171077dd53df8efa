"""Splitting the rows of a table: at random, by time, or by groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from relay import RelayError
from relay.tables.io import is_categorical, require_column

TARGET_BINS = 10
_FEWEST_TIMES = 20
"""Fewer moments are in order by chance, or are a handful of dates that a file was filled on."""


def split(
    table: pd.DataFrame,
    target: str,
    *,
    test_size: float,
    stratify: bool,
    time_column: str | None,
    seed: int,
    group_column: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the rows of `table` into (train, test), each with all columns and a fresh index.

    With `time_column`, the newest `test_size` of the rows are the test set, and rows of one
    moment stay on one side; with `group_column`, rows of one group do. Otherwise, and groups as
    wholes, rows are shuffled by `seed`; `stratify` keeps the mix of the target's classes, or of its
    deciles where it is numeric. RelayError where a side would have no rows.
    """
    require_column(table, target, "target")
    if len(table) < 2:
        raise RelayError(f"{len(table)} rows cannot be split: it takes two at the least.")
    if time_column is not None:
        train, test = _split_by_time(table, time_column, test_size)
    elif group_column is not None:
        train, test = _split_by_group(table, group_column, test_size, seed)
    else:
        rows = np.arange(len(table))
        strata = _strata(table[target], test_size) if stratify else None
        try:
            train_rows, test_rows = train_test_split(
                rows, test_size=test_size, random_state=seed, stratify=strata
            )
        except ValueError as error:
            raise RelayError(f"{len(table)} rows cannot be split: {error}") from error
        train, test = table.iloc[np.sort(train_rows)], table.iloc[np.sort(test_rows)]
    if train.empty or test.empty:
        raise RelayError(
            f"test_size={test_size} of {len(table)} rows leaves "
            f"{len(train)} rows to train on and {len(test)} to test on."
        )
    return train.reset_index(drop=True), test.reset_index(drop=True)


def find_time_order(table: pd.DataFrame) -> str | None:
    """Return the column of times that the rows are ordered by, as in a series or a log, or None."""
    for name in table.columns:
        times = table[name]
        if not pd.api.types.is_datetime64_any_dtype(times) or times.isna().any():
            continue
        ordered = times.is_monotonic_increasing or times.is_monotonic_decreasing
        if ordered and times.nunique() >= _FEWEST_TIMES:
            return str(name)
    return None


def _strata(target: pd.Series, test_size: float) -> pd.Series | None:
    """A whole number per row to stratify by, or None where there are too few rows for it.

    Classes too rare to be on both sides are taken together.
    """
    if is_categorical(target):
        labels = pd.Series(pd.factorize(target, sort=True)[0], index=target.index)
    else:
        bins = pd.qcut(target, TARGET_BINS, labels=False, duplicates="drop")
        # a missing number has no bin, nor has a number that is the same in all rows
        labels = bins.astype("float64").fillna(-1).astype("int64")
    counts = labels.value_counts()
    rare = labels.isin(counts.index[counts < 2])
    labels = labels.mask(rare, counts.index.max() + 1)
    if rare.sum() == 1:
        labels[rare] = labels[~rare].mode().iloc[0]
    smallest_side = min(test_size, 1 - test_size) * len(target)
    return labels if labels.nunique() <= smallest_side else None


def _split_by_time(
    table: pd.DataFrame, time_column: str, test_size: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    times = _without_gaps(table, time_column, "time_column")
    if is_categorical(times):
        raise RelayError(
            f"time_column '{time_column}' holds texts, not times; "
            f"read it as one with data.dtypes.{time_column}=datetime."
        )
    ordered = times.sort_values(kind="stable")
    first_of_test = ordered.iloc[len(ordered) - max(1, round(len(ordered) * test_size))]
    newest = times >= first_of_test
    return table[~newest], table[newest]


def _split_by_group(
    table: pd.DataFrame, group_column: str, test_size: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Groups in random order are the test set, so many that it comes nearest to its size."""
    groups = _without_gaps(table, group_column, "group_column")
    codes, names = pd.factorize(groups)
    if len(names) < 2:
        raise RelayError(f"group_column '{group_column}' has one value only: nothing to split by.")
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.bincount(codes)[order].cumsum()
    wanted = test_size * len(table)
    count = int(np.argmin(np.abs(sizes[:-1] - wanted))) + 1
    in_test = np.isin(codes, order[:count])
    return table[~in_test], table[in_test]


def _without_gaps(table: pd.DataFrame, name: str, parameter: str) -> pd.Series:
    """The column `name`, which `parameter` names; RelayError where it has missing values."""
    require_column(table, name, parameter)
    values = table[name]
    missing = int(values.isna().sum())
    if missing:
        raise RelayError(
            f"{parameter} '{name}' is missing in {missing} rows; drop them with data.filters or "
            f"split without a {parameter.replace('_', ' ')}."
        )
    return values
