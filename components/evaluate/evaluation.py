"""The evaluation of a model on a test set: as a whole, by slices, and by predicted probability."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from criteria import (
    compare_with_baselines,
    predict_baselines,
)
from importance import measure_importance
from numpy.typing import NDArray

from relay.models.baselines import CONFIDENCE, BaselineComparison, describe_comparison
from relay.models.bootstrap import interval
from relay.models.loading import Model
from relay.models.metric_names import PRIMARY, Task
from relay.models.predictions import ScoredPredictions
from relay.tables.io import require_column

SLICE_METRIC: Mapping[Task, str] = {"regression": "mae", "classification": "accuracy"}
"""The metric of slices: r2 and f1 depend on how much the target varies in a slice."""

MISSING = "(missing)"
MOST_VALUES = 12
SLICE_BINS = 4
TIME_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Slice:
    """The rows of a test set with `value` in `column`, and the metrics of the model on them.

    `bounds` is the confidence interval of the main metric, None for too few rows.
    """

    column: str
    value: str
    rows: int
    metrics: Mapping[str, float]
    bounds: tuple[float, float] | None


@dataclass(frozen=True)
class Reliability:
    """Rows in bins by the predicted probability of an event: its mean and the event's share.

    `event` is the second of two classes, or that the predicted class is right. `probabilities` are
    those of all rows.
    """

    event: str
    mean: NDArray[np.float64]
    share: NDArray[np.float64]
    rows: NDArray[np.int_]
    probabilities: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The mean difference between probability and share over the rows."""
        return float(np.average(np.abs(self.mean - self.share), weights=self.rows))


@dataclass(frozen=True)
class Evaluation:
    """What a model does on a test set.

    `baselines` has the metrics of constant predictions, and `comparisons` those with the best of
    them, by metric. Both are empty if the model's metadata do not describe its training target.
    """

    scored: ScoredPredictions
    baselines: Mapping[str, Mapping[str, float]]
    comparisons: Mapping[str, BaselineComparison]
    slices: Mapping[str, Sequence[Slice]]
    importances: pd.Series
    """By column: if there are very many, only those that were shuffled alone."""
    reliability: Reliability | None
    columns: int
    """The number of columns that the model uses."""

    @property
    def main_comparison(self) -> BaselineComparison | None:
        """The comparison by the task's primary metric; None without a baseline."""
        return self.comparisons.get(PRIMARY[self.scored.task])

    @property
    def slice_metric(self) -> str:
        """The metric that slices of the test set are compared by."""
        return SLICE_METRIC[self.scored.task]

    def as_json(self) -> dict[str, Any]:
        """Return its part of metrics.json."""
        content: dict[str, Any] = {
            "metrics": self.scored.metrics,
            "baselines": self.baselines,
            "beats_baseline": self.main_comparison and self.main_comparison.is_beaten,
            "against_baseline": {
                name: {
                    **comparison.as_json(),
                    "in_words": describe_comparison(comparison, len(self.scored)),
                }
                for name, comparison in self.comparisons.items()
            },
            "importance_of_columns": {"measured": len(self.importances), "all": self.columns},
            "importance": {str(name): float(value) for name, value in self.importances.items()},
            "slices": {
                column: [
                    {"value": part.value, "rows": part.rows, "metrics": part.metrics}
                    for part in parts
                ]
                for column, parts in self.slices.items()
            },
        }
        if self.reliability is not None:
            content["calibration"] = {
                "event": self.reliability.event,
                "error": self.reliability.error,
                "predicted": self.reliability.mean.tolist(),
                "came_true": self.reliability.share.tolist(),
                "rows": self.reliability.rows.tolist(),
            }
        return content


def evaluate_model(
    model: Model,
    test: pd.DataFrame,
    target: str,
    training_target: Mapping[str, Any],
    columns: Sequence[str],
) -> Evaluation:
    """Score `model` on `test`, as a whole and in slices of `columns`.

    `training_target` is the model's description of the target that it was trained on. Raises
    RelayError if a column does not exist.
    """
    for name in columns:
        require_column(test, name, "evaluate.slices")
    scored = model.score(test, target)
    baselines = predict_baselines(training_target, scored) if training_target else {}
    return Evaluation(
        scored,
        {name: baseline.metrics for name, baseline in baselines.items()},
        compare_with_baselines(scored, baselines) if baselines else {},
        {name: make_slices(scored, test[name]) for name in columns},
        measure_importance(model, test, target, PRIMARY[scored.task]),
        measure_reliability(scored, target) if scored.task == "classification" else None,
        len(model.columns),
    )


def make_slices(scored: ScoredPredictions, column: pd.Series) -> list[Slice]:
    """Return a slice for each value of `column`, of numbers for each quarter of the rows.

    In the order of numbers and times, else the largest first; rare values are taken together.
    """
    slices = []
    labels = _slice_labels(column)
    for value in labels.cat.categories:
        part = scored.at(np.asarray(labels == value))
        if len(part):
            bounds = interval(part, SLICE_METRIC[scored.task], CONFIDENCE)
            slices.append(Slice(str(column.name), value, len(part), part.metrics, bounds))
    return slices


def measure_reliability(scored: ScoredPredictions, target: str) -> Reliability | None:
    """Return the reliability of probabilities, in ten bins of about as many rows; None without any.

    For two classes it is that of the second, for more that of whichever class was predicted.
    """
    if scored.probabilities is None or not len(scored):
        return None
    actual = scored.actual.astype(str)
    if len(scored.classes) == 2:
        probabilities, occurred = scored.probabilities[:, 1], actual == str(scored.classes[1])
        event = f"{target} = {scored.classes[1]}"
    else:
        probabilities = scored.probabilities.max(axis=1)
        occurred = actual == scored.predicted.astype(str)
        event = f"the predicted {target} is right"
    quantiles = np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1]
    edges = np.unique(np.quantile(probabilities, quantiles))
    places = np.searchsorted(edges, probabilities, side="right")
    parts = [places == place for place in np.unique(places)]
    return Reliability(
        event,
        np.array([probabilities[part].mean() for part in parts]),
        np.array([occurred[part].mean() for part in parts]),
        np.array([part.sum() for part in parts]),
        probabilities,
    )


def _slice_labels(column: pd.Series) -> pd.Series:
    """Return a category of texts for each row."""
    types = pd.api.types
    is_ordered = types.is_datetime64_any_dtype(column) or (
        types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    )
    if is_ordered and column.nunique() > MOST_VALUES:
        bins = pd.qcut(column, SLICE_BINS, duplicates="drop")
        # The first quarter includes the lowest value; pandas puts its edge a bit below.
        highest = [edges.right for edges in bins.cat.categories]
        ends = list(_short_names([column.min(), *highest]).values())
        names = [f"{low} to {high}" for low, high in pairwise(ends)]
        return _with_missing(bins.cat.rename_categories(names))
    if is_ordered:
        value_names = _short_names(column.dropna().unique())
        texts, names = column.astype(object).map(value_names), list(value_names.values())
    else:
        texts = column.astype(object).map(str, na_action="ignore")
        names = list(texts.value_counts().index)
    if len(names) > MOST_VALUES:
        kept = names[: MOST_VALUES - 1]
        others = f"{len(names) - len(kept)} others"
        texts = texts.where(texts.isin(kept) | texts.isna(), others)
        names = [*kept, others]
    return _with_missing(texts.astype(pd.CategoricalDtype(names)))


def _with_missing(labels: pd.Series) -> pd.Series:
    if not labels.isna().any():
        return labels
    return labels.cat.add_categories([MISSING]).fillna(MISSING)


def _short_names(values: Iterable[Any]) -> dict[Any, str]:
    """Return a text for each of the numbers or times in `values`, in their order.

    As short as keeps them apart, and not shorter than 4 digits or a day.
    """
    ordered = sorted(set(values))
    forms: list[Callable[[Any], str]] = [partial(_number, digits=digits) for digits in range(4, 18)]
    if ordered and isinstance(ordered[0], pd.Timestamp):
        forms = [partial(_time, form=form) for form in TIME_FORMATS]
    choices = [{value: form(value) for value in ordered} for form in forms]
    are_distinct = (names for names in choices if len(set(names.values())) == len(ordered))
    return next(are_distinct, choices[-1])


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    is_whole = float(value).is_integer() or "e+" in text
    return f"{value:.0f}" if is_whole and abs(value) < 1e15 else text


def _time(value: pd.Timestamp, form: str) -> str:
    return value.strftime(form)
