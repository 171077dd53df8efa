"""The look at the header before anything runs takes a name as the steps do."""

from __future__ import annotations

import functools
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from relay.config import compose as config
from relay.config.composed import Config
from relay.config.overrides import key_and_value, normalize
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS, ROOT


@functools.cache
def a_table(*overrides: str) -> Config:
    table = ["data=table", "data.url=x.csv", "data.target=x"]
    return config.load(ROOT / "config", [*table, *overrides], ROOT)


def check(tmp_path: Path, *overrides: str, of: Sequence[str] = ()) -> None:
    """Look at the header of data.url, by default a file with the columns SalePrice and Lot Area."""
    path = tmp_path / "homes.csv"
    path.write_text("SalePrice,Lot Area\n1,2\n3,4\n", encoding="utf-8")
    given = [normalize(override) for override in (f"data.url={path}", *overrides)]
    loaded = config.with_values(a_table(*of), dict(map(key_and_value, given)))
    jobs = make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    Preflight(jobs).inspect_sources(jobs)


def in_zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("t.csv", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "overrides",
    [
        ["data.target=price", "data.rename.SalePrice=price"],
        ["data.target=price", "data.rename.sale_price=Price"],
        ["data.target=SalePrice", "data.drop=null", "data.rename=null"],
        ["data.target=SalePrice", "data.read.encoding=1252"],
        ["data.target=SalePrice", "data.read.missing_values=[-9]"],
    ],
)
def test_what_the_steps_take_is_taken(overrides: list[str], tmp_path: Path) -> None:
    check(tmp_path, *overrides)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.target=price", "data.rename.SalePrise=price"], "Did you mean 'sale_price'"),
        (
            ["data.target=sale_price", "data.rename.SalePrice=price"],
            r"data\.target: .*'sale_price'",
        ),
        (["data.target=sale_price", "data.drop=[SalePrice]"], r"data\.drop: 'sale_price' is the"),
        (["data.target=sale_price", "data.read.separator=5"], "no column 'sale_price'"),
        (["data.target=sale_price", "data.drop=3"], r"data\.drop"),
        (["data.target=sale_price", "data.rename=[a]"], r"data\.rename"),
        (["data.target=sale_price", "data.read.missing_values=3"], r"data\.read\.missing_values"),
    ],
)
def test_what_cannot_work_is_one_error(overrides: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        check(tmp_path, *overrides)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.drop=[lot_are]", r"^data\.drop: .*'lot_are'\. Did you mean 'lot_area'"),
        ("+data.dtypes.Lot_Aera=int", r"^data\.dtypes: .* Did you mean 'lot_area'"),
        ("+data.ranges.area=[0,1]", r"^data\.ranges: .*'area'"),
        ("data.text=Description", r"^data\.text: .*'description'"),
        ("split.time_column=day", r"^split\.time_column: .*'day'[^\n]*$"),
        ("train.group_column=seller", r"^train\.group_column: .*'seller'"),
        ("evaluate.slices=[lot_area,x,y]", r"^evaluate\.slices: .*'x'.*\n.*slices: .*'y'"),
    ],
)
def test_each_setting_that_names_a_column_names_one_of_the_file(
    override: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        check(tmp_path, "data.target=SalePrice", override)


def test_columns_are_named_as_in_the_file_or_as_in_the_table(tmp_path: Path) -> None:
    named = ["data.drop=[Lot Area]", "evaluate.slices=[lot_area]", "split.group_column=Lot Area"]
    check(tmp_path, "data.target=SalePrice", *named)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "homes.csv is empty"),
        (b"a,b,price\n", "a header, but no rows"),
        (b"569,30,cold,warm\n" + b"1,2,3,4,5\n" * 9, r"line 1: .*data\.read\.skip=1"),
        (b"a,b,price\n" + b"1,2,3\n" * 50 + b"1,2\n" * 2 + b"1,2,3\n", "line 52: it has 2 fields"),
        (b"a,b,price\n1,2\x00,3\n", "line 2: it has a NUL byte"),
        (b"<!doctype html>", "a web page"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, in_zip])
def test_errors_in_the_beginning_of_a_file_are_reported_before_anything_runs(
    content: bytes, message: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "data"
    path.write_bytes(pack(content))
    with pytest.raises(ConfigError) as error:
        check(tmp_path, f"data.url={path}", "data.target=price")
    if pack is not in_zip:
        assert re.search(message.replace("homes.csv", "data"), str(error.value))


def test_where_a_name_is_a_number_the_header_may_be_none(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("150,4,red,blue\n5.1,3.5,1.4,0\n4.9,3.0,1.4,1\n", encoding="utf-8")
    url = f"data.url={path}"
    with pytest.raises(ConfigError, match=r"'150' is not a name: data\.read\.skip"):
        check(tmp_path, url, "data.target=target")
    check(tmp_path, url, "data.target=column_4", "data.read.skip=1")
    check(tmp_path, url, "data.target=column_4", "data.read.header=none", "data.read.skip=1")
    check(tmp_path, url, "data.target=blue", "data.read.header=1", "data.read.comment=#")


@pytest.mark.parametrize("wrong", ["data.drop=3", "data.rename=[a]", "data.read.keep_texts=3"])
def test_a_wrong_type_is_left_to_the_step_that_reads_it(wrong: str, tmp_path: Path) -> None:
    check(tmp_path, "data.target=sale_price", wrong, of=["steps=get_data"])


def test_a_target_that_may_be_one_of_two_columns_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "twins.csv"
    path.write_text("Price,price,area\n1,2,3\n4,5,6\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'price' can be any of 2 columns"):
        check(tmp_path, f"data.url={path}", "data.target=Price")
    check(tmp_path, f"data.url={path}", "data.target=Price", "data.rename.price=old")


def test_a_file_that_was_fetched_before_may_be_gone(tmp_path: Path) -> None:
    given = [f"data.url={tmp_path}/gone.csv", "data.target=y", "data.refresh=never"]
    check(tmp_path, *given)
    with pytest.raises(ConfigError, match="there is no file"):
        check(tmp_path, *given[:-1])
