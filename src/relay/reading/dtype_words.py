"""The words by which a data set's config names a column's dtype. Light: no pandas."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from relay.names import nearest

WORDS = ("float", "int", "bool", "str", "category", "datetime")
ISO_8601 = "ISO8601"
"""Stands for a format where times are written by ISO 8601, whatever their length."""

_DATETIME_FORMAT = "datetime:"


def check_dtype_word(spec: str) -> str:
    """`spec` itself; ValueError, naming the choices, where it is no dtype word."""
    if spec in WORDS or datetime_format(spec):
        return spec
    near = nearest(spec, WORDS)
    hint = f" Did you mean '{near}'?" if near else ""
    raise ValueError(f"'{spec}' is no dtype: use {', '.join(WORDS)} or datetime:%d/%m/%Y.{hint}")


def datetime_format(spec: str) -> str | None:
    """The format in `datetime:%d/%m/%Y` or `datetime:ISO8601`; None where `spec` names none."""
    form = spec.removeprefix(_DATETIME_FORMAT)
    names_one = spec.startswith(_DATETIME_FORMAT) and ("%" in form or form == ISO_8601)
    return form if names_one else None


def datetime_word(form: str) -> str:
    """The dtype word of times in the format `form`: the other way of `datetime_format`."""
    return f"{_DATETIME_FORMAT}{form}"


def is_read_as_text(spec: str) -> bool:
    """True where a column of this dtype must not be read as numbers: 007 is 007, 0101 a date."""
    return spec in ("str", "datetime") or datetime_format(spec) is not None


DtypeWord = Annotated[str, AfterValidator(check_dtype_word)]
