"""Another library of models is one file, its adapter: no other file of Relay names a library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.models import libraries as registry
from relay.models import trusted
from relay.models.libraries import libraries, library_at
from relay.models.loading import load_model, require_servable
from relay.util.code_files import code_digests
from relay.util.errors import ConfigError
from tests.loading import ROOT
from tests.made_training import cross_validation, sklearn_pipeline, spec, training_set

LIBRARY = '''
"""A boosting library: stumps on residuals, with names of its own for everything."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.tree import DecisionTreeRegressor

__version__ = "3.1"


class ComplaintError(Exception):
    pass


class StumpRegressor(RegressorMixin, BaseEstimator):
    def __init__(self, stumps=200, rate=0.3, random_state=None):
        self.stumps = stumps
        self.rate = rate
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X, y, codes=(), watch=None, patience=0):
        if self.rate > 1:
            raise ComplaintError("rate is above 1")
        self.codes_ = list(codes)
        self.mean_ = float(np.mean(y))
        self.trees_, losses = [], []
        rest = y - self.mean_
        for _ in range(self.stumps):
            tree = DecisionTreeRegressor(max_depth=1, random_state=self.random_state).fit(X, rest)
            rest = rest - self.rate * tree.predict(X)
            self.trees_.append(tree)
            if watch is not None:
                losses.append(np.mean((watch[1] - self.predict(watch[0])) ** 2))
                self.best_ = int(np.argmin(losses)) + 1
                if len(losses) - self.best_ >= patience:
                    break
        return self

    def predict(self, X):
        return self.mean_ + self.rate * sum(tree.predict(X) for tree in self.trees_)
'''

ADAPTER = '''
"""Stumps."""

from relay.models.libraries.interface import BoostingLibrary


class Stumps(BoostingLibrary):
    package = "stumps"
    example = "stumps.StumpRegressor"
    regressors = ("StumpRegressor",)
    classifiers = ()
    rounds_parameter = "stumps"
    requirements = ("stumps-cpu=={version}",)
    trusted_types = frozenset({"stumps.StumpRegressor"})
    takes_categories = True

    def best_round(self, estimator, patience, train, held_out, progress):
        options = {"watch": (held_out.x, held_out.y), "patience": patience, **train.options}
        return estimator.fit(train.x, train.y, **options).best_

    def category_options(self, estimator, columns, width):
        return {"codes": list(columns)}

    def is_data_error(self, error):
        return type(error).__name__ == "ComplaintError"


LIBRARY = Stumps()
'''

MODEL = {
    "_target_": "stumps.StumpRegressor",
    "categories": "native",
    "missing": "native",
    "early_stopping": 5,
}


@pytest.fixture(autouse=True)
def stumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the library, and put its adapter beside those of Relay."""
    for folder, name, text in (("site", "stumps", LIBRARY), ("adapters", "stump", ADAPTER)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(registry, "__path__", [*registry.__path__, str(tmp_path / "adapters")])
    forget()
    yield
    forget()


def forget() -> None:
    libraries.cache_clear()
    trusted.trusted_types.cache_clear()


def given() -> Any:
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    kind = random.choice(["a", "b"], 200)
    y = np.sign(x) + 2 * (kind == "b") + random.normal(0, 0.3, 200)
    rows = pd.DataFrame({"x": x, "kind": pd.Series(kind, dtype="str"), "y": y})
    return training_set.prepare(rows, "y", None)


def test_its_models_are_trained_saved_loaded_and_served(tmp_path: Path) -> None:
    table = given()
    trained = cross_validation.train(table, spec(MODEL), folds=2, seed=7)
    assert trained.metrics["cv_r2_mean"] > 0.8
    assert trained.rounds is not None and 1 <= trained.rounds < 100
    model = trained.pipeline.named_steps["model"]
    assert (model.stumps, model.random_state, model.codes_) == (trained.rounds, 7, [1])
    folder = sklearn_pipeline.save(trained.pipeline, table.x, tmp_path / "model")
    loaded = load_model(folder, "it")
    assert (loaded.predict(table.x).values == trained.pipeline.predict(table.x)).all()
    assert "stumps-cpu==3.1" in (folder / "requirements.txt").read_text().splitlines()
    require_servable(folder, "it")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"_target_": "stumps.StumpRegresor"}, "not an estimator of stumps.*'stumps.StumpRegr"),
        ({"params": {"stump": 3}}, "model.params.stump: StumpRegressor has no such parameter"),
        ({"class_weight": "balanced"}, "model.class_weight: "),
    ],
)
def test_a_wrong_setting_of_it_is_an_error_before_anything_runs(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        cross_validation.train(given(), spec({**MODEL, **change}), folds=0, seed=0)


def test_its_complaint_about_the_data_is_one_line() -> None:
    model = {**MODEL, "params": {"rate": 2}, "early_stopping": None}
    with pytest.raises(Exception, match="StumpRegressor cannot be fitted to this data: rate is"):
        cross_validation.train(given(), spec(model), folds=0, seed=0)


def test_its_classes_are_offered_where_a_library_is_unknown() -> None:
    with pytest.raises(ConfigError, match=r"got 'tree\.Model'.*stumps\.StumpRegressor"):
        library_at("tree.Model")


def test_a_changed_adapter_is_a_change_of_each_step_that_uses_models() -> None:
    adapters = sorted(Path("src/relay/models/libraries").glob("*.py"))
    for name in ("train", "evaluate", "register", "predict"):
        digests = code_digests(ROOT / "components" / name, ROOT)
        assert {path.as_posix() for path in adapters} <= set(digests)


def test_no_other_file_names_a_library() -> None:
    pattern = re.compile("xgboost|lightgbm|LGBM|XGB", re.IGNORECASE)
    folders = [ROOT / "src", ROOT / "components"]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    naming = {path.name for path in files if pattern.search(path.read_text(encoding="utf-8"))}
    assert naming == {"xgboost.py", "lightgbm.py", "lag_boosting.py"}
