"""The pictures of an evaluation, by name."""

from __future__ import annotations

from pathlib import Path

import calibration
from bars import draw_importances, draw_slices
from judging import Judgement
from matplotlib.figure import Figure
from plots import confusion, predicted_vs_actual, residuals, roc
from style import save

from relay.models.metric_names import PRIMARY


def draw(found: Judgement, target: str, folder: Path) -> dict[str, Path]:
    """Draw the pictures that suit the model's task into `folder`: {name: PNG}."""
    outcome = found.outcome
    figures = (
        _regression(found, target) if outcome.task == "regression" else _classes(found, target)
    )
    if found.importances.any():
        figures["feature_importance"] = draw_importances(
            found.importances, PRIMARY[outcome.task], target, found.columns
        )
    for column, parts in found.slices.items():
        figures[f"by_{column}"] = draw_slices(parts, found.main, outcome.metrics, target)
    return {name: save(figure, folder / f"{name}.png") for name, figure in figures.items()}


def _regression(found: Judgement, target: str) -> dict[str, Figure]:
    numbers = found.outcome.actual.astype(float), found.outcome.predicted.astype(float)
    return {
        "predicted_vs_actual": predicted_vs_actual(*numbers, target),
        "residuals": residuals(*numbers, target),
    }


def _classes(found: Judgement, target: str) -> dict[str, Figure]:
    outcome = found.outcome
    actual, predicted = outcome.actual.astype(str), outcome.predicted.astype(str)
    classes = [str(one) for one in outcome.classes]
    figures = {"confusion_matrix": confusion(actual, predicted, classes, target)}
    if outcome.probabilities is not None:
        curves = roc(actual, outcome.probabilities, classes, target)
        figures |= {"roc": curves} if curves is not None else {}
    if found.reliability is not None:
        figures["calibration"] = calibration.draw(found.reliability, outcome.metrics.get("brier"))
    return figures
