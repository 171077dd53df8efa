"""The training set: a table whose check has passed, its features and target, and its folds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from features import Features, choose_features, model_frame
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from relay import RelayError
from relay.models.metric_names import TableTask
from relay.tables.io import is_categorical, require_column

Rows = NDArray[np.int_]

PARTS = 5
"""Hold out one row in so many to choose something, in a large table one in twice as many."""
ENOUGH_HELD_OUT = 2000
"""With so many rows held out, the choice is not chance any more."""


@dataclass(frozen=True)
class Examples:
    """Rows to fit or to score a model on: their features `x` and their target `y`.

    `groups` and `times` have the group and the time of each row, if folds are to respect these.
    """

    task: TableTask
    x: pd.DataFrame
    y: NDArray[Any]
    features: Features
    groups: NDArray[Any] | None = None
    times: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def at(self, rows: NDArray[Any]) -> Examples:
        """Return some of the rows, by their places."""
        return replace(
            self,
            x=self.x.iloc[rows],
            y=self.y[rows],
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
        )


def prepare(
    table: pd.DataFrame,
    target: str,
    text: str | None,
    *,
    group_column: str | None = None,
    time_column: str | None = None,
) -> Examples:
    """Return the features and the target in `table`; the target's dtype decides the task.

    Raises RelayError if the target does not exist, is missing in a row, is a date, or has a single
    class, and if no column is left to learn from.
    """
    require_column(table, target, "data.target")
    values = table[target]
    if table.empty:
        raise RelayError("train: the training set has no rows. Make it again: steps=split+")
    if values.isna().any():
        raise RelayError(
            f"data.target: '{target}' is missing in {int(values.isna().sum())} of {len(table)} "
            "rows. Make the training set with the step clean, which drops them."
        )
    if text == target:
        raise RelayError(f"data.text: '{text}' is the target. Name another column, or null.")
    task: TableTask = "classification" if is_categorical(values) else "regression"
    if task == "classification" and values.nunique() < 2:
        raise RelayError(
            f"data.target: '{target}' is always '{values.iloc[0]}', so there is nothing to learn. "
            "Name another column."
        )
    table = table.drop(columns=target)
    groups = _fold_keys(table, group_column, "train.group_column")
    times = _fold_keys(table, time_column, "train.time_column")
    if time_column is not None and is_categorical(table[time_column]):
        raise RelayError(
            f"train.time_column: '{time_column}' has texts, not times. "
            f"Read it as dates with data.dtypes.{time_column}=datetime."
        )
    features = choose_features(table, text, group_column)
    x = model_frame(table, features)
    return Examples(task, x, _target_array(values), features, groups, times)


def target_summary(examples: Examples) -> dict[str, Any]:
    """Return what a constant prediction needs: mean and median, or the share of each class."""
    if examples.task == "regression":
        return {"mean": float(np.mean(examples.y)), "median": float(np.median(examples.y))}
    classes, counts = np.unique(examples.y, return_counts=True)
    return {
        "shares": {
            str(label): count / len(examples.y)
            for label, count in zip(classes, counts.tolist(), strict=True)
        }
    }


def _fold_keys(table: pd.DataFrame, name: str | None, setting: str) -> NDArray[Any] | None:
    """Return the values of column `name`; texts as numbers, one for each text."""
    if name is None:
        return None
    require_column(table, name, setting)
    values = table[name]
    if values.isna().any():
        raise RelayError(
            f"{setting}: '{name}' is missing in {int(values.isna().sum())} of {len(table)} rows. "
            f"Drop these with data.filters, or set {setting}=null."
        )
    if is_categorical(values):
        return np.asarray(pd.factorize(values.astype(str))[0])
    return values.to_numpy()


def _target_array(values: pd.Series) -> NDArray[Any]:
    """Return booleans, floats, or labels as texts."""
    if pd.api.types.is_bool_dtype(values):
        return values.to_numpy(dtype=bool)
    if is_categorical(values):
        return values.astype(object).to_numpy().astype(str)
    if pd.api.types.is_datetime64_any_dtype(values):
        raise RelayError(
            f"data.target: '{values.name}' is a date, which cannot be predicted. Turn it into a "
            "number in the file, or read it as another type with data.dtypes."
        )
    return values.to_numpy(dtype=np.float64)


def make_folds(examples: Examples, count: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield (training rows, held-out rows) of at most `count` folds; none if 2 are impossible.

    Classes are spread over the folds as evenly as possible. Rows of one group are on one side.
    With times, the held-out rows are newer than the training rows, and rows of one time are on
    one side.
    """
    count = min(count, len(examples) // 2)
    if examples.times is not None:
        yield from _folds_by_time(examples.times, count)
        return
    if examples.groups is not None:
        count = min(count, len(np.unique(examples.groups)))
    if count >= 2:
        splitter = _splitter(examples, count, seed)
        yield from splitter.split(np.arange(len(examples)), examples.y, examples.groups)


def explain_no_folds(examples: Examples, count: int) -> str:
    """Return why `make_folds` makes none of `count` folds, and what to do; "" if it makes some."""
    if count < 2 or next(make_folds(examples, count, seed=0), None) is not None:
        return ""
    if examples.groups is not None:
        return (
            f"all {len(examples)} rows of the training set belong to one group, and a fold has to "
            "hold out another one. Take a column with more groups (split.group_column), or random "
            "folds with train.group_column=null"
        )
    if examples.times is not None:
        return (
            f"the training set has only {len(np.unique(examples.times))} different times, and each "
            "fold must be newer than its training rows. Take a column with more of them "
            "(split.time_column), or random folds with train.time_column=null"
        )
    return f"the training set has only {len(examples)} rows"


def hold_outs(examples: Examples, seed: int) -> list[tuple[Rows, Rows]]:
    """Return parts to choose a setting on: (training rows, held-out rows) of each.

    Of few rows all are held out once, in five parts, since a single part would show chance; of
    many, as many parts as make up 2000 rows; of a large table one tenth. With times it is the
    newest tenth. If groups or times make no parts, rows are held out at random. The list is empty
    for fewer than four rows.
    """
    if len(examples) >= PARTS * ENOUGH_HELD_OUT or examples.times is not None:
        parts = list(make_folds(examples, 2 * PARTS, seed))[-1:]
    else:
        needed = math.ceil(PARTS * ENOUGH_HELD_OUT / len(examples))
        parts = list(make_folds(examples, PARTS, seed))[:needed]
    return parts or list(make_folds(replace(examples, groups=None, times=None), PARTS, seed))


def _splitter(examples: Examples, count: int, seed: int) -> Any:
    can_stratify = examples.task == "classification" and bool(
        np.unique(examples.y, return_counts=True)[1].min() >= count
    )
    if examples.groups is not None:
        kind = StratifiedGroupKFold if can_stratify else GroupKFold
    else:
        kind = StratifiedKFold if can_stratify else KFold
    return kind(count, shuffle=True, random_state=seed)


def _folds_by_time(times: NDArray[Any], count: int) -> Iterator[tuple[Rows, Rows]]:
    moments, moment_of = np.unique(times, return_inverse=True)
    count = min(count, len(moments) - 1)
    if count < 2:
        return
    for old, new in TimeSeriesSplit(count).split(moments):
        yield np.flatnonzero(moment_of <= old[-1]), np.flatnonzero(np.isin(moment_of, new))
