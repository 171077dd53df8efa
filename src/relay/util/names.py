"""Names: safe column names, and the nearest right name to a wrong one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

_SYMBOLS = {"#": " number ", "%": " percent ", "&": " and ", "@": " at ", "$": " dollar "}
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_WORD = re.compile(r"\W+|_+")
_MOST_COLUMNS = 8
_NEAR = 0.65
"""difflib's ratio from which a name is near: `price` for `sale_price`, not `drop` for `folder`."""
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"},
        **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"},
        "ı": "i",
    }
)
"""Letters that are not one of ASCII with an accent."""


def column_name(raw: object) -> str:
    """The snake_case form of a column's name; idempotent.

    Letters lose their accents, a leading digit gets an `x` before it, and a name with nothing
    to keep becomes `column`. `Sp. Atk` -> `sp_atk`, `SalePrice` -> `sale_price`, `#` -> `number`.
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
    """`column_name` of each, made unique: a name's second use gets `_2`, its third `_3`."""
    taken: set[str] = set()
    names = []
    for one in raw:
        base = column_name(one)
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names.append(name)
    return names


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """The name in `right` that `wrong` was probably meant to be, or None."""
    by_lower = {name.lower(): name for name in right}
    near = get_close_matches(wrong.lower(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[near[0]] if near else None


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """` Did you mean 'x'?`, or the choices if none is near; to be appended."""
    choices = list(right)
    near = nearest(wrong, choices)
    return f" Did you mean '{near}'?" if near else list_choices(choices)


def list_choices(names: Iterable[str]) -> str:
    """` There is: a, b.`, of many the first; to be appended."""
    choices = sorted(set(names))
    if not choices:
        return ""
    shown = ", ".join(choices[:20]) + (", ..." if len(choices) > 20 else "")
    return f" There is: {shown}."


def columns_said(names: Iterable[str]) -> str:
    """`column x`; of several, the first eight and how many more there are."""
    known = list(names)
    more = f" and {len(known) - _MOST_COLUMNS} more" if len(known) > _MOST_COLUMNS else ""
    return f"column{'s' if len(known) > 1 else ''} {', '.join(known[:_MOST_COLUMNS])}{more}"


def plain_ascii(text: str) -> str:
    """Write `text` in letters, digits, `.`, `_` and `-`; empty if nothing in it can be."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._-]+", "_", bare).strip("._-")
