"""Features: the columns that a model learns from, and how each kind becomes numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from relay import RelayError
from relay.tables.io import require_column
from relay.tables.reading.columns.column_kinds import kind_of
from relay.tables.reading.numbers.integers import floats_merge
from relay_dates import PARTS, DateFeatures

Kind = Literal["numeric", "category", "date", "text"]

MAX_CATEGORIES = 50
MAX_CODES = 1000
MIN_FREQUENCY = 2
TEXT_WORDS = 50
IDENTIFIER_DISTINCT = 50
IDENTIFIER_SHARE = 0.95
MISSING = "(missing)"
DENSE_BYTES = 500_000_000


@dataclass(frozen=True)
class Features:
    """The columns that are used, each with its kind, and those set aside, each with a reason."""

    used: Mapping[str, Kind]
    aside: Mapping[str, str]

    def of(self, kind: Kind) -> list[str]:
        """Return the columns of one kind, in the table's order."""
        return [name for name, column_kind in self.used.items() if column_kind == kind]


def choose_features(
    table: pd.DataFrame, text: str | None, group_column: str | None = None
) -> Features:
    """Return the kind of each column of `table` (without the target), or why it is set aside.

    `text` is the column to read as free text; `group_column` is never learned from, since new rows
    have other groups. Raises RelayError if `text` does not exist or holds no text, and if no column
    is left.
    """
    if text is not None:
        require_column(table, text, "data.text")
    used: dict[str, Kind] = {}
    aside: dict[str, str] = {}
    for name, column in table.items():
        kind = _kind(column)
        reason = _reason_to_set_aside(column, kind, is_text=name == text)
        if name == group_column:
            reason = "the groups of the cross-validation"
        if name == text and (kind != "category" or reason):
            raise RelayError(
                f"data.text: column '{text}' has no text ({reason or kind}). "
                "Name another column, or null."
            )
        if reason or kind is None:
            aside[str(name)] = reason
        else:
            used[str(name)] = "text" if name == text else kind
    if not used:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in aside.items())
        raise RelayError(
            f"train: no column is left to learn from. Set aside: {reasons or 'none'}. Read columns "
            "as another type with data.dtypes, or drop fewer (data.drop)."
        )
    return Features(used, aside)


def _kind(column: pd.Series) -> Kind | None:
    types = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype) or floats_merge(column):
        return "category"
    if types.is_datetime64_any_dtype(column):
        return "date"
    if types.is_numeric_dtype(column) and not types.is_complex_dtype(column):
        return "numeric"
    inferred = types.infer_dtype(column, skipna=True)
    kinds: dict[str, Kind] = {"string": "category", "boolean": "numeric", "empty": "category"}
    return kinds.get(inferred)


def _reason_to_set_aside(column: pd.Series, kind: Kind | None, is_text: bool) -> str:
    """Return why a column cannot help a model, or "" if it can."""
    if kind is None:
        return f"values of type {pd.api.types.infer_dtype(column, skipna=True)}"
    count = int(column.notna().sum())
    if not count:
        return "empty"
    distinct = column.nunique()
    # Whether a text is missing is information; a missing number becomes the same number.
    if distinct == 1 and (kind != "category" or count == len(column)):
        return "constant"
    identifier = distinct > IDENTIFIER_DISTINCT and distinct >= IDENTIFIER_SHARE * count
    if kind == "category" and identifier and not is_text:
        return f"an identifier: {distinct} distinct values"
    if kind == "numeric" and kind_of(column) == "identifier":
        return f"an identifier, by its name: {distinct} distinct numbers"
    return ""


def model_frame(table: pd.DataFrame, features: Features) -> pd.DataFrame:
    """Return the used columns of `table` in the types that a model's signature can express.

    Numbers become float64, so that a model accepts missing ones; integers that float64 cannot tell
    apart become texts. Booleans stay, as objects if some are missing. Texts and categories become
    `str`. Dates lose their time zone (UTC).
    """
    return pd.DataFrame({name: _plain(table[name]) for name in features.used}, index=table.index)


def _plain(column: pd.Series) -> pd.Series:
    types = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.rename_categories(str).astype("str")
    if types.is_datetime64_any_dtype(column):
        times = column.dt.tz_convert(None) if column.dt.tz is not None else column
        return times.astype("datetime64[us]")  # in nanoseconds, 2262 would be the last year
    if types.is_bool_dtype(column) or types.infer_dtype(column, skipna=True) == "boolean":
        if column.isna().any():
            return column.astype(object).where(column.notna(), None)
        return column.astype(bool)
    if types.is_numeric_dtype(column) and not floats_merge(column):
        return column.astype("float64")
    return column.astype("str")


def needs_sparse(x: pd.DataFrame, features: Features) -> bool:
    """Return whether the numbers made of `x` could be too many for an ordinary array.

    Below that an ordinary array is used: scikit-learn's trees are twice as fast on it.
    """
    width = len(features.of("numeric")) + len(PARTS) * len(features.of("date"))
    width += sum(min(x[name].nunique() + 1, MAX_CATEGORIES) for name in features.of("category"))
    width += TEXT_WORDS * len(features.of("text"))
    return len(x) * width * np.dtype(np.float64).itemsize > DENSE_BYTES


def make_preprocessor(
    features: Features,
    *,
    scale: bool,
    sparse: bool,
    ordinal: bool = False,
    native_missing: bool = False,
) -> ColumnTransformer:
    """Return the unfitted transformer from used columns to numbers, a block for each kind.

    It takes what `model_frame` makes, also with further columns. `scale` standardises numbers and
    dates; `sparse` makes the result a sparse matrix if most of it is zero. `ordinal` turns a
    category into one number, an unknown one into NaN; `native_missing` leaves missing numbers
    missing.
    """
    numbers = partial(_numbers, scale=scale, impute=not native_missing)
    steps: dict[Kind, Callable[[], Any]] = {
        "numeric": numbers,
        "category": partial(_categories, ordinal=ordinal),
        "date": lambda: make_pipeline(DateFeatures(), numbers()),
        "text": _words,
    }
    kinds: tuple[Kind, ...] = ("numeric", "category", "date", "text")
    return ColumnTransformer(
        [(kind, steps[kind](), features.of(kind)) for kind in kinds if features.of(kind)],
        sparse_threshold=0.3 if sparse else 0,
    )


def _numbers(*, scale: bool, impute: bool) -> Any:
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    steps = [*([imputer] if impute else []), *([StandardScaler()] if scale else [])]
    return make_pipeline(*(steps or [FunctionTransformer(feature_names_out="one-to-one")]))


def _filled(value: str) -> list[Any]:
    """Return steps that replace missing texts by `value`: NaN or None, as the table has them."""
    return [
        SimpleImputer(missing_values=missing, strategy="constant", fill_value=value)
        for missing in (np.nan, None)  # in this order: the second refuses NaN
    ]


def _categories(*, ordinal: bool) -> Any:
    if ordinal:
        codes = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            max_categories=MAX_CODES,
        )
        return make_pipeline(*_filled(MISSING), codes)
    return make_pipeline(
        *_filled(MISSING),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MAX_CATEGORIES,
            min_frequency=MIN_FREQUENCY,
        ),
    )


def _words() -> Any:
    # The inner ColumnTransformer hands over its one column as the flat list that TF-IDF needs.
    return make_pipeline(
        *_filled(""),
        ColumnTransformer([("words", TfidfVectorizer(max_features=TEXT_WORDS), 0)]),
    )
