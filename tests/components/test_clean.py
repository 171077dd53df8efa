"""`clean` through its real command line, on a real local store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relay.tables.io import is_categorical, read_parquet
from tests.components.conftest import Store, either_way

TABLE = "Id,Shop Name,Price €,Kind\n1,x,5,a\n2,y,15,b\n3,z,,a\n4,z,25,b\n4,z,25,b\n5,w,,\n"


def put_raw(store: Store, content: str | bytes) -> None:
    path = store.folder / "shop.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    store.put("demo_raw", "raw_data", path, {"original_url": "http://example.org/shop.csv"})


@either_way
def test_a_raw_file_becomes_a_table_with_dtypes_and_counts(store: Store, alone: bool) -> None:
    put_raw(store, TABLE)
    done = store.run(
        "clean",
        alone=alone,
        input_artifact="demo_raw:latest",
        clean_artifact="demo_clean",
        target="Kind",
        rename=json.dumps({"Price €": "price"}),
        drop='["id"]',
        ranges='{"price": [10, null]}',
        filters="",
    )
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.inputs == {"input": "demo_raw:v0"}
    assert done.result.outputs == {"clean": "demo_clean:v0"}
    table = read_parquet(store.files("demo_clean:v0") / "data.parquet")
    assert list(table.columns) == ["shop_name", "price", "kind"]
    assert table["shop_name"].tolist() == ["y", "z", "z"]
    assert is_categorical(table["kind"])
    assert done.result.metrics == {
        "rows_in": 6,
        "rows_out": 3,
        "removed_duplicates": 1,
        "removed_range_price": 1,
        "removed_missing_target": 1,
    }
    assert "rows: duplicates" in done.output


def test_the_artifact_records_its_content_and_its_source(store: Store) -> None:
    put_raw(store, TABLE)
    store.run("clean", input_artifact="demo_raw", clean_artifact="demo_clean", target="Kind")
    version = store.backend.find("demo_clean:latest")
    assert version is not None
    assert version.type == "clean_data"
    assert version.metadata["original_url"] == "http://example.org/shop.csv"
    assert version.metadata["rows"] == 4
    assert version.metadata["target"] == "kind"
    assert version.metadata["task"] == "classification"
    assert version.metadata["inferred"]["file"]["separator"] == ","
    assert version.metadata["inferred"]["columns"]["kind"] == {"kind": "category"}


def test_numbers_that_are_classes_are_classes_to_the_next_step(store: Store) -> None:
    put_raw(store, "x,y\n" + "".join(f"{i},{i % 3}\n" for i in range(30)))
    store.run("clean", input_artifact="demo_raw", clean_artifact="demo_clean", target="y")
    table = read_parquet(store.files("demo_clean:v0") / "data.parquet")
    assert table["y"].dtype == "category"
    assert table["y"].tolist()[:3] == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: 0 bytes"),
        (b"<html><body>404</body></html>", "a web page"),
        (b"x,kind\n1,2\n3,4,5\n", "line 3: it has 3 fields"),
        (b"kind\n1\n", "one column only"),
        (b"x,kin\n1,2\n", "Did you mean 'kin'?"),
        (b"x,kind\n1,\n", "None of 1 rows is left"),
    ],
)
def test_what_cannot_be_cleaned_is_one_error_and_no_version(
    store: Store, content: bytes, message: str
) -> None:
    put_raw(store, content)
    done = store.run("clean", input_artifact="demo_raw", clean_artifact="demo_clean", target="kind")
    assert done.status == 1
    assert message in done.output
    assert "Traceback" not in done.output
    assert store.backend.find("demo_clean:latest") is None


def test_a_wrong_parameter_is_a_wrong_command(store: Store) -> None:
    done = store.run("clean", input_artifact="x", target="y", ranges='{"x": [2, 1]}')
    assert done.status == 2
    assert "low end 2 is above the high end 1" in done.output


@pytest.mark.shared
def test_a_real_web_page_in_place_of_data_is_named(store: Store, shared: Path) -> None:
    store.put("demo_raw", "raw_data", shared / "messy" / "html_404_page.csv")
    done = store.run("clean", input_artifact="demo_raw", target="y")
    assert done.status == 1
    assert "html_404_page.csv is not a table: it is a web page" in done.output
