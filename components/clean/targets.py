"""The task that a target is for, and the dtype that shows it to later steps."""

from __future__ import annotations

import json
import logging

import pandas as pd
from params import Task

from relay import RelayError
from relay.tables.reading.arrow_texts import is_text, sample
from relay.tables.reading.columns.dtypes import to_number
from relay.tables.reading.columns.spellings import spellings_warning
from relay.tables.reading.dates.format_inference import read_dates
from relay.tables.reading.dates.known_formats import are_compact_dates
from relay.util.setting_text import setting

log = logging.getLogger("relay")

MOST_NUMERIC_CLASSES = 10
ROWS_PER_NUMERIC_CLASS = 5
MOST_TEXT_CLASSES = 20
_SHOWN = 5
_MOST_ALONE = 0.5
"""The share of rows that may each be the only one of their class."""


def to_target(values: pd.Series, task: Task) -> tuple[pd.Series, Task]:
    """Return the target `values` (none missing) in the dtype of its task, and the task.

    Classification: category, or bool as it is; whole numbers stay whole. Regression: int64 or
    float64. `auto` takes numbers for regression, except whole numbers of at most
    MOST_NUMERIC_CLASSES distinct values with ROWS_PER_NUMERIC_CLASS rows each on average, and all
    else for classification.

    Raises RelayError if the values cannot be the target of the task.
    """
    if task != "classification":
        _refuse_dates(values, task)
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.astype("str")
    if isinstance(values.dtype, pd.Int64Dtype):  # no value is missing any more
        values = values.astype("int64")
    whole = _whole(values)
    if task == "auto":
        distinct = values.nunique()
        task = _guess(whole, distinct)
        other = "classification" if task == "regression" else "regression"
        log.info(
            "Task: %s, from the %d distinct values of %s. For the other: data.task=%s",
            task,
            distinct,
            values.name,
            other,
        )
    if task == "regression":
        numbers = to_number(values)
        return (numbers.astype("float64") if numbers.dtype == bool else numbers), task
    if pd.api.types.is_bool_dtype(values):
        return values.astype(bool), task
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories(), task
    return whole.astype("category"), task


def _refuse_dates(values: pd.Series, task: Task) -> None:
    """Check that the target does not have dates, as texts or as in 20240131.

    Raises RelayError if most of its values are dates.
    """
    types = pd.api.types
    if types.is_float_dtype(values) or types.is_bool_dtype(values):
        return
    texts = values.dropna().astype("str")
    instead = "data.task=classification"
    if types.is_datetime64_any_dtype(values):
        are_dates = True
    elif types.is_integer_dtype(values):
        are_dates = task == "auto" and are_compact_dates(sample(texts))
        instead += "; if it is a number, data.task=regression"
    else:
        are_dates = is_text(values) and read_dates(texts, sample(texts)) is not None
    if are_dates:
        raise RelayError(
            f"data.target: column '{values.name}' has dates, such as {texts.iloc[0]}, which are "
            "neither numbers nor classes. Add a column of numbers to the file, such as the days "
            f"since another date, and predict that. If each date is a class, set {instead}."
        )


def refuse_lone_classes(values: pd.Series) -> None:
    """Check that most rows of the classes `values` share their class with another row.

    Raises RelayError if they do not, as no model can learn such classes.
    """
    counts = values.value_counts(sort=False)
    alone = int((counts == 1).sum())
    if alone <= len(values) * _MOST_ALONE:
        return
    is_number = pd.api.types.is_numeric_dtype(counts.index.astype(object).infer_objects())
    instead = "Set data.task=regression" if is_number else "Choose another column"
    raise RelayError(
        f"data.target: column '{values.name}' has {alone:,} classes with one row only in "
        f"{len(values):,} rows, so there is nothing to learn about them. {instead}, or leave these "
        "rows out (data.filters)."
    )


def class_warning(values: pd.Series) -> str:
    """Return a warning of classes with one row, and of names that can be the same class; or ""."""
    counts = values.value_counts(sort=False)
    alone = [name for name, count in counts.items() if count == 1]
    warnings = [spellings_warning(values)]
    if alone:
        shown = ", ".join(map(_quoted, alone[:_SHOWN])) + (", ..." if len(alone) > _SHOWN else "")
        warnings.append(
            f"{len(alone)} of {len(counts)} classes {'has' if len(alone) == 1 else 'have'} one row "
            f"only: {shown}. A class needs rows to learn from and rows to test on. Add rows, or "
            "leave such a class out: "
            + setting("data.filters", [f"{values.name} != {_in_query(alone[0])}"])
        )
    return ". ".join(filter(None, warnings))


def _in_query(name: object) -> str:
    """Return a class as a pandas query has it; a shell has single quotes around the whole."""
    return json.dumps(name, ensure_ascii=False) if isinstance(name, str) else str(name)


def _quoted(name: object) -> str:
    return repr(name) if isinstance(name, str) else str(name)


def _whole(values: pd.Series) -> pd.Series:
    """Return floats that are all whole numbers as int64; missing values had made them floats."""
    if (
        pd.api.types.is_float_dtype(values)
        and (values % 1 == 0).all()
        and values.abs().max() < 2**53
    ):
        return values.astype("int64")
    return values


def _guess(values: pd.Series, distinct: int) -> Task:
    if pd.api.types.is_integer_dtype(values):
        few = distinct <= min(MOST_NUMERIC_CLASSES, len(values) / ROWS_PER_NUMERIC_CLASS)
        return "classification" if few else "regression"
    if pd.api.types.is_float_dtype(values):
        return "regression"
    if distinct > max(MOST_TEXT_CLASSES, len(values) / 2):
        raise RelayError(
            f"data.target: column '{values.name}' has {distinct} different texts in {len(values)} "
            f"rows, such as {values.iloc[0]!r}, so they are not classes. Choose another column; "
            f"for numbers with a decimal comma set {setting('data.read.decimal', ',')}; if they "
            "are classes, set data.task=classification."
        )
    return "classification"
