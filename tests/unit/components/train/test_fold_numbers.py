"""The rows of folds as numbers, which trials of a sweep share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.made_training import (
    RIDGE,
    config,
    cross_validation,
    data,
    fold_numbers,
    sklearn_pipeline,
    spec,
)


def last_row(model: dict[str, Any], kept: Any = None, seed: int = 0, target: str = "price") -> Any:
    pipeline = sklearn_pipeline.make_pipeline(spec(model), data(target), seed)
    rows = cross_validation.score_folds(
        pipeline, spec(model), data(target), folds=3, seed=seed, kept=kept
    )
    return list(rows)[-1]


@pytest.fixture
def transformed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    transform = fold_numbers.transform_fold

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return transform(*arguments)

    monkeypatch.setattr(fold_numbers, "transform_fold", counted)
    return calls


@pytest.mark.parametrize("target", ["price", "label"])
def test_a_trial_scores_the_same_with_what_other_trials_have_kept(target: str) -> None:
    kept = fold_numbers.KeptFolds()
    few = {"early_stopping": None, "params": {"n_estimators": 5}}
    models = [config("linear"), *({**config(name), **few} for name in ("lightgbm", "extra_trees"))]
    for model in (*models, *models):
        assert last_row(model, kept, target=target) == last_row(model, target=target)


def test_a_fold_is_transformed_once_for_all_trials_with_the_same_features(
    transformed: list[Any],
) -> None:
    kept = fold_numbers.KeptFolds()
    for alpha in (0.1, 1.0, 10.0):
        last_row({**RIDGE, "params": {"alpha": alpha}}, kept)
    assert len(transformed) == 3
    last_row({**RIDGE, "scale": False}, kept)
    assert len(transformed) == 6
    last_row(RIDGE, kept, seed=1)
    assert len(transformed) == 9


def test_an_estimator_that_overwrites_its_input_does_not_change_what_is_kept() -> None:
    kept = fold_numbers.KeptFolds()
    overwriting = {**RIDGE, "params": {"copy_X": False, "alpha": 0.1}}
    first = last_row(overwriting, kept)
    assert last_row(overwriting, kept) == first
    assert last_row(RIDGE, kept) == last_row(RIDGE)


def test_no_more_is_kept_than_the_limit(transformed: list[Any]) -> None:
    size = fold_numbers.KeptFolds()
    last_row(RIDGE, size)
    del transformed[:]
    kept = fold_numbers.KeptFolds(limit=size._bytes - 1)
    for _ in range(2):
        assert last_row(RIDGE, kept) == last_row(RIDGE)
    made = len(transformed)
    assert made == 4  # three folds, and the one that has no room again; the others are kept
