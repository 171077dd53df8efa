"""Names of columns: made safe, renamed, and found where a setting names one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from relay.errors import RelayError
from relay.names import column_name, column_names, did_you_mean


def find_column(name: str, columns: Iterable[str], setting: str) -> str:
    """The one of `columns` that `name` means, written as in the file or in snake_case.

    RelayError, naming `setting` and the nearest column, where there is none.
    """
    known = list(columns)
    for form in (name, column_name(name)):
        if form in known:
            return form
    hint = did_you_mean(column_name(name), known)
    raise RelayError(f"{setting}: the table has no column '{name}'.{hint}")


def renamed(raw: Sequence[str], rename: Mapping[str, str]) -> list[str]:
    """The safe names of the columns `raw` after `rename` ({old: new}).

    RelayError where an old name is unknown or a new one is taken.
    """
    names = column_names(raw)
    new_names = {
        find_column(old, names, f"data.rename.{old}"): column_name(new)
        for old, new in rename.items()
    }
    result = [new_names.get(name, name) for name in names]
    for old, new in new_names.items():
        if result.count(new) > 1:
            raise RelayError(f"data.rename.{old}: there is a column '{new}' already.")
    return result
