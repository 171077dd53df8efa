"""What is compared: the candidate's evaluation, and the champion on the same test set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from promotion import Champion

from relay.component import Input
from relay.errors import GateFailed, RelayError
from relay.metrics import PRIMARY
from relay.models import load_model
from relay.tracking import ArtifactVersion


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


def score_champion(
    given: Input, test: pd.DataFrame, *, target: str, task: str, metric: str
) -> Champion:
    """The champion `given` by its `metric` on `test`; what hinders it is told, not raised."""
    name = str(given.version)
    try:
        its_target = given.metadata.get("target", target)
        if its_target != target:
            raise RelayError(f"it predicts '{its_target}', not '{target}'")
        model = load_model(given.path, name)
        if model.task != task:
            raise RelayError(f"it is a {model.task} model, the candidate a {task} model")
        metrics = model.score(test, target).metrics
        if metric not in metrics:
            raise RelayError(f"its {metric} could not be computed on this test set")
    except RelayError as error:
        return Champion(name, None, str(error))
    return Champion(name, metrics[metric])
