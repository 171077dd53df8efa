"""What is learnt from: the columns that are used, the target, and what keeps rows together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from features import Features, choose_features, model_frame
from numpy.typing import NDArray

from relay import RelayError
from relay.models.metric_names import Task
from relay.tables.io import is_categorical, require_column


@dataclass(frozen=True)
class Data:
    """What is learnt from: a row per example in `x`, its target in `y`.

    `groups` and `times` say of each row what it belongs to and when it was, where folds are to
    respect that.
    """

    task: Task
    x: pd.DataFrame
    y: NDArray[Any]
    features: Features
    groups: NDArray[Any] | None = None
    times: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def at(self, rows: NDArray[Any]) -> Data:
        """The same for some of the rows."""
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
) -> Data:
    """The features and the target in `table`; the target's type says what the task is.

    RelayError where the target is not there, is missing in a row, or has a single class, and
    where no column is left to learn from.
    """
    require_column(table, target, "target")
    values = table[target]
    if table.empty:
        raise RelayError("The train set has no rows.")
    if values.isna().any():
        raise RelayError(
            f"target '{target}' is missing in {int(values.isna().sum())} of {len(table)} rows."
        )
    if text == target:
        raise RelayError(f"data.text: '{text}' is the target; name another column, or none.")
    task: Task = "classification" if is_categorical(values) else "regression"
    if task == "classification" and values.nunique() < 2:
        raise RelayError(f"target '{target}' is always '{values.iloc[0]}': there is no choice.")
    table = table.drop(columns=target)
    groups = _kept_together(table, group_column, "train.group_column")
    times = _kept_together(table, time_column, "train.time_column")
    if time_column is not None and is_categorical(table[time_column]):
        raise RelayError(
            f"train.time_column: '{time_column}' holds texts, not times; "
            f"read it as one with data.dtypes.{time_column}=datetime."
        )
    features = choose_features(table, text, group_column)
    x = model_frame(table, features)
    return Data(task, x, _target(values), features, groups, times)


def target_summary(data: Data) -> dict[str, Any]:
    """What a prediction that looks at no column needs: mean and median, or each class's share."""
    if data.task == "regression":
        return {"mean": float(np.mean(data.y)), "median": float(np.median(data.y))}
    classes, counts = np.unique(data.y, return_counts=True)
    return {
        "shares": {
            str(one): count / len(data.y)
            for one, count in zip(classes, counts.tolist(), strict=True)
        }
    }


def _kept_together(table: pd.DataFrame, name: str | None, setting: str) -> NDArray[Any] | None:
    """The values of column `name`, as numbers in their order where they have one."""
    if name is None:
        return None
    require_column(table, name, setting)
    values = table[name]
    if values.isna().any():
        raise RelayError(
            f"{setting}: '{name}' is missing in {int(values.isna().sum())} of {len(table)} rows; "
            f"drop these with data.filters, or set {setting}=null."
        )
    if is_categorical(values):
        return np.asarray(pd.factorize(values.astype(str))[0])
    return values.to_numpy()


def _target(values: pd.Series) -> NDArray[Any]:
    """Booleans, floats, or labels as texts."""
    if pd.api.types.is_bool_dtype(values):
        return values.to_numpy(dtype=bool)
    if is_categorical(values):
        return values.astype(object).to_numpy().astype(str)
    if pd.api.types.is_datetime64_any_dtype(values):
        raise RelayError(
            f"target '{values.name}' is a date, which cannot be predicted as it is: make it a "
            "number in the file, or read it as another type with data.dtypes."
        )
    return values.to_numpy(dtype=np.float64)
