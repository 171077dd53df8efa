"""What is compared: the candidate's evaluation, and the champion on the same test rows."""

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
from relay.models.bootstrap import gain, gain_interval
from relay.models.loading import load_model
from relay.models.metric_names import PRIMARY
from relay.models.predictions import Outcome
from relay.tables.io import read_artifact
from relay.tables.overlap import rows_in

FEWEST_ROWS = 20
SMALLEST_SHARE = 0.1


@dataclass(frozen=True)
class Comparison:
    """The candidate's score and the champion, both on the same `rows` of the test set.

    `seen` rows of the test set were in the champion's train set; None where that is not known.
    `rows` is 0 where there is no honest comparison.
    """

    candidate: float
    champion: Champion
    rows: int
    seen: int | None


def checked_evaluation(
    folder: Path, model: ArtifactVersion, test: ArtifactVersion, target: str
) -> dict[str, Any]:
    """The evaluation in `folder`, as its metrics.json has it.

    RelayError where it is of another model, test set or target, by their digests; GateFailed
    where the model did not pass it.
    """
    path = folder / "metrics.json"
    if not path.is_file():
        raise RelayError(f"The evaluation holds no {path.name}: run evaluate again.")
    evaluation: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for what, given in (("model", model), ("test", test)):
        if evaluation[f"{what}_digest"] != given.digest:
            raise RelayError(
                f"The evaluation is of {what} {evaluation[what]}, not of {given}: "
                "evaluate what is to be registered (steps=evaluate,register)."
            )
    if evaluation["target"] != target:
        raise RelayError(
            f"The evaluation is of target '{evaluation['target']}', not of '{target}': "
            "evaluate what is to be registered (steps=evaluate,register)."
        )
    if not evaluation["passed"]:
        raise GateFailed(
            f"{model} did not pass its evaluation: {'; '.join(evaluation['violations'])}"
        )
    return evaluation


def metric_to_compare(evaluation: Mapping[str, Any], metric: str | None, model: str) -> str:
    """`metric`, or the primary one of the task; RelayError where the evaluation lacks it."""
    chosen = metric or PRIMARY[evaluation["task"]]
    if chosen not in evaluation["metrics"]:
        raise RelayError(
            f"register.metric: the evaluation of {model} has no {chosen}; "
            f"it has {', '.join(evaluation['metrics'])}."
        )
    return chosen


def best_baseline(evaluation: Mapping[str, Any], metric: str) -> Baseline | None:
    """The best of the evaluation's baselines by `metric`; None where none has it."""
    known = {
        name: metrics[metric]
        for name, metrics in (evaluation.get("baselines") or {}).items()
        if metric in metrics
    }
    if not known:
        return None
    name = max(known, key=lambda one: gain(known[one], 0.0, metric))
    judged = (evaluation.get("against_baseline") or {}).get(metric) or {}
    beaten = judged.get("beaten", evaluation.get("beats_baseline"))
    return Baseline(name, known[name], beaten=beaten is not False)


def compare(
    run: StepRun[Any],
    candidate: Input,
    champion: Input,
    test: pd.DataFrame,
    outcome: Outcome,
    *,
    target: str,
    metric: str,
    confidence: float,
) -> Comparison:
    """Hold the candidate, whose `outcome` on `test` is given, against the champion by `metric`.

    Only rows that neither was trained on count; with one train set for both these are all rows.
    What hinders it is told, not raised.
    """
    name = str(champion.version)
    seen: int | None = None
    try:
        rows = np.ones(len(test), dtype=bool)
        if _same_train_set(candidate, champion):
            seen = 0
        else:
            by_candidate = rows_in(test, _train_table(run, "train", candidate))
            by_champion = rows_in(test, _train_table(run, "champion_train", champion))
            seen = int(by_champion.sum())
            rows = unseen_rows(by_candidate, by_champion)
        ours = outcome.at(rows)
        theirs = _outcome(champion, test[rows], target, outcome.task, run.params.trusted_types)
        found = against(name, ours, theirs, metric, confidence)
        if not rows.all():
            found = replace(found, rows=len(ours))
        return Comparison(_score(ours, metric), found, len(ours), seen)
    except RelayError as error:
        return Comparison(outcome.metrics[metric], Champion(name, None, str(error)), 0, seen)


def against(name: str, ours: Outcome, theirs: Outcome, metric: str, confidence: float) -> Champion:
    """The champion `name` by its outcome `theirs`, and the interval of the gain of `ours` over it.

    RelayError where its `metric` is undefined on these rows.
    """
    interval = gain_interval(ours, theirs, metric, confidence) if confidence else None
    return Champion(name, _score(theirs, metric), interval=interval)


def unseen_rows(
    by_candidate: NDArray[np.bool_], by_champion: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The test rows that neither model was trained on, given which of them each was.

    RelayError where rows had to be left out, and fewer than 20 or 10 % of them remain.
    """
    unseen = ~(by_candidate | by_champion)
    enough = max(FEWEST_ROWS, math.ceil(SMALLEST_SHARE * len(unseen)))
    if unseen.sum() < min(enough, len(unseen)):
        raise RelayError(
            f"{by_champion.sum()} of the {len(unseen)} test rows were in its train set, and the "
            f"{unseen.sum()} that neither model was trained on are too few (it takes {enough}). "
            "Keep split.* and seed as they were for it, and the two can be compared"
        )
    return unseen


def _same_train_set(candidate: Input, champion: Input) -> bool:
    ours, theirs = (recorded_input(model.version, "train") for model in (candidate, champion))
    return ours is not None and theirs is not None and ours.digest == theirs.digest


def _train_table(run: StepRun[Any], key: str, model: Input) -> pd.DataFrame:
    version = train_set(model.version, run.find)
    if version is None:
        raise RelayError(
            f"the train set of {model.version} is not in the store any more, so nobody can tell "
            "which of the test rows were in it"
        )
    return read_artifact(run.use(key, str(version)))


def _outcome(
    given: Input, rows: pd.DataFrame, target: str, task: str, trusted_types: Collection[str]
) -> Outcome:
    """What the model `given` predicts of `rows`; RelayError where it is for something else."""
    its_target = given.metadata.get("target", target)
    if its_target != target:
        raise RelayError(f"it predicts '{its_target}', not '{target}'")
    model = load_model(given.path, str(given.version), trusted_types)
    if model.task != task:
        raise RelayError(f"it is a {model.task} model, the candidate a {task} model")
    return model.score(rows, target)


def _score(outcome: Outcome, metric: str) -> float:
    if metric not in outcome.metrics:
        raise RelayError(f"{metric} could not be computed on {len(outcome)} rows of the test set")
    return outcome.metrics[metric]
