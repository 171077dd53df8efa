"""Series brought onto a regular time axis: gaps, duplicates and irregular times are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from relay import RelayError
from relay.forecasts.frequencies import in_words, parse, season_of
from relay.forecasts.series import Layout
from relay.forecasts.time_axis import TimeAxis, infer_frequency
from relay.tables.io import require_column

Gaps = Literal["error", "interpolate", "previous", "zero"]
Duplicates = Literal["error", "mean", "sum", "first", "last"]

_YEARS = (1000, 2999)
_SHOWN = 3
_PLACE = "place"


@dataclass(frozen=True)
class Regular:
    """Series without gaps, in order; the counts say what was not regular before."""

    table: pd.DataFrame
    layout: Layout
    irregular: int
    duplicates: int
    gaps: int
    unused: Sequence[str]
    """The columns that no forecast uses."""

    @property
    def counts(self) -> Mapping[str, float]:
        """Return the metrics of the step."""
        names = set(self.layout.names(self.table))
        return {
            "rows": len(self.table),
            "series": len(names),
            "gaps": self.gaps,
            "duplicates": self.duplicates,
            "irregular_times": self.irregular,
        }


def make_regular(
    table: pd.DataFrame, *, target: str, time: str, series: str | None, frequency: str | None,
    season: int | None, gaps: Gaps, duplicates: Duplicates,
) -> Regular:  # fmt: skip
    """Return the series in `table` with one value for each step from the first to the last.

    Raises RelayError if a column is missing or of a wrong kind, if several values are in one step,
    or if a step has none, unless `duplicates` and `gaps` say what to do about that.
    """
    for name, key in ((target, "data.target"), (time, "data.time"), (series, "data.series")):
        if name is not None:
            require_column(table, name, key)
    _require_numbers(table[target])
    names = [*([] if series is None else [series]), time, target]
    rows = table[names].copy()
    rows[time] = to_times(table[time])
    _require_whole(rows, [name for name in names if name != target])
    rows = rows.dropna(subset=[target])
    if rows.empty:
        raise RelayError(f"data.target: column '{target}' has no value. Choose another column.")
    group = None if series is None else rows[series].astype(str)
    step = frequency or infer_frequency(rows[time], group)
    times = pd.DatetimeIndex(rows[time])
    axis = TimeAxis.of(times, step)
    layout = Layout(target, time, series, axis, season or season_of(step))
    irregular = int(axis.irregular(times).sum())
    rows[_PLACE] = axis.places(times)
    keys = [*([] if series is None else [series]), _PLACE]
    rows = rows.sort_values([*keys, time], kind="stable")
    repeated = _merge(rows, keys, layout, duplicates)
    filled, missing = _fill(repeated, layout, gaps)
    unused = [str(name) for name in table.columns if name not in names]
    extra = len(rows) - len(repeated)
    return Regular(filled, layout, irregular, extra, missing, unused)


def to_times(values: pd.Series) -> pd.Series:
    """Return times; whole numbers from 1000 to 2999 are years.

    Raises RelayError if the values are not times.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        times = values
    elif pd.api.types.is_integer_dtype(values) and values.dropna().between(*_YEARS).all():
        times = pd.to_datetime(values.astype("Int64").astype("str"), format="%Y", errors="coerce")
    else:
        raise RelayError(
            f"data.time: the values of '{values.name}' are not times (dtype {values.dtype}). Name "
            f"another column, or give their format: 'data.dtypes={{{values.name}: "
            '"datetime:%d.%m.%Y"}\'.'
        )
    if times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    regular: pd.Series = times.dt.as_unit("us")
    return regular


def _require_numbers(values: pd.Series) -> None:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise RelayError(
            f"data.target: '{values.name}' has no numbers (dtype {values.dtype}), and a forecast "
            "needs numbers. Choose another column, or convert it with data.dtypes."
        )
    if not np.isfinite(values.dropna().to_numpy(dtype=np.float64)).all():
        raise RelayError(
            f"data.target: '{values.name}' has infinite values. Leave them out with data.ranges."
        )


def _require_whole(rows: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        count = int(rows[name].isna().sum())
        if count:
            raise RelayError(
                f"{count} of {len(rows)} rows have no value in '{name}', so they belong to no time "
                f"or series. Leave them out: 'data.filters=[\"{name}.notna()\"]'."
            )


def _merge(
    rows: pd.DataFrame, keys: Sequence[str], layout: Layout, how: Duplicates
) -> pd.DataFrame:
    """Return `rows` with one for each of `keys`. Raises RelayError if several are an error."""
    extra = rows.duplicated(list(keys))
    if not extra.any():
        return rows
    if how == "error":
        shown = _shown(rows[extra], layout)
        raise RelayError(
            f"data.duplicates: {int(extra.sum()):,} of {len(rows):,} values are in a step that has "
            f"another one already ({shown}); a step is {in_words(layout.axis.frequency)}. Set "
            "data.duplicates=mean, sum, first or last; or data.series=COLUMN if the file has "
            "several series; or another data.frequency."
        )
    merged = rows.groupby(list(keys), observed=True, sort=False)
    return merged.agg({layout.time: "first", layout.target: how}).reset_index()


def _fill(rows: pd.DataFrame, layout: Layout, how: Gaps) -> tuple[pd.DataFrame, int]:
    """Return `rows` with all steps of each series, and the number of those that were missing.

    Raises RelayError if a missing step is an error.
    """
    parts: list[pd.DataFrame] = []
    missing: list[pd.DataFrame] = []
    groups = [("", rows)] if layout.series is None else rows.groupby(layout.series, observed=True)
    for name, part in groups:
        places = np.arange(part[_PLACE].iloc[0], part[_PLACE].iloc[-1] + 1)
        values = part.set_index(_PLACE)[layout.target].astype("float64").reindex(places)
        whole = pd.DataFrame({layout.time: layout.axis.times(places)})
        if layout.series is not None:
            whole.insert(0, layout.series, str(name))
        whole[layout.target] = values.to_numpy()
        missing.append(whole[whole[layout.target].isna()])
        whole[layout.target] = _filled(values, how).to_numpy()
        parts.append(whole)
    gaps = pd.concat(missing, ignore_index=True)
    if len(gaps) and how == "error":
        total = sum(map(len, parts))
        raise RelayError(
            f"data.gaps: {len(gaps):,} of {total:,} steps of {in_words(layout.axis.frequency)} "
            f"have no value ({_shown(gaps, layout)}). Set data.gaps=interpolate, previous or zero "
            f"to fill them, or another data.frequency than {layout.axis.frequency}."
        )
    return pd.concat(parts, ignore_index=True), len(gaps)


def _filled(values: pd.Series, how: Gaps) -> pd.Series:
    if how == "interpolate":
        return values.interpolate(method="linear")
    if how == "previous":
        return values.ffill()
    return values.fillna(0.0) if how == "zero" else values


def _shown(rows: pd.DataFrame, layout: Layout) -> str:
    """Return the first times of `rows`, with their series."""
    day_or_more = parse(layout.axis.frequency)[1] not in ("s", "min", "h")
    form = "%Y-%m-%d" if day_or_more else "%Y-%m-%d %H:%M:%S"
    some = rows.head(_SHOWN)
    names = (
        [""] * len(some) if layout.series is None else [f"{name} " for name in some[layout.series]]
    )
    texts = [f"{name}{time:{form}}" for name, time in zip(names, some[layout.time], strict=True)]
    return ", ".join(texts) + (", ..." if len(rows) > _SHOWN else "")
