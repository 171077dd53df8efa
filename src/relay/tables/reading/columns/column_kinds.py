"""The kind of a column: numbers, dates, classes, free text, or nothing to learn from."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pandas as pd

from relay.tables.io import is_categorical
from relay.tables.reading.numbers.integers import floats_merge

ColumnKind = Literal[
    "number", "boolean", "date", "category", "text", "identifier", "constant", "empty"
]

_MANY = 50
_NEARLY_ALL = 0.95
_LOOKED_AT = 20_000
_WORDS_OF_TEXT = 3.0
_ID_NAME = re.compile(r"(^|_)(id|uuid|guid|key|index|idx|row(_?(id|names?|num|number|no))?|obs)$")


def kind_of(values: pd.Series) -> ColumnKind:
    """Return the kind of a column, from its dtype and its values.

    Nothing can be learned from an identifier (a text, or whole numbers of a column that is named as
    one, nearly all different), nor from a constant. `text` is free text.
    """
    types = pd.api.types
    if not values.notna().any():
        return "empty"
    kinds: tuple[tuple[Callable[[pd.Series], bool], ColumnKind], ...] = (
        (_is_constant, "constant"),
        (types.is_bool_dtype, "boolean"),
        (types.is_datetime64_any_dtype, "date"),
    )
    for test, kind in kinds:
        if test(values):
            return kind
    if not is_categorical(values):
        named = _ID_NAME.search(str(values.name)) and _are_whole(values)
        merged = floats_merge(values)  # they differ in digits that a model does not see
        if (named or merged) and _are_all_different(values):
            return "identifier"
        return "category" if merged else "number"
    if isinstance(values.dtype, pd.CategoricalDtype) or not _are_all_different(values):
        return "category"
    words = values.iloc[:_LOOKED_AT].str.count(r"\S+").mean()
    return "text" if words >= _WORDS_OF_TEXT else "identifier"


def _are_whole(values: pd.Series) -> bool:
    """Return True for whole numbers, which missing ones beside them make floats."""
    return pd.api.types.is_integer_dtype(values) or bool((values.dropna() % 1 == 0).all())


def _is_constant(values: pd.Series) -> bool:
    return all(part.nunique(dropna=False) <= 1 for part in (values.iloc[:_LOOKED_AT], values))


def _are_all_different(values: pd.Series) -> bool:
    """Return True if nearly all of many values differ; some are checked first, as it is quicker."""
    for part in (values.iloc[:_LOOKED_AT], values):
        distinct = part.nunique()
        if distinct <= _MANY or distinct < _NEARLY_ALL * part.notna().sum():
            return False
    return True
