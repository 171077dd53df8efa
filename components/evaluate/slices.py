"""Metrics of parts of a test set: for each value, or range of values, of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from relay.models.bootstrap import interval
from relay.models.metric_names import Task
from relay.models.predictions import Outcome

MAIN: Mapping[Task, str] = {"regression": "mae", "classification": "accuracy"}
"""What parts are compared on: r2 and f1 depend on how much the target varies in a part."""

CONFIDENCE = 0.95
MISSING = "(missing)"
MOST_VALUES = 12
BINS = 4
TIMES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")


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
        # The first quarter has the lowest value in it; pandas says a bit less.
        highest = [one.right for one in bins.cat.categories]
        ends = list(_names([column.min(), *highest]).values())
        names = [f"{low} to {high}" for low, high in pairwise(ends)]
        return _with_missing(bins.cat.rename_categories(names))
    if ordered:
        of_values = _names(column.dropna().unique())
        texts, names = column.astype(object).map(of_values), list(of_values.values())
    else:
        texts = column.astype(object).map(str, na_action="ignore")
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


def _names(values: Iterable[Any]) -> dict[Any, str]:
    """A text for each of the numbers or times in `values`, in their order.

    As short as tells them apart, and not shorter than 4 figures or a day.
    """
    ordered = sorted(set(values))
    forms: list[Callable[[Any], str]] = [partial(_number, digits=digits) for digits in range(4, 18)]
    if ordered and isinstance(ordered[0], pd.Timestamp):
        forms = [partial(_time, form=form) for form in TIMES]
    found = [{value: form(value) for value in ordered} for form in forms]
    return next((one for one in found if len(set(one.values())) == len(ordered)), found[-1])


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    is_whole = float(value).is_integer() or "e+" in text
    return f"{value:.0f}" if is_whole and abs(value) < 1e15 else text


def _time(value: pd.Timestamp, form: str) -> str:
    return value.strftime(form)
