"""A model in another format than Relay's own goes through `evaluate`, `register` and `predict`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from relay.models.saving import describe_model
from tests.components.conftest import Store
from tests.made_formats import X, numbers, price_network


def test_it_is_evaluated_registered_and_predicts(store: Store, tmp_path: Path) -> None:
    saved = price_network(store.folder / "model")
    table = numbers().drop(columns="size")
    store.put("flats_model", "model", saved, describe_model("mine", table, "price", X, {}))
    store.put_table("flats_test", "split_data", numbers(seed=1).drop(columns="size"))

    given = {"model_artifact": "flats_model:latest", "test_artifact": "flats_test:latest"}
    done = store.run("evaluate", **given, target="price")
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.metrics["r2"] > 0.9

    done = store.run(
        "register", **given, evaluation_artifact="evaluation:latest", target="price", name="flats"
    )
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.metrics["promoted"] == 1

    numbers(seed=2)[X].to_csv(tmp_path / "new.csv", index=False)
    output = tmp_path / "out.csv"
    words = {"input_path": tmp_path / "new.csv", "output_path": output}
    done = store.run("predict", model_artifact="flats_model:champion", **words)
    assert done.status == 0, done.output
    predicted = pd.read_csv(output)["prediction"]
    assert predicted.corr(numbers(seed=2)["price"]) > 0.95
