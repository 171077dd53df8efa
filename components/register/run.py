"""Registers a tested model, and makes it the champion where it beats the present one."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
from functools import partial
from pathlib import Path

import card
from comparison import best_baseline, checked_evaluation, compare, metric_to_compare
from params import Params
from promotion import Champion, decide
from registry import Registry

from relay import component, outcomes
from relay.component import StepRun
from relay.project import enclosing_project
from relay.tables import read_artifact

log = logging.getLogger("relay")


def hold_lock(name: str) -> None:
    """Wait until no other process here registers artifact `name`; held until this one ends.

    Otherwise two runs at once could both beat the old champion, and the worse take its place.
    """
    folder = enclosing_project(Path.cwd()).state / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"register-{name}", os.O_CREAT | os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)


def step(run: StepRun[Params]) -> None:
    """Register a tested model, and promote it where it beats the champion on its test set."""
    params = run.params
    model, test = run.input("model", type="model"), run.input("test", type="split_data")
    evaluation_input = run.input("evaluation", type="evaluation")
    candidate = model.version
    evaluation = checked_evaluation(evaluation_input.path, candidate, test.version, params.target)
    metric = metric_to_compare(evaluation, params.metric, str(candidate))
    score: float = evaluation["metrics"][metric]

    hold_lock(candidate.name)
    registry = Registry(os.environ["MLFLOW_TRACKING_URI"], params.name)
    mlflow_run = os.environ.get("MLFLOW_RUN_ID")
    version = registry.ensure(candidate, model.path, mlflow_run)
    champion, champion_version, compared = None, None, None
    previous = run.find(f"{candidate.name}:champion")
    if previous is not None and previous.digest == candidate.digest:
        champion = Champion(str(previous), score, is_candidate=True)
        champion_version = version
    elif previous is not None:
        its_input = run.use("champion", str(previous), type="model")
        compared = compare(
            run,
            model,
            its_input,
            read_artifact(test),
            outcomes.read(evaluation_input.path, evaluation["task"]),
            target=params.target,
            metric=metric,
            confidence=params.confidence,
        )
        score, champion = compared.candidate, compared.champion
        if compared.seen and compared.rows:
            log.info(
                "Compared on %d rows of %s: the champion was trained on %d of the others.",
                compared.rows,
                test.version,
                compared.seen,
            )
        champion_version = registry.ensure(previous, its_input.path, mlflow_run)
    is_champion = champion is not None and champion.is_candidate
    baseline = best_baseline(evaluation, metric)
    decision = decide(
        metric,
        score,
        champion,
        baseline=baseline,
        min_gain=params.min_gain,
        confidence=params.confidence,
        force=params.force,
    )
    doubtful = baseline is not None and not baseline.beaten
    log.log(
        logging.INFO if (decision.promote and not doubtful) or is_champion else logging.WARNING,
        "%s %s: %s.",
        candidate,
        "is now the champion" if decision.promote else "is registered, not promoted",
        decision.why,
    )

    registration = {
        "model": str(candidate),
        "model_digest": candidate.digest,
        "test": str(test.version),
        "test_digest": test.version.digest,
        "registered_model": params.name,
        "version": version,
        "metric": metric,
        "candidate_score": score,
        "champion": champion and champion.artifact,
        "champion_score": champion and champion.score,
        "baseline": baseline and baseline.name,
        "baseline_score": baseline and baseline.score,
        "gain_interval": champion and champion.interval,
        "confidence": params.confidence,
        "min_gain": params.min_gain,
        "rows_compared": compared and compared.rows,
        "rows_seen_by_champion": compared and compared.seen,
        "promoted": decision.promote,
        "why": decision.why,
    }
    about = card.facts(run, model, test.version, evaluation, evaluation_input, registration)
    folder = run.workspace / "registration"
    folder.mkdir()
    (folder / "registration.json").write_text(json.dumps(registration, indent=2), "utf-8")
    card.write(about, evaluation_input.path, folder)
    run.log_metrics({f"candidate_{metric}": score, "promoted": float(decision.promote)})
    if champion is not None and champion.score is not None:
        run.log_metrics({f"champion_{metric}": champion.score})
    run.output(
        "registration",
        folder,
        type="registration",
        description=f"{candidate}: {decision.why}.",
        metadata={"model": str(candidate), "promoted": decision.promote, "why": decision.why},
        page="card.html",
    )
    run.finally_do(lambda: registry.describe(version, card.in_brief(about)))
    # The store's aliases first: they are what decides, and MLflow's are set anew by every run.
    run.set_alias(candidate, "candidate", collection=params.name)
    if decision.promote:
        run.set_alias(candidate, "champion", collection=params.name)
        champion_version = version
    elif previous is not None:
        # it stays; a registry that was configured later learns of it here
        run.set_alias(previous, "champion", collection=params.name)
    run.finally_do(lambda: registry.set_alias("candidate", version))
    if champion_version is not None:
        run.finally_do(partial(registry.set_alias, "champion", champion_version))


if __name__ == "__main__":
    sys.exit(component.main(Params, step))
