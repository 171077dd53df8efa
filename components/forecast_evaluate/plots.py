"""The pictures of an evaluation of forecasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from relay.forecasts.rolling_origin import Windows
from relay.forecasts.series import THE_SERIES, Floats
from relay.pages.figures import BLUE, GREY, ORANGE, new_figure, shorten, style_axes

MOST_SERIES = 4
MOST_WINDOWS = 8


def draw_forecasts(
    windows: Windows, times: pd.DatetimeIndex, predicted: Floats, half: Floats, coverage: float
) -> Figure:
    """Draw forecasts with their band and the true values: the first series, their last windows."""
    names = list(dict.fromkeys(window.known.name for window in windows.windows))[:MOST_SERIES]
    figure = new_figure(1.2 + 3.6 * len(names))
    for axes, name in zip(np.atleast_1d(figure.subplots(len(names), 1)), names, strict=True):
        shown = [window for window in windows.windows if window.known.name == name][-MOST_WINDOWS:]
        rows = np.concatenate([window.rows for window in shown])
        known = shown[0].known
        tail = known.values[-2 * windows.horizon :]
        before = windows.layout.axis.times(np.arange(known.end - len(tail), known.end))
        axes.plot(
            before.append(times[rows]), np.concatenate([tail, windows.actual[rows]]),
            color=GREY, linewidth=1.4, label="true",
        )  # fmt: skip
        for number, window in enumerate(shown):
            part = window.rows
            label = None if number else "forecast"
            axes.plot(times[part], predicted[part], color=BLUE, linewidth=1.8, label=label)
            axes.fill_between(
                times[part], predicted[part] - half[part], predicted[part] + half[part],
                color=BLUE, alpha=0.18, linewidth=0,
                label=None if number else f"{coverage:.0%} band",
            )  # fmt: skip
            axes.axvline(times[part[0]], color=GREY, linewidth=0.6, linestyle=":")
        title = (
            windows.layout.target if name == THE_SERIES else f"{windows.layout.target} of {name}"
        )
        axes.set_title(f"{shorten(title, 60)}: each forecast uses what is left of its dotted line")
        style_axes(axes, numbers="y")
        locator = AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.legend(frameon=False, loc="upper left")
    return figure


def draw_steps(steps: NDArray[np.int64], errors: Floats, naive: Floats) -> Figure:
    """Draw the mean absolute error by the number of steps ahead, beside the seasonal naive one."""
    figure = new_figure(4.5)
    axes = figure.subplots()
    ahead = np.unique(steps)
    for values, label, color in ((errors, "the model", BLUE), (naive, "seasonal naive", ORANGE)):
        means = [float(np.mean(values[steps == step])) for step in ahead]
        axes.plot(ahead + 1, means, color=color, marker="o", markersize=4, label=label)
    axes.set_xlabel("steps ahead")
    axes.set_ylabel("mean absolute error")
    axes.set_ylim(bottom=0)
    axes.set_title("Error by the distance of the forecast")
    style_axes(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    return figure
