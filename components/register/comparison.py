"""The comparison of a candidate, by its evaluation, with the champion on the same test rows."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from promotion import Baseline, Champion

from relay import ArtifactVersion, GateFailed, Input, RelayError, StepRun, recorded_input, train_set
from relay.forecasts.files import KIND as FORECAST
from relay.forecasts.files import load_forecaster
from relay.forecasts.rolling_origin import read_windows
from relay.models.bootstrap import gain, gain_interval
from relay.models.loading import load_model
from relay.models.metric_names import PRIMARY
from relay.models.predictions import ScoredPredictions
from relay.tables.io import read_artifact
from relay.tables.overlap import rows_in

FEWEST_ROWS = 20
SMALLEST_SHARE = 0.1


@dataclass(frozen=True)
class Comparison:
    """The candidate's score and the champion, both on the same `rows` of the test set.

    `seen` rows of the test set were in the champion's training set; None if that is unknown.
    `rows` is 0 if no fair comparison is possible.
    """

    candidate: float
    champion: Champion
    rows: int
    seen: int | None


def read_evaluation(
    folder: Path, model: ArtifactVersion, test: ArtifactVersion, target: str
) -> dict[str, Any]:
    """Return the content of metrics.json in `folder`.

    Raises RelayError if it is about another model, test set or target, by their digests, and
    GateFailed if the model missed a threshold.
    """
    path = folder / "metrics.json"
    if not path.is_file():
        raise RelayError(
            f"register: the evaluation has no {path.name}. Make it again: steps=evaluate+"
        )
    evaluation: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for what, version in (("model", model), ("test", test)):
        if evaluation[f"{what}_digest"] != version.digest:
            raise RelayError(
                f"register: the evaluation is of {what} {evaluation[what]}, not of {version}. "
                "Evaluate the model that is to be registered: steps=evaluate,register"
            )
    if evaluation["target"] != target:
        raise RelayError(
            f"register: the evaluation is of target '{evaluation['target']}', not of '{target}'. "
            "Evaluate the model that is to be registered: steps=evaluate,register"
        )
    if not evaluation["passed"]:
        raise GateFailed(
            f"{model} did not pass its evaluation: {'; '.join(evaluation['violations'])}"
        )
    return evaluation


def choose_metric(evaluation: Mapping[str, Any], metric: str | None, model: str) -> str:
    """Return `metric`, or the primary one of the task.

    Raises RelayError if the evaluation does not have it.
    """
    chosen = metric or PRIMARY[evaluation["task"]]
    if chosen not in evaluation["metrics"]:
        raise RelayError(
            f"register.metric: the evaluation of {model} does not have {chosen}. Choose one of "
            f"{', '.join(evaluation['metrics'])}."
        )
    return chosen


def best_baseline(evaluation: Mapping[str, Any], metric: str) -> Baseline | None:
    """Return the best of the evaluation's baselines by `metric`; None if no baseline has it."""
    values = {
        name: metrics[metric]
        for name, metrics in (evaluation.get("baselines") or {}).items()
        if metric in metrics
    }
    if not values:
        return None
    name = max(values, key=lambda name: gain(values[name], 0.0, metric))
    comparison = (evaluation.get("against_baseline") or {}).get(metric) or {}
    is_beaten = comparison.get("beaten", evaluation.get("beats_baseline"))
    return Baseline(name, values[name], is_beaten=is_beaten is not False)


def compare_with_champion(
    run: StepRun[Any],
    candidate: Input,
    champion: Input,
    test_input: Input,
    scored: ScoredPredictions,
    *,
    target: str,
    metric: str,
    confidence: float,
) -> Comparison:
    """Compare the candidate, whose predictions on the test set are `scored`, with the champion.

    Only rows that neither was trained on count: all rows if both have the same training set. A
    comparison that is impossible has its reason in `champion.problem`; nothing is raised.
    """
    name = str(champion.version)
    seen: int | None = None
    test = read_artifact(test_input)
    try:
        rows = np.ones(len(test), dtype=bool)
        if _same_train_set(candidate, champion):
            seen = 0
        else:
            by_candidate = rows_in(test, _train_table(run, "train", candidate))
            by_champion = rows_in(test, _train_table(run, "champion_train", champion))
            seen = int(by_champion.sum())
            rows = unseen_rows(by_candidate, by_champion)
        ours = scored.at(rows)
        trusted_types = run.params.trusted_types
        theirs = _score_rows(champion, test_input, rows, target, scored.task, trusted_types)
        compared = score_champion(name, ours, theirs, metric, confidence)
        if not rows.all():
            compared = replace(compared, rows=len(ours))
        return Comparison(_value(ours, metric), compared, len(ours), seen)
    except RelayError as error:
        return Comparison(scored.metrics[metric], Champion(name, None, str(error)), 0, seen)


def score_champion(
    name: str, ours: ScoredPredictions, theirs: ScoredPredictions, metric: str, confidence: float
) -> Champion:
    """Return the champion `name` with its score and the interval of the gain of `ours` over it.

    Raises RelayError if `metric` is undefined for the champion on these rows.
    """
    interval = gain_interval(ours, theirs, metric, confidence) if confidence else None
    return Champion(name, _value(theirs, metric), interval=interval)


def unseen_rows(
    by_candidate: NDArray[np.bool_], by_champion: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which test rows neither model was trained on, given those that each was.

    Raises RelayError if rows must be left out and fewer than 20, or 10 %, remain.
    """
    unseen = ~(by_candidate | by_champion)
    enough = max(FEWEST_ROWS, math.ceil(SMALLEST_SHARE * len(unseen)))
    if unseen.sum() < min(enough, len(unseen)):
        raise RelayError(
            f"{by_champion.sum()} of the {len(unseen)} test rows were in its training set, and the "
            f"{unseen.sum()} that neither model was trained on are too few (fewer than {enough}). "
            "With the settings of split.* and seed as they were for it, the two can be compared"
        )
    return unseen


def _same_train_set(candidate: Input, champion: Input) -> bool:
    ours, theirs = (recorded_input(model.version, "train") for model in (candidate, champion))
    return ours is not None and theirs is not None and ours.digest == theirs.digest


def _train_table(run: StepRun[Any], key: str, model: Input) -> pd.DataFrame:
    version = train_set(model.version, run.find)
    if version is None:
        raise RelayError(
            f"the training set of {model.version} is not in the store any more, so it is unknown "
            "which of the test rows were in it"
        )
    return read_artifact(run.use(key, str(version)))


def _score_rows(
    model_input: Input,
    test: Input,
    rows: NDArray[np.bool_],
    target: str,
    task: str,
    trusted_types: Collection[str],
) -> ScoredPredictions:
    """Return the predictions of a model on `rows` of the test set.

    Raises RelayError if it predicts something else.
    """
    model_target = model_input.metadata.get("target", target)
    if model_target != target:
        raise RelayError(f"it predicts '{model_target}', not '{target}'")
    model_task = model_input.metadata.get("task", task)
    if model_task != task:
        raise RelayError(f"it is a {model_task} model, the candidate a {task} model")
    name = str(model_input.version)
    if task == FORECAST:
        windows = read_windows(test.path, test.metadata)
        return load_forecaster(model_input.path, name).score(windows).at(rows)
    model = load_model(model_input.path, name, trusted_types)
    if model.task != task:
        raise RelayError(f"it is a {model.task} model, the candidate a {task} model")
    return model.score(read_artifact(test)[rows], target)


def _value(scored: ScoredPredictions, metric: str) -> float:
    if metric not in scored.metrics:
        raise RelayError(f"{metric} could not be computed on {len(scored)} rows of the test set")
    return scored.metrics[metric]
