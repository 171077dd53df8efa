"""What `evaluate` finds out: baseline, slices, calibration, importance, and their pictures."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator, RegressorMixin

from relay.models.baselines import best_values, compare_by, describe_comparison
from relay.models.loading import Model
from relay.models.predictions import ScoredPredictions
from relay.util.errors import RelayError
from tests.loading import load
from tests.made_models import flats, poor_price_model, price_model, size_model

evaluation = load("evaluate", "evaluation")
criteria = load("evaluate", "criteria")
importance = load("evaluate", "importance")
plots = load("evaluate", "plots")
run = load("evaluate", "run")

COLUMNS = {"area": "double", "quarter": "string"}
TEST = flats(seed=1)
PRICES = {"mean": float(flats()["price"].mean()), "median": float(flats()["price"].median())}
PRICES_AT_ZERO = {"mean": 0.0, "median": 0.0}
SIZES = {"shares": {"large": 0.4, "middle": 0.35, "small": 0.25}}


def model(pipeline: Any) -> Model:
    return Model(pipeline, COLUMNS)


def evaluated(pipeline: Any, target: str = "price", targets: Any = PRICES, *columns: str) -> Any:
    return evaluation.evaluate_model(model(pipeline), TEST, target, targets, columns)


def classes(probabilities: np.ndarray, came: np.ndarray) -> ScoredPredictions:
    """Return an outcome of two classes, with the probability of the second and whether it came."""
    return ScoredPredictions(
        "classification", np.where(came, "yes", "no"), np.where(probabilities > 0.5, "yes", "no"),
        np.column_stack([1 - probabilities, probabilities]), ["no", "yes"],
    )  # fmt: skip


def test_a_good_model_beats_the_baseline() -> None:
    outcome = evaluated(price_model())
    assert outcome.main_comparison.is_beaten
    assert outcome.main_comparison.baseline < 0.1
    assert outcome.main_comparison.model > 0.9
    assert outcome.as_json()["beats_baseline"] is True


def test_a_model_that_predicts_the_mean_does_not() -> None:
    outcome = evaluated(poor_price_model())
    assert not outcome.main_comparison.is_beaten
    assert str(outcome.main_comparison).startswith("r2 ")
    assert ", baseline 0.0" in str(outcome.main_comparison).replace("-0.0", "0.0")
    assert " (always the m" in str(outcome.main_comparison)
    (words,) = (
        comparison["in_words"] for comparison in outcome.as_json()["against_baseline"].values()
    )
    assert words.startswith("not better than the baseline: r2 ")


def test_a_model_that_is_better_by_chance_does_not_beat_it() -> None:
    random = np.random.default_rng(0)
    actual = random.normal(size=50)
    guess = ScoredPredictions("regression", actual, np.zeros(50))
    near = ScoredPredictions("regression", actual, 0.02 * actual + 0.1 * random.normal(size=50))
    comparison = compare_by("r2", near, {"zero": guess})
    assert comparison is not None
    assert comparison.model != comparison.baseline
    assert not comparison.is_beaten


def noisy(scale: float, rows: int) -> Any:
    """Return the comparison of a model whose errors are `scale` of the target's spread."""
    random = np.random.default_rng(1)
    actual = random.normal(size=rows)
    near = ScoredPredictions("regression", actual, actual + scale * random.normal(size=rows))
    guess = ScoredPredictions("regression", actual, np.zeros(rows))
    return compare_by("r2", near, {"always the mean, 0": guess})


def test_a_gain_that_the_interval_does_not_support_is_called_just_that() -> None:
    comparison = noisy(0.8, 12)
    assert comparison.gain > 0
    assert comparison.interval[0] < 0
    words = describe_comparison(comparison, 12)
    assert words.startswith("better than the baseline, but on 12 test rows this can be chance: r2")
    low, high = comparison.interval
    assert f"95% confidence interval {low:.3g} to {high:.3g}. " in words
    assert "split.test_size" in words


@pytest.mark.parametrize(
    ("scale", "rows", "words"),
    [
        (0.3, 200, "better than the baseline: r2 0.9"),
        (0.3, 9, "better than the baseline, but 9 test rows are too few to rule out chance: r2"),
        (2.0, 200, "clearly worse than the baseline: r2 -"),
        (1.3, 40, "not better than the baseline: r2 "),
    ],
)
def test_the_sentence_on_the_baseline_follows_the_interval(
    scale: float, rows: int, words: str
) -> None:
    assert describe_comparison(noisy(scale, rows), rows).startswith(words)


def test_of_classes_the_baseline_is_the_most_frequent_one_with_each_ones_share() -> None:
    outcome = evaluated(size_model(), "size", SIZES)
    (name,) = outcome.baselines
    assert name == "always 'large', the most frequent class"
    metrics = outcome.baselines[name]
    assert metrics["accuracy"] == pytest.approx((TEST["size"] == "large").mean())
    shares = TEST["size"].map(SIZES["shares"])
    assert metrics["log_loss"] == pytest.approx(-np.log(shares).mean())
    assert outcome.main_comparison.is_beaten


def test_the_best_baseline_may_be_another_one_for_each_metric() -> None:
    skewed = ScoredPredictions("regression", np.array([1.0, 1.0, 1.0, 9.0]), np.zeros(4))
    baselines = criteria.predict_baselines({"mean": 3.0, "median": 1.0}, skewed)
    best = best_values({name: baseline.metrics for name, baseline in baselines.items()})
    assert best["mae"] == 2.0  # of the median
    assert best["mse"] == 12.0  # of the mean


def test_without_the_training_target_there_are_no_baselines() -> None:
    outcome = evaluated(price_model(), "price", {})
    assert (outcome.main_comparison, outcome.baselines) == (None, {})


def test_a_slice_for_each_value_of_a_text_the_largest_first() -> None:
    parts = evaluated(price_model(), "price", PRICES, "quarter").slices["quarter"]
    assert [part.value for part in parts] == list(TEST["quarter"].value_counts().index)
    assert sum(part.rows for part in parts) == len(TEST)
    rows = (TEST["quarter"] == "north").to_numpy()
    outcome = model(price_model()).score(TEST, "price").at(rows)
    north = next(part for part in parts if part.value == "north")
    assert north.metrics == outcome.metrics
    assert north.bounds[0] < north.metrics["mae"] < north.bounds[1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (list(range(60)), ["0 to 14.75", "14.75 to 29.5", "29.5 to 44.25", "44.25 to 59"]),
        ([3, 1, 2] * 20, ["1", "2", "3"]),
        (
            [18823 + i for i in range(60)],
            ["18823 to 18838", "18838 to 18852", "18852 to 18867", "18867 to 18882"],
        ),
        ([100000.1, 100000.2] * 30, ["100000.1", "100000.2"]),
        (
            list(pd.date_range("2024-01-01", periods=60, freq="min")),
            [
                "2024-01-01 00:00 to 2024-01-01 00:14",
                "2024-01-01 00:14 to 2024-01-01 00:29",
                "2024-01-01 00:29 to 2024-01-01 00:44",
                "2024-01-01 00:44 to 2024-01-01 00:59",
            ],
        ),
        ([True, False, True] * 20, ["True", "False"]),
        ([None, "a", "a"] * 20, ["a", "(missing)"]),
        ([*range(30), *[np.nan] * 30], None),
        ([f"v{i % 20}" for i in range(60)], None),
        (list(pd.date_range("2024-01-01", periods=60)), None),
        ([None] * 60, ["(missing)"]),
        (pd.Categorical(["b", "a", "b"] * 20), ["b", "a"]),
    ],
)
def test_columns_of_any_kind_have_slices(values: Any, expected: list[str] | None) -> None:
    outcome = ScoredPredictions("regression", np.arange(60.0), np.arange(60.0) + 1)
    parts = evaluation.make_slices(outcome, pd.Series(values, name="it"))
    assert sum(part.rows for part in parts) == 60
    assert len(parts) <= evaluation.MOST_VALUES + 1
    if expected is not None:
        assert [part.value for part in parts] == expected


def test_a_column_that_is_not_there_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(RelayError, match=r"evaluate\.slices: .*'quartr'. Did you mean 'quarter'"):
        evaluated(price_model(), "price", PRICES, "quartr")


def test_probabilities_that_come_true_are_calibrated_and_others_are_not() -> None:
    random = np.random.default_rng(0)
    true = random.uniform(size=20_000)
    came = random.uniform(size=20_000) < true
    honest = evaluation.measure_reliability(classes(true, came), "it")
    assert honest.event == "it = yes"
    assert len(honest.rows) == 10
    assert honest.error < 0.02
    bold = np.clip(2 * true - 0.5, 0.01, 0.99)
    assert evaluation.measure_reliability(classes(bold, came), "it").error > 0.1


def test_of_many_classes_the_predicted_one_is_looked_at() -> None:
    reliability = evaluated(size_model(), "size", SIZES).reliability
    assert reliability.event == "the predicted size is right"
    assert reliability.rows.sum() == len(TEST)
    assert reliability.probabilities.min() >= 1 / 3


def test_equal_probabilities_are_one_bin() -> None:
    outcome = classes(np.full(30, 0.7), np.arange(30) % 10 < 7)
    reliability = evaluation.measure_reliability(outcome, "it")
    assert reliability.rows.tolist() == [30]
    assert reliability.error == pytest.approx(0.0)


def test_the_column_that_decides_is_the_most_important() -> None:
    falls = evaluated(price_model()).importances
    assert list(falls.index) == ["area", "quarter"]
    assert falls["area"] > 1 > falls["quarter"] > 0


def test_shuffling_does_no_harm_to_a_model_that_looks_at_nothing() -> None:
    assert not evaluated(poor_price_model()).importances.any()


def test_importances_are_the_same_in_one_go_and_in_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once = importance.measure_importance(model(price_model()), TEST, "price", "r2")
    monkeypatch.setattr(importance, "PREDICTED_AT_ONCE", len(TEST) * importance.MOST_REPEATS)
    again = importance.measure_importance(model(price_model()), TEST, "price", "r2")
    assert again["area"] == pytest.approx(once["area"], rel=0.5)
    assert list(again.index) == list(once.index)


class Adds(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A model that adds up a few columns, and counts the rows that it predicts."""

    def __init__(self, columns: tuple[str, ...] = ()) -> None:
        self.columns, self.rows = columns, 0

    def predict(self, table: pd.DataFrame) -> Any:
        self.rows += len(table)
        return sum(table[name].to_numpy() for name in self.columns)


def wide(columns: int, rows: int = 40) -> tuple[Adds, Model, pd.DataFrame]:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(rows, columns))).add_prefix("x")
    table["y"] = table["x7"] + 2 * table["x500"]
    adds = Adds(("x7", "x500"))
    return adds, Model(adds, {f"x{place}": "double" for place in range(columns)}), table


def test_of_very_many_columns_those_that_matter_are_found_with_bounded_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adds, many, table = wide(1000)
    monkeypatch.setattr(importance, "MOST_PREDICTED", 100 * len(table))
    falls = importance.measure_importance(many, table, "y", "r2")
    assert adds.rows <= 101 * len(table)
    assert list(falls.index[:2]) == ["x500", "x7"]
    assert len(falls) < 100
    assert not falls.iloc[2:].any()


def test_columns_that_are_few_enough_are_all_looked_at() -> None:
    _, many, table = wide(600)
    falls = importance.measure_importance(many, table, "y", "r2")
    assert len(falls) == 600
    assert list(falls.index[:2]) == ["x500", "x7"]


def test_columns_of_every_type_keep_it_when_they_are_shuffled() -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "number": random.normal(size=50),
            "word": pd.Series(random.choice(["a", "b"], 50), dtype="str"),
            "truth": random.uniform(size=50) < 0.5,
            "some": pd.Series([True, None] * 25, dtype=object),
            "when": pd.date_range("2024-01-01", periods=50).astype("datetime64[us]"),
        }
    )
    types = {"word": "string", "truth": "boolean", "some": "boolean", "when": "datetime"}

    class Looks(Adds):
        def predict(self, given: pd.DataFrame) -> Any:
            assert given.dtypes.to_dict() == table.dtypes.to_dict()
            return given["number"] + given["truth"] * 5

    it = Model(Looks(), {"number": "double", **types})
    table_with_target = table.assign(y=table["number"] + table["truth"] * 5)
    falls = importance.measure_importance(it, table_with_target, "y", "r2")
    assert list(falls.index[:2]) == ["truth", "number"]
    assert not falls.iloc[2:].any()


def test_a_figure_has_titles_and_labels(tmp_path: Path) -> None:
    falls = pd.Series(np.linspace(1, 0.1, 30), [f"column {place}" for place in range(30)])
    parts = evaluated(price_model(), "price", PRICES, "quarter").slices["quarter"]
    figures: dict[str, Figure] = {
        "What price is predicted from, the 20 largest of 30": plots.draw_importances(
            falls, "r2", "price", 30
        ),
        "mae of price by quarter (number of rows)": plots.draw_slices(
            parts, "mae", {"mae": 4.0}, "price"
        ),
    }
    for title, figure in figures.items():
        assert figure.axes[0].get_title() == title
        assert figure.get_size_inches()[0] * figure.dpi == 1000


def warnings_of(
    outcome: ScoredPredictions, targets: Any, columns: dict[str, float], caplog: Any
) -> list[str]:
    """Return the warnings on an outcome."""
    simple = criteria.predict_baselines(targets, outcome)
    perfect = evaluation.Evaluation(
        outcome,
        {},
        criteria.compare_with_baselines(outcome, simple),
        {},
        pd.Series(columns),
        None,
        len(columns),
    )
    caplog.set_level(logging.INFO, "relay")
    run.report(perfect)
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_score_that_is_too_good_is_doubted_with_the_columns_it_rests_on(caplog: Any) -> None:
    actual = np.random.default_rng(0).normal(size=200)
    exact = ScoredPredictions("regression", actual, actual * 1.0001)
    (line,) = warnings_of(
        exact, PRICES_AT_ZERO, {"casual": 0.4, "registered": 1.5, "hour": 0.0}, caplog
    )
    assert line.startswith("r2 is 1.0000 on 200 test rows, which is rare with real data.")
    assert "columns casual, registered; data.drop" in line


@pytest.mark.parametrize(("rows", "wrong"), [(60, 0), (200, 1)])
def test_few_rows_without_an_error_and_a_good_score_are_not(
    rows: int, wrong: int, caplog: Any
) -> None:
    came = np.arange(rows) % 2 == 0
    sure = np.where(came, 0.99, 0.01)
    sure[:wrong] = 0.4
    shares = {"shares": {"no": 0.5, "yes": 0.5}}
    assert warnings_of(classes(sure, came), shares, {"x": 0.5}, caplog) == []


def test_probabilities_worse_than_the_baseline_s_are_a_warning(caplog: Any) -> None:
    random = np.random.default_rng(0)
    came = random.uniform(size=400) < 0.3
    sure = np.where(came == (random.uniform(size=400) < 0.85), 0.9999, 0.0001)
    (line,) = warnings_of(classes(sure, came), {"shares": {"no": 0.7, "yes": 0.3}}, {}, caplog)
    assert line.startswith("The model is clearly worse than the baseline: log_loss 1.")
    assert "(always 'no', the most frequent class), gain -" in line
    assert "95% confidence interval -" in line
