"""Register a tested model, and make it the champion if it beats the present one."""

from __future__ import annotations

import atexit
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
    choose_metric,
    compare_with_champion,
    read_evaluation,
)
from filelock import FileLock, Timeout
from params import Params
from promotion import Baseline, Champion, Decision, decide, hold_back
from registry import Registry

from relay import ArtifactVersion, Input, RelayError, StepRun, is_another_source, main, source_url
from relay.forecasts.files import KIND as FORECAST
from relay.forecasts.files import require_forecaster
from relay.models.loading import require_servable
from relay.models.predictions import ScoredPredictions, read_predictions
from relay.util.project import enclosing_project

log = logging.getLogger("relay")


def hold_lock(name: str) -> None:
    """Wait until no other process here registers artifact `name`; hold the lock until the end.

    Otherwise two runs at once could both beat the old champion, and the worse one replace it.
    """
    folder = enclosing_project(Path.cwd()).state / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"register-{name}")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        log.info("Waiting for another run, which registers %s.", name)
        lock.acquire()
    atexit.register(lock.release)


@dataclass(frozen=True)
class Encounter:
    """The champion before this run beside the candidate; without a champion its fields are None.

    `score` is the candidate's, on the rows that both are compared on.
    """

    score: float
    artifact: ArtifactVersion | None = None
    folder: Path | None = None
    champion: Champion | None = None
    compared: Comparison | None = None

    @property
    def is_candidate(self) -> bool:
        """Whether the candidate is the champion already."""
        return self.champion is not None and self.champion.is_candidate


def meet_champion(
    run: StepRun[Params],
    model: Input,
    test: Input,
    scored: ScoredPredictions,
    score: float,
    metric: str,
) -> Encounter:
    """Compare the candidate `model` with the champion of its name on the rows of `test`.

    `scored` are the candidate's predictions of these rows, and `score` is its `metric` there.
    """
    previous = run.find(f"{model.version.name}:champion")
    if previous is None:
        return Encounter(score)
    if previous.digest == model.version.digest:
        itself = Champion(str(previous), score, is_candidate=True)
        return Encounter(score, previous, model.path, itself)
    warn_of_another_source(run, model.version, previous)
    champion = run.use("champion", str(previous), type="model")
    compared = compare_with_champion(
        run,
        model,
        champion,
        test,
        scored,
        target=run.params.target,
        metric=metric,
        confidence=run.params.confidence,
    )
    if compared.seen and compared.rows:
        log.info(
            "Compared on %d rows of %s: the champion was trained on %d of the others.",
            compared.rows, test.version, compared.seen,
        )  # fmt: skip
    return Encounter(compared.candidate, previous, champion.path, compared.champion, compared)


def warn_of_another_source(
    run: StepRun[Params], candidate: ArtifactVersion, champion: ArtifactVersion
) -> None:
    """Warn if the two models, whose name was made from a URL, were made from different URLs."""
    own, other = (source_url(model, run.find) for model in (candidate, champion))
    if own is None or other is None:
        return
    if is_another_source(candidate.name, own, other):
        log.warning(
            "data.name: the champion %s was made from %s, %s from %s. If these are different "
            "tables, set data.name=NAME for one of them.",
            champion,
            other,
            candidate,
            own,
        )


def report(
    candidate: ArtifactVersion, decision: Decision, encounter: Encounter, baseline: Baseline | None
) -> None:
    """Log the decision, as a warning if the candidate is not promoted or not a clear gain."""
    is_good = decision.promote and (baseline is None or baseline.is_beaten)
    log.log(
        logging.INFO if is_good or encounter.is_candidate else logging.WARNING,
        "%s %s: %s.",
        candidate,
        "is now the champion" if decision.promote else "is registered, not promoted",
        decision.why,
    )


def move_aliases(
    run: StepRun[Params],
    registry: Registry,
    version: str,
    candidate: ArtifactVersion,
    encounter: Encounter,
    *,
    promote: bool,
) -> None:
    """Set the aliases `candidate` and, to `promote` it, `champion`, here and in MLflow.

    `version` is the candidate's in MLflow's `registry`.
    """
    champion_version = version if promote or encounter.is_candidate else None
    champion, folder = encounter.artifact, encounter.folder
    if champion is not None and folder is not None and not encounter.is_candidate:
        # Also if it is replaced, so that there is a version to go back to.
        previous = _ensure_champion(registry, Input(folder, champion), run.params.trusted_types)
        champion_version = champion_version or previous
    # The store's aliases first: they decide, and every run sets MLflow's again.
    run.set_alias(candidate, "candidate", collection=run.params.name)
    if promote:
        run.set_alias(candidate, "champion", collection=run.params.name)
    elif encounter.artifact is not None:
        # It stays the champion; a registry that was configured later gets its alias here.
        run.set_alias(encounter.artifact, "champion", collection=run.params.name)
    run.finally_do(lambda: registry.set_alias("candidate", version))
    if champion_version is not None:
        run.finally_do(partial(registry.set_alias, "champion", champion_version))


def require_safe(model: Input, trusted_types: Sequence[str]) -> None:
    """Check that the files of `model` run no code but Relay's. Raises RelayError if they could."""
    if model.metadata.get("task") == FORECAST:
        require_forecaster(model.path, str(model.version))
    else:
        require_servable(model.path, str(model.version), trusted_types)


def _ensure_champion(
    registry: Registry, champion: Input, trusted_types: Sequence[str]
) -> str | None:
    """Return the version of a champion in MLflow; None, with a warning, if it is not safe there."""
    try:
        require_safe(champion, trusted_types)
    except RelayError as error:
        log.warning("The champion is not registered in MLflow. %s", error)
        return None
    return registry.ensure(champion.version, champion.path, _mlflow_run())


def _mlflow_run() -> str | None:
    return os.environ.get("MLFLOW_RUN_ID")


def step(run: StepRun[Params]) -> None:
    """Register a tested model, and promote it if it beats the champion on its test set."""
    params = run.params
    model, test = run.input("model", type="model"), run.input("test", type="split_data")
    evaluation_input = run.input("evaluation", type="evaluation")
    candidate = model.version
    content = read_evaluation(evaluation_input.path, candidate, test.version, params.target)
    metric = choose_metric(content, params.metric, str(candidate))

    require_safe(model, params.trusted_types)
    hold_lock(candidate.name)
    registry = Registry(os.environ["MLFLOW_TRACKING_URI"], params.name)
    version = registry.ensure(candidate, model.path, _mlflow_run())
    scored = read_predictions(evaluation_input.path, content["task"])
    encounter = meet_champion(run, model, test, scored, content["metrics"][metric], metric)
    baseline = best_baseline(content, metric)
    decision = decide(
        metric,
        encounter.score,
        encounter.champion,
        baseline=baseline,
        min_gain=params.min_gain,
        confidence=params.confidence,
        force=params.force,
    )
    if not params.promote:
        decision = hold_back(decision)
    report(candidate, decision, encounter, baseline)

    registration = {
        "model": str(candidate),
        "model_digest": candidate.digest,
        "test": str(test.version),
        "test_digest": test.version.digest,
        "registered_model": params.name,
        "version": version,
        "metric": metric,
        "candidate_score": encounter.score,
        "champion": encounter.champion and encounter.champion.artifact,
        "champion_score": encounter.champion and encounter.champion.score,
        "baseline": baseline and baseline.name,
        "baseline_score": baseline and baseline.score,
        "gain_interval": encounter.champion and encounter.champion.interval,
        "confidence": params.confidence,
        "min_gain": params.min_gain,
        "rows_compared": encounter.compared and encounter.compared.rows,
        "rows_seen_by_champion": encounter.compared and encounter.compared.seen,
        "promoted": decision.promote,
        "why": decision.why,
    }
    about = card.facts(run, model, test.version, content, evaluation_input, registration)
    folder = run.workspace / "registration"
    folder.mkdir()
    (folder / "registration.json").write_text(json.dumps(registration, indent=2), "utf-8")
    card.write(about, evaluation_input.path, folder)
    run.log_metrics({f"candidate_{metric}": encounter.score, "promoted": float(decision.promote)})
    if encounter.champion is not None and encounter.champion.score is not None:
        run.log_metrics({f"champion_{metric}": encounter.champion.score})
    run.output(
        "registration",
        folder,
        type="registration",
        description=f"{candidate}: {decision.why}.",
        metadata={"model": str(candidate), "promoted": decision.promote, "why": decision.why},
        page="card.html",
    )
    run.finally_do(lambda: registry.describe(version, card.in_brief(about)))
    move_aliases(run, registry, version, candidate, encounter, promote=decision.promote)


if __name__ == "__main__":
    sys.exit(main(Params, step))
