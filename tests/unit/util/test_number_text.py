"""Numbers in tables of the terminal."""

from __future__ import annotations

import math

import pytest

from relay.util.number_text import number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (13807.0, "13807"),
        (29195.4, "29195"),
        (53.4567, "53.46"),
        (0.44361, "0.444"),
        (-0.44361, "-0.444"),
        (0.0000325, "3.25e-05"),
        (1e20, "1e+20"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_a_number_keeps_three_or_four_digits_and_a_whole_one_all(value: float, text: str) -> None:
    assert number_text(value) == text
