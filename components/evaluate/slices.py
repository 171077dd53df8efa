"""Metrics of parts of a test set: for each value, or range of values, of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relay.metrics import Task
from relay.outcomes import Outcome
from relay.resampling import interval

MAIN: Mapping[Task, str] = {"regression": "mae", "classification": "accuracy"}
"""What parts are compared on: r2 and f1 depend on how much the target varies in a part."""

CONFIDENCE = 0.95
MISSING = "(missing)"
MOST_VALUES = 12
BINS = 4


@dataclass(frozen=True)
class Slice:
    """The rows of a test set where `column` has `value`, and how the model does on them.

    `bounds` is the interval of the main metric, None where there are too few rows.
    """

    column: str
    value: str
    rows: int
    metrics: Mapping[str, float]
    bounds: tuple[float, float] | None


def slices(outcome: Outcome, column: pd.Series) -> list[Slice]:
    """A slice for each value of `column`, or for each quarter of the rows where it is numeric.

    In the order of numbers and times, else the largest first; rare values are taken together.
    """
    found = []
    labels = _labels(column)
    for value in labels.cat.categories:
        part = outcome.at(np.asarray(labels == value))
        if len(part):
            bounds = interval(part, MAIN[outcome.task], CONFIDENCE)
            found.append(Slice(str(column.name), value, len(part), part.metrics, bounds))
    return found


def _labels(column: pd.Series) -> pd.Series:
    """A category of texts for each row."""
    types = pd.api.types
    ordered = types.is_datetime64_any_dtype(column) or (
        types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    )
    if ordered and column.nunique() > MOST_VALUES:
        bins = pd.qcut(column, BINS, duplicates="drop")
        return _with_missing(bins.cat.rename_categories(_range))
    texts = column.astype(object).map(_text, na_action="ignore")
    if ordered:
        names = [_text(one) for one in sorted(column.dropna().unique())]
    else:
        names = list(texts.value_counts().index)
    if len(names) > MOST_VALUES:
        kept = names[: MOST_VALUES - 1]
        others = f"{len(names) - len(kept)} others"
        texts = texts.where(texts.isin(kept) | texts.isna(), others)
        names = [*kept, others]
    return _with_missing(texts.astype(pd.CategoricalDtype(names)))


def _with_missing(labels: pd.Series) -> pd.Series:
    if not labels.isna().any():
        return labels
    return labels.cat.add_categories([MISSING]).fillna(MISSING)


def _range(bin: pd.Interval) -> str:
    return f"{_text(bin.left)} to {_text(bin.right)}"


def _text(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return f"{value:.4g}" if isinstance(value, float) else str(value)
