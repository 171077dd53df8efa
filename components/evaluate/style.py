"""How the pictures of an evaluation look: 1000 px wide as PNG, plain axes, three colours.

Figures are made without pyplot, which would keep each of them in a global list.
"""

from __future__ import annotations

from pathlib import Path
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
    """An empty figure, `height` inches high."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    return Figure(figsize=(WIDTH, height), dpi=DPI, layout=layout)


def save(figure: Figure, path: Path) -> Path:
    """Write `figure` to `path` as PNG and return `path`."""
    figure.savefig(path, format="png")
    return path


def shown(label: str, longest: int = LONGEST_LABEL) -> str:
    """`label`, shortened, with nothing in it that matplotlib takes for a formula."""
    short = label if len(label) <= longest else label[: longest - 1] + "…"
    return short.replace("$", r"\$")


def number(value: float, position: int | None = None) -> str:
    """`value` as an axis shows it."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def plain(axes: Axes, *, numbers: Literal["x", "y", "both"] = "both") -> None:
    """No frame but the axes, a faint grid; plain numbers on the axes `numbers`: x, y or both."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e2e8f0", linewidth=0.6, axis=numbers)
    axes.set_axisbelow(True)
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if numbers in (name, "both") and max(map(abs, axis.get_view_interval())) < 1e9:
            axis.set_major_formatter(FuncFormatter(number))
