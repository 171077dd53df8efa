"""Splits of the rows of a table: at random, by time, or by groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from relay import RelayError
from relay.tables.io import is_categorical, require_column

TARGET_BINS = 10
_FEWEST_TIMES = 20
"""Fewer times can be in order by chance, or are the few dates on which a file was written."""


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
    """Split the rows of `table` into (training set, test set), with all columns and a new index.

    `test_size` is the share of the test set. With `time_column`, the newest rows are the test set,
    and rows of one time are in one set; with `group_column`, rows of one group are. Otherwise rows
    are shuffled by `seed`, as groups are, and `stratify` keeps the shares of the target's classes,
    or of its deciles if it is numeric.

    Raises RelayError if a column does not exist or cannot be used, or if a set would have no rows.
    """
    require_column(table, target, "data.target")
    if len(table) < 2:
        raise RelayError(
            f"split: the table needs at least 2 rows (got {len(table)}). Check data.filters and "
            "data.ranges."
        )
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
            raise RelayError(
                f"split.test_size: {len(table)} rows cannot be split: {error} Choose another share."
            ) from error
        train, test = table.iloc[np.sort(train_rows)], table.iloc[np.sort(test_rows)]
    if train.empty or test.empty:
        raise RelayError(
            f"split.test_size: {test_size} of {len(table)} rows leaves {len(train)} rows to train "
            f"on and {len(test)} to test on. Choose another share, or other columns to split by."
        )
    return train.reset_index(drop=True), test.reset_index(drop=True)


def find_time_order(table: pd.DataFrame) -> str | None:
    """Return the column of times by which the rows are ordered, as in a time series; or None."""
    for name in table.columns:
        times = table[name]
        if not pd.api.types.is_datetime64_any_dtype(times) or times.isna().any():
            continue
        ordered = times.is_monotonic_increasing or times.is_monotonic_decreasing
        if ordered and times.nunique() >= _FEWEST_TIMES:
            return str(name)
    return None


def _strata(target: pd.Series, test_size: float) -> pd.Series | None:
    """Return an integer for each row to stratify by, or None if there are too few rows for it.

    Classes that are too rare to be in both sets are taken together.
    """
    if is_categorical(target):
        labels = pd.Series(pd.factorize(target, sort=True)[0], index=target.index)
    else:
        bins = pd.qcut(target, TARGET_BINS, labels=False, duplicates="drop")
        # a missing number has no bin, and a constant column has none either
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
    times = _require_complete(table, time_column, "split.time_column")
    if is_categorical(times):
        raise RelayError(
            f"split.time_column: '{time_column}' has texts, not times. Read it as dates with "
            f"data.dtypes.{time_column}=datetime."
        )
    ordered = times.sort_values(kind="stable")
    first_of_test = ordered.iloc[len(ordered) - max(1, round(len(ordered) * test_size))]
    newest = times >= first_of_test
    return table[~newest], table[newest]


def _split_by_group(
    table: pd.DataFrame, group_column: str, test_size: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put groups in random order into the test set, until its size is nearest to the wanted one."""
    groups = _require_complete(table, group_column, "split.group_column")
    codes, names = pd.factorize(groups)
    if len(names) < 2:
        raise RelayError(
            f"split.group_column: '{group_column}' has one value only, so the rows cannot be split "
            "by it. Name another column, or null."
        )
    order = np.random.default_rng(seed).permutation(len(names))
    sizes = np.bincount(codes)[order].cumsum()
    wanted = test_size * len(table)
    count = int(np.argmin(np.abs(sizes[:-1] - wanted))) + 1
    in_test = np.isin(codes, order[:count])
    return table[~in_test], table[in_test]


def _require_complete(table: pd.DataFrame, name: str, setting: str) -> pd.Series:
    """Return the column `name`, the value of `setting`.

    Raises RelayError if it does not exist, or has missing values.
    """
    require_column(table, name, setting)
    values = table[name]
    missing = int(values.isna().sum())
    if missing:
        raise RelayError(
            f"{setting}: '{name}' is missing in {missing} of {len(values)} rows. Drop these with "
            f"data.filters, or set {setting}=null."
        )
    return values
