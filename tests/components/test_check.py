"""`check` through its real command line, on a real local store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from relay.tables.io import table_metadata, write_parquet
from relay.tracking import ArtifactVersion
from tests.components.conftest import Store, either_way

INFERRED = {"file": {"kind": "text", "separator": ";"}, "columns": {"x": {"kind": "number"}}}


def put_clean(store: Store) -> None:
    table = pd.DataFrame(
        {"x": range(20), "kind": ["a", "b"] * 10, "y": [i * 1.5 for i in range(20)]}
    )
    path = write_parquet(table, store.folder / "put" / "data.parquet")
    store.put(
        "demo_clean",
        "clean_data",
        path,
        {
            **table_metadata(table),
            "inferred": INFERRED,
            "warnings": ["<t.csv>: left out 1 row"],
        },
    )


def report(store: Store) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((store.files("demo_report:v0") / "report.json").read_text())
    return loaded


def metadata(store: Store, reference: str) -> Mapping[str, Any]:
    version = store.backend.find(reference)
    assert version is not None
    return version.metadata


@either_way
def test_a_good_table_passes_with_a_report(store: Store, alone: bool) -> None:
    put_clean(store)
    done = store.run(
        "check",
        alone=alone,
        input_artifact="demo_clean:latest",
        report_artifact="demo_report",
        target="y",
        columns='{"x": {"dtype": "int", "min": 0}}',
    )
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.outputs == {"report": "demo_report:v0"}
    assert done.result.types == {"report": "data_report"}
    content = report(store)
    assert content["passed"] is True
    assert content["columns"]["kind"]["top"] == {"a": 10, "b": 10}
    assert content["inferred"] == INFERRED
    page = (store.files("demo_report:v0") / "report.html").read_text()
    assert "<li>&lt;t.csv&gt;: left out 1 row</li>" in page
    assert (content["input"], content["target"]) == ("demo_clean:v0", "y")
    recorded = metadata(store, "demo_report:v0")
    assert (recorded["passed"], recorded["violations"], recorded["target"]) == (True, 0, "y")
    assert recorded["inputs"]["input"]["digest"] == content["input_digest"]


def test_a_bad_table_fails_with_all_violations_and_the_report_is_kept(store: Store) -> None:
    put_clean(store)
    done = store.run(
        "check",
        input_artifact="demo_clean:latest",
        report_artifact="demo_report",
        target="y",
        min_rows=50,
        columns='{"x": {"max": 10}, "kind": {"allowed": ["a"]}, "knd": {}}',
    )
    assert done.status == 1
    assert "Traceback" not in done.output
    assert "demo_clean:v0 breaks 4 rules" in done.output
    for line in (
        "x: above max 10; 9 rows",
        "kind: not one of",
        "knd: the table has no such column",
    ):
        assert line in done.output
    content = report(store)
    assert content["passed"] is False
    assert len(content["violations"]) == 4
    recorded = metadata(store, "demo_report:v0")
    assert (recorded["passed"], recorded["violations"]) == (False, 4)


def test_tables_that_look_alike_have_a_report_each(store: Store) -> None:
    for rows in ([1, 2, 3], [3, 2, 1]):
        store.put_table("demo_clean", "clean_data", pd.DataFrame({"y": rows}))
        given = {"input_artifact": "demo_clean:latest", "target": "y", "min_rows": 1}
        assert store.run("check", **given, report_artifact="demo_report").status == 0
    reports = [metadata(store, f"demo_report:v{number}") for number in (0, 1)]
    tables = [content["inputs"]["input"]["artifact"] for content in reports]
    assert tables == ["demo_clean:v0", "demo_clean:v1"]


def put_champion(store: Store, train: ArtifactVersion) -> None:
    """Return a champion that was trained on `train`."""
    path = store.folder / "model"
    path.write_text(str(train))
    inputs = {"train": {"artifact": str(train), "digest": train.digest}}
    model = store.put("demo_model", "model", path, {"inputs": inputs})
    store.backend.set_alias(model, "champion")


def test_drift_from_the_champions_training_set_warns_or_fails(store: Store) -> None:
    numbers = pd.DataFrame({"x": range(200), "same": [1, 2] * 100, "y": range(200)})
    put_champion(store, store.put_table("demo_train", "split_data", numbers))
    store.put_table("demo_clean", "clean_data", numbers.assign(x=numbers["x"] + 150))
    given = {"input_artifact": "demo_clean", "report_artifact": "demo_report", "target": "y"}
    given |= {"champion": "demo_model:champion"}
    done = store.run("check", **given)
    assert done.status == 0, done.output
    assert "column x drifted from demo_train:v0" in done.output
    assert done.result is not None
    assert done.result.metrics["drifted_columns"] == 1
    assert done.result.inputs["champion_train"] == "demo_train:v0"
    content = report(store)
    assert content["drift"]["train_set"] == "demo_train:v0"
    assert [name for name, column in content["drift"]["columns"].items() if column["drifted"]] == [
        "x"
    ]
    assert "demo_train:v0" in (store.files("demo_report:v0") / "report.html").read_text()

    done = store.run("check", **given, drift='{"fail": true}')
    assert done.status == 1
    assert "x: drifted from demo_train:v0" in done.output
    assert metadata(store, "demo_report:latest")["passed"] is False


def put_from(store: Store, url: str, name: str, table: pd.DataFrame) -> ArtifactVersion:
    """Store `table` as an artifact that was made from a file at `url`."""
    raw = store.folder / "raw.txt"
    raw.write_text(url)
    made = store.put("sales_y_raw", "raw_data", raw, {"original_url": url})
    path = write_parquet(table, store.folder / "put" / name / "data.parquet")
    inputs = {"input": {"artifact": str(made), "digest": made.digest}}
    return store.put(name, "clean_data", path, {**table_metadata(table), "inputs": inputs})


def test_a_champion_that_was_trained_on_another_source_is_reported_with_it(store: Store) -> None:
    first, second = "https://example.com/a/sales.csv", "https://example.com/b/sales.csv"
    numbers = pd.DataFrame({"x": range(200), "gone": 1, "y": range(200)})
    put_champion(store, put_from(store, first, "sales_y_train", numbers))
    later = numbers.drop(columns="gone").assign(x=numbers["x"] + 150)
    given = {"report_artifact": "report", "target": "y", "champion": "demo_model:champion"}

    put_from(store, second, "sales_y_clean", later)
    done = store.run("check", input_artifact="sales_y_clean", **given)
    assert done.status == 0, done.output
    assert (
        "data.name: the champion demo_model:champion was trained on sales_y_train:v0, which was "
        f"made from {first}; sales_y_clean:v0 was made from {second}. If these are different "
        "tables, set data.name=NAME for one of them." in done.output
    )
    assert f"column x drifted from sales_y_train:v0 ({first}), which" in done.output
    assert f"column gone is missing; sales_y_train:v0 ({first}), which" in done.output
    files = store.files("report:v0")
    assert json.loads((files / "report.json").read_text())["drift"]["source"] == first
    assert f"another source:\n{first}." in (files / "report.html").read_text()

    put_from(store, first, "sales_y_clean", later.assign(z=1))
    done = store.run("check", input_artifact="sales_y_clean", **given)
    assert "data.name" not in done.output
    assert "column x drifted from sales_y_train:v0, which" in done.output
    assert "another source" not in (store.files("report:v1") / "report.html").read_text()

    put_from(store, second, "shop_clean", later)  # a name of its own may have several sources
    done = store.run("check", input_artifact="shop_clean", **given)
    assert "data.name" not in done.output
    assert f"column x drifted from sales_y_train:v0 ({first}), which" in done.output


def test_without_urls_the_raw_artifact_of_the_training_set_is_named(store: Store) -> None:
    numbers = pd.DataFrame({"x": range(200), "y": range(200)})
    for name, table in {
        "a_train": numbers,
        "b_clean": numbers.assign(x=numbers["x"] + 150),
    }.items():
        raw = store.put(f"{name[0]}_raw", "raw_data", write_parquet(table, store.folder / name))
        path = write_parquet(table, store.folder / "put" / name / "data.parquet")
        inputs = {"input": {"artifact": str(raw), "digest": raw.digest}}
        version = store.put(name, "clean_data", path, {**table_metadata(table), "inputs": inputs})
        if name == "a_train":
            put_champion(store, version)
    done = store.run("check", input_artifact="b_clean", target="y", champion="demo_model:champion")
    assert done.status == 0, done.output
    assert "column x drifted from a_train:v0 (a_raw), which" in done.output


def test_a_report_counts_for_the_result_of_its_gate_only(
    store: Store,
) -> None:
    put_clean(store)
    given = {"input_artifact": "demo_clean", "report_artifact": "demo_report", "target": "y"}
    assert store.run("check", **given).status == 0
    train = store.put_table("demo_train", "split_data", pd.DataFrame({"y": [1.0, 2.0] * 50}))
    put_champion(store, train)
    assert store.run("check", **given, champion="demo_model:champion").status == 0
    before, after = (metadata(store, f"demo_report:v{number}") for number in (0, 1))
    assert before["counts_as"] == after["counts_as"]
    assert after["page"] == "report.html"
    store.run("check", **given, champion="demo_model:champion", min_rows=21)
    assert metadata(store, "demo_report:v2")["counts_as"] != after["counts_as"]


def test_a_misspelt_rule_is_a_wrong_command(store: Store) -> None:
    done = store.run("check", input_artifact="x", target="y", columns='{"x": {"mim": 1}}')
    assert done.status == 2
    assert "columns.x.mim" in done.output
