"""The files and tables of `predict`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.models.loading import Predictions
from relay.step.params import validate
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.table_writer import TableWriter
from relay.util.errors import ConfigError, RelayError
from tests.loading import load

table_io = load("predict", "table_files")
looking = load("predict", "input_check")
kinds = load("predict", "input_check")
scoring = load("predict", "scoring")
run = load("predict")
params_module = load("predict", "params")
Params = params_module.Params


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "predict.input=FILE or predict.artifact=NAME:ALIAS; neither is given"),
        ({"input_path": "a.csv", "input_artifact": "b:v0"}, "both are given"),
        ({"input_path": "a.csv", "output_path": "out.xlsx"}, r"must end in .csv or .parquet"),
    ],
)
def test_a_wrong_choice_of_files_is_a_wrong_parameter(params: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(Params, {"model_artifact": "m:v0", **params})


def test_paths_begin_at_the_projects_root(tmp_path: Path) -> None:
    assert params_module.local_path("a/b.csv", tmp_path) == tmp_path / "a" / "b.csv"
    assert params_module.local_path("/a/b.csv", tmp_path) == Path("/a/b.csv")
    assert params_module.local_path("file:///a/b%20c.csv", tmp_path) == Path("/a/b c.csv")


def test_a_url_is_not_a_file_here(tmp_path: Path) -> None:
    with pytest.raises(
        RelayError, match=r"not a file on this machine \(got https://example\.org/a\.csv\)"
    ):
        params_module.local_path("https://example.org/a.csv", tmp_path)
    with pytest.raises(RelayError, match="on the host 'data'"):
        params_module.local_path("file://data/a.csv", tmp_path)


def test_columns_get_the_names_that_clean_gives_them_also_without_the_target(
    tmp_path: Path,
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("Sp. Atk,#,HP\n1,2,3\n", encoding="utf-8")
    rename = {"Sp. Atk": "Special Attack", "absent": "target"}
    assert table_io.open_input(path, ReadOptions(), rename).names == [
        "special_attack",
        "number",
        "hp",
    ]


def test_a_file_keeps_all_rows_and_the_names_as_they_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("House No,Zip\n1,007\n1,007\n,\n", encoding="utf-8")
    table = table_io.open_input(path, ReadOptions(), {})
    assert table.raw_names == ["House No", "Zip"]
    rows = pd.concat(list(table))
    assert list(rows.columns) == ["house_no", "zip"]
    assert rows["zip"].tolist()[:2] == ["007", "007"]
    assert len(rows) == 3


@pytest.mark.parametrize(
    "params", [{"dtypes": '{"a": "flaot"}'}, {"decimal": ";"}, {"missing_values": "[no]"}]
)
def test_settings_of_reading_are_checked_as_in_clean(params: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(params))):
        validate(Params, {"model_artifact": "m:v0", "input_path": "a.csv", **params})


def check(**params: str) -> None:
    """Check the files of these parameters as the orchestrator does before anything runs."""
    params_module.check(validate(Params, {"model_artifact": "m:v0", **params}))


def test_an_input_that_does_not_exist_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "flats.csv").touch()
    check(input_path=str(tmp_path / "flats.csv"))
    check(input_path=f"file://{tmp_path}/flats.csv")
    check(input_artifact="flats:v0")
    message = r"^predict\.input: there is no file .*/flat\.csv\. Did you mean 'flats\.csv'\?"
    with pytest.raises(ConfigError, match=message):
        check(input_path=str(tmp_path / "flat.csv"))


def test_a_folder_for_the_output_that_does_not_exist_is_an_error_and_not_made(
    tmp_path: Path,
) -> None:
    check(input_artifact="a:v0", output_path=str(tmp_path / "o.csv"))
    with pytest.raises(ConfigError, match=r"^predict\.output: there is no folder .*/new\. Make it"):
        check(input_artifact="a:v0", output_path=str(tmp_path / "new" / "o.csv"))
    assert not (tmp_path / "new").exists()
    (tmp_path / "o.csv").mkdir()
    with pytest.raises(ConfigError, match=r"^predict\.output: .*o\.csv is a folder"):
        check(input_artifact="a:v0", output_path=str(tmp_path / "o.csv"))


@pytest.mark.parametrize(
    ("rows", "output", "line"),
    [
        (1, "out.csv", "1 row predicted, in out.csv"),
        (1234, "deep/out.csv", "1,234 rows predicted, in deep/out.csv"),
        (5, None, "5 rows predicted, in the artifact; for a file, set predict.output=FILE.csv"),
    ],
)
def test_rows_and_path_are_shown_as_seen_from_where_the_command_was_started(
    rows: int, output: str | None, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_START", str(tmp_path))
    assert run.summary_line(rows, output and tmp_path / output) == line


def test_errors_of_reading_name_predicts_own_setting(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(RelayError) as raised:
        table_io.open_input(tmp_path / "empty.csv", ReadOptions(), {})
    assert "predict.input" in str(raised.value)
    assert "data.url" not in str(raised.value)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_file_written_in_pieces_reads_back_and_leaves_nothing_beside_it(
    name: str, tmp_path: Path
) -> None:
    table = pd.DataFrame({"a": [1, 2, 3], "ä b": ["x", None, 'y,"z']})
    path = tmp_path / name
    with TableWriter(path) as writer:
        for piece in (table.head(2), table.tail(1)):
            writer.write(piece)
        assert not path.exists()
        writer.finish()
    back = pd.read_csv(path) if name.endswith("csv") else pd.read_parquet(path)
    pd.testing.assert_frame_equal(back, table)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_file_that_is_not_finished_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("before", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), TableWriter(tmp_path / name) as writer:
        writer.write(pd.DataFrame({"a": [1]}))
        raise ZeroDivisionError
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_the_input_is_never_written_over_under_any_name_of_it(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "x").mkdir()
    for output in (source, tmp_path / "link.csv", tmp_path / "x" / ".." / "in.csv"):
        with pytest.raises(ConfigError, match="is the input file"):
            check(input_path=str(source), output_path=str(output))


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "o.csv"
    with (
        pytest.raises(RelayError, match=r"predict\.output: .* cannot be written"),
        TableWriter(place) as writer,
    ):
        writer.write(pd.DataFrame({"a": [1]}))


def looked_through(text: str, folder: Path, columns: dict[str, str], **options: Any) -> Any:
    """Check a file with this text for a model that takes `columns`."""
    (folder / "in.csv").write_text(text, encoding="utf-8")
    table = table_io.open_input(folder / "in.csv", ReadOptions(), {})
    return looking.check_table(table, reading(columns, **options), lambda done, all: None)


def reading(columns: dict[str, str], **options: Any) -> Any:
    given = {"words": {}, "trained": set(), "texts": set(), "decimal": None, **options}
    return looking.Reading(columns, **{"target": "price", "target_word": None, **given})


def test_numbers_are_read_in_the_format_of_the_training_data(tmp_path: Path) -> None:
    path, german = tmp_path / "in.csv", "float:1.234,56"
    path.write_text("size;price\n1.234;5.000\n7;6\n", encoding="utf-8")
    table = table_io.open_input(path, ReadOptions(), {})
    how = reading(
        {"size": "double"}, words={"size": german}, target_word=german, texts={"size", "price"}
    )
    looked = looking.check_table(table, how, lambda done, all: None)
    (piece,) = (looked.typed(piece, how) for piece in table)
    assert how.features(piece)["size"].tolist() == [1234, 7]
    # also the target, for which metrics are computed
    actual: list[float] = []

    def compare(values: pd.Series, _: Predictions) -> Any:
        actual.extend(values)
        return SimpleNamespace(metrics={"mae": 0.0})

    model = SimpleNamespace(compare=compare)
    score = scoring.Score(model, how.target, how.target_word)
    score.add(piece, Predictions(np.array([5000.0, 6.0]), None))
    assert score.metrics() == {"mae": 0.0}
    assert actual == [5000, 6]


def test_all_that_does_not_fit_the_model_is_named_by_row_and_column(tmp_path: Path) -> None:
    rows = ["1,yes,2024-01-31"] * 1500
    rows[1200] = "one,yes,31.1.2024"
    rows[1300] = "2,maybe,2024-01-31"
    columns = {"n": "double", "flag": "boolean", "day": "datetime"}
    with pytest.raises(RelayError) as raised:
        looked_through(
            "\n".join(["n,flag,day", *rows]), tmp_path, columns,
            words={"day": "datetime:%Y-%m-%d"}, texts={"day"},
        )  # fmt: skip
    lines = str(raised.value).splitlines()
    assert "column 'n', row 1201 of the data: 'one' is not a number" in lines[0]
    assert "column 'flag', row 1301 of the data: 'maybe' is not true or false" in lines[1]
    assert "column 'day', row 1201 of the data: '31.1.2024'" in lines[2]


def test_a_column_is_of_one_kind_in_all_pieces(tmp_path: Path) -> None:
    rows = ["1,1,1,True,x,"] * 60_000
    rows[55_000] = "2,2.5,,,1,"
    examined = looked_through("\n".join(["i,f,m,b,t,e", *rows]), tmp_path, {"i": "double"})
    assert examined.rows == 60_000
    assert examined.kinds == {
        "i": "int", "f": "float", "m": "float", "b": "text", "t": "text", "e": "empty"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "other", "both"),
    [
        ("int", "int", "int"), ("int", "float", "float"), ("int", "empty", "float"),
        ("bool", "empty", "text"), ("bool", "int", "text"), ("text", "int", "text"),
        ("empty", "empty", "empty"), ("time", "empty", "time"), ("time", "text", "text"),
    ],
)  # fmt: skip
def test_the_wider_of_two_kinds_has_room_for_both(kind: str, other: str, both: str) -> None:
    assert kinds.join_kinds({"x": kind}, {"x": other}) == {"x": both}
    assert kinds.join_kinds({"x": other}, {"x": kind}) == {"x": both}


def test_predictions_and_probabilities_stand_beside_the_rows() -> None:
    table = pd.DataFrame({"a": [1, 2]})
    predictions = Predictions(np.array(["x", "y"]), np.array([[0.9, 0.1], [0.2, 0.8]]))
    out = run.with_predictions(table, predictions, ["x", "y"])
    assert list(out.columns) == ["a", "prediction", "probability_x", "probability_y"]
    assert out["prediction"].tolist() == ["x", "y"]
    assert out["probability_y"].tolist() == [0.1, 0.8]


def test_a_column_that_is_called_prediction_already_is_not_lost() -> None:
    with pytest.raises(RelayError, match="already has a column 'prediction'"):
        run.with_predictions(
            pd.DataFrame({"prediction": [1]}), Predictions(np.array([2.0]), None), []
        )


@pytest.mark.shared
@pytest.mark.parametrize("name", ["empty.csv", "pokemon_header_only.csv"])
def test_files_without_rows_are_one_clear_error(name: str, shared: Path) -> None:
    with pytest.raises(RelayError, match=r"predict\.input"):
        table_io.open_input(shared / "messy" / name, ReadOptions(), {})
