"""Evaluate a model on its test set, and fail if it misses a threshold."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

from criteria import doubt_perfection, require_same_split
from evaluation import Evaluation, evaluate_model
from matplotlib.figure import Figure
from params import Params, require_metrics
from plots import (
    confusion,
    draw_calibration,
    draw_importances,
    draw_slices,
    predicted_vs_actual,
    residuals,
    roc,
)

from relay import StepRun, main
from relay.models.baselines import best_values, describe_comparison
from relay.models.evaluation_artifact import store_evaluation
from relay.models.loading import load_model
from relay.models.metric_names import HIGHER_IS_BETTER, PRIMARY
from relay.tables.io import read_artifact

log = logging.getLogger("relay")


def run_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Return the numbers of this run: first the main ones, each with its baseline."""
    metrics, best = evaluation.scored.metrics, best_values(evaluation.baselines)
    baseline = {f"baseline_{name}": value for name, value in best.items()}
    slice_metric = evaluation.slice_metric
    main = PRIMARY[evaluation.scored.task]
    ordered = [main, slice_metric, f"baseline_{slice_metric}", *metrics]
    everything = {**metrics, **baseline}
    first = {name: everything[name] for name in ordered if name in everything}
    return {**first, **baseline}


def report(evaluation: Evaluation) -> None:
    """Log what people should know of a model before they use it."""
    shown = (f"{name} {value:.4g}" for name, value in evaluation.scored.metrics.items())
    log.info("%d rows: %s", len(evaluation.scored), ", ".join(shown))
    if not evaluation.comparisons:
        log.info("no baseline: the model's metadata do not describe its training target")
    for comparison in evaluation.comparisons.values():
        # By the main metric the gain must be clear, by the others any gain is enough.
        is_main = comparison is evaluation.main_comparison
        is_clear = comparison.is_beaten and comparison.interval is not None
        is_good = is_clear if is_main else comparison.gain > 0
        sentence = describe_comparison(comparison, len(evaluation.scored))
        log.log(logging.INFO if is_good else logging.WARNING, "The model is %s", sentence)
    if len(evaluation.importances) < evaluation.columns:
        log.info(
            "Importance of %d of the %d columns: blocks of columns were shuffled together, and "
            "those that matter most were divided down to single columns.",
            len(evaluation.importances), evaluation.columns,
        )  # fmt: skip
    warning = doubt_perfection(evaluation.scored, evaluation.importances)
    if warning:
        log.warning(warning)


def describe_slices(evaluation: Evaluation) -> Iterator[str]:
    """Yield, for each column, the value for whose rows the model is worst."""
    metric = evaluation.slice_metric
    for column, parts in evaluation.slices.items():
        with_bounds = [part for part in parts if part.bounds is not None] or parts
        values = {part.value: part.metrics[metric] for part in with_bounds}
        worst = (min if HIGHER_IS_BETTER[metric] else max)(values, key=values.__getitem__)
        yield (
            f"by {column}: {metric} is worst for {worst}, {values[worst]:.4g} "
            f"(all rows: {evaluation.scored.metrics[metric]:.4g})"
        )


def draw_plots(evaluation: Evaluation, target: str) -> dict[str, Figure]:
    """Draw the plots for the model's task, and return {name: plot}."""
    scored = evaluation.scored
    draw = _draw_regression if scored.task == "regression" else _draw_classes
    figures = draw(evaluation, target)
    if evaluation.importances.any():
        figures["feature_importance"] = draw_importances(
            evaluation.importances, PRIMARY[scored.task], target, evaluation.columns
        )
    for column, parts in evaluation.slices.items():
        figures[f"by_{column}"] = draw_slices(
            parts, evaluation.slice_metric, scored.metrics, target
        )
    return figures


def _draw_regression(evaluation: Evaluation, target: str) -> dict[str, Figure]:
    numbers = evaluation.scored.actual.astype(float), evaluation.scored.predicted.astype(float)
    return {
        "predicted_vs_actual": predicted_vs_actual(*numbers, target),
        "residuals": residuals(*numbers, target),
    }


def _draw_classes(evaluation: Evaluation, target: str) -> dict[str, Figure]:
    scored = evaluation.scored
    actual, predicted = scored.actual.astype(str), scored.predicted.astype(str)
    classes = [str(label) for label in scored.classes]
    figures = {"confusion_matrix": confusion(actual, predicted, classes, target)}
    if scored.probabilities is not None:
        curves = roc(actual, scored.probabilities, classes, target)
        figures |= {"roc": curves} if curves is not None else {}
    if evaluation.reliability is not None:
        figures["calibration"] = draw_calibration(
            evaluation.reliability, scored.metrics.get("brier")
        )
    return figures


def step(run: StepRun[Params]) -> None:
    """Evaluate a model on a test set; its thresholds are a gate."""
    params = run.params
    model_input = run.input("model", type="model")
    test_input = run.input("test", type="split_data")
    with run.phase("reading"):
        model = load_model(model_input.path, str(model_input.version), params.trusted_types)
        require_metrics(params, model.task)
        test = read_artifact(test_input)
    require_same_split(run, model_input.version, test_input, test)
    log.info("%s on %s", model_input.version, test_input.version)
    training_target = model_input.metadata.get("train_target") or {}
    with run.phase("scoring"):
        evaluation = evaluate_model(model, test, params.target, training_target, params.slices)
    report(evaluation)
    for text in describe_slices(evaluation):
        run.note(text)
    shared = test_input.metadata.get("rows_in_train")
    if shared:
        log.info("%d of the %d test rows are in the training set as well", shared, len(test))

    run.log_metrics(run_metrics(evaluation))
    for column, parts in evaluation.slices.items():
        names = list(evaluation.scored.metrics)
        rows = [[part.value, part.rows, *map(part.metrics.get, names)] for part in parts]
        run.log_table(f"by_{column}", ["value", "rows", *names], rows)
    with run.phase("pictures"):
        store_evaluation(
            run,
            model_input,
            test_input,
            evaluation.scored,
            target=params.target,
            facts={"rows": len(test), "test_rows_in_train": shared, **evaluation.as_json()},
            figures=draw_plots(evaluation, params.target),
            thresholds=params.thresholds,
        )


if __name__ == "__main__":
    sys.exit(main(Params, step))
