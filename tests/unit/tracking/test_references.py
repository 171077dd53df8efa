"""Exact references of one store become those of another, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from relay.tracking.references import translated

NAMES = {"table:v0": "table:v4", "model:v1": "team/other/model:v0", "table:v4": "table:v9"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("table:v0", "table:v4"),
        ("model:v1", "team/other/model:v0"),
        ("table:v1", "table:v1"),
        ("see table:v0", "see table:v0"),
        ("table:v00", "table:v00"),
        (["table:v0", ("table:v0", 1)], ["table:v4", ["table:v4", 1]]),
        ({"inputs": {"x": {"artifact": "table:v0"}}}, {"inputs": {"x": {"artifact": "table:v4"}}}),
        ({"table:v0": 1}, {"table:v0": 1}),
    ],
)
def test_exact_references_are_translated_however_deep(value: Any, expected: Any) -> None:
    assert translated(value, NAMES) == expected


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "", [], {}])
def test_all_else_stays_as_it_is(value: Any) -> None:
    assert translated(value, NAMES) == value
    assert type(translated(value, NAMES)) is type(value)


def test_the_value_that_was_given_is_not_changed() -> None:
    value = {"inputs": ["table:v0"]}
    translated(value, NAMES)
    assert value == {"inputs": ["table:v0"]}
