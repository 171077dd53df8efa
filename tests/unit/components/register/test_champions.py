"""On real data: a worse model and one better by noise are not promoted, a better one is."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from relay.models.metric_names import PRIMARY, Task
from relay.models.predictions import ScoredPredictions
from tests.loading import load

decide = load("register", "promotion").decide
score_champion = load("register", "comparison").score_champion

SETS = {"diabetes": load_diabetes, "cancer": load_breast_cancer, "digits": load_digits}


def outcomes(name: str, *models: Any) -> list[ScoredPredictions]:
    """Score each of `models` on the test rows of a data set of scikit-learn."""
    x, y = SETS[name](return_X_y=True)
    task: Task = "regression" if name == "diabetes" else "classification"
    x, test_x, y, test_y = train_test_split(x, y, test_size=0.3, random_state=0)
    scored = []
    for model in models:
        model.fit(x, y)
        probabilities = model.predict_proba(test_x) if task == "classification" else None
        classes = [] if probabilities is None else list(model.classes_)
        scored.append(
            ScoredPredictions(task, test_y, model.predict(test_x), probabilities, classes)
        )
    return scored


def decision(champion: ScoredPredictions, candidate: ScoredPredictions, **options: Any) -> Any:
    metric = PRIMARY[champion.task]
    options = {"min_gain": 0.0, "confidence": 0.95, **options}
    present = score_champion("m:v0", candidate, champion, metric, options["confidence"])
    return decide(metric, candidate.metrics[metric], present, **options)


def logistic() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression())


@pytest.mark.parametrize(
    ("name", "champion", "candidate"),
    [
        ("diabetes", DummyRegressor(), Ridge(0.1)),
        ("cancer", DummyClassifier(strategy="prior"), logistic()),
        ("cancer", DecisionTreeClassifier(max_depth=1, random_state=0), logistic()),
        ("digits", GaussianNB(), RandomForestClassifier(50, random_state=0)),
    ],
)
def test_a_better_model_is_promoted_and_the_worse_one_not_in_return(
    name: str, champion: Any, candidate: Any
) -> None:
    old, new = outcomes(name, champion, candidate)
    assert decision(old, new).promote
    back = decision(new, old)
    assert not back.promote
    assert "does not beat" in back.why


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("diabetes", [Ridge(alpha) for alpha in (0.01, 0.03, 0.1)]),
        ("cancer", [RandomForestClassifier(5, random_state=seed) for seed in range(3)]),
        ("digits", [RandomForestClassifier(50, random_state=seed) for seed in range(3)]),
    ],
)
def test_models_that_differ_by_noise_do_not_take_each_others_place(
    name: str, models: list[Any]
) -> None:
    scored = outcomes(name, *models)
    metric = PRIMARY[scored[0].task]
    scored.sort(key=lambda outcome: outcome.metrics[metric])
    worst, best = scored[0], scored[-1]
    assert best.metrics[metric] > worst.metrics[metric]
    held = decision(worst, best)
    assert not held.promote
    assert "can be chance" in held.why
    # what the comparison of the bare scores would have done
    assert decision(worst, best, confidence=0.0).promote


def test_a_better_model_is_kept_back_where_its_gain_is_not_worth_it() -> None:
    old, new = outcomes("diabetes", DummyRegressor(), Ridge(0.1))
    gained = new.metrics["r2"] - old.metrics["r2"]
    assert decision(old, new, min_gain=gained * 0.9).promote
    assert not decision(old, new, min_gain=gained * 1.1).promote
