"""The words of the error for a column that a table does not have."""

from __future__ import annotations

from relay.tables.missing_column import describe_missing_column


def test_a_missing_column_is_described_with_the_nearest_name() -> None:
    assert describe_missing_column("Pirce", ["price", "id"]) == (
        "the table has no column 'Pirce'. Did you mean 'price'?"
    )
    assert describe_missing_column("x", ["b", "a"], "t.csv") == (
        "t.csv has no column 'x'. There is: a, b."
    )
