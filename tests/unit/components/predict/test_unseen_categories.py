"""Warnings of values that are not in the training set, by column."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.models.loading import Model
from relay.step.warning_collector import WarningCollector
from tests import made_training
from tests.loading import load
from tests.made_models import price_model

unseen = load("predict", "unseen_categories")


BOOSTING = {**made_training.config("hist_gradient_boosting"), "params": {"max_iter": 5}}


def trained(spec: Mapping[str, Any] = made_training.RIDGE) -> Model:
    """Return a model whose column `group` was red or green."""
    data, chosen = made_training.data(), made_training.spec({**spec})
    pipeline = made_training.sklearn_pipeline.make_pipeline(chosen, data, 0)
    fitted = made_training.cross_validation.fit_best(pipeline, chosen, data, 0)
    return Model(fitted, {"x": "double", "noise": "double", "group": "string"})


def warnings_of(model: Model, *tables: pd.DataFrame) -> list[str]:
    categories = unseen.Unseen(unseen.known_categories(model))
    for table in tables:
        categories.add(table)
    collector = WarningCollector()
    log = logging.getLogger("relay")
    log.addHandler(collector)
    try:
        categories.warn()
    finally:
        log.removeHandler(collector)
    return collector.texts


def rows(*groups: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": 0.0, "noise": 0.0, "group": pd.Series(groups, dtype=object)})


@pytest.mark.parametrize("spec", [made_training.RIDGE, BOOSTING])
def test_new_values_are_counted_over_all_pieces(spec: Mapping[str, Any]) -> None:
    (text,) = warnings_of(
        trained(spec), rows("red", "blue", "grey"), rows("green", "blue"), rows("Red")
    )
    assert "Column group: 4 rows with" in text
    assert "'blue', 'grey', 'Red'." in text


@pytest.mark.parametrize("value", ["red", None, np.nan])
def test_known_and_missing_values_are_nothing_new(value: Any) -> None:
    assert warnings_of(trained(), rows("green", value)) == []


def test_of_many_new_values_the_most_frequent_are_shown() -> None:
    (text,) = warnings_of(trained(), rows(*(f"new {number}" for number in range(9)), "new 7"))
    assert "10 rows with" in text
    assert "'new 7', 'new 0'" in text
    assert text.count("'new") == unseen.SHOWN
    assert "..." in text


def test_of_many_columns_the_first_have_a_warning_each(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"c{number}" for number in range(7)]
    monkeypatch.setattr(unseen, "known_categories", lambda _: dict.fromkeys(names, frozenset()))
    *single, last = warnings_of(trained(), pd.DataFrame({name: ["a"] for name in names}))
    assert [text.split(":")[0] for text in single] == [f"Column {name}" for name in names[:5]]
    assert "columns c5, c6" in last


def test_a_model_of_another_structure_has_no_known_categories() -> None:
    assert unseen.known_categories(Model(price_model(), {})) == {}
