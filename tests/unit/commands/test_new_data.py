"""`new-data`: the config that is written for a file composes, and the file keeps its rules."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from relay.commands.new_data.command import new_data
from relay.commands.new_data.writing import with_margin
from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project
from tests.loading import COMPONENTS, ROOT, load

ROWS = "".join(
    f"{1000 + i};{'north' if i % 2 else 'south'};{i % 28 + 1}.03.2021;{i + 1}.234,5;"
    f"{'ja' if i % 3 else 'nein'};0{i % 40:03d};a note, number {i};;{i},5\n"
    for i in range(100)
)
TABLE = f"Id;Region;Sold;Price;on;Zip;Note;Empty;Score\n{ROWS}"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    yield Project(tmp_path)


def write(project: Project, text: str = TABLE, *more: str) -> Any:
    """Run new-data on a file with this text, and give back what it wrote."""
    file = project.root / "sales.csv"
    file.write_text(text, encoding="utf-8")
    assert new_data(project, ["sales", "--from", str(file), *more], Console(quiet=True)) == 0
    return yaml.safe_load((project.config / "data" / "sales.yaml").read_text("utf-8"))


def cleaned(project: Project, section: Any) -> Any:
    """Return the table that a run with this config cleans, and the rules that it breaks."""
    cleaning, checking, params = (
        load("clean", "cleaning"), load("check", "rule_violations"), load("check", "params")
    )  # fmt: skip
    raw = read_raw(project.root / section["url"], ReadOptions(**section.get("read", {})))
    rules = {key: section.get(key, ()) for key in ("drop", "dtypes") if section.get(key)}
    done = cleaning.clean(raw.table, cleaning.Rules(target=section["target"], **rules))
    given = {"columns": section["check"]["columns"], "min_rows": section["check"]["min_rows"]}
    asked = params.Params(input_artifact="x", target=section["target"], **given)
    return done.table, checking.check(
        done.table, section["target"], min_rows=asked.min_rows, columns=asked.columns
    )


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (",a,y\n" + "".join(f"{i},{i / 8},{i % 3}\n" for i in range(40)), ["a", "y"]),
        ("a,y\n" + "".join(f"{i / 8},{i if i > 30 else ''}\n" for i in range(40)), ["a", "y"]),
        ("b,a,y\n" + "".join(f"{'x'[i:]},{i / 8},{i or ''}\n" for i in range(40)), ["a", "y"]),
        ("a,y\n" + "".join(f"{i / 8 if i else 'inf'},{i}\n" for i in range(40)), ["a", "y"]),
        ("a;y\n" + "".join(f"{i}.000,00 €;{i}\n" for i in range(1, 40)), ["a", "y"]),
    ],
    ids=[
        "row numbers",
        "target missing",
        "filled where the target is not",
        "infinite",
        "whole amounts",
    ],
)
def test_the_file_keeps_the_rules_that_are_written_for_it(
    project: Project, text: str, columns: list[str]
) -> None:
    table, broken = cleaned(project, write(project, text))
    assert list(table.columns) == columns
    assert broken == []


def test_the_config_has_the_facts_that_were_inferred(project: Project) -> None:
    section = write(project, TABLE, "--target", "Score")
    assert (section["name"], section["url"], section["target"]) == ("sales", "sales.csv", "score")
    assert section["read"] == {"separator": ";", "decimal": ","}
    assert section["drop"] == ["id"]
    assert section["text"] == "note"
    assert section["dtypes"] == {
        "sold": "datetime:%d.%m.%Y", "price": "float:1.234,56", "on": "bool", "zip": "str",
        "score": "float:1.234,56",
    }  # fmt: skip
    rules = section["check"]["columns"]
    assert section["check"]["min_rows"] == 50
    assert rules["region"] == {"dtype": "str", "nullable": False, "allowed": ["north", "south"]}
    assert rules["score"] == {"dtype": "float", "nullable": False, "min": 0, "max": 130}
    assert "id" not in rules
    assert "empty" not in rules


def test_the_config_runs_and_the_clean_table_keeps_its_rules(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, TABLE, "--target", "Score")
    monkeypatch.chdir(project.root)
    loaded = config.load(project.config, ["data=sales"], project.root)
    jobs = make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    given = {job.name: job.params for job in jobs}
    clean_run, params = load("clean"), load("clean", "params")
    cleaning = params.Params(**{"input_artifact": "x", **_own(given["clean"], params.Params)})
    raw = clean_run.read(project.root / "sales.csv", cleaning)
    table = clean_run.clean(raw.table, clean_run.rules(cleaning, raw.about)).table
    checking, rules = load("check", "rule_violations"), load("check", "params")
    asked = rules.Params(**{"input_artifact": "x", **_own(given["check"], rules.Params)})
    assert checking.check(table, "score", min_rows=asked.min_rows, columns=asked.columns) == []


def _own(params: Any, params_type: Any) -> dict[str, Any]:
    names = set(params_type.model_fields) - {"input_artifact"}
    return {name: value for name, value in dict(params).items() if name in names}


def test_texts_that_look_like_numbers_come_back_from_the_config_as_texts(project: Project) -> None:
    text = "code,y\n" + "".join(f"{'1e5' if i % 2 else 'no'},{i}.5\n" for i in range(30))
    write(project, text, "--target", "y")
    loaded = config.load(project.config, ["data=sales"], project.root)
    assert loaded.section("data")["check"]["columns"]["code"]["allowed"] == ["1e5", "no"]


def test_a_target_is_guessed_by_its_name_only(project: Project) -> None:
    assert write(project)["target"] == "???"
    with pytest.raises(ConfigError, match=r"^data\.target: a value is required"):
        config.load(project.config, ["data=sales"], project.root).section("data")
    (project.config / "data" / "sales.yaml").unlink()
    assert write(project, TABLE.replace("Score", "Target"))["target"] == "target"


def test_settings_of_reading_are_used_and_kept(project: Project) -> None:
    text = "Zip;n;y\nx;-999;1\nz;2;3\n"
    section = write(project, text, "data.read.missing_values=[-999]", "--target=y")
    assert section["read"] == {"separator": ";", "missing_values": [-999]}
    assert "nullable" not in section["check"]["columns"]["n"]


def test_a_file_outside_the_project_is_named_by_its_whole_path(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "t.csv"
    file.write_text("a,y\n1,2\n3,4\n")
    new_data(project, ["other", "--from", file.as_uri()], Console(quiet=True))
    assert f"url: {file}" in (project.config / "data" / "other.yaml").read_text()


def test_a_file_of_the_project_is_read_from_any_folder_and_the_printed_command_works_there(
    project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "data").mkdir()
    file = project.root / "data" / "sales.csv"
    file.write_text(TABLE)
    start = tmp_path_factory.mktemp("start")
    monkeypatch.chdir(start)
    output = io.StringIO()
    new_data(project, ["sales", "--from", str(file), "--target", "price"], Console(file=output))
    assert yaml.safe_load((project.config / "data" / "sales.yaml").read_text())["url"] == (
        "data/sales.csv"
    )
    script, command, setting = output.getvalue().splitlines()[-1].split()
    assert command == "run"
    assert (start / script).resolve() == project.root / "relay"
    for given, path in (
        ([], file),
        (["data.url=sales.csv"], start / "sales.csv"),
        (["data.url='sales:2020.csv'"], start / "sales:2020.csv"),
        (["data.url='file:///sales.csv'"], "file:///sales.csv"),
    ):
        loaded = config.load(project.config, [setting, *given], start)
        loaded.make_absolute("data.url")
        assert loaded.section("data")["url"] == str(path)


def test_the_printed_command_is_that_of_the_present_folder_in_the_project(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "sales.csv").write_text(TABLE)
    monkeypatch.chdir(project.root)
    output = io.StringIO()
    new_data(project, ["sales", "--from", "sales.csv", "--target", "price"], Console(file=output))
    assert output.getvalue().endswith("\n  ./relay run data=sales\n")


def test_a_target_that_the_file_does_not_have_is_an_error_of_the_command(project: Project) -> None:
    (project.root / "sales.csv").write_text(TABLE)
    file = str(project.root / "sales.csv")
    with pytest.raises(ConfigError, match=r"new-data: --target: .*'nope'") as raised:
        new_data(project, ["sales", "--from", file, "--target", "nope"], Console(quiet=True))
    assert raised.value.exit_code == 2
    assert not (project.config / "data" / "sales.yaml").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pokemon", "--from", "FILE"], r"pokemon\.yaml exists already"),
        (["../x", "--from", "FILE"], "not a valid name .got '../x'."),
        (["new"], "--from"),
        (["new", "--from", "no.csv"], "there is no file no.csv"),
        (["new", "--from", "https://example.org/x.csv"], "Download it"),
        (["new", "--from", "FILE", "model=linear"], r"only settings of data\.read\.\* are allowed"),
        (["new", "--from", "FILE", "data.read.seperator=x"], "Did you mean 'data.read.separator'"),
        (["new", "--from", "FILE", "--target", "scor"], r"--target: .*Did you mean 'score'"),
    ],
)
def test_an_impossible_command_is_an_error_and_nothing_is_written(
    project: Project, words: list[str], message: str
) -> None:
    (project.root / "sales.csv").write_text(TABLE)
    before = sorted((project.config / "data").iterdir())
    file = str(project.root / "sales.csv")
    with pytest.raises(RelayError, match=message):
        new_data(project, [file if word == "FILE" else word for word in words], Console(quiet=True))
    assert sorted((project.config / "data").iterdir()) == before


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        (0, 100, (0, 130)),
        (-50, 50, (-80, 80)),
        (40.5087, 40.9131, (40.4, 41.1)),
        (7, 7, (5, 9)),
        (0, 0, (0, 1)),
        (-0.001, 0.001, (-0.0015, 0.0015)),
    ],
)
def test_bounds_leave_a_margin_and_keep_the_sign(
    low: float, high: float, bounds: tuple[float, float]
) -> None:
    assert with_margin(low, high) == bounds


def test_comments_explain_what_is_to_be_looked_at(project: Project) -> None:
    write(project)
    text = (project.config / "data" / "sales.yaml").read_text("utf-8")
    assert re.search(r"target: \?\?\? +# the column to predict", text)
    assert re.search(r"- id +# an identifier", text)
    assert re.search(r"zip: str +# codes with zeros", text)
    assert "Left out by themselves, as they have no values: empty" in text
