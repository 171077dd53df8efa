"""Numbers as people read them."""

from __future__ import annotations

import math

_MOST_DIGITS = 1e15
_SMALL = 1e-3


def number_text(value: float) -> str:
    """Return `value` in three or four digits: `29195`, `0.444`, `3.25e-05`; whole numbers whole."""
    size = abs(value)
    if not math.isfinite(value) or size >= _MOST_DIGITS or 0 < size < _SMALL:
        return f"{value:.3g}"
    if float(value).is_integer():
        return str(int(value))
    digits = 3 if size < 1 else max(0, 3 - int(math.log10(size)))
    return f"{value:.{digits}f}"
