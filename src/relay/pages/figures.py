"""The look of pictures: PNG files 1000 px wide, plain axes, few colours.

Figures are made without pyplot, which would keep each of them in a global list.
"""

from __future__ import annotations

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

DPI = 125
WIDTH = 8.0  # inches: 1000 px
LONGEST_LABEL = 24

BLUE, ORANGE, GREY = "#2b6cb0", "#dd6b20", "#718096"


def new_figure(height: float = WIDTH) -> Figure:
    """Return an empty figure, `height` inches high."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    return Figure(figsize=(WIDTH, height), dpi=DPI, layout=layout)


def shorten(label: str, longest: int = LONGEST_LABEL) -> str:
    """Return `label` shortened, and without what matplotlib takes for a formula."""
    short = label if len(label) <= longest else label[: longest - 1] + "…"
    return short.replace("$", r"\$")


def format_number(value: float, position: int | None = None) -> str:
    """Return `value` as an axis shows it."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def style_axes(axes: Axes, *, numbers: Literal["x", "y", "both"] = "both") -> None:
    """Keep two axes and a faint grid; the axes `numbers` (x, y or both) show plain numbers."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e2e8f0", linewidth=0.6, axis=numbers)
    axes.set_axisbelow(True)
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if numbers in (name, "both") and max(map(abs, axis.get_view_interval())) < 1e9:
            axis.set_major_formatter(FuncFormatter(format_number))
