"""Which rows a model has seen, and what it was trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relay.tables.overlap import rows_in
from relay.tracking import ArtifactVersion
from relay.tracking.lineage import recorded_input, source_url, train_set
from tests.made_models import flats

TRAIN = ArtifactVersion("train", "v0", "split_data", "abc")


def model(**metadata: object) -> ArtifactVersion:
    return ArtifactVersion("model", "v0", "model", "def", metadata=metadata)


def test_rows_of_another_table_are_found_wherever_they_are() -> None:
    table = flats()
    other = pd.concat([flats(seed=5), table.iloc[[7, 3]]], ignore_index=True)
    assert np.flatnonzero(rows_in(table, other)).tolist() == [3, 7]


def test_a_row_with_one_other_value_is_another_row() -> None:
    table = flats()
    assert not rows_in(table, table.assign(price=table["price"] + 1)).any()


def test_where_all_numbers_are_equal_the_texts_are_looked_at() -> None:
    table = pd.DataFrame({"n": [1.0, 1.0, None, 2.0], "text": ["a", "b", "c", "d"]})
    other = pd.DataFrame({"n": [2.0, 1.0, None], "text": ["x", "b", "c"]})
    assert rows_in(table, other).tolist() == [False, True, True, False]
    assert rows_in(table[["text"]], other).tolist() == [False, True, True, False]
    assert rows_in(table[["n"]], other).tolist() == [True, True, True, True]


def test_rows_are_the_same_in_other_dtypes_and_with_a_column_more() -> None:
    table = pd.DataFrame(
        {
            "number": [1, 2],
            "text": ["a", None],
            "truth": [True, False],
            "when": pd.Series(["2024-01-01", None]).astype("datetime64[s]"),
        }
    )
    other = pd.DataFrame(
        {
            "extra": [0, 0, 0],
            "when": pd.Series([None, "2024-01-01", "2024-01-02"]).astype("datetime64[ns]"),
            "truth": pd.array([False, True, None], dtype="boolean"),
            "text": pd.Categorical([None, "a", "b"]),
            "number": [2.0, 1.0, np.nan],
        }
    )
    assert rows_in(table, other).tolist() == [True, True]
    assert rows_in(other, table).tolist() == [True, True, False]


def test_tables_without_a_common_column_share_no_rows() -> None:
    assert rows_in(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})).tolist() == [False]


def test_the_training_set_of_a_model_is_found_by_reference_and_digest() -> None:
    made = model(inputs={"train": {"artifact": "train:v0", "digest": "abc"}})
    assert train_set(made, lambda name: TRAIN if name == "train:v0" else None) == TRAIN
    assert train_set(made, lambda name: None) is None
    other = ArtifactVersion("train", "v0", "split_data", "other content")
    assert train_set(made, lambda name: other if name == "train:v0" else None) is None


def test_a_model_without_recorded_inputs_has_no_training_set() -> None:
    unsaid: list[dict[str, object]] = [
        {},
        {"inputs": None},
        {"inputs": {}},
        {"inputs": {"train": "train:v0"}},
    ]
    for metadata in unsaid:
        assert recorded_input(model(**metadata), "train") is None
        assert (
            train_set(model(**metadata), lambda name: TRAIN if name == "train:v0" else None) is None
        )


def test_the_source_of_a_model_is_the_url_of_the_file_that_it_goes_back_to() -> None:
    raw = ArtifactVersion("raw", "v0", "raw_data", "r", metadata={"original_url": "/data/a.csv"})
    train = ArtifactVersion("train", "v0", "t", "t", metadata=made_of(raw))
    store = {str(version): version for version in (raw, train)}
    assert source_url(model(**made_of(train)), store.get) == "/data/a.csv"
    assert source_url(raw, store.get) == "/data/a.csv"
    assert source_url(model(), store.get) is None
    assert source_url(model(**made_of(train)), lambda reference: None) is None


def made_of(version: ArtifactVersion) -> dict[str, object]:
    """Return the metadata of what was made of `version`."""
    return {"inputs": {"input": {"artifact": str(version), "digest": version.digest}}}
