"""`predict` through its real command line, on a real local store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests import made_training
from tests.components.conftest import Finished, Store, either_way
from tests.made_models import features, flats, price_model, save, size_model


@pytest.fixture
def with_model(store: Store) -> Store:
    folder = save(price_model(), store.folder / "model", features(flats()))
    store.put("flats_model", "model", folder, {"target": "price"})
    return store


def predict(store: Store, **params: Any) -> Finished:
    given = {"model_artifact": "flats_model:latest", "predictions_artifact": "flats_predictions"}
    return store.run("predict", **given, **params)


def expected(table: pd.DataFrame) -> Any:
    return price_model().predict(features(table))


@either_way
def test_a_file_is_predicted_into_an_artifact_and_a_file(
    with_model: Store, tmp_path: Path, alone: bool
) -> None:
    table = flats(seed=2)
    table.loc[0, "price"] = None
    source, target = tmp_path / "new flats.csv", tmp_path / "out" / "predicted.csv"
    target.parent.mkdir()
    table.rename(columns={"area": "Area"}).to_csv(source, index=False)
    done = predict(with_model, alone=alone, input_path=source, output_path=target)
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.outputs == {"predictions": "flats_predictions:v0"}
    assert done.result.metrics["rows"] == len(table)
    assert done.result.metrics["r2"] > 0.99  # of the rows whose target is known
    stored = with_model.table("flats_predictions:v0")
    assert list(stored.columns) == ["area", "quarter", "price", "size", "prediction"]
    np.testing.assert_allclose(stored["prediction"], expected(table))
    written = pd.read_csv(target)
    assert list(written.columns) == ["Area", "quarter", "price", "size", "prediction"]
    np.testing.assert_allclose(written["prediction"], expected(table))
    assert [path.name for path in target.parent.iterdir()] == ["predicted.csv"]
    assert done.result.notes == [f"{len(table)} rows predicted, in {target}"]
    assert set(done.result.phases) == {"reading", "features", "scoring", "writing"}
    assert sum(done.result.phases.values()) > 0


def test_a_column_without_any_value_is_a_warning(with_model: Store, tmp_path: Path) -> None:
    source = tmp_path / "new.csv"
    flats(seed=2).assign(quarter=None).to_csv(source, index=False)
    done = predict(with_model, input_path=source)
    assert done.status == 0, done.output
    assert done.result is not None
    [warning] = done.result.warnings
    assert warning.startswith("No value in all 60 rows: column quarter. ")


def test_a_value_that_is_not_in_the_training_set_is_a_warning(store: Store, tmp_path: Path) -> None:
    data, spec = made_training.data(), made_training.spec(made_training.RIDGE)
    model = made_training.cross_validation.fit_best(
        made_training.sklearn_pipeline.make_pipeline(spec, data, 0), spec, data, 0
    )
    folder = save(model, store.folder / "model", data.x, skops_trusted_types=["numpy.dtype"])
    store.put("flats_model", "model", folder, {"target": "price"})
    (tmp_path / "new.csv").write_text("x,noise,group\n1.5,0.5,red\n2.5,0.5,blue\n")
    done = predict(store, input_path=tmp_path / "new.csv")
    assert done.status == 0, done.output
    assert done.result is not None
    assert any("Column group: 1 row with" in text for text in done.result.warnings)


def test_every_row_is_predicted_in_order_also_repeated_and_incomplete_ones(
    store: Store, tmp_path: Path
) -> None:
    folder = save(size_model(), store.folder / "model", features(flats()))
    store.put("flats_model", "model", folder, {"target": "size"})
    table = pd.concat([flats().head(3), flats().head(3)]).reset_index(drop=True)
    table.loc[1, "quarter"] = None
    table.loc[2, "size"] = None
    table.to_csv(tmp_path / "in.csv", index=False)
    done = predict(store, input_path=tmp_path / "in.csv")
    assert done.status == 0, done.output
    stored = store.table("flats_predictions:latest")
    assert stored["area"].tolist() == table["area"].tolist()
    probabilities = stored[["probability_large", "probability_middle", "probability_small"]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert stored["prediction"].isin(["large", "middle", "small"]).all()


def test_an_artifact_is_predicted_into_a_parquet_file(with_model: Store, tmp_path: Path) -> None:
    with_model.put_table("flats_test", "split_data", flats(seed=1))
    done = predict(with_model, input_artifact="flats_test:v0", output_path=tmp_path / "out.parquet")
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.inputs == {"model": "flats_model:v0", "input": "flats_test:v0"}
    written = pd.read_parquet(tmp_path / "out.parquet")
    np.testing.assert_allclose(written["prediction"], expected(flats(seed=1)))


def test_a_table_of_another_model_is_an_error_that_names_the_model(
    with_model: Store, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("depth,colour\n1,red\n")
    done = predict(with_model, input_path=tmp_path / "in.csv")
    assert done.status == 1
    assert "These are the columns of the model flats_model:v0" in done.output
    assert "data=..." in done.output


def test_options_decide_how_the_file_is_read(with_model: Store, tmp_path: Path) -> None:
    text = "Fläche;Viertel\n45,5;centre\n60,25;unknown\n"
    (tmp_path / "in.csv").write_bytes(text.encode("latin-1"))
    done = predict(
        with_model,
        input_path=f"file://{tmp_path}/in.csv",
        separator=";",
        encoding="latin-1",
        decimal=",",
        missing_values="[unknown]",
        rename='{"flache": "area", "viertel": "quarter", "preis": "price"}',
    )
    assert done.status == 0, done.output
    assert with_model.table("flats_predictions:v0")["area"].tolist() == [45.5, 60.25]
    assert with_model.table("flats_predictions:v0")["quarter"].isna().tolist() == [False, True]


def test_a_missing_column_is_named_with_the_nearest_and_nothing_is_stored(
    with_model: Store, tmp_path: Path
) -> None:
    flats().rename(columns={"area": "aera"}).to_csv(tmp_path / "in.csv", index=False)
    done = predict(with_model, input_path=tmp_path / "in.csv", output_path=tmp_path / "out.csv")
    assert done.status == 1
    assert "'area' (is it 'aera'?)" in done.output
    assert with_model.backend.find("flats_predictions:latest") is None
    assert not (tmp_path / "out.csv").exists()


def test_a_file_of_several_pieces_is_predicted_as_one(with_model: Store, tmp_path: Path) -> None:
    table = pd.concat([flats(rows=3_000, seed=seed) for seed in range(20)], ignore_index=True)
    table.loc[:54_999, "price"] = table.loc[:54_999, "price"].round()
    table.to_csv(tmp_path / "in.csv", index=False)
    table.to_parquet(tmp_path / "in.parquet", row_group_size=7_000)
    outputs = [tmp_path / "a.csv", tmp_path / "b.parquet"]
    for source, output in zip(("in.csv", "in.parquet"), outputs, strict=True):
        done = predict(with_model, input_path=tmp_path / source, output_path=output)
        assert done.status == 0, done.output
    for written in (pd.read_csv(outputs[0]), pd.read_parquet(outputs[1])):
        np.testing.assert_allclose(written["prediction"], expected(table))
        np.testing.assert_allclose(written["price"], table["price"])


def test_the_input_is_never_written_over(with_model: Store, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    flats().to_csv(source, index=False)
    before = source.read_bytes()
    done = predict(with_model, input_path=source, output_path=source)
    assert done.status == 1
    assert "is the input file" in done.output
    assert source.read_bytes() == before
    assert with_model.backend.find("flats_predictions:latest") is None


def test_values_are_read_as_in_training_whatever_the_new_file_looks_like(
    store: Store, tmp_path: Path
) -> None:
    """From a raw file, whose days are first, to a prediction: all steps hand on how it was read."""
    days = pd.date_range("2024-01-01", periods=60)
    raw = pd.DataFrame({"day": days.strftime("%d/%m/%Y"), "y": [float(day.day) for day in days]})
    raw["n"] = [-999 if place % 9 == 0 else place for place in range(60)]
    (store.folder / "raw").mkdir()
    raw.to_csv(store.folder / "raw" / "days.csv", index=False)
    store.put("days_raw", "raw_data", store.folder / "raw" / "days.csv")
    target = {"target": "y"}
    model = '{"_target_": "sklearn.tree.DecisionTreeRegressor"}'
    for component, params in (
        ("clean", {"input_artifact": "days_raw:v0", "missing_values": "[-999]", **target}),
        ("split", {"input_artifact": "clean:v0", **target}),
        ("train", {"train_artifact": "train:v0", "folds": 0, "model": model, **target}),
    ):
        done = store.run(component, **params)
        assert done.status == 0, done.output
    new = tmp_path / "new.csv"
    new.write_text("day,n\n03/02/2024,1\n,-999\n", encoding="utf-8")
    done = store.run("predict", model_artifact="model:v0", input_path=new)
    assert done.status == 0, done.output
    assert "As in the training set: 'data.read.missing_values=[\"-999\"]'" in done.output
    assert store.table("predictions:v0")["n"].isna().tolist() == [False, True]
    assert store.table("predictions:v0")["prediction"].iloc[0] < 6  # of February, not of March
    new.write_text("day,n\n03/13/2024,1\n", encoding="utf-8")
    done = store.run("predict", model_artifact="model:v0", input_path=new)
    assert done.status == 1
    assert "'03/13/2024' is not a time of the format %d/%m/%Y" in done.output
    new.write_text("day,n\n20240203,1\n,2\n", encoding="utf-8")
    words = '{"day": "datetime:%Y%m%d"}'
    done = store.run("predict", model_artifact="model:v0", input_path=new, dtypes=words)
    assert done.status == 0, done.output
    assert store.table("predictions:v1")["prediction"].iloc[0] < 6  # of February, not of March
