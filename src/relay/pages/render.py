"""Pages from the templates of components; all values in a page are escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: Path, values: Mapping[str, Any]) -> str:
    """Return the text of `template` with `values`.

    An HTML template extends `base.html`, which has the style; all values in it are escaped. In a
    template of another kind, such as Markdown, values need the filter `cell`.
    """
    environment = _environment(template.parent, template.suffix == ".html")
    return environment.get_template(template.name).render(values).rstrip() + "\n"


@cache
def _environment(folder: Path, escapes: bool) -> Environment:
    """Return what renders the templates in `folder`; it keeps those that it has compiled."""
    environment = Environment(
        loader=FileSystemLoader([folder, Path(__file__).parent]),
        autoescape=escapes,  # noqa: S701 - the others are not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "short": short, "spread": spread, "percent": percent, "plain": plain, "cell": cell
    }  # fmt: skip
    return environment


def short(value: object) -> str:
    """Return a number in a few digits: `12,345`, `0.0432`, `1.2e-09`; other values as texts."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-4:
        return f"{value:.2g}"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.1f}"


def spread(mean: float, deviation: float) -> str:
    """Return a mean and its standard deviation, to two digits of the latter: `31.24 ± 0.31`."""
    if not (math.isfinite(mean) and math.isfinite(deviation)) or deviation < 1e-12:
        return f"{short(mean)} ± {short(deviation)}"
    decimals = max(0, 1 - math.floor(math.log10(deviation)))
    return f"{mean:,.{decimals}f} ± {deviation:,.{decimals}f}"


def percent(share: float) -> str:
    """Return a share as per cent; 0 % and 100 % only if it is exactly that."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.0f} %" if share in (0, 1) else f"{100 * share:.1f} %"


def plain(value: object) -> str:
    """Return a value of a configuration as text: `a=1, b=[x, y]`; numbers in a few digits."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={plain(item)}" for name, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(plain, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else short(value)


def cell(value: object) -> str:
    """Return `value` as a cell of a Markdown table: on one line, with markup escaped."""
    text = " ".join(str(value).split())
    for character in "\\`*_|<>[]":
        text = text.replace(character, f"\\{character}")
    return text
