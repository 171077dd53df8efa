"""Whether a classifier's probabilities come true: of rows given 70 %, seven in ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray
from style import BLUE, GREY, new_figure, plain, shown

from relay.models.predictions import Outcome

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """Rows in bins by the probability of an event: its mean in each bin, and how often it came.

    `event` says which: the second of two classes, or that the predicted class is right.
    `probabilities` are those of all rows.
    """

    event: str
    mean: NDArray[np.float64]
    share: NDArray[np.float64]
    rows: NDArray[np.int_]
    probabilities: NDArray[np.float64]

    @property
    def error(self) -> float:
        """By how much probability and share differ, on average over the rows."""
        return float(np.average(np.abs(self.mean - self.share), weights=self.rows))


def reliability(outcome: Outcome, target: str) -> Reliability | None:
    """The reliability of `outcome`, in ten bins with about as many rows; None without any.

    With two classes it is that of the second, with more that of whichever class was predicted.
    """
    if outcome.probabilities is None or not len(outcome):
        return None
    actual = outcome.actual.astype(str)
    if len(outcome.classes) == 2:
        probabilities, came = outcome.probabilities[:, 1], actual == str(outcome.classes[1])
        event = f"{target} = {outcome.classes[1]}"
    else:
        probabilities = outcome.probabilities.max(axis=1)
        came = actual == outcome.predicted.astype(str)
        event = f"the predicted {target} is right"
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, BINS + 1)[1:-1]))
    places = np.searchsorted(edges, probabilities, side="right")
    filled = np.unique(places)
    parts = [places == place for place in filled]
    return Reliability(
        event,
        np.array([probabilities[part].mean() for part in parts]),
        np.array([came[part].mean() for part in parts]),
        np.array([part.sum() for part in parts]),
        probabilities,
    )


def draw(found: Reliability, brier: float | None) -> Figure:
    """Above, how often the event came against its probability; below, how many rows have which."""
    figure = new_figure()
    above, below = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    above.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1.2, label="as predicted")
    noise = np.sqrt(found.mean * (1 - found.mean) / found.rows)
    whiskers = np.minimum(noise, [found.share, 1 - found.share])
    above.errorbar(
        found.mean, found.share, yerr=whiskers, color=BLUE, marker="o", markersize=5, linewidth=1.6,
        elinewidth=0.9, capsize=2,
        label=f"the model, off by {found.error:.3f} on average"
        + ("" if brier is None else f" (Brier score {brier:.3f})"),
    )  # fmt: skip
    above.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    above.set_ylabel("share of rows where it came true")
    above.set_title(f"Calibration: {shown(found.event, 60)} ({found.rows.sum():,} rows)")
    above.legend(loc="lower right", frameon=False)
    below.hist(found.probabilities, bins=np.linspace(0, 1, 41), color=BLUE, edgecolor="white")
    below.set_xlabel("predicted probability (bars above: one standard deviation of chance)")
    below.set_ylabel("rows")
    for axes in (above, below):
        plain(axes)
    above.yaxis.set_major_formatter(PercentFormatter(1.0))
    below.xaxis.set_major_formatter(PercentFormatter(1.0))
    below.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure
