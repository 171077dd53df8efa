"""The picture of a net's losses after each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.ticker import MaxNLocator

from relay.pages.figures import BLUE, GREY, ORANGE, new_figure, style_axes


def draw_losses(losses: Sequence[Mapping[str, float]], kept: int, label: str, path: Path) -> Path:
    """Draw the loss of each epoch, on training rows and on those held out, into `path` (PNG).

    `kept` is the epoch that was chosen; `label` names the loss.
    """
    figure = new_figure(4.5)
    axes = figure.subplots()
    epochs = range(1, len(losses) + 1)
    for key, name, color in (("loss", "training", BLUE), ("val_loss", "held out", ORANGE)):
        axes.plot(epochs, [row[key] for row in losses], color=color, label=name)
    axes.axvline(kept, color=GREY, linestyle="--", label="kept")
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"loss ({label})")
    axes.set_title("Learning curve")
    style_axes(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    figure.savefig(path, format="png")
    return path
