"""`register` through its real command line, on a real local store and MLflow registry."""

from __future__ import annotations

import json
import shutil
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient, MlflowException
from mlflow.entities.model_registry import ModelVersion
from sklearn.compose import make_column_transformer
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from relay.models.loading import load_model
from relay.models.predictions import ScoredPredictions, write_predictions
from relay.tables.io import write_parquet
from relay.tracking import ArtifactVersion
from tests.components.conftest import Finished, Store, either_way
from tests.made_models import features, flats, poor_price_model, price_model, save, size_model

TEST = flats(seed=1)


@pytest.fixture
def ready(store: Store) -> Store:
    """Return a store with a train and a test set."""
    store.put_table("flats_test", "split_data", TEST)
    store.put_table("flats_train", "split_data", flats())
    return store


def by_heart(table: pd.DataFrame) -> Any:
    """Return a model that predicts the price of each row of `table`."""
    prepare = make_column_transformer((StandardScaler(), ["area"]))
    pipeline = make_pipeline(prepare, KNeighborsRegressor(n_neighbors=1, algorithm="brute"))
    return pipeline.fit(features(table), table["price"])


def uri(store: Store) -> str:
    return store.environ()["MLFLOW_TRACKING_URI"]


def put_model(
    store: Store, pipeline: Any, train: str = "flats_train:latest", **metadata: Any
) -> ArtifactVersion:
    """Store a model and its evaluation on the test set, as train and evaluate would."""
    trained_on = store.backend.find(train)
    assert trained_on is not None
    metadata["inputs"] = {"train": {"artifact": str(trained_on), "digest": trained_on.digest}}
    folder = store.folder / f"model-{len(list(store.folder.glob('model-*')))}"
    version = store.put("flats_model", "model", save(pipeline, folder, features(TEST)), metadata)
    target = metadata.get("target", "price")
    put_evaluation(store, version, load_model(folder, "m").score(TEST, target), target)
    return version


def put_train(store: Store, url: str, seed: int) -> str:
    """Store a training set that was made from the file at `url`; return its exact reference."""
    file = store.folder / "raw.csv"
    file.write_text(url)
    raw = store.put("flats_raw", "raw_data", file, {"original_url": url})
    inputs = {"input": {"artifact": str(raw), "digest": raw.digest}}
    path = write_parquet(flats(seed=seed), store.folder / "train.parquet")
    return str(store.put("flats_train", "split_data", path, {"inputs": inputs}))


def put_evaluation(
    store: Store,
    model: ArtifactVersion,
    outcome: ScoredPredictions,
    target: str = "price",
    violations: tuple[str, ...] = (),
    **more: Any,
) -> None:
    test = store.backend.find("flats_test:latest")
    assert test is not None
    folder = store.folder / "evaluation"
    folder.mkdir(exist_ok=True)
    evaluation = {
        "task": outcome.task,
        "model": str(model),
        "model_digest": model.digest,
        "test": str(test),
        "test_digest": test.digest,
        "target": target,
        "metrics": outcome.metrics,
        "passed": not violations,
        "violations": violations,
        **more,
    }
    (folder / "metrics.json").write_text(json.dumps(evaluation), encoding="utf-8")
    write_predictions(outcome, folder)
    store.put("flats_evaluation", "evaluation", folder)


def register(store: Store, **params: Any) -> Finished:
    given = {
        "model_artifact": "flats_model:latest",
        "test_artifact": "flats_test:latest",
        "evaluation_artifact": "flats_evaluation:latest",
        "registration_artifact": "flats_registration",
        "target": "price",
        "name": "flats",
    }
    return store.run("register", **{**given, **params})


def aliases(store: Store) -> dict[str, str]:
    """Return the model artifact behind each alias, which both registries have to agree on."""
    client = MlflowClient(uri(store))
    models = {}
    for alias in ("candidate", "champion"):
        ours = store.backend.find(f"flats_model:{alias}")
        theirs = client.get_model_version_by_alias("flats", alias)
        assert ours is not None
        assert theirs.tags == {"relay.artifact": str(ours), "relay.digest": ours.digest}
        models[alias] = str(ours)
    return models


def versions(store: Store) -> list[ModelVersion]:
    return list(MlflowClient(uri(store)).search_model_versions("name = 'flats'"))


def record(store: Store) -> dict[str, Any]:
    path = store.files("flats_registration:latest") / "registration.json"
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@either_way
def test_the_first_model_becomes_the_champion_and_mlflow_can_load_it(
    ready: Store, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    put_model(ready, price_model(), target="price")
    client = MlflowClient(uri(ready))
    experiment = client.create_experiment("e", f"{ready.folder}/files")
    run_id = client.create_run(experiment).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    done = register(ready, alone=alone)
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.outputs == {"registration": "flats_registration:v0"}
    assert done.result.metrics["promoted"] == 1
    assert done.result.metrics["candidate_r2"] > 0.99
    assert aliases(ready) == {"candidate": "flats_model:v0", "champion": "flats_model:v0"}
    read = record(ready)
    assert (read["model"], read["version"], read["metric"]) == ("flats_model:v0", "1", "r2")
    assert (read["promoted"], read["why"]) == (True, "it is the first champion")
    (version,) = versions(ready)
    assert version.run_id == run_id
    assert "./relay reproduce flats_model:v0" in (version.description or "")
    card = (ready.files("flats_registration:v0") / "card.html").read_text(encoding="utf-8")
    assert "flats_train:v0" in card

    mlflow.set_tracking_uri(uri(ready))
    loaded = mlflow.pyfunc.load_model("models:/flats@champion")
    np.testing.assert_allclose(
        loaded.predict(features(TEST)), price_model().predict(features(TEST))
    )

    again = register(ready)
    assert again.status == 0, again.output
    assert "it is the champion already" in again.output
    assert len(versions(ready)) == 1
    assert aliases(ready)["champion"] == "flats_model:v0"


def test_a_first_model_that_loses_to_its_baseline_is_registered_as_a_candidate(
    ready: Store,
) -> None:
    version = put_model(ready, poor_price_model(constant=0.0))
    outcome = load_model(ready.files(str(version)), "m").score(TEST, "price")
    baselines = {"always the mean, 700": {"r2": -0.01}}
    put_evaluation(ready, version, outcome, baselines=baselines, beats_baseline=False)
    done = register(ready)
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.metrics["promoted"] == 0
    assert "not better than the baseline's -0.01 (always the mean, 700)" in done.result.warnings[0]
    card = (ready.files("flats_registration:v0") / "card.md").read_text(encoding="utf-8")
    assert "It is not clearly better than the baseline" in card
    assert ready.backend.find("flats_model:candidate") == version
    assert ready.backend.find("flats_model:champion") is None
    with pytest.raises(MlflowException):
        MlflowClient(uri(ready)).get_model_version_by_alias("flats", "champion")

    assert register(ready, force=True).status == 0
    assert aliases(ready)["champion"] == str(version)


def test_a_better_model_takes_the_champions_place_and_a_worse_one_does_not(ready: Store) -> None:
    put_model(ready, poor_price_model())
    assert register(ready).status == 0
    put_model(ready, price_model())
    better = register(ready)
    assert better.status == 0, better.output
    assert better.result is not None
    assert better.result.inputs["champion"] == "flats_model:v0"
    assert better.result.metrics["champion_r2"] < 0.1 < better.result.metrics["candidate_r2"]
    assert aliases(ready) == {"candidate": "flats_model:v1", "champion": "flats_model:v1"}
    low, high = record(ready)["gain_interval"]
    gained = better.result.metrics["candidate_r2"] - better.result.metrics["champion_r2"]
    assert 0 < low < gained < high

    put_model(ready, poor_price_model(constant=1.0))
    worse = register(ready)
    assert worse.status == 0, worse.output
    assert "flats_model:v2 is registered, not promoted: r2" in worse.output
    assert aliases(ready) == {"candidate": "flats_model:v2", "champion": "flats_model:v1"}
    assert record(ready)["promoted"] is False
    assert len(versions(ready)) == 3


def test_a_champion_is_compared_on_the_test_rows_that_it_was_not_trained_on(ready: Store) -> None:
    # The champion of another split has seen 30 of the 60 test rows, and knows them by heart.
    seen = pd.concat([flats(seed=2), TEST.head(30)], ignore_index=True)
    ready.put_table("flats_train", "split_data", seen)
    put_model(ready, by_heart(seen))
    assert register(ready).status == 0
    ready.put_table("flats_train", "split_data", flats(seed=3))
    put_model(ready, poor_price_model(constant=TEST["price"].tail(30).mean()))
    done = register(ready)
    assert done.status == 0, done.output
    assert "on 30 rows of flats_test:v0" in done.output
    assert "on the 30 test rows that neither was trained on" in done.output
    read = record(ready)
    assert (read["rows_compared"], read["rows_seen_by_champion"]) == (30, 30)
    assert read["candidate_score"] == pytest.approx(0)
    unseen = TEST.tail(30)
    expected = r2_score(unseen["price"], by_heart(seen).predict(features(unseen)))
    assert read["champion_score"] == pytest.approx(expected)
    assert done.result is not None
    assert done.result.metrics["champion_r2"] == pytest.approx(expected)


def test_a_champion_trained_on_nearly_all_test_rows_stays_with_the_reason(
    ready: Store,
) -> None:
    ready.put_table("flats_train", "split_data", TEST.head(50))
    put_model(ready, poor_price_model())
    assert register(ready).status == 0
    ready.put_table("flats_train", "split_data", flats())
    put_model(ready, price_model())
    done = register(ready)
    assert done.status == 0, done.output
    assert "50 of the 60 test rows were in its training set" in done.output
    assert "split.* and seed" in done.output
    assert "register.force=true" in done.output
    read = record(ready)
    assert (read["promoted"], read["champion_score"]) == (False, None)
    assert (read["rows_compared"], read["rows_seen_by_champion"]) == (0, 50)
    assert register(ready, force="true").status == 0
    assert aliases(ready)["champion"] == "flats_model:v1"


def test_a_champion_whose_training_set_is_gone_cannot_be_compared(ready: Store) -> None:
    gone = {"train": {"artifact": "flats_train:v9", "digest": "0"}}
    folder = save(poor_price_model(), ready.folder / "old", features(TEST))
    old = ready.put("flats_model", "model", folder, {"inputs": gone})
    put_evaluation(ready, old, load_model(folder, "m").score(TEST, "price"))
    assert register(ready).status == 0
    put_model(ready, price_model())
    done = register(ready)
    assert done.status == 0, done.output
    assert "the training set of flats_model:v0 is not in the store any more" in done.output
    assert record(ready)["promoted"] is False


def test_a_champion_that_does_not_fit_the_test_set_stays_until_it_is_forced(ready: Store) -> None:
    put_model(ready, size_model(), target="size")
    assert register(ready, target="size").status == 0
    # What a crash or a hand has undone in MLflow is made good by the next run.
    MlflowClient(uri(ready)).delete_registered_model_alias("flats", "champion")
    (version,) = versions(ready)
    shutil.rmtree(str(version.source).removeprefix("file://"))

    put_model(ready, price_model(), target="price")
    done = register(ready)
    assert done.status == 0, done.output
    assert "it predicts 'size', not 'price'" in done.output
    assert "register.force=true" in done.output
    assert aliases(ready) == {"candidate": "flats_model:v1", "champion": "flats_model:v0"}
    mlflow.set_tracking_uri(uri(ready))
    assert mlflow.pyfunc.load_model("models:/flats@champion") is not None

    assert register(ready, force="true").status == 0
    assert aliases(ready)["champion"] == "flats_model:v1"


def test_a_model_that_did_not_pass_is_not_registered(ready: Store) -> None:
    version = put_model(ready, price_model())
    outcome = load_model(ready.folder / "model-0", "m").score(TEST, "price")
    put_evaluation(ready, version, outcome, violations=("r2 is 0.1, below the threshold",))
    done = register(ready)
    assert done.status == 1
    assert "flats_model:v0 did not pass its evaluation: r2 is 0.1" in done.output
    assert ready.backend.find("flats_model:candidate") is None
    assert ready.backend.find("flats_registration:latest") is None
    assert versions(ready) == []


def test_where_outputs_cannot_be_stored_no_alias_moves(ready: Store) -> None:
    put_model(ready, price_model())
    done = register(ready, registration_artifact="flats_test")  # a name of another type
    assert done.status == 1
    assert ready.backend.find("flats_model:candidate") is None
    assert ready.backend.find("flats_model:champion") is None
    healed = register(ready)
    assert healed.status == 0, healed.output
    assert aliases(ready)["champion"] == "flats_model:v0"
    assert len(versions(ready)) == 1


def test_a_tampered_model_is_not_handed_to_mlflow(ready: Store) -> None:
    folder = save(price_model(), ready.folder / "tampered", features(TEST))
    (folder / "requirements.txt").write_text("not-of-relay==1.0\n")
    version = ready.put("flats_model", "model", folder, {})
    put_evaluation(ready, version, load_model(folder, "m").score(TEST, "price"))
    done = register(ready)
    assert done.status == 1
    assert "flats_model:v0 is not registered: its files require 'not-of-relay==1.0'" in done.output
    assert MlflowClient(uri(ready)).search_registered_models() == []


@pytest.mark.parametrize(
    ("first", "second", "is_reported"),
    [
        ("/one/flats.csv", "/two/flats.csv", True),
        ("/one/flats_big.csv", "/one/flats.csv", True),
        ("/one/flats.csv", "/one/flats.csv", False),
        ("/one/a.csv", "/two/b.csv", False),
    ],
)
def test_a_champion_that_was_made_from_another_file_is_reported(
    ready: Store, first: str, second: str, is_reported: bool
) -> None:
    put_model(ready, poor_price_model(), train=put_train(ready, first, seed=3))
    assert register(ready).status == 0
    put_model(ready, price_model(), train=put_train(ready, second, seed=4))
    done = register(ready)
    assert done.status == 0, done.output
    assert done.result is not None
    reported = [text for text in done.result.warnings if text.startswith("data.name: ")]
    assert len(reported) == is_reported
    for text in reported:
        assert f"the champion flats_model:v0 was made from {first}" in text
        assert f"flats_model:v1 from {second}" in text
