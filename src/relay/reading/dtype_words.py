"""The words by which a data set's config names a column's dtype. Light: no pandas."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from relay.names import nearest

WORDS = ("float", "int", "bool", "str", "category", "datetime")
ISO_8601 = "ISO8601"
"""Stands for a format where times are written by ISO 8601, whatever their length."""
FORMATS_APART = "|"
"""Stands between several formats of dates in one dtype word."""

NUMBER_EXAMPLES = ("1,234.56", "1.234,56", "1 234,56", "1 234.56", "1'234.56", "1'234,56")
"""How a number may be written, by an example: what follows `float:`."""

_DATETIME_FORMAT, _NUMBER_FORMAT = "datetime:", "float:"


def check_dtype_word(spec: str) -> str:
    """`spec` itself; ValueError, naming the choices, where it is no dtype word."""
    if spec in WORDS or datetime_format(spec) or number_example(spec):
        return spec
    near = nearest(spec, WORDS)
    hint = f" Did you mean '{near}'?" if near else ""
    raise ValueError(
        f"'{spec}' is no dtype: use {', '.join(WORDS)}, datetime:%d/%m/%Y or float:1.234,56.{hint}"
    )


def datetime_format(spec: str) -> str | None:
    """The format in `datetime:%d/%m/%Y` or `datetime:ISO8601`; None where `spec` names none.

    Several stand side by side: `datetime:ISO8601|%d.%m.%Y`.
    """
    form = spec.removeprefix(_DATETIME_FORMAT)
    names_one = spec.startswith(_DATETIME_FORMAT) and ("%" in form or form == ISO_8601)
    return form if names_one else None


def number_example(spec: str) -> str | None:
    """The example in `float:1.234,56`; None where `spec` names none."""
    example = spec.removeprefix(_NUMBER_FORMAT)
    return example if spec.startswith(_NUMBER_FORMAT) and example in NUMBER_EXAMPLES else None


def number_word(example: str) -> str:
    """The dtype word of numbers that are written as `example`."""
    return f"{_NUMBER_FORMAT}{example}"


def datetime_word(form: str) -> str:
    """The dtype word of times in the format `form`: the other way of `datetime_format`."""
    return f"{_DATETIME_FORMAT}{form}"


def is_read_as_text(spec: str) -> bool:
    """True where a column of this dtype must not be read as numbers: 007 is 007, 0101 a date."""
    return spec in ("str", "bool", "datetime") or ":" in spec


DtypeWord = Annotated[str, AfterValidator(check_dtype_word)]
