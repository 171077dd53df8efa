"""Who becomes the champion."""

from __future__ import annotations

import json
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from relay.step.params import validate
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError, GateFailed, RelayError
from tests.loading import load

promotion = load("register", "promotion")
comparison = load("register", "comparison")
registry = load("register", "registry")
Baseline, Champion = promotion.Baseline, promotion.Champion
decide = partial(promotion.decide, min_gain=0.0, confidence=0.95)
hold_back = promotion.hold_back


def test_without_a_champion_the_candidate_is_promoted() -> None:
    decision = decide("r2", -1.0, None)
    assert decision.promote
    assert "it is the first champion" in decision.why


def test_without_a_champion_there_is_the_baseline_to_beat() -> None:
    def first(r2: float, *, beaten: bool = False, force: bool = False) -> Any:
        return decide("r2", r2, None, baseline=Baseline("the mean", 0.1, beaten), force=force)

    better = first(0.5, beaten=True)
    assert (better.promote, better.why) == (True, "it is the first champion")
    for r2 in (-0.5, 0.1, 0.1 + 1e-16):
        assert not first(r2).promote
    worse = first(-0.5)
    assert "r2 -0.5 is not better than the baseline's 0.1 (the mean)" in worse.why
    assert "register.force=true" in worse.why
    assert first(-0.5, force=True).promote


def test_a_promotion_without_a_clear_gain_over_the_baseline_states_it() -> None:
    baseline = Baseline("the mean", 0.1, is_beaten=False)
    doubt = "but it is not clearly better than the baseline"
    first = decide("r2", 0.2, None, baseline=baseline)
    assert (first.promote, first.why) == (True, f"it is the first champion, {doubt}")
    later = decide("r2", 0.2, Champion("m:v0", 0.0, interval=(0.1, 0.3)), baseline=baseline)
    assert later.promote
    assert later.why.endswith(doubt)


def test_of_the_baselines_the_best_by_the_metric_counts() -> None:
    evaluation = {
        "baselines": {"the mean": {"r2": 0.0, "mae": 5.0}, "the median": {"r2": -0.1, "mae": 4.0}},
        "beats_baseline": False,
    }
    best = comparison.best_baseline
    assert astuple(best(evaluation, "r2")) == ("the mean", 0.0, False)
    assert astuple(best(evaluation, "mae")) == ("the median", 4.0, False)
    assert best(evaluation, "mape") is None
    assert best({}, "r2") is None


def test_a_clearly_better_candidate_is_promoted_with_both_scores() -> None:
    decision = decide("r2", 0.8, Champion("m:v0", 0.7, interval=(0.05, 0.15)))
    assert decision.promote
    assert decision.why == (
        "r2 0.8 beats 0.7 of m:v0: gain 0.1, 95% confidence interval 0.05 to 0.15"
    )


def test_the_number_of_compared_rows_is_stated_if_not_all_count() -> None:
    decision = decide("r2", 0.6, Champion("m:v0", 0.7, rows=27))
    assert decision.why == (
        "r2 0.6 does not beat 0.7 of m:v0 on the 27 test rows that neither was trained on"
    )


def test_an_equal_candidate_is_not_promoted() -> None:
    assert not decide("r2", 0.7, Champion("m:v0", 0.7)).promote
    rounded = decide("r2", 0.7 + 1e-16, Champion("m:v0", 0.7, interval=(1e-17, 1e-15)))
    assert (rounded.promote, rounded.why) == (False, "r2 0.7 equals 0.7 of m:v0")


def test_of_an_error_less_is_better() -> None:
    assert decide("rmse", 3.0, Champion("m:v0", 4.0, interval=(0.5, 1.5))).promote
    assert not decide("rmse", 5.0, Champion("m:v0", 4.0, interval=(-1.5, -0.5))).promote


def test_a_gain_that_may_be_chance_is_not_enough() -> None:
    decision = decide("r2", 0.71, Champion("m:v0", 0.7, interval=(-0.02, 0.04)))
    assert not decision.promote
    assert "can be chance: gain 0.01, 95% confidence interval -0.02 to 0.04" in decision.why


def test_a_gain_below_the_least_that_is_worth_it_is_not_enough() -> None:
    champion = Champion("m:v0", 0.7, interval=(0.005, 0.015))
    decision = decide("r2", 0.71, champion, min_gain=0.02)
    assert not decision.promote
    assert "less than register.min_gain=0.02" in decision.why
    assert decide("r2", 0.71, champion, min_gain=0.005).promote


def test_without_an_interval_only_a_confidence_of_zero_promotes() -> None:
    champion = Champion("m:v0", 0.7)
    assert "too few test rows" in decide("r2", 0.9, champion).why
    assert not decide("r2", 0.9, champion).promote
    assert decide("r2", 0.9, champion, confidence=0.0).promote


def test_a_champion_is_not_compared_with_itself() -> None:
    for force in (False, True):
        decision = decide("r2", 0.7, Champion("m:v0", 0.7, is_candidate=True), force=force)
        assert not decision.promote
        assert "already" in decision.why


def test_a_champion_that_cannot_be_scored_stays_with_advice() -> None:
    decision = decide("r2", 0.9, Champion("m:v0", None, "no column 'area'"))
    assert not decision.promote
    assert "no column 'area'" in decision.why
    assert "register.force=true" in decision.why


def test_what_is_held_back_is_not_promoted_and_the_reason_keeps_the_comparison() -> None:
    for better in (decide("r2", 0.7, None), decide("r2", 0.1, Champion("m:v0", 0.7), force=True)):
        held = hold_back(better)
        assert not held.promote
        assert held.why.startswith("register.promote=false")
        assert held.why.endswith(better.why)
    worse = decide("r2", 0.1, Champion("m:v0", 0.7))
    assert hold_back(worse) == worse


def test_force_promotes_whatever_the_comparison() -> None:
    assert decide("r2", 0.1, Champion("m:v0", 0.7), force=True).promote
    assert decide("r2", 0.1, Champion("m:v0", None, "x"), force=True).promote


def test_files_of_a_run_of_its_own_lie_beside_an_sqlite_store() -> None:
    assert registry.files_beside("sqlite:////a/b/mlflow.db") == "/a/b/mlruns"
    assert registry.files_beside("https://mlflow.example.org") is None


MODEL = ArtifactVersion("m", "v1", "model", "digest of m:v1")
TEST = ArtifactVersion("t", "v0", "split_data", "digest of t:v0")
EVALUATION = {
    "task": "regression",
    "model": "m:v1",
    "model_digest": MODEL.digest,
    "test": "t:v0",
    "test_digest": TEST.digest,
    "target": "y",
    "metrics": {"r2": 0.9, "mae": 1.0},
    "passed": True,
    "violations": [],
}


def checked(folder: Path, target: str = "y", **changed: Any) -> Any:
    (folder / "metrics.json").write_text(json.dumps({**EVALUATION, **changed}), encoding="utf-8")
    return comparison.read_evaluation(folder, MODEL, TEST, target)


def test_the_evaluation_of_this_model_on_this_test_set_is_taken(tmp_path: Path) -> None:
    assert checked(tmp_path)["metrics"]["r2"] == 0.9


def test_an_evaluation_of_another_model_is_refused_even_under_the_same_name(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match=r"is of model m:v1, not of m:v1.*steps=evaluate,register"):
        checked(tmp_path, model_digest="of another store")


def test_an_evaluation_on_another_test_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="is of test t:v7, not of t:v0"):
        checked(tmp_path, test="t:v7", test_digest="other")


def test_an_evaluation_of_another_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="is of target 'y', not of 'z'"):
        checked(tmp_path, target="z")


def test_a_model_that_did_not_pass_stops_at_this_gate(tmp_path: Path) -> None:
    with pytest.raises(GateFailed, match=r"m:v1 did not pass its evaluation: r2 is 0\.1"):
        checked(tmp_path, passed=False, violations=["r2 is 0.1, below the threshold 0.4"])


def test_models_are_compared_on_the_primary_metric_by_default() -> None:
    assert comparison.choose_metric(EVALUATION, None, "m:v1") == "r2"
    assert comparison.choose_metric(EVALUATION, "mae", "m:v1") == "mae"


def test_a_metric_that_the_evaluation_lacks_is_an_error_with_its_metrics() -> None:
    with pytest.raises(RelayError, match=r"m:v1 does not have f1\. Choose one of r2, mae"):
        comparison.choose_metric(EVALUATION, "f1", "m:v1")


def test_a_misspelled_metric_is_a_wrong_parameter() -> None:
    keys = ("model", "test", "evaluation")
    given = {f"{key}_artifact": key for key in keys} | {"target": "y", "name": "m"}
    params_type = load("register", "params").Params
    with pytest.raises(ConfigError, match=r"no metric 'rsme'\. Did you mean 'rmse'"):
        validate(params_type, {**given, "metric": "rsme"})
