"""Who becomes the champion."""

from __future__ import annotations

from tests.loading import load

promotion = load("register", "promotion")
registry = load("register", "registry")
Champion, decide = promotion.Champion, promotion.decide


def test_without_a_champion_the_candidate_is_promoted() -> None:
    decision = decide("r2", -1.0, None)
    assert decision.promote
    assert "no champion" in decision.why


def test_a_strictly_better_candidate_is_promoted_and_both_scores_are_told() -> None:
    decision = decide("r2", 0.8, Champion("m:v0", 0.7))
    assert decision.promote
    assert decision.why == "r2 0.8 beats 0.7 of m:v0"


def test_an_equal_candidate_is_not_promoted() -> None:
    assert not decide("r2", 0.7, Champion("m:v0", 0.7)).promote


def test_of_an_error_less_is_better() -> None:
    assert decide("rmse", 3.0, Champion("m:v0", 4.0)).promote
    assert not decide("rmse", 5.0, Champion("m:v0", 4.0)).promote


def test_a_champion_is_not_compared_with_itself() -> None:
    for force in (False, True):
        decision = decide("r2", 0.7, Champion("m:v0", 0.7, is_candidate=True), force=force)
        assert not decision.promote
        assert "already" in decision.why


def test_a_champion_that_cannot_be_scored_stays_and_the_way_round_it_is_told() -> None:
    decision = decide("r2", 0.9, Champion("m:v0", None, "no column 'area'"))
    assert not decision.promote
    assert "no column 'area'" in decision.why
    assert "register.force=true" in decision.why


def test_force_promotes_whatever_the_comparison_says() -> None:
    assert decide("r2", 0.1, Champion("m:v0", 0.7), force=True).promote
    assert decide("r2", 0.1, Champion("m:v0", None, "x"), force=True).promote


def test_files_of_a_run_of_its_own_lie_beside_an_sqlite_store() -> None:
    assert registry.files_beside("sqlite:////a/b/mlflow.db") == "/a/b/mlruns"
    assert registry.files_beside("https://mlflow.example.org") is None
