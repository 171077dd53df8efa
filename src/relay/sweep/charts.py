"""The charts of a sweep, drawn by Optuna: each as an SVG picture in a `data:` address."""

from __future__ import annotations

import base64
import io
import math
import statistics
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

_WIDTH, _HEIGHT = 3.8, 2.6
"""The size of a picture in inches: its texts are legible on a phone, too."""
_LONGEST = 30
"""The number of characters below an axis, in one line."""
_AXIS_WIDTH = 1.3
"""The width that an axis of parallel coordinates needs."""
_BLUE, _ORANGE = "#3b78b5", "#b85c12"
_GRID, _SOFT, _INK = "#dde3ea", "#5b6775", "#1d2733"


@dataclass(frozen=True)
class Chart:
    """A picture and the sentence below it."""

    title: str
    source: str
    """A `data:` address with the picture."""
    caption: str
    width: float = _WIDTH
    """In inches."""


def study_of(
    study: optuna.Study, trials: Sequence[FrozenTrial], names: Mapping[str, str]
) -> optuna.Study:
    """Return a study with `trials` of `study`, and only the parameters `names`, each renamed."""
    part = optuna.create_study(directions=study.directions)
    for trial in trials:
        params = {names[name]: value for name, value in trial.params.items() if name in names}
        part.add_trial(
            create_trial(
                state=trial.state,
                values=trial.values if trial.state == TrialState.COMPLETE else None,
                params=params,
                distributions={
                    names[name]: kind for name, kind in trial.distributions.items() if name in names
                },
                intermediate_values=trial.intermediate_values,
            )
        )
    return part


def complete_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that have a value."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def varied_params(study: optuna.Study) -> list[str]:
    """Return the parameters that have different values in trials that have a score."""
    values: dict[str, set[Any]] = {}
    for trial in complete_trials(study):
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name, different in values.items() if len(different) > 1]


def importances(study: optuna.Study) -> dict[str, float]:
    """Return the share of each parameter in the variance of the score (fANOVA), the largest first.

    Trials far from all others, or without a value of one of the parameters, do not count. Empty if
    there are no shares: with fewer than two parameters or four trials, or with equal scores.
    """
    names = varied_params(study)
    trials = [trial for trial in complete_trials(study) if set(names) <= set(trial.params)]
    low, high = shown_range([trial.value or 0.0 for trial in trials]) or (-math.inf, math.inf)
    trials = [trial for trial in trials if low <= (trial.value or 0.0) <= high]
    part = study_of(study, trials, {name: name for name in names})
    names = varied_params(part)
    if len(names) < 2 or len(trials) < 4 or len({trial.value for trial in trials}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    with _quiet():
        return optuna.importance.get_param_importances(part, evaluator=evaluator, params=names)


def draw_history(study: optuna.Study, metric: str) -> Chart:
    """Draw the score of each trial and the best so far."""

    def draw(plots: Any) -> Any:
        axes = plots.plot_optimization_history(study, target_name=metric)
        for points in axes.collections:
            points.set(color=_BLUE, alpha=0.75)
        for line in axes.lines:
            line.set(color=_ORANGE, drawstyle="steps-post")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(labels=["trial", "best so far"], loc="best", frameon=False, fontsize=8.5)
        return axes

    return _with_range(study, "Best so far", draw, f"{metric} of each trial, in their order.")


def draw_slice(study: optuna.Study, name: str, metric: str) -> Chart:
    """Draw the score of each trial over its value of parameter `name`."""
    kinds = [trial.distributions.get(name) for trial in complete_trials(study)]
    has_labels = any(isinstance(kind, CategoricalDistribution) for kind in kinds)

    def draw(plots: Any) -> Any:
        axes = plots.plot_slice(study, params=[name], target_name=metric)
        if has_labels:
            axes.figure.canvas.draw()  # before, the labels are empty
            labels = [label.get_text().strip("'") for label in axes.get_xticklabels()]
            is_long = sum(map(len, labels)) > _LONGEST
            angle, side = (25, "right") if is_long else (0, "center")
            axes.set_xticks(axes.get_xticks(), labels, rotation=angle, ha=side)
        return axes

    caption = "A point for each trial; the darker, the later."
    if has_labels:
        return Chart(name, _picture(draw), caption)  # a value may be far from all others
    return _with_range(study, name, draw, caption)


def draw_importances(study: optuna.Study, shares: Mapping[str, float], metric: str) -> Chart:
    """Draw the shares of `importances`."""

    def draw(plots: Any) -> Any:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        axes = plots.plot_param_importances(study, evaluator=evaluator, params=list(shares))
        for bar in axes.patches:
            bar.set_color(_BLUE)
        axes.set(xlabel=f"share in the variance of {metric}", ylabel="")
        if axes.get_legend() is not None:
            axes.get_legend().remove()
        return axes

    caption = "How much of the differences between trials each parameter explains (fANOVA)."
    return Chart("Which parameters matter", _picture(draw), caption)


def draw_parallel(study: optuna.Study, metric: str) -> Chart:
    """Draw a line for each trial through its values of all parameters."""
    better = study_of(study, _better_half(study), {name: name for name in varied_params(study)})
    names = varied_params(better)
    width = max(_WIDTH, _AXIS_WIDTH * (len(names) + 2))

    def draw(plots: Any) -> Any:
        axes = plots.plot_parallel_coordinate(better, params=names, target_name=metric)
        axes.tick_params(axis="x", rotation=0)
        for lines in axes.collections:
            lines.set(linewidth=1.2, alpha=0.8)
        return axes

    caption = (
        f"A line for each of the better half of the trials through its values; the darker, the "
        f"better its {metric}."
    )
    return Chart("Values together", _picture(draw, width), caption, width)


def _better_half(study: optuna.Study) -> list[FrozenTrial]:
    """Return the complete trials whose score is at least the median."""
    sign = -1 if study.direction == optuna.study.StudyDirection.MAXIMIZE else 1
    ranked = sorted(complete_trials(study), key=lambda trial: sign * (trial.value or 0.0))
    return ranked[: max(2, (len(ranked) + 1) // 2)]


def draw_timeline(study: optuna.Study) -> Chart:
    """Draw when each trial began and ended."""
    from matplotlib.dates import AutoDateLocator  # noqa: PLC0415

    def draw(plots: Any) -> Any:
        axes = plots.plot_timeline(study)
        axes.tick_params(axis="x", rotation=0)
        axes.xaxis.set_major_locator(AutoDateLocator(maxticks=4))
        axes.yaxis.get_major_locator().set_params(integer=True)
        handles = axes.get_legend().legend_handles
        for handle in handles:
            state = handle.get_label().lower()  # Optuna's name of it
            handle.set_label("stopped early" if state == "pruned" else state)
        axes.legend(handles=handles, frameon=False, fontsize=8.5, loc="upper left")
        axes.set(xlabel="")
        return axes

    return Chart("Time", _picture(draw), "When each trial began and ended.")


def _with_range(study: optuna.Study, title: str, draw: Callable[[Any], Any], caption: str) -> Chart:
    """Return a chart whose axis of scores leaves out those that are far from all others."""
    values = [trial.value for trial in complete_trials(study) if trial.value is not None]
    shown = shown_range(values)

    def draw_in_range(plots: Any) -> Any:
        axes = draw(plots)
        if shown is not None:
            axes.set_ylim(*shown)
        return axes

    if shown is not None:
        outside = sum(not shown[0] <= value <= shown[1] for value in values)
        caption += f" {outside} far from the others {'is' if outside == 1 else 'are'} not shown."
    return Chart(title, _picture(draw_in_range), caption)


def shown_range(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the ends of an axis without values far from the others; None if there are none.

    Far is more than three times the distance between the quartiles from these (Tukey's outer
    fences).
    """
    if len(values) < 8:
        return None
    first, _, third = statistics.quantiles(values, n=4)
    reach = 3 * (third - first)
    inside = [value for value in values if first - reach <= value <= third + reach]
    if len(inside) == len(values) or reach == 0:
        return None
    margin = 0.06 * (max(inside) - min(inside))
    return min(inside) - margin, max(inside) + margin


def _picture(draw: Callable[[Any], Any], width: float = _WIDTH) -> str:
    """Return what `draw` makes with Optuna's functions, in the look of Relay's pages."""
    import matplotlib  # noqa: PLC0415 - half a second, which a sweep needs at its end only

    matplotlib.use("Agg", force=False)
    from matplotlib import pyplot  # noqa: PLC0415

    with _quiet(), matplotlib.rc_context({"svg.hashsalt": "relay"}):
        axes = draw(optuna.visualization.matplotlib)
        figure = axes.get_figure()
        try:
            _restyle(figure)
            figure.set_size_inches(width, _HEIGHT)
            figure.set_layout_engine("tight")
            stream = io.BytesIO()
            # beside parallel coordinates, the colour bar leaves a gap
            box = "tight" if width > _WIDTH else None
            figure.savefig(stream, format="svg", bbox_inches=box, metadata={"Date": None})
        finally:
            pyplot.close(figure)
    return f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _restyle(figure: Any) -> None:
    """Give the figure a faint grid, small texts, and no title or colour bar."""
    figure.set_facecolor("none")
    for axes in list(figure.axes):
        if axes.get_label() == "<colorbar>":
            axes.remove()
            continue
        axes.set(facecolor="none")
        for place in ("left", "center", "right"):
            axes.set_title("", loc=place)
        axes.grid(color=_GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        for text in axes.texts:
            text.set(fontsize=8.5, color=_INK)
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _show_plain_numbers(axis)
            axis.label.set(color=_INK, fontsize=9)
        axes.tick_params(which="both", colors=_SOFT, labelsize=8.5)
        for spine in axes.spines.values():
            spine.set_color(_GRID)


def _show_plain_numbers(axis: Any) -> None:
    """Show 0.02 instead of a power of ten, and few enough of them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415

    low, high = axis.get_view_interval()
    steps = (1.0,) if high / low > 300 else (1.0, 3.0) if high / low > 20 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _quiet() -> warnings.catch_warnings[Any]:
    """Return a context without the remarks that these functions of Optuna are experimental."""
    return warnings.catch_warnings(action="ignore")
