"""Evaluates a model on its test set, and fails where it is not good enough."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

from gates import violations
from params import Params
from plots import confusion, predicted_vs_actual, residuals, roc, save
from splits import require_same_split

from relay import component
from relay.component import StepRun
from relay.errors import GateFailed
from relay.models import Model, Scored, load_model
from relay.tables import read_artifact

log = logging.getLogger("relay")


def draw(model: Model, scored: Scored, target: str, folder: Path) -> dict[str, Path]:
    """Draw the pictures that suit the model's task into `folder`: {name: PNG}."""
    predictions = scored.predictions
    if model.task == "regression":
        numbers = scored.actual.astype(float), predictions.values.astype(float)
        figures = {
            "predicted_vs_actual": predicted_vs_actual(*numbers, target),
            "residuals": residuals(*numbers, target),
        }
    else:
        actual, predicted = scored.actual.astype(str), predictions.values.astype(str)
        classes = [str(one) for one in model.classes]
        figures = {"confusion_matrix": confusion(actual, predicted, classes, target)}
        if predictions.probabilities is not None:
            curves = roc(actual, predictions.probabilities, classes, target)
            figures |= {"roc": curves} if curves is not None else {}
    return {name: save(figure, folder / f"{name}.png") for name, figure in figures.items()}


def verdict(metrics: Mapping[str, float], thresholds: Mapping[str, float]) -> dict[str, object]:
    """What metrics.json says of the metrics and the thresholds they were held against."""
    missed = violations(metrics, thresholds)
    return {
        "metrics": dict(metrics),
        "thresholds": dict(thresholds),
        "passed": not missed,
        "violations": missed,
    }


def step(run: StepRun[Params]) -> None:
    """Evaluate a model on a test set; its thresholds are a gate."""
    params = run.params
    model_input = run.input("model", type="model")
    test_input = run.input("test", type="split_data")
    model = load_model(model_input.path, str(model_input.version))
    test = read_artifact(test_input)
    require_same_split(run, model_input.version, test_input, test)
    scored = model.score(test, params.target)

    folder = run.workspace / "evaluation"
    folder.mkdir()
    report = {
        "task": model.task,
        "model": str(model_input.version),
        "model_digest": model_input.version.digest,
        "test": str(test_input.version),
        "test_digest": test_input.version.digest,
        "target": params.target,
        "rows": len(test),
        **verdict(scored.metrics, params.thresholds),
    }
    (folder / "metrics.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    for name, picture in draw(model, scored, params.target, folder).items():
        run.log_image(name, picture)
    run.log_metrics(scored.metrics)
    log.info(
        "%s on %s (%d rows): %s",
        model_input.version,
        test_input.version,
        len(test),
        ", ".join(f"{name} {value:.4g}" for name, value in scored.metrics.items()),
    )
    run.output(
        "evaluation",
        folder,
        type="evaluation",
        description=f"How {model_input.version} does on {test_input.version}.",
        metadata={key: report[key] for key in ("task", "target", "rows", "metrics", "passed")},
    )
    missed = violations(scored.metrics, params.thresholds)
    if missed:
        raise GateFailed("; ".join(missed))


if __name__ == "__main__":
    sys.exit(component.main(Params, step))
