"""Names of columns: made safe, renamed, and found where a setting names one. Light: no pandas."""

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


def renamed(
    raw: Iterable[object], rename: Mapping[str, str], *, may_lack_columns: bool = False
) -> list[str]:
    """The safe names of the columns `raw`, which stand as in the file, after `rename`.

    `rename` is {old: new}; old names are written as in the file or in snake_case, and new ones
    are made safe. RelayError where a new name is taken, a column gets two, or an old name is
    unknown; where the table `may_lack_columns`, an unknown one is passed over.
    """
    in_file = [str(name) for name in raw]
    safe = column_names(in_file)
    result = list(safe)
    given: dict[int, str] = {}
    for old, new in rename.items():
        place = _place(old, in_file, safe)
        if place is None:
            if may_lack_columns:
                continue
            hint = did_you_mean(column_name(old), safe)
            raise RelayError(f"data.rename.{old}: the table has no column '{old}'.{hint}")
        if place in given:
            raise RelayError(
                f"data.rename.{old}: the column is renamed already, as '{given[place]}'."
            )
        given[place] = old
        result[place] = column_name(new)
    for place, old in given.items():
        if result.count(result[place]) > 1:
            raise RelayError(f"data.rename.{old}: there is a column '{result[place]}' already.")
    return result


def _place(name: str, in_file: Sequence[str], safe: Sequence[str]) -> int | None:
    for names, form in ((safe, name), (in_file, name), (safe, column_name(name))):
        if form in names:
            return names.index(form)
    return None
