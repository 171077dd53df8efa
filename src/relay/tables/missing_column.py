"""The words of the error for a column that a table does not have. Light: no pandas."""

from __future__ import annotations

from collections.abc import Iterable

from relay.util.names import column_name, did_you_mean


def describe_missing_column(name: str, columns: Iterable[str], owner: str = "the table") -> str:
    """Return `the table has no column 'x'. Did you mean 'y'?`, to append to a setting's key."""
    return f"{owner} has no column '{name}'.{did_you_mean(column_name(name), columns)}"
