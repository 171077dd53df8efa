"""Which columns are not distributed any more as in the data that a model was trained on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.io import is_categorical
from relay.tables.reading.dates import days_since_1970

BINS = 10
CLASSES = 20
IDENTIFIER_DISTINCT = 50
IDENTIFIER_SHARE = 0.95
# A class that one of the two tables lacks would make the index infinite.
_LEAST_SHARE = 1e-4
_FEWEST_VALUES = 5

KOLMOGOROV_SMIRNOV, CHI_SQUARE = "Kolmogorov-Smirnov", "chi-square"


@dataclass(frozen=True)
class ColumnDrift:
    """How far a column is from the reference's, and how sure that is.

    `psi` is the population stability index over the reference's deciles or classes, with one for
    missing values. `p_value` is that of `test`, which may have been of the missing values alone.
    """

    psi: float
    test: str
    statistic: float
    p_value: float
    drifted: bool


@dataclass(frozen=True)
class Drift:
    """A table held against the one that the champion was trained on."""

    columns: dict[str, ColumnDrift] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    """Columns that the reference does not have."""
    gone: list[str] = field(default_factory=list)
    """Columns of the reference that are not there any more."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """Why a column that both have is not held against the other."""

    @property
    def drifted(self) -> list[str]:
        return [name for name, one in self.columns.items() if one.drifted]


def compare(
    table: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    psi: float,
    p_value: float,
    ignore: Collection[str] = (),
) -> Drift:
    """Hold each column of `table` against that of `reference`.

    A column has drifted where its index is at least `psi` and the test's p-value at most
    `p_value`: the index alone is large by chance in small tables, the p-value alone is small for
    differences that do not matter in large ones.
    """
    columns: dict[str, ColumnDrift] = {}
    not_compared: dict[str, str] = {}
    for name in (str(name) for name in table.columns if name in reference.columns):
        values, before = table[name], reference[name]
        reason = _not_comparable(values, before)
        if name in ignore or reason:
            not_compared[name] = reason or "it is in data.check.drift.ignore"
            continue
        measured = _measure(values, before)
        columns[name] = ColumnDrift(
            *measured, drifted=measured[0] >= psi and measured[3] <= p_value
        )
    return Drift(
        columns,
        new=[str(name) for name in table.columns if name not in reference.columns],
        gone=[str(name) for name in reference.columns if name not in table.columns],
        not_compared=not_compared,
    )


def _not_comparable(values: pd.Series, before: pd.Series) -> str:
    if is_categorical(values) != is_categorical(before):
        return f"its dtype was {before.dtype} and is {values.dtype}"
    if is_categorical(values):
        for column in (values, before):
            distinct = column.nunique()
            if distinct > IDENTIFIER_DISTINCT and distinct >= IDENTIFIER_SHARE * column.count():
                return "nearly all its values are different texts"
    return ""


def _measure(values: pd.Series, before: pd.Series) -> tuple[float, str, float, float]:
    """The index, and test, statistic and p-value of the test."""
    if is_categorical(values):
        counts = _class_counts(values, before)
        return _psi(*counts), CHI_SQUARE, *_chi_square(*counts)
    now, then = numbers(values), numbers(before)
    index = _psi(*_decile_counts(now, then))
    missing = _missing_counts(now), _missing_counts(then)
    of_missing = _chi_square(*missing)
    now, then = now[~np.isnan(now)], then[~np.isnan(then)]
    if min(len(now), len(then)) < _FEWEST_VALUES:
        return index, f"{CHI_SQUARE} of missing values", *of_missing
    # Where it is used, and only there: it takes a good part of a second.
    from scipy.stats import ks_2samp  # noqa: PLC0415

    of_values = ks_2samp(now, then, method="asymp")
    # The stronger of two tests counts, with twice its p-value for the choice between them.
    if of_missing[1] < of_values.pvalue:
        return index, f"{CHI_SQUARE} of missing values", of_missing[0], min(1.0, 2 * of_missing[1])
    p_value = min(1.0, 2 * float(of_values.pvalue))
    return index, KOLMOGOROV_SMIRNOV, float(of_values.statistic), p_value


def numbers(values: pd.Series) -> NDArray[np.float64]:
    """Numbers or times (as days) as floats."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return days_since_1970(values)
    return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))


def texts(values: pd.Series) -> pd.Series:
    """Classes as texts, missing ones left missing."""
    return values.astype(object).map(str, na_action="ignore")


def _decile_counts(
    now: NDArray[np.float64], then: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[Any]]:
    known = then[~np.isnan(then)]
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(known, inner)) if len(known) else np.array([])
    counts = [
        np.append(
            np.bincount(np.searchsorted(edges, x[~np.isnan(x)], "left"), minlength=len(edges) + 1),
            np.isnan(x).sum(),
        )
        for x in (now, then)
    ]
    return counts[0], counts[1]


def _class_counts(values: pd.Series, before: pd.Series) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows of each of the reference's most frequent classes, of all others, and missing ones.

    Where there are many classes, rare ones come and go by chance: no word on which they are.
    """
    now, then = texts(values), texts(before)
    top = then.value_counts().index[:CLASSES]
    counts = []
    for column in (now, then):
        of_top = column.value_counts().reindex(top, fill_value=0).to_numpy()
        missing = int(column.isna().sum())
        counts.append(np.append(of_top, [len(column) - missing - of_top.sum(), missing]))
    return counts[0], counts[1]


def _missing_counts(x: NDArray[np.float64]) -> NDArray[Any]:
    missing = int(np.isnan(x).sum())
    return np.array([len(x) - missing, missing])


def _psi(now: NDArray[Any], then: NDArray[Any]) -> float:
    shares = [np.maximum(x / max(1, x.sum()), _LEAST_SHARE) for x in (now, then)]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def _chi_square(now: NDArray[Any], then: NDArray[Any]) -> tuple[float, float]:
    """Statistic and p-value; (0, 1) where the two cannot differ."""
    table = np.vstack([now, then])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return 0.0, 1.0
    from scipy.stats import chi2_contingency  # noqa: PLC0415 - as above

    found = chi2_contingency(table, correction=False)
    return float(found.statistic), float(found.pvalue)
