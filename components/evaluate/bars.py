"""Pictures with a bar, or a dot, for each of many names: importances, and slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from slices import CONFIDENCE, Slice
from style import BLUE, GREY, new_figure, plain, shown

MOST_BARS = 20
LONGEST_NAME = 32


def draw_importances(falls: pd.Series, metric: str, target: str, columns: int) -> Figure:
    """A bar for each of the 20 columns that matter most, of `columns` in all."""
    top = falls.head(MOST_BARS)[::-1]
    figure = new_figure(1.4 + 0.32 * max(3, len(top)))
    axes = figure.subplots()
    axes.barh([shown(str(name), LONGEST_NAME) for name in top.index], top.to_numpy(), color=BLUE)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel(f"how much worse {metric} gets when the column is shuffled")
    some = f", the {len(top)} largest of {columns:,}" if len(top) < columns else ""
    axes.set_title(f"What {shown(target)} is predicted from{some}")
    plain(axes, numbers="x")
    axes.margins(y=0.01)
    return figure


def draw_slices(
    parts: Sequence[Slice], metric: str, whole: Mapping[str, float], target: str
) -> Figure:
    """The `metric` of each of `parts`, of one column, with its interval; that of all as a line."""
    figure = new_figure(1.6 + 0.36 * max(3, len(parts)))
    axes = figure.subplots()
    for place, part in enumerate(reversed(parts)):
        value = part.metrics[metric]
        if part.bounds is not None:
            axes.plot(part.bounds, (place, place), color=BLUE, linewidth=1.6)
        axes.plot(value, place, "o", color=BLUE, markersize=7)
    names = [f"{shown(part.value)}  ({part.rows:,})" for part in reversed(parts)]
    axes.set_yticks(range(len(parts)), names)
    axes.axvline(whole[metric], color=GREY, linestyle="--", linewidth=1.2)
    axes.set_xlabel(
        f"{metric}; dashed: all rows, {whole[metric]:.4g}; "
        f"lines: {CONFIDENCE:.0%} confidence, where there are enough rows"
    )
    axes.set_title(f"{metric} of {shown(target)} by {shown(parts[0].column)} (number of rows)")
    plain(axes, numbers="x")
    axes.margins(y=0.06)
    return figure
