"""What others do with a registered model: make it again, and use it without Relay."""

from __future__ import annotations

import json

import pytest
from sklearn.datasets import load_diabetes

from tests.e2e.conftest import Checkout

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(checkout: Checkout) -> Checkout:
    done = checkout.main("model=linear", "train.folds=2")
    assert done.status == 0, done.output
    return checkout


def reproduce(ran: Checkout, name: str) -> tuple[int, str]:
    done = ran.relay("reproduce", name, "env_manager=local")
    return done.status, done.output


def test_mlflow_predicts_with_it_in_its_own_environment(ran: Checkout) -> None:
    table = load_diabetes(as_frame=True).data.head(3)
    table.to_csv(ran.root / "in.csv", index=False)
    done = ran.command(
        *("mlflow", "models", "predict", "-m", "models:/diabetes_model@champion"),
        *("--env-manager", "uv", "-i", "in.csv", "-t", "csv", "-o", "out.json"),
        MLFLOW_TRACKING_URI=f"sqlite:///{ran.root}/mlflow.db",
        UV_NATIVE_TLS="true",
    )
    assert done.status == 0, done.output
    predictions = json.loads((ran.root / "out.json").read_text())["predictions"]
    assert len(predictions) == 3
    assert all(50 < prediction < 350 for prediction in predictions)


def test_it_is_made_again_and_is_the_same(ran: Checkout) -> None:
    later = ran.main("model=linear", "train.folds=2", "evaluate.thresholds.r2=0.99")
    assert (later.status, ran.step("evaluate")["status"]) == (1, "failed")
    before = ran.versions()
    status, output = reproduce(ran, "diabetes_model:champion")
    assert status == 0, output
    assert "diabetes_model:v0 was made again, and is the same" in output
    for name in ("diabetes_test:v0", "diabetes_evaluation:v0", "cv_r2_mean", "mae"):
        assert f"✔  {name} " in output
    assert ran.versions() == before
    assert not list((ran.root / ".relay" / "reproduce").iterdir())


def test_other_code_gives_another_model_and_the_difference_is_reported(ran: Checkout) -> None:
    path = ran.root / "components" / "split" / "splitting.py"
    path.write_text(path.read_text().replace("random_state=seed", "random_state=seed + 1"))
    status, output = reproduce(ran, "diabetes_train:v0")
    assert status == 1
    assert "✘  diabetes_train:v0 " in output
    assert "✔  diabetes_clean:v0 " in output
    assert "Code that has changed since: components/split/splitting.py" in output
