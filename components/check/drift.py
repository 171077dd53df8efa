"""Drift: how the columns of a table differ from those that a model was trained on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.tables.io import is_categorical
from relay.tables.reading.dates.date_parsing import days_since_1970

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
    """The difference between a column and the same column of the reference.

    `psi` is the population stability index over the reference's deciles or classes, with one for
    missing values. `p_value` belongs to `test`, which can be about the missing values alone.
    """

    psi: float
    test: str
    statistic: float
    p_value: float
    drifted: bool


@dataclass(frozen=True)
class Drift:
    """The differences between a table and the one that the champion was trained on."""

    columns: dict[str, ColumnDrift] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    """Columns that the reference does not have."""
    gone: list[str] = field(default_factory=list)
    """Columns of the reference that the table does not have."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """For columns of both that are not compared, the reason."""

    @property
    def drifted(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.drifted]


def compare(
    table: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    psi: float,
    p_value: float,
    ignore: Collection[str] = (),
) -> Drift:
    """Compare each column of `table` with the same column of `reference`.

    A column has drifted if its index is at least `psi` and the p-value of its test at most
    `p_value`: the index alone is large by chance in small tables, and the p-value alone is small
    for differences that do not matter in large ones. Columns in `ignore` are not compared.
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
    """Return the index, and the name, statistic and p-value of the test."""
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
    # Imported when it is needed: the import takes a good part of a second.
    from scipy.stats import ks_2samp  # noqa: PLC0415

    of_values = ks_2samp(now, then, method="asymp")
    # The stronger of two tests counts, with twice its p-value for the choice between them.
    if of_missing[1] < of_values.pvalue:
        return index, f"{CHI_SQUARE} of missing values", of_missing[0], min(1.0, 2 * of_missing[1])
    p_value = min(1.0, 2 * float(of_values.pvalue))
    return index, KOLMOGOROV_SMIRNOV, float(of_values.statistic), p_value


def numbers(values: pd.Series) -> NDArray[np.float64]:
    """Return numbers, or times in days since 1970, as floats; missing values are NaN."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return days_since_1970(values)
    return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))


def texts(values: pd.Series) -> pd.Series:
    """Return classes as texts; missing values stay missing."""
    return values.astype(object).map(str, na_action="ignore")


def _decile_counts(
    now: NDArray[np.float64], then: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[Any]]:
    present = then[~np.isnan(then)]
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(present, inner)) if len(present) else np.array([])
    counts = [
        np.append(
            np.bincount(np.searchsorted(edges, x[~np.isnan(x)], "left"), minlength=len(edges) + 1),
            np.isnan(x).sum(),
        )
        for x in (now, then)
    ]
    return counts[0], counts[1]


def _class_counts(values: pd.Series, before: pd.Series) -> tuple[NDArray[Any], NDArray[Any]]:
    """Count the rows of the reference's most frequent classes, of all others, and missing ones.

    Rare classes come and go by chance, so they are counted together.
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
    """Return the population stability index: sum of (p - q) * ln(p / q) over the bins."""
    shares = [np.maximum(x / max(1, x.sum()), _LEAST_SHARE) for x in (now, then)]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def _chi_square(now: NDArray[Any], then: NDArray[Any]) -> tuple[float, float]:
    """Return statistic and p-value of the test; (0, 1) if the two cannot differ."""
    table = np.vstack([now, then])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return 0.0, 1.0
    from scipy.stats import chi2_contingency  # noqa: PLC0415 - as above

    test = chi2_contingency(table, correction=False)
    return float(test.statistic), float(test.pvalue)
