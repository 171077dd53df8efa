"""Evaluates a model on its test set, and fails where it is not good enough."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping

from baseline import best_of, in_words
from gates import violations
from judging import Judgement, judge
from params import Params, require_metrics
from pictures import draw
from splits import require_same_split

from relay import GateFailed, StepRun, main
from relay.models import predictions as outcomes
from relay.models.loading import load_model
from relay.models.metric_names import HIGHER_IS_BETTER, PRIMARY
from relay.tables.io import read_artifact
from relay.util.names import columns_said

log = logging.getLogger("relay")

PERFECT = {"regression": ("r2", 0.999), "classification": ("accuracy", 1.0)}
"""From what value of which metric on a model is too good to be believed unasked."""
PERFECT_ROWS = 100
"""On fewer test rows an easy task may well be solved without an error."""


def verdict(metrics: Mapping[str, float], thresholds: Mapping[str, float]) -> dict[str, object]:
    """What metrics.json says of the metrics and the thresholds they were held against."""
    missed = violations(metrics, thresholds)
    return {"thresholds": dict(thresholds), "passed": not missed, "violations": missed}


def run_metrics(found: Judgement) -> dict[str, float]:
    """The numbers of this run: those that say most at first, with their baseline."""
    metrics, best = found.outcome.metrics, best_of(found.baselines)
    baseline = {f"baseline_{name}": value for name, value in best.items()}
    ordered = [PRIMARY[found.outcome.task], found.main, f"baseline_{found.main}", *metrics]
    everything = {**metrics, **baseline}
    first = {name: everything[name] for name in ordered if name in everything}
    return {**first, **baseline}


def too_good(found: Judgement) -> str:
    """A hint where the model predicts a good number of test rows without an error, else ""."""
    outcome = found.outcome
    metric, least = PERFECT[outcome.task]
    value = outcome.metrics.get(metric, 0.0)
    if len(outcome) < PERFECT_ROWS or value < least:
        return ""
    columns = [str(name) for name, fall in found.importances.head(3).items() if fall > 0]
    return (
        f"{metric} is {value:.4f} on {len(outcome)} test rows, which real data seldom allow. Is "
        "all that the model learns from known before the target is? It relies mostly on "
        f"{columns_said(columns) if columns else 'no single column'}; data.drop leaves columns out."
    )


def tell(found: Judgement) -> None:
    """Log what people should know of a model before they use it."""
    shown = (f"{name} {value:.4g}" for name, value in found.outcome.metrics.items())
    log.info("%d rows: %s", len(found.outcome), ", ".join(shown))
    if not found.verdicts:
        log.info("no baseline: the model does not say what the target of its train set was like")
    for one in found.verdicts.values():
        # Of the main metric a gain has to be clear; of the others it is enough that there is one.
        is_well = one.gain > 0 if one is not found.verdict else one.beaten and one.interval
        level = logging.INFO if is_well else logging.WARNING
        log.log(level, "The model is %s", in_words(one, len(found.outcome)))
    if len(found.importances) < found.columns:
        log.info(
            "Importance of %d of the %d columns: blocks of columns were shuffled together, and "
            "those that matter most were divided down to single columns.",
            len(found.importances), found.columns,
        )  # fmt: skip
    hint = too_good(found)
    if hint:
        log.warning(hint)
    for column, parts in found.slices.items():
        known = [part for part in parts if part.bounds is not None] or parts
        values = {part.value: part.metrics[found.main] for part in known}
        worst = min(values, key=values.__getitem__)
        if not HIGHER_IS_BETTER[found.main]:
            worst = max(values, key=values.__getitem__)
        log.info(
            "by %s: %s is worst where it is %s, %.4g (all: %.4g)",
            column, found.main, worst, values[worst], found.outcome.metrics[found.main],
        )  # fmt: skip


def step(run: StepRun[Params]) -> None:
    """Evaluate a model on a test set; its thresholds are a gate."""
    params = run.params
    model_input = run.input("model", type="model")
    test_input = run.input("test", type="split_data")
    model = load_model(model_input.path, str(model_input.version), params.trusted_types)
    require_metrics(params, model.task)
    test = read_artifact(test_input)
    require_same_split(run, model_input.version, test_input, test)
    log.info("%s on %s", model_input.version, test_input.version)
    known = model_input.metadata.get("train_target") or {}
    found = judge(model, test, params.target, known, params.slices)
    tell(found)
    shared = test_input.metadata.get("rows_in_train")
    if shared:
        log.info("%d of the %d test rows are in the train set as well", shared, len(test))

    folder = run.workspace / "evaluation"
    folder.mkdir()
    outcomes.write(found.outcome, folder)
    report = {
        "task": model.task,
        "model": str(model_input.version),
        "model_digest": model_input.version.digest,
        "test": str(test_input.version),
        "test_digest": test_input.version.digest,
        "target": params.target,
        "rows": len(test),
        "test_rows_in_train": test_input.metadata.get("rows_in_train"),
        **found.as_json(),
        **verdict(found.outcome.metrics, params.thresholds),
    }
    (folder / "metrics.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    for name, picture in draw(found, params.target, folder).items():
        run.log_image(name, picture)
    run.log_metrics(run_metrics(found))
    for column, parts in found.slices.items():
        names = list(found.outcome.metrics)
        rows = [[one.value, one.rows, *map(one.metrics.get, names)] for one in parts]
        run.log_table(f"by_{column}", ["value", "rows", *names], rows)
    run.output(
        "evaluation",
        folder,
        type="evaluation",
        description=f"How {model_input.version} does on {test_input.version}.",
        metadata={
            key: report[key]
            for key in ("task", "target", "rows", "metrics", "beats_baseline", "passed")
        },
    )
    missed = violations(found.outcome.metrics, params.thresholds)
    if missed:
        raise GateFailed("; ".join(missed))


if __name__ == "__main__":
    sys.exit(main(Params, step))
