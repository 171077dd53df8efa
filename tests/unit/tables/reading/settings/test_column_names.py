"""Names of columns: one way of renaming for all steps."""

from __future__ import annotations

import pytest

from relay.tables.reading.settings.column_names import renamed
from relay.util.errors import RelayError

RAW = ["SalePrice", "Sp. Atk", "HP"]


@pytest.mark.parametrize("old", ["SalePrice", "sale_price"])
@pytest.mark.parametrize("new", ["price", "Price"])
def test_old_names_are_as_in_the_file_or_in_snake_case_and_new_ones_made_safe(
    old: str, new: str
) -> None:
    assert renamed(RAW, {old: new}) == ["price", "sp_atk", "hp"]


def test_columns_with_the_same_safe_name_can_be_named_as_in_the_file() -> None:
    assert renamed(["Sp. Atk", "Sp Atk"], {"Sp Atk": "b"}) == ["sp_atk", "b"]


def test_a_name_as_it_stands_in_the_file_comes_before_what_it_is_called_here() -> None:
    assert renamed(["Price", "price"], {"price": "net"}) == ["price", "net"]
    assert renamed(["Price", "price"], {"price_2": "net"}) == ["price", "net"]


def test_a_renamed_column_leaves_its_name_to_another() -> None:
    assert renamed(["Price", "price"], {"Price": "gross"}) == ["gross", "price"]


def test_names_can_be_exchanged() -> None:
    assert renamed(["a", "b"], {"a": "b", "b": "a"}) == ["b", "a"]


def test_an_unknown_old_name_is_an_error_with_the_nearest_unless_columns_may_lack() -> None:
    with pytest.raises(RelayError, match=r"data\.rename\.SalePrise.*Did you mean 'sale_price'"):
        renamed(RAW, {"SalePrise": "x"})
    assert renamed(RAW, {"SalePrise": "x"}, may_lack_columns=True)[0] == "sale_price"


@pytest.mark.parametrize(
    "rename", [{"HP": "sp_atk"}, {"HP": "x", "hp": "y"}, {"HP": "x", "SalePrice": "X"}]
)
def test_a_name_taken_or_given_twice_is_an_error(rename: dict[str, str]) -> None:
    with pytest.raises(RelayError, match="already"):
        renamed(RAW, rename)
