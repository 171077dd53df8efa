"""Networks through the pipeline, trained in the environments of Keras.

Those of an engine are skipped unless its environment is built: `model.backend=NAME` builds it, and
so does the job `deep` in CI.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relay.models.keras_backend import BACKENDS
from relay.runtime.mlflow_environments import find_environment
from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.test_forecast import write_sales
from tests.loading import ROOT

pytestmark = [pytest.mark.deep, pytest.mark.slow]

SMALL = ("model=mlp", "train.folds=2", "model.params.epochs=30", "model.params.layers=[16]")
SALES = (
    "pipeline=forecast", "data.target=sales", "data.time=month", "data.series=shop", "data.name=s",
)  # fmt: skip


def require(*backends: str) -> None:
    """Skip the test unless the environment of each engine is built."""
    for backend in backends:
        folder = ROOT / "environments" / f"keras_{backend}"
        if not find_environment("uv", folder).is_complete(folder / "requirements.txt"):
            pytest.skip(f"environments/keras_{backend} is not built")


def made() -> pd.DataFrame:
    random = np.random.default_rng(0)
    x, kind = random.normal(size=300), random.choice(["a", "b", "c"], 300)
    level = 2 * x + 3 * (kind == "b") + random.normal(0, 0.3, 300)
    levels = np.digitize(level, [-1, 2])
    rows = pd.DataFrame({"x": x, "kind": kind, "level": level})
    return rows.assign(three=np.array(["low", "middle", "high"])[levels], two=levels > 0)


@pytest.mark.parametrize(
    ("backend", "target", "metric", "least", "weights"),
    [
        ("jax", "level", "r2", 0.8, "null"),
        ("jax", "three", "f1", 0.7, "balanced"),
        ("jax", "two", "f1", 0.8, "balanced"),
        ("tensorflow", "level", "r2", 0.8, "null"),
        ("tensorflow", "three", "f1", 0.6, "balanced"),
        ("torch", "level", "r2", 0.8, "null"),
        ("torch", "three", "f1", 0.6, "balanced"),
    ],
)
def test_a_network_is_trained_evaluated_registered_and_predicts(
    checkout: Checkout, backend: str, target: str, metric: str, least: float, weights: str
) -> None:
    require(backend)
    others = {"level", "three", "two"} - {target}
    file = checkout.root / f"{target}.csv"
    made().drop(columns=[*others]).to_csv(file, index=False)
    name = f"data.name={backend}_{target}"  # a champion for each
    table = ("data=table", f"data.url={file}", f"data.target={target}", name)
    data = (*table, *SMALL, f"model.backend={backend}", f"model.class_weight={weights}")
    done = checkout.main(*data, env_manager="uv")
    assert done.status == 0, done.output
    assert checkout.step("evaluate")["metrics"][metric] > least
    assert checkout.step("register")["metrics"]["promoted"] == 1
    trained = checkout.step("train")
    assert trained["metrics"]["epochs"] <= 30
    first = trained["metrics"]["cv_score"]

    again = checkout.main(*data, "steps=train", "force=train", env_manager="uv")
    assert again.status == 0, again.output
    assert checkout.step("train")["metrics"]["cv_score"] == first

    output = checkout.root / f"{target}_predicted.csv"
    words = (*table, "steps=predict", f"predict.input={file}", f"predict.output={output}")
    done = checkout.main(*words, env_manager="uv")
    assert done.status == 0, done.output
    assert len(pd.read_csv(output)) == 300


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return new_checkout(tmp_path_factory.mktemp("forecasts") / "relay")


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_lstm_is_trained_evaluated_registered_and_forecasts(
    forecasts: Checkout, tmp_path: Path, backend: str
) -> None:
    require(backend)
    words = (*SALES, f"data.url={write_sales(tmp_path / 'sales.csv')}")
    small = (*words, "model=lstm", f"model.backend={backend}", "model.params.epochs=60")
    done = forecasts.main(*small, env_manager="uv")
    assert done.status == 0, done.output
    metrics = forecasts.step("evaluate")["metrics"]
    assert metrics["mase"] < metrics["baseline_mase"]
    assert "candidate_mase" in forecasts.step("register")["metrics"]
    before = forecasts.versions()["s_model"]

    again = forecasts.main(*small, "steps=train", "force=train", env_manager="uv")
    assert again.status == 0, again.output
    assert forecasts.versions()["s_model"] == before  # the same file to the last byte

    # Without a setting of the model: its artifact names the environment that it needs.
    output = tmp_path / "next.csv"
    named = (f"predict.model=s_model:v{before - 1}", f"predict.output={output}")
    done = forecasts.main(*words, "steps=predict", *named, env_manager="uv")
    assert done.status == 0, done.output
    assert len(pd.read_csv(output)) == 24


def test_a_net_is_compared_with_a_champion_of_another_engine(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    require("jax", "tensorflow")
    checkout = new_checkout(tmp_path_factory.mktemp("engines") / "relay")
    words = (*SALES, f"data.url={write_sales(tmp_path / 'sales.csv')}", "model=lstm")
    for backend, epochs in (("jax", 30), ("tensorflow", 20)):
        small = (f"model.backend={backend}", f"model.params.epochs={epochs}")
        done = checkout.main(*words, *small, env_manager="uv")
        assert done.status == 0, done.output
        if backend == "jax":
            champion = checkout.step("evaluate")["metrics"]["mase"]
    registered = checkout.step("register")["metrics"]
    assert registered["champion_mase"] == pytest.approx(champion, rel=1e-4)
