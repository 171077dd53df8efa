"""Registers a tested model, and makes it the champion where it beats the present one."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import card
from comparison import (
    Comparison,
    best_baseline,
    checked_evaluation,
    compare,
    metric_to_compare,
)
from params import Params
from promotion import Baseline, Champion, Decision, decide, hold_back
from registry import Registry

from relay import ArtifactVersion, Input, RelayError, StepRun, is_another_source, main, source_url
from relay.models import predictions as outcomes
from relay.models.loading import require_servable
from relay.models.predictions import Outcome
from relay.tables.io import read_artifact
from relay.util.project import enclosing_project

log = logging.getLogger("relay")


def hold_lock(name: str) -> None:
    """Wait until no other process here registers artifact `name`; held until this one ends.

    Otherwise two runs at once could both beat the old champion, and the worse take its place.
    """
    folder = enclosing_project(Path.cwd()).state / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"register-{name}", os.O_CREAT | os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)


@dataclass(frozen=True)
class Met:
    """The champion of before this run as the candidate met it; None where there was none.

    `score` is the candidate's on the rows that both are compared on.
    """

    score: float
    artifact: ArtifactVersion | None = None
    folder: Path | None = None
    champion: Champion | None = None
    compared: Comparison | None = None

    @property
    def is_candidate(self) -> bool:
        """True where the candidate is the champion already."""
        return self.champion is not None and self.champion.is_candidate


def meet_champion(
    run: StepRun[Params], model: Input, test: Input, outcome: Outcome, score: float, metric: str
) -> Met:
    """Hold the candidate `model` against the champion of its name on the rows of `test`.

    `outcome` is the candidate's on these rows, and `score` its `metric` there.
    """
    previous = run.find(f"{model.version.name}:champion")
    if previous is None:
        return Met(score)
    if previous.digest == model.version.digest:
        itself = Champion(str(previous), score, is_candidate=True)
        return Met(score, previous, model.path, itself)
    warn_of_another_source(run, model.version, previous)
    its_input = run.use("champion", str(previous), type="model")
    compared = compare(
        run,
        model,
        its_input,
        read_artifact(test),
        outcome,
        target=run.params.target,
        metric=metric,
        confidence=run.params.confidence,
    )
    if compared.seen and compared.rows:
        log.info(
            "Compared on %d rows of %s: the champion was trained on %d of the others.",
            compared.rows, test.version, compared.seen,
        )  # fmt: skip
    return Met(compared.candidate, previous, its_input.path, compared.champion, compared)


def warn_of_another_source(
    run: StepRun[Params], candidate: ArtifactVersion, champion: ArtifactVersion
) -> None:
    """Warn if the two models, whose name was made from a URL, were made from different URLs."""
    ours, theirs = (source_url(model, run.find) for model in (candidate, champion))
    if ours is None or theirs is None:
        return
    if is_another_source(candidate.name, ours, theirs):
        log.warning(
            "data.name: the champion %s was made from %s, %s from %s. If these are different "
            "tables, set data.name=NAME for one of them.",
            champion,
            theirs,
            candidate,
            ours,
        )


def tell(
    candidate: ArtifactVersion, decision: Decision, met: Met, baseline: Baseline | None
) -> None:
    """Log what was decided; a warning where people may have hoped for something else."""
    is_good = decision.promote and (baseline is None or baseline.beaten)
    log.log(
        logging.INFO if is_good or met.is_candidate else logging.WARNING,
        "%s %s: %s.",
        candidate,
        "is now the champion" if decision.promote else "is registered, not promoted",
        decision.why,
    )


def move_aliases(
    run: StepRun[Params], registry: Registry, version: str, candidate: ArtifactVersion, met: Met,
    *, promote: bool,
) -> None:  # fmt: skip
    """Make the candidate `candidate` and, to `promote` it, `champion`, here and in MLflow.

    `version` is the candidate's in MLflow's `registry`.
    """
    champion_version = version if promote or met.is_candidate else None
    if met.artifact is not None and met.folder is not None and not met.is_candidate:
        # Also where it is one no more: there is something to go back to.
        known = _ensured(registry, met.artifact, met.folder, run.params.trusted_types)
        champion_version = champion_version or known
    # The store's aliases first: they are what decides, and MLflow's are set anew by every run.
    run.set_alias(candidate, "candidate", collection=run.params.name)
    if promote:
        run.set_alias(candidate, "champion", collection=run.params.name)
    elif met.artifact is not None:
        # it stays; a registry that was configured later learns of it here
        run.set_alias(met.artifact, "champion", collection=run.params.name)
    run.finally_do(lambda: registry.set_alias("candidate", version))
    if champion_version is not None:
        run.finally_do(partial(registry.set_alias, "champion", champion_version))


def _ensured(
    registry: Registry, artifact: ArtifactVersion, folder: Path, trusted_types: Sequence[str]
) -> str | None:
    """The version of a champion in MLflow; None, with a warning, where it is not safe there."""
    try:
        require_servable(folder, str(artifact), trusted_types)
    except RelayError as error:
        log.warning("The champion is not handed to MLflow. %s", error)
        return None
    return registry.ensure(artifact, folder, _mlflow_run())


def _mlflow_run() -> str | None:
    return os.environ.get("MLFLOW_RUN_ID")


def step(run: StepRun[Params]) -> None:
    """Register a tested model, and promote it where it beats the champion on its test set."""
    params = run.params
    model, test = run.input("model", type="model"), run.input("test", type="split_data")
    evaluation_input = run.input("evaluation", type="evaluation")
    candidate = model.version
    content = checked_evaluation(evaluation_input.path, candidate, test.version, params.target)
    metric = metric_to_compare(content, params.metric, str(candidate))

    require_servable(model.path, str(candidate), params.trusted_types)
    hold_lock(candidate.name)
    registry = Registry(os.environ["MLFLOW_TRACKING_URI"], params.name)
    version = registry.ensure(candidate, model.path, _mlflow_run())
    outcome = outcomes.read(evaluation_input.path, content["task"])
    met = meet_champion(run, model, test, outcome, content["metrics"][metric], metric)
    baseline = best_baseline(content, metric)
    decision = decide(
        metric,
        met.score,
        met.champion,
        baseline=baseline,
        min_gain=params.min_gain,
        confidence=params.confidence,
        force=params.force,
    )
    if not params.promote:
        decision = hold_back(decision)
    tell(candidate, decision, met, baseline)

    registration = {
        "model": str(candidate),
        "model_digest": candidate.digest,
        "test": str(test.version),
        "test_digest": test.version.digest,
        "registered_model": params.name,
        "version": version,
        "metric": metric,
        "candidate_score": met.score,
        "champion": met.champion and met.champion.artifact,
        "champion_score": met.champion and met.champion.score,
        "baseline": baseline and baseline.name,
        "baseline_score": baseline and baseline.score,
        "gain_interval": met.champion and met.champion.interval,
        "confidence": params.confidence,
        "min_gain": params.min_gain,
        "rows_compared": met.compared and met.compared.rows,
        "rows_seen_by_champion": met.compared and met.compared.seen,
        "promoted": decision.promote,
        "why": decision.why,
    }
    about = card.facts(run, model, test.version, content, evaluation_input, registration)
    folder = run.workspace / "registration"
    folder.mkdir()
    (folder / "registration.json").write_text(json.dumps(registration, indent=2), "utf-8")
    card.write(about, evaluation_input.path, folder)
    run.log_metrics({f"candidate_{metric}": met.score, "promoted": float(decision.promote)})
    if met.champion is not None and met.champion.score is not None:
        run.log_metrics({f"champion_{metric}": met.champion.score})
    run.output(
        "registration",
        folder,
        type="registration",
        description=f"{candidate}: {decision.why}.",
        metadata={"model": str(candidate), "promoted": decision.promote, "why": decision.why},
        page="card.html",
    )
    run.finally_do(lambda: registry.describe(version, card.in_brief(about)))
    move_aliases(run, registry, version, candidate, met, promote=decision.promote)


if __name__ == "__main__":
    sys.exit(main(Params, step))
