"""Loading models and predicting tables with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import relay_dates
from relay.models.loading import Model, coerce, load_model
from relay.util.errors import RelayError
from tests.made_models import features, flats, price_model, save, size_model


@pytest.fixture
def price(tmp_path: Path) -> Model:
    return load_model(save(price_model(), tmp_path / "price", features(flats())), "price:v0")


@pytest.fixture
def size(tmp_path: Path) -> Model:
    return load_model(save(size_model(), tmp_path / "size", features(flats())), "size:v0")


def test_a_loaded_model_knows_its_task_columns_and_classes(price: Model, size: Model) -> None:
    assert (price.task, price.classes) == ("regression", [])
    assert dict(price.columns) == {"area": "double", "quarter": "string"}
    assert (size.task, size.classes) == ("classification", ["large", "middle", "small"])


def test_columns_are_taken_by_name_in_any_order_and_among_others(price: Model) -> None:
    table = flats()
    shuffled = table[["size", "quarter", "price", "area"]]
    expected = price_model().predict(features(table))
    np.testing.assert_allclose(price.predict(shuffled).values, expected)
    assert price.predict(table).probabilities is None


def test_probabilities_have_a_column_for_each_class(size: Model) -> None:
    predictions = size.predict(flats())
    assert predictions.probabilities is not None
    assert predictions.probabilities.shape == (60, 3)
    np.testing.assert_allclose(predictions.probabilities.sum(axis=1), 1)


def test_a_model_is_scored_on_a_table_with_its_target(price: Model, size: Model) -> None:
    assert price.score(flats(seed=1), "price").metrics["r2"] > 0.99
    assert {"f1", "accuracy", "roc_auc", "log_loss"} <= set(
        size.score(flats(seed=1), "size").metrics
    )


def test_a_target_that_is_not_there_is_named_with_the_nearest_column(price: Model) -> None:
    with pytest.raises(RelayError, match=r"no column 'prise'. Did you mean 'price'"):
        price.score(flats(), "prise")


def test_rows_without_a_target_cannot_be_scored(price: Model) -> None:
    table = flats()
    table.loc[3, "price"] = None
    with pytest.raises(RelayError, match="missing in 1 of 60 rows"):
        price.score(table, "price")


def test_a_target_of_texts_cannot_score_a_regression(price: Model) -> None:
    with pytest.raises(RelayError, match=r"column 'size'.*not a number"):
        price.score(flats(), "size")


def test_no_rows_give_no_predictions(price: Model) -> None:
    assert len(price.predict(flats().head(0)).values) == 0


def test_missing_columns_are_listed_with_the_nearest_names(price: Model) -> None:
    table = flats().rename(columns={"area": "area_m2"}).drop(columns="quarter")
    with pytest.raises(RelayError) as raised:
        price.predict(table)
    assert "lacks 2 of the 2 columns" in str(raised.value)
    assert "'area' (is it 'area_m2'?)" in str(raised.value)
    assert "'quarter'" in str(raised.value)
    assert "data.rename" in str(raised.value)


@pytest.mark.parametrize(
    ("given", "wanted", "read"),
    [
        (["1", " 2.5", None], "double", [1.0, 2.5, np.nan]),
        ([1, 2, 3], "long", [1.0, 2.0, 3.0]),
        ([True, False], "double", [1.0, 0.0]),
        (["yes", "FALSE", "1"], "boolean", [True, False, True]),
        ([1, 0], "boolean", [True, False]),
        (["true", None], "boolean", [True, None]),
        ([10001.0, None], "string", ["10001", None]),
        ([1, 2], "string", ["1", "2"]),
        ([0.5, 1.0], "string", ["0.5", "1.0"]),
        (["2024-03-01", None], "datetime", [pd.Timestamp("2024-03-01"), pd.NaT]),
    ],
)
def test_values_are_read_as_the_model_needs_and_missing_ones_stay(
    given: list[Any], wanted: str, read: list[Any]
) -> None:
    values = list(coerce(pd.DataFrame({"x": given}), {"x": wanted})["x"])
    assert [pd.isna(value) for value in values] == [pd.isna(value) for value in read]
    assert [value for value in values if not pd.isna(value)] == [
        value for value in read if not pd.isna(value)
    ]


def test_numbers_become_floats_so_that_whole_ones_may_be_missing() -> None:
    assert coerce(pd.DataFrame({"x": [1, 2]}), {"x": "long"})["x"].dtype == "float64"


def test_categories_are_read_as_their_texts() -> None:
    table = pd.DataFrame({"x": pd.Categorical(["a", None, "b"])})
    assert coerce(table, {"x": "string"})["x"].tolist()[::2] == ["a", "b"]


def test_all_columns_that_cannot_be_read_are_in_one_error() -> None:
    table = pd.DataFrame({"a": ["1", "many"], "b": ["maybe", "no"], "c": ["2024-01-01", "soon"]})
    with pytest.raises(RelayError) as raised:
        coerce(table, {"a": "double", "b": "boolean", "c": "datetime"})
    for value in ("many", "maybe", "soon"):
        assert value in str(raised.value)


def test_labels_of_a_file_compare_with_a_models_booleans(tmp_path: Path) -> None:
    table = flats()
    table["legendary"] = table["area"] > 80
    pipeline = price_model(table.assign(price=table["price"]))
    pipeline = type(pipeline)([("prepare", pipeline[0]), ("model", size_model()[-1])])
    pipeline.fit(features(table), table["legendary"])
    model = load_model(save(pipeline, tmp_path / "bool", features(table)), "bool:v0")
    as_text = table["legendary"].map({True: "true", False: "FALSE"})
    scored = model.score(table.assign(legendary=as_text), "legendary")
    assert scored.metrics["accuracy"] > 0.9


@pytest.mark.parametrize("serialization", ["cloudpickle", "pickle"])
def test_a_pickled_model_is_refused_before_it_is_loaded(tmp_path: Path, serialization: str) -> None:
    like = features(flats())
    folder = save(price_model(), tmp_path / "m", like, serialization_format=serialization)
    with pytest.raises(RelayError, match=rf"price:v1 is saved as {serialization}.*skops"):
        load_model(folder, "price:v1")


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="price:v1 is not an MLflow model"):
        load_model(tmp_path, "price:v1")


def test_a_model_whose_file_is_cut_off_is_an_error(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    (broken,) = folder.glob("*.skops")
    broken.write_bytes(broken.read_bytes()[:500])
    with pytest.raises(RelayError, match="price:v1 cannot be loaded"):
        load_model(folder, "price:v1")


def test_a_model_that_wants_types_of_other_packages_trusted_is_refused(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    description = yaml.safe_load((folder / "MLmodel").read_text())
    description["flavors"]["sklearn"]["skops_trusted_types"] = ["os.system"]
    (folder / "MLmodel").write_text(yaml.safe_dump(description))
    with pytest.raises(RelayError, match=r"price:v1 is not loaded: it has os\.system"):
        load_model(folder, "price:v1")


def save_with_code(folder: Path, source: Path) -> Path:
    """Return a model that brings the file `source` as code."""
    return save(price_model(), folder, features(flats()), code_paths=[str(source)])


def test_a_model_that_brings_relays_own_file_for_dates_is_loaded(tmp_path: Path) -> None:
    own = Path(relay_dates.__file__)
    assert load_model(save_with_code(tmp_path / "m", own), "price:v1").task == "regression"


def test_a_model_that_brings_other_code_is_refused_before_it_runs(tmp_path: Path) -> None:
    own = Path(relay_dates.__file__)
    changed = tmp_path / own.name
    changed.write_text(own.read_text() + "\nprint('run')\n")
    more = save_with_code(tmp_path / "more", own)
    (more / "code" / "scipy.py").write_text("print('run')")
    hidden = save_with_code(tmp_path / "hidden", own)
    (hidden / "code" / "__pycache__").mkdir()
    elsewhere = save_with_code(tmp_path / "elsewhere", own)
    description = yaml.safe_load((elsewhere / "MLmodel").read_text())
    description["flavors"]["sklearn"]["code"] = "."
    (elsewhere / "MLmodel").write_text(yaml.safe_dump(description))
    for folder in (save_with_code(tmp_path / "changed", changed), more, hidden, elsewhere):
        with pytest.raises(RelayError, match=r"price:v1 is not loaded: it brings code"):
            load_model(folder, "price:v1")


def test_a_table_that_the_pipeline_itself_refuses_is_one_clear_error(price: Model) -> None:
    table = flats()
    table.loc[0, "area"] = None  # a linear regression without imputation
    with pytest.raises(RelayError, match="The model cannot predict this table"):
        price.predict(table)
