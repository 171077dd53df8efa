"""Networks through the pipeline, trained in the environment of Keras.

Skipped unless that environment is built: `model=mlp` builds it, and so does the job `deep` in CI.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relay.runtime.mlflow_environments import find_environment
from tests.e2e.conftest import Checkout
from tests.loading import ROOT

pytestmark = [pytest.mark.deep, pytest.mark.e2e]

KERAS = ROOT / "environments" / "keras_jax"
SMALL = ("model=mlp", "train.folds=2", "model.params.epochs=30", "model.params.layers=[16]")


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """Skip the tests if the environment is not built."""
    if not find_environment("uv", KERAS).is_complete(KERAS / "requirements.txt"):
        pytest.skip("environments/keras_jax is not built")


def made() -> pd.DataFrame:
    random = np.random.default_rng(0)
    x, kind = random.normal(size=300), random.choice(["a", "b", "c"], 300)
    level = 2 * x + 3 * (kind == "b") + random.normal(0, 0.3, 300)
    levels = np.digitize(level, [-1, 2])
    rows = pd.DataFrame({"x": x, "kind": kind, "level": level})
    return rows.assign(three=np.array(["low", "middle", "high"])[levels], two=levels > 0)


@pytest.mark.parametrize(
    ("target", "metric", "least", "weights"),
    [
        ("level", "r2", 0.8, "null"),
        ("three", "f1", 0.7, "balanced"),
        ("two", "f1", 0.8, "balanced"),
    ],
)
def test_a_network_is_trained_evaluated_registered_and_predicts(
    checkout: Checkout, target: str, metric: str, least: float, weights: str
) -> None:
    others = {"level", "three", "two"} - {target}
    file = checkout.root / f"{target}.csv"
    made().drop(columns=[*others]).to_csv(file, index=False)
    table = ("data=table", f"data.url={file}", f"data.target={target}")
    data = (*table, *SMALL, f"model.class_weight={weights}")
    done = checkout.main(*data, env_manager="uv")
    assert done.status == 0, done.output
    assert checkout.step("evaluate")["metrics"][metric] > least
    trained = checkout.step("train")
    assert trained["metrics"]["epochs"] <= 30
    first = trained["metrics"]["cv_score"]

    again = checkout.main(*data, "steps=train", "force=train", env_manager="uv")
    assert again.status == 0, again.output
    assert checkout.step("train")["metrics"]["cv_score"] == first

    output = checkout.root / f"{target}_predicted.csv"
    words = (*data, "steps=predict", f"predict.input={file}", f"predict.output={output}")
    done = checkout.main(*words, env_manager="uv")
    assert done.status == 0, done.output
    assert len(pd.read_csv(output)) == 300
