"""Names of columns: safe names, new names, and the column of a setting. Light: no pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator

from relay.tables.missing_column import describe_missing_column
from relay.util.errors import RelayError
from relay.util.names import column_name, column_names
from relay.util.setting_text import setting

Column = Annotated[str, AfterValidator(column_name)]
"""The type of a parameter that names a column; the name is made safe."""


def find_column(name: str, columns: Iterable[str], setting: str) -> str:
    """Return the column that `name` means, written as in the file or in snake_case.

    Raises RelayError, with `setting` and the nearest column, if there is none.
    """
    names = list(columns)
    for form in (name, column_name(name)):
        if form in names:
            return form
    raise RelayError(f"{setting}: {describe_missing_column(name, names)}")


def renamed(
    raw: Iterable[object], rename: Mapping[str, str], *, may_lack_columns: bool = False
) -> list[str]:
    """Return the safe names of the columns `raw`, named as in the file, after `rename`.

    `rename` is {old: new}; old names are written as in the file or in snake_case, and new ones are
    made safe. Raises RelayError if a new name is taken, if a column gets two, or if an old name is
    unknown, unless the table `may_lack_columns`.
    """
    return column_names(_wanted(raw, rename, may_lack_columns=may_lack_columns))


def require_one_target(
    target: str, raw: Iterable[object], rename: Mapping[str, str], drop: Iterable[str]
) -> None:
    """Check that `target` is only one of the columns `raw`: `Price` and `price` are alike.

    `rename` and `drop` are the settings of these names; dropped columns do not count. Raises
    RelayError if it can be several.
    """
    in_file = [str(name) for name in raw]
    new_names = _wanted(in_file, rename)
    dropped = {column_name(name) for name in drop}
    candidates = [
        (original, name)
        for original, plain, name in zip(in_file, new_names, column_names(new_names), strict=True)
        if column_name(plain) == column_name(target) and name not in dropped
    ]
    if len(candidates) > 1:
        shown = ", ".join(f"'{original}' (here {name})" for original, name in candidates)
        other = candidates[-1][1]
        raise RelayError(
            f"data.target: '{target}' can be any of {len(candidates)} columns: {shown}. Keep one: "
            f"{setting('data.drop', [other])}; or rename one: "
            f"{setting('data.rename', {other: f'other_{other}'})}."
        )


def _wanted(
    raw: Iterable[object], rename: Mapping[str, str], *, may_lack_columns: bool = False
) -> list[str]:
    """Return the names of the columns `raw` after `rename`, not yet made safe."""
    in_file = [str(name) for name in raw]
    safe = column_names(in_file)
    wanted = list(in_file)
    given: dict[int, str] = {}
    for old, new in rename.items():
        place = _place(old, in_file, safe)
        if place is None:
            if may_lack_columns:
                continue
            raise RelayError(f"data.rename.{old}: {describe_missing_column(old, safe)}")
        if place in given:
            raise RelayError(
                f"data.rename.{old}: the column is renamed already, as '{given[place]}'. "
                "Keep one of the two."
            )
        given[place] = old
        wanted[place] = new
    plain = [column_name(name) for name in wanted]
    for place, old in given.items():
        if plain.count(plain[place]) > 1:
            raise RelayError(
                f"data.rename.{old}: there is a column '{plain[place]}' already. "
                "Choose another name."
            )
    return wanted


def _place(name: str, in_file: Sequence[str], safe: Sequence[str]) -> int | None:
    """Return the place of the column `name`: names in the file take precedence over safe ones."""
    for names, form in ((in_file, name), (safe, name), (safe, column_name(name))):
        if form in names:
            return names.index(form)
    return None
