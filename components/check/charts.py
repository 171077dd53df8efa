"""The distribution of a column: a histogram of numbers, or the shares of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from drift import numbers, texts
from markupsafe import Markup
from numpy.typing import NDArray

BARS = 24
TOP = 6
WIDTH, HEIGHT = 240, 64


@dataclass(frozen=True)
class Histogram:
    """A picture (SVG), and the values at its left and right end."""

    picture: Markup
    low: str
    high: str


@dataclass(frozen=True)
class Bar:
    """The share of one class, now and in the reference, if there is one."""

    label: str
    share: float
    before: float | None


def draw_histogram(values: pd.Series, reference: pd.Series | None) -> Histogram | None:
    """Return a histogram of numbers or times, with `reference` as a line; None without values.

    If a few values are far from the rest, the outermost bars count all that lies beyond them.
    """
    now = _finite(values)
    if not len(now):
        return None
    before = None if reference is None else _finite(reference)
    both = now if before is None else np.concatenate([now, before])
    low, high = _ends(both)
    distinct = np.unique(both[(both >= low) & (both <= high)])
    if 1 < len(distinct) <= BARS and np.allclose(distinct, distinct.round()):
        half = np.diff(distinct).min() / 2  # whole numbers: each in the middle of its bar
        edges = np.linspace(low - half, high + half, round((high - low) / (2 * half)) + 2)
        edges = edges if len(edges) <= 2 * BARS else np.linspace(low, high, BARS + 1)
    else:
        edges = np.linspace(low, high, BARS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    shares = _shares(now, edges)
    line = _shares(before, edges) if before is not None and len(before) else None
    is_time = pd.api.types.is_datetime64_any_dtype(values)
    return Histogram(
        _draw(shares, line),
        ("≤ " if both.min() < low else "") + _label(low, is_time),
        ("≥ " if both.max() > high else "") + _label(high, is_time),
    )


def make_bars(values: pd.Series, reference: pd.Series | None) -> list[Bar]:
    """Return a bar for each of the most frequent classes, and one for all others together."""
    now = texts(values).value_counts(normalize=True)
    before = None if reference is None else texts(reference).value_counts(normalize=True)
    top = now.index[: TOP if len(now) > TOP + 1 else TOP + 1]
    bars = [
        Bar(str(name), float(now[name]), None if before is None else float(before.get(name, 0.0)))
        for name in top
    ]
    if len(now) > len(top):
        rest = None if before is None else max(0.0, 1 - sum(bar.before or 0.0 for bar in bars))
        label = f"{len(now) - len(top):,} others"
        bars.append(Bar(label, max(0.0, 1 - sum(bar.share for bar in bars)), rest))
    return bars


def _finite(values: pd.Series) -> NDArray[np.float64]:
    x = numbers(values)
    return x[np.isfinite(x)]


def _ends(x: NDArray[np.float64]) -> tuple[float, float]:
    """Return the least and largest value; if tails are long, the quantiles that leave 1 % out."""
    low, q1, q3, high = np.quantile(x, [0.0, 0.25, 0.75, 1.0])
    inner = np.quantile(x, [0.005, 0.995])
    far = 4 * max(q3 - q1, inner[1] - inner[0]) / 2
    return (
        float(inner[0] if inner[0] - low > far else low),
        float(inner[1] if high - inner[1] > far else high),
    )


def _shares(x: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts, _ = np.histogram(np.clip(x, edges[0], edges[-1]), edges)
    return counts / len(x)


def _draw(shares: NDArray[np.float64], line: NDArray[np.float64] | None) -> Markup:
    top = max(shares.max(), 0 if line is None else line.max())
    step = WIDTH / len(shares)
    rects = "".join(
        f'<rect x="{place * step + 0.5:.2f}" y="{HEIGHT * (1 - share / top):.2f}" '
        f'width="{step - 1:.2f}" height="{HEIGHT * share / top:.2f}"/>'
        for place, share in enumerate(shares)
        if share > 0
    )
    if line is not None:
        points = " ".join(
            f"{x * step:.2f},{HEIGHT * (1 - share / top) + 0.75:.2f}"
            for place, share in enumerate(line)
            for x in (place, place + 1)
        )
        rects += f'<polyline points="{points}"/>'
    return Markup(  # noqa: S704 - numbers only
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 2}" preserveAspectRatio="none" aria-hidden="true">'
        f"{rects}</svg>"
    )


def _label(value: float, is_time: bool) -> str:
    if is_time:
        return str(np.datetime64(int(np.floor(value)), "D"))
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
