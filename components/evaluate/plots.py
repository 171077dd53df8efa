"""The plots of an evaluation: PNG files 1000 px wide, plain axes, few colours.

Figures are made without pyplot, which would keep each of them in a global list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from evaluation import Reliability, Slice
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray
from sklearn.metrics import auc, confusion_matrix, roc_curve

from relay.models.baselines import CONFIDENCE
from relay.pages.figures import (
    BLUE,
    GREY,
    ORANGE,
    format_number,
    new_figure,
    shorten,
    style_axes,
)

Floats = NDArray[np.float64]
Labels = NDArray[np.str_]

MOST_CLASSES_IN_MATRIX = 20
MOST_CURVES = 10

BLUES = LinearSegmentedColormap.from_list("relay", ["#ffffff", "#bcd4ec", BLUE, "#123a66"])
CURVE_COLOURS = (
    "#2b6cb0", "#dd6b20", "#2f855a", "#c53030", "#6b46c1",
    "#97670f", "#d53f8c", "#4a5568", "#7a9a01", "#0c8599",
)  # fmt: skip


def predicted_vs_actual(actual: Floats, predicted: Floats, target: str) -> Figure:
    """Draw a point per row, and the diagonal on which predictions are right; equal axes."""
    figure = new_figure()
    axes = figure.subplots()
    target = shorten(target)
    low = float(min(actual.min(), predicted.min()))
    high = float(max(actual.max(), predicted.max()))
    margin = (high - low) * 0.03 or max(abs(high), 1.0) * 0.03
    ends = (low - margin, high + margin)
    _points(axes, actual, predicted)
    axes.plot(ends, ends, color=GREY, linestyle="--", linewidth=1.4, label="prediction = actual")
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.set_xlabel(f"actual {target}")
    axes.set_ylabel(f"predicted {target}")
    axes.set_title(f"Predicted against actual {target} ({len(actual):,} rows)")
    axes.legend(loc="upper left", frameon=False)
    style_axes(axes)
    return figure


def residuals(actual: Floats, predicted: Floats, target: str) -> Figure:
    """Draw residuals (actual - predicted): above by prediction, below as a histogram."""
    figure = new_figure()
    target = shorten(target)
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    errors = actual - predicted
    _points(above, predicted, errors)
    above.axhline(0, color=GREY, linestyle="--", linewidth=1.2)
    above.set_xlabel(f"predicted {target}")
    above.set_ylabel("actual - predicted")
    above.set_title(f"Residuals of {target} ({len(actual):,} rows)")
    below.hist(errors, bins=_bins(errors), color=BLUE, edgecolor="white", linewidth=0.5)
    below.axvline(0, color=GREY, linestyle="--", linewidth=1.2)
    median = float(f"{np.median(errors):.3g}")
    below.axvline(median, color=ORANGE, linewidth=1.5, label=f"median {format_number(median)}")
    below.set_xlabel("actual - predicted")
    below.set_ylabel("rows")
    below.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    below.set_ylim(top=max(below.get_ylim()[1], 1) * 1.12)
    below.legend(loc="upper right", frameon=False)
    for axes in (above, below):
        style_axes(axes)
    return figure


def confusion(actual: Labels, predicted: Labels, classes: Sequence[str], target: str) -> Figure:
    """Draw counts by actual class (rows) and predicted class (columns); colour is the row's share.

    Of more than 20 classes the most frequent 19 are shown, and the others as one.
    """
    labels, actual, predicted = _few_classes(actual, predicted, classes)
    counts = confusion_matrix(actual, predicted, labels=labels)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    size = len(labels)
    figure = new_figure(7.0 if size <= 12 else 8.0)
    axes = figure.subplots()
    target = shorten(target)
    picture = axes.imshow(shares, cmap=BLUES, vmin=0, vmax=1, aspect="auto")
    longest = len(f"{counts.max():,}")
    font = max(5.0, min(12.0, 300 / size / max(longest, 3)))
    for row, column in np.ndindex(counts.shape):
        if counts[row, column] or size <= 10:
            axes.text(
                column, row, f"{counts[row, column]:,}", ha="center", va="center", fontsize=font,
                color="white" if shares[row, column] > 0.5 else "#1a202c",
            )  # fmt: skip
    names = [shorten(label) for label in labels]
    upright = size > 8 or max(map(len, names)) * size > 60
    axes.set_xticks(range(size), names, rotation=90 if upright else 0)
    axes.set_yticks(range(size), names)
    axes.tick_params(length=0, labelsize=8 if size > 12 else 10)
    axes.set_xlabel(f"predicted {target}")
    axes.set_ylabel(f"actual {target}")
    axes.set_title(f"Confusion matrix of {target} ({len(actual):,} rows)")
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(picture, ax=axes, fraction=0.05, pad=0.02, format=PercentFormatter(1.0))
    bar.set_label("share of the actual class")
    bar.outline.set_visible(False)
    return figure


def roc(actual: Labels, scores: Floats, classes: Sequence[str], target: str) -> Figure | None:
    """Draw ROC curves from class probabilities `scores` (rows x classes).

    Two classes: one curve, of the second class. More: one against the rest for each of the ten
    most frequent classes, and the mean of all. Return None if no class can have a curve.
    """
    names = list(classes[1:]) if len(classes) == 2 else list(classes)
    curves = {}
    for name in names:
        positive = actual == name
        if positive.any() and not positive.all():
            rates = roc_curve(positive, scores[:, list(classes).index(name)])[:2]
            curves[name] = (rates, auc(*rates))
    if not curves:
        return None
    figure = new_figure()
    axes = figure.subplots()
    target = shorten(target)
    axes.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1.2, label="by chance (0.500)")
    frequent = sorted(curves, key=lambda name: -int((actual == name).sum()))[:MOST_CURVES]
    kept = [name for name in curves if name in frequent]
    for name, colour in zip(kept, CURVE_COLOURS, strict=False):
        (false_rate, true_rate), area = curves[name]
        axes.plot(
            false_rate,
            true_rate,
            color=colour,
            linewidth=1.6,
            label=f"{shorten(name)} ({area:.3f})",
        )
    if len(names) > 1:
        grid = np.linspace(0, 1, 501)
        mean = np.mean([np.interp(grid, *rates) for rates, _ in curves.values()], axis=0)
        mean[0] = 0.0
        area = float(np.mean([area for _, area in curves.values()]))
        axes.plot(
            grid, mean, color="black", linewidth=2.6, label=f"mean of {len(curves)} ({area:.3f})"
        )
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate")
    event = f" = {shorten(names[0])}" if len(names) == 1 else ", one against the rest"
    axes.set_title(f"ROC of {target}{event} ({len(actual):,} rows)")
    axes.legend(title="class (area)", loc="lower right", framealpha=0.9, edgecolor="none")
    style_axes(axes)
    return figure


def _points(axes: Axes, x: Floats, y: Floats) -> None:
    """Draw dots, the smaller and fainter the more there are."""
    crowd = len(x)
    size, alpha = (22, 0.7) if crowd <= 500 else (12, 0.45) if crowd <= 5000 else (5, 0.25)
    axes.scatter(x, y, s=size, alpha=alpha, color=BLUE, linewidths=0)


def _bins(values: Floats) -> int:
    return 1 if np.ptp(values) == 0 else min(60, max(10, round(len(values) ** 0.5)))


def _few_classes(
    actual: Labels, predicted: Labels, classes: Sequence[str]
) -> tuple[list[str], Labels, Labels]:
    """Return all classes that occur, those of the model first; rare ones are taken together."""
    unseen = sorted({*actual, *predicted} - set(classes))
    labels = [*classes, *unseen]
    if len(labels) <= MOST_CLASSES_IN_MATRIX:
        return labels, actual, predicted
    by_count = sorted(labels, key=lambda name: -int((actual == name).sum()))
    kept = set(by_count[: MOST_CLASSES_IN_MATRIX - 1])
    others = f"{len(labels) - len(kept)} others"
    together = [np.where(np.isin(part, list(kept)), part, others) for part in (actual, predicted)]
    return [name for name in labels if name in kept] + [others], together[0], together[1]


MOST_BARS = 20
LONGEST_NAME = 32


def draw_importances(falls: pd.Series, metric: str, target: str, columns: int) -> Figure:
    """Draw a bar for each of the 20 columns that matter most, of `columns` in all."""
    top = falls.head(MOST_BARS)[::-1]
    figure = new_figure(1.4 + 0.32 * max(3, len(top)))
    axes = figure.subplots()
    axes.barh([shorten(str(name), LONGEST_NAME) for name in top.index], top.to_numpy(), color=BLUE)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel(f"how much worse {metric} gets when the column is shuffled")
    some = f", the {len(top)} largest of {columns:,}" if len(top) < columns else ""
    axes.set_title(f"What {shorten(target)} is predicted from{some}")
    style_axes(axes, numbers="x")
    axes.margins(y=0.01)
    return figure


def draw_slices(
    parts: Sequence[Slice], metric: str, whole: Mapping[str, float], target: str
) -> Figure:
    """Draw the `metric` of each of `parts` with its interval, and that of all rows as a line."""
    figure = new_figure(1.6 + 0.36 * max(3, len(parts)))
    axes = figure.subplots()
    for place, part in enumerate(reversed(parts)):
        value = part.metrics[metric]
        if part.bounds is not None:
            axes.plot(part.bounds, (place, place), color=BLUE, linewidth=1.6)
        axes.plot(value, place, "o", color=BLUE, markersize=7)
    names = [f"{shorten(part.value)}  ({part.rows:,})" for part in reversed(parts)]
    axes.set_yticks(range(len(parts)), names)
    axes.axvline(whole[metric], color=GREY, linestyle="--", linewidth=1.2)
    axes.set_xlabel(
        f"{metric}; dashed: all rows, {whole[metric]:.4g}; "
        f"lines: {CONFIDENCE:.0%} confidence, where there are enough rows"
    )
    axes.set_title(f"{metric} of {shorten(target)} by {shorten(parts[0].column)} (number of rows)")
    style_axes(axes, numbers="x")
    axes.margins(y=0.06)
    return figure


def draw_calibration(reliability: Reliability, brier: float | None) -> Figure:
    """Draw the event's share by its probability above, and a histogram of probabilities below."""
    figure = new_figure()
    above, below = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    above.plot((0, 1), (0, 1), color=GREY, linestyle="--", linewidth=1.2, label="as predicted")
    noise = np.sqrt(reliability.mean * (1 - reliability.mean) / reliability.rows)
    whiskers = np.minimum(noise, [reliability.share, 1 - reliability.share])
    above.errorbar(
        reliability.mean, reliability.share, yerr=whiskers, color=BLUE, marker="o", markersize=5,
        linewidth=1.6, elinewidth=0.9, capsize=2,
        label=f"the model, off by {reliability.error:.3f} on average"
        + ("" if brier is None else f" (Brier score {brier:.3f})"),
    )  # fmt: skip
    above.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    above.set_ylabel("share of rows in which it occurred")
    above.set_title(
        f"Calibration: {shorten(reliability.event, 60)} ({reliability.rows.sum():,} rows)"
    )
    above.legend(loc="lower right", frameon=False)
    below.hist(reliability.probabilities, bins=np.linspace(0, 1, 41), color=BLUE, edgecolor="white")
    below.set_xlabel("predicted probability (bars above: one standard deviation of chance)")
    below.set_ylabel("rows")
    for axes in (above, below):
        style_axes(axes)
    above.yaxis.set_major_formatter(PercentFormatter(1.0))
    below.xaxis.set_major_formatter(PercentFormatter(1.0))
    below.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure
