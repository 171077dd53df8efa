"""Names: safe ones for columns, and the nearest right one to a wrong one."""

from __future__ import annotations

import pytest

from relay.util.names import (
    column_name,
    column_names,
    did_you_mean,
    nearest,
)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("SalePrice", "sale_price"),
        ("Sp. Atk", "sp_atk"),
        ("#", "number"),
        ("Côte-Sainte-Catherine", "cote_sainte_catherine"),
        ("HTTPServer", "http_server"),
        ("  padded  name ", "padded_name"),
        ("1stFlrSF", "x1st_flr_sf"),
        ("Share %", "share_percent"),
        ("a__b", "a_b"),
        ("Größe", "große"),
        ("年齢", "年齢"),
        ("", "column"),
        ("---", "column"),
        (7, "x7"),
    ],
)
def test_a_column_gets_a_snake_case_name(raw: object, name: str) -> None:
    assert column_name(raw) == name
    assert column_name(name) == name


def test_names_that_fall_together_stay_apart() -> None:
    assert column_names(["a", "A", "a_2", "a "]) == ["a", "a_2", "a_2_2", "a_3"]


def test_safe_names_of_columns_stay_as_they_are() -> None:
    once = column_names(["a", "A", "Sp. Atk", "#", "", ""])
    assert column_names(once) == once


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("SALEPRICE", ["sale_price", "lot_area"]) == "sale_price"
    assert nearest("zzz", ["sale_price"]) is None


def test_a_hint_names_the_nearest_or_else_the_choices() -> None:
    assert did_you_mean("pokmon", ["pokemon", "wine"]) == " Did you mean 'pokemon'?"
    assert did_you_mean("zzz", ["b", "a"]) == " There is: a, b."
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("zzz", [f"c{i:02}" for i in range(30)]).endswith("c19, ....")
