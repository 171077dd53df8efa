"""Names: safe column names, and the nearest existing name to a wrong one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_SYMBOLS = {"#": " number ", "%": " percent ", "&": " and ", "@": " at ", "$": " dollar "}
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_WORD = re.compile(r"\W+|_+")
_MOST_NAMES = 8
_NEAR = 0.65
"""difflib's ratio from which a name is near: `price` for `sale_price`, not `drop` for `folder`."""
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"},
        **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"},
        "ı": "i",
    }
)
"""Letters that are not an ASCII letter with an accent."""


def column_name(raw: object) -> str:
    """Return the snake_case form of a column's name; idempotent.

    Letters lose their accents, a leading digit gets an `x` before it, and a name without a letter
    or digit becomes `column`. `Sp. Atk` -> `sp_atk`, `SalePrice` -> `sale_price`, `#` -> `number`.
    """
    text = str(raw)
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, word)
    decomposed = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = _NOT_A_WORD.sub(" ", _WORD_STARTS.sub(" ", text)).split()
    name = "_".join(words).lower() or "column"
    return f"x{name}" if name[0].isdigit() else name


def column_names(raw: Iterable[object]) -> list[str]:
    """Return the `column_name` of each, made unique: a second use gets `_2`, a third `_3`."""
    taken: set[str] = set()
    names = []
    for title in raw:
        base = column_name(title)
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names.append(name)
    return names


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """Return the name in `right` that is nearest to `wrong`, or None if none is near."""
    by_lower = {name.lower(): name for name in right}
    near = get_close_matches(wrong.lower(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[near[0]] if near else None


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?`, or the choices if none is near, to append to a message."""
    choices = list(right)
    near = nearest(wrong, choices)
    return f" Did you mean '{near}'?" if near else list_choices(choices)


def list_choices(names: Iterable[str]) -> str:
    """Return ` There is: a, b.`, with the first 20 names, to append to a message."""
    choices = sorted(set(names))
    if not choices:
        return ""
    shown = ", ".join(choices[:20]) + (", ..." if len(choices) > 20 else "")
    return f" There is: {shown}."


def list_columns(names: Iterable[str]) -> str:
    """Return `column x`, or `columns x, y`; of many, the first eight and the number of the rest."""
    columns = list(names)
    return f"column{'s' if len(columns) > 1 else ''} {list_names(columns)}"


def list_names(names: Sequence[str]) -> str:
    """Return `x, y`; of many, the first eight and the number of the rest."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def plain_ascii(text: str) -> str:
    """Return `text` in letters, digits, `.`, `_` and `-`; empty if it has nothing like these."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._-]+", "_", bare).strip("._-")
