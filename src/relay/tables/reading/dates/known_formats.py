"""The formats of dates and times that are known: those that a text can have, and their patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from relay.tables.reading.settings.dtype_words import FORMATS_APART, ISO_8601

_ISO = re.compile(
    r"\d{4}-\d\d(-\d\d([T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?\s*(Z|[-+]\d\d(:?\d\d)?)?)?)?"
    r"|\d{8}T\d{4}(\d\d)?(Z|[-+]\d\d:?\d\d)?"
)
_ISO_DAY = (
    r"^\d{4}-\d\d-\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?"
    r"\s*(?:Z|[-+]\d\d(?::?\d\d)?)?)?$"
)
_COMPACT = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_COMPACT_BACKWARDS = {
    "%m%d%Y": re.compile(r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(19|20)\d\d"),
    "%d%m%Y": re.compile(r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(19|20)\d\d"),
}
_EIGHT_DIGITS = re.compile(r"\d{8}|0")
_FEWEST_COMPACT = 10
_COMPACT_AT_LEAST = 0.8
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_WEEKDAYS = "mon|tue|wed|thu|fri|sat|sun"
_WEEKDAY = re.compile(rf"(?:{_WEEKDAYS})(?P<rest>(?:s|nes|rs|ur)?day)?(?P<mark>,? )", re.I)
_DATES = (
    (re.compile(r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{4}"), ("%m{0}%d{0}%Y", "%d{0}%m{0}%Y")),
    (re.compile(r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d\d"), ("%m{0}%d{0}%y", "%d{0}%m{0}%y")),
    (re.compile(r"\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}"), ("%Y{0}%m{0}%d",)),
    (re.compile(r"\d{4}(?P<mark>年)\d{1,2}月\d{1,2}日"), ("%Y年%m月%d日",)),
    (re.compile(r"\d{1,2}(?P<mark>[-/ ])[a-z]{3,9}(?P=mark)\d{4}", re.I),
     ("%d{0}%b{0}%Y", "%d{0}%B{0}%Y")),
    (re.compile(r"\d{1,2}(?P<mark>[- ])[a-z]{3}(?P=mark)\d\d", re.I), ("%d{0}%b{0}%y",)),
    (re.compile(rf"\d{{1,2}}(?P<mark>)(?:{_MONTHS})\d{{4}}", re.I), ("%d%b%Y",)),
    (re.compile(rf"\d{{1,2}}(?P<mark>)(?:{_MONTHS})\d\d", re.I), ("%d%b%y",)),
    (re.compile(r"[a-z]{3,9}(?P<mark> )\d{1,2}, \d{4}", re.I), ("%b %d, %Y", "%B %d, %Y")),
    (re.compile(r"[a-z]{3,9}(?P<mark> )\d{1,2} \d{4}", re.I), ("%b %d %Y", "%B %d %Y")),
    (re.compile(r"[a-z]{3,9}(?P<mark>[- ])\d{4}", re.I), ("%b{0}%Y", "%B{0}%Y")),
    (re.compile(r"\d{1,2}(?P<mark>/)\d{4}"), ("%m/%Y",)),
    (re.compile(r"\d{4}(?P<mark>/)\d{1,2}"), ("%Y/%m",)),
)  # fmt: skip
_SHORT_YEAR = re.compile(r"(\d\d)(?P<mark>[-/.])(\d\d)(?P=mark)(\d\d)(?!\d)")
_YEAR_LAST = re.compile(r"^%[md](?P<mark>[-/.])%[md](?P=mark)%y")
_FEWEST_DAYS = 20
_CLOCK = re.compile(
    r"(?P<gap>[T ]|, |:)\d{1,2}:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d+)?)?(?P<half> ?[ap]m)?"
    r"(?P<zone>(?P<blank> ?)(?P<name>UTC|GMT|Z|[-+]\d\d:?\d\d))?",
    re.I,
)
_SHAPES = {
    "%Y": r"\d{4}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%y": r"\d\d", "%H": r"\d{1,2}",
    "%I": r"\d{1,2}", "%M": r"\d\d", "%S": r"\d\d", "%f": r"\d+", "%p": "[ap]m",
    "%b": f"(?:{_MONTHS})", "%B": f"(?:{_MONTHS})[a-z]*", "%a": f"(?:{_WEEKDAYS})",
    "%A": f"(?:{_WEEKDAYS})[a-z]*", "%z": r"(?:Z|[-+]\d\d:?\d\d)",
}  # fmt: skip
_MONTH_WORDS = (
    "jan|feb|f[eé]v|fev|mar|m[aä]r|mrt|apr|avr|abr|may|mai|maj|mei|mag|jun|juin|giu|jul|juil|lug"
    "|aug|ao[uû]|ago|sep|set|oct|okt|out|ott|nov|dec|d[eé]c|dez|dic|ene|gen|sty|lut|kwi"
)
_UNREAD = re.compile(
    r"\d{4}[- ]?(?:[WQ]|KW ?)\d{1,2}(?:-?\d)?|(?:[WQ]|KW ?)\d{1,2}[- /]?\d{4}"
    r"|[1-4]Q[- ]?\d\d(?:\d\d)?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?[- ](?:de )?(?:{_MONTH_WORDS})\w*\.?,?[- ](?:de )?\d{{2,4}}.*"
    rf"|(?:{_MONTH_WORDS})\w*\.?[-' ]+\d{{2}}(?:\d\d)?"
    rf"|(?:{_MONTH_WORDS})\w*\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}.*"
    rf"|(?:{_WEEKDAYS}),? (?:{_MONTHS}) +\d{{1,2}} \d\d:\d\d.*\d{{4}}"
    r"|(?:\d{4}-\d\d-\d\d|\d{1,2}(?P<between>[-/.])\d{1,2}(?P=between)\d\d(?:\d\d)?)"
    r"[T ,]+\d{1,2}[:.h]\d\d.*"
    r"|\[?\d{4}-\d\d-\d\d(?:\]| ?[-/–] ?\d{4}-\d\d-\d\d| to \d{4}-\d\d-\d\d)"
    r"|\\?/Date\(-?\d+(?:[-+]\d{4})?\)\\?/"
    r"|[^\W\d_]{2,12}[.,]{0,2} (?:\d{4}-\d\d-\d\d|\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{4}).*",
    re.I,
)
_WITH_MONTH = re.compile(
    rf"(?:{_MONTH_WORDS})\w*\.?[-', ]+(?:de )?\d|\d\.?[- ](?:de )?(?:{_MONTH_WORDS})", re.I
)
_ZEROS = r"[0\-/.: T]*0[0\-/.: TZ]*"


def formats_like(example: str) -> list[str]:
    """Return the formats that a text such as `example` can have, the more usual ones first.

    Month-first comes before day-first; with dots, day-first does.
    """
    text = example.strip()
    if _ISO.fullmatch(text):
        return [ISO_8601]
    if _COMPACT.fullmatch(text):
        return ["%Y%m%d"]
    if _EIGHT_DIGITS.fullmatch(text):
        return [form for form, digits in _COMPACT_BACKWARDS.items() if digits.fullmatch(text)]
    before, text = _without_weekday(text)
    formats: list[str] = []
    for date, forms in _DATES:
        start = date.match(text)
        clock = None if start is None else _clock_form(text[start.end() :])
        if start is not None and clock is not None:
            days = [before + form.format(start["mark"]) + clock for form in forms]
            formats += reversed(days) if start["mark"] == "." else days
    return formats


def formats_of(texts: Sequence[str], examples: Sequence[str]) -> list[str]:
    """Return the formats that `texts` can have, as other `examples` of their column show it.

    19-01-31 has its year first if the first numbers of the examples are few.
    """
    forms = dict.fromkeys(form for text in texts for form in formats_like(text))
    if not any(map(_YEAR_LAST.match, forms)) or not _is_short_year_first(examples):
        return list(forms)
    return list(dict.fromkeys(_YEAR_LAST.sub(r"%y\g<mark>%m\g<mark>%d", form) for form in forms))


def _is_short_year_first(texts: Sequence[str]) -> bool:
    """Return True for dates whose first numbers are few, and the last are many days."""
    dates = [date for date in map(_SHORT_YEAR.match, map(str.strip, texts)) if date]
    years, days = ({date[place] for date in dates} for place in (1, 4))
    are_days = all("01" <= date[3] <= "12" and "01" <= date[4] <= "31" for date in dates)
    return are_days and len(days) >= max(_FEWEST_DAYS, 2 * len(years))


def _without_weekday(text: str) -> tuple[str, str]:
    """Return the format of a weekday that the text begins with, and the text after it."""
    day = _WEEKDAY.match(text)
    if day is None:
        return "", text
    return ("%A" if day["rest"] else "%a") + day["mark"], text[day.end() :]


def _clock_form(text: str) -> str | None:
    """Return the format of a time of day after a date; "" for no text, None for anything else."""
    if not text:
        return ""
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    form = clock["gap"] + ("%I" if clock["half"] else "%H") + ":%M"
    form += ":%S" if clock["seconds"] else ""
    form += ".%f" if clock["fraction"] else ""
    form += (" %p" if " " in clock["half"] else "%p") if clock["half"] else ""
    if clock["zone"]:
        form += clock["blank"] + (clock["name"] if clock["name"].isalpha() else "%z")
    return form


def looks_like_unread_date(text: str) -> bool:
    """Return True for weeks, quarters, and dates in forms and languages that are not read."""
    return bool(_UNREAD.fullmatch(text.strip()))


def names_month(text: str) -> bool:
    """Return True for a text with a year or a day beside the name of a month, of any language."""
    return bool(_WITH_MONTH.search(text))


def are_compact_dates(examples: Sequence[str]) -> bool:
    """Return True if many whole numbers are nearly all dates of one form, and all as long.

    The forms are 20240131, 31012024 and 01312024.
    """
    if len(examples) < _FEWEST_COMPACT or not all(map(_EIGHT_DIGITS.fullmatch, examples)):
        return False
    return any(
        sum(map(bool, map(form.fullmatch, examples))) >= _COMPACT_AT_LEAST * len(examples)
        for form in (_COMPACT, *_COMPACT_BACKWARDS.values())
    )


def shape_of(form: str) -> str | None:
    """Return a pattern (RE2) of texts that look like dates of the format, existing or not.

    None if other things look alike: years of two digits, and formats without a day or a year.
    """
    if form == ISO_8601:
        return _ISO_DAY
    if "%Y" not in form or "%d" not in form:
        return None
    pieces = re.split(r"(%[a-zA-Z])", form)
    inner = "".join(_SHAPES.get(piece, re.escape(piece)) for piece in pieces)
    return f"(?i)^{inner}$"


def zeros_shape() -> str:
    """Return a pattern of what databases write for no date: 0000-00-00, 00/00/0000, 0."""
    return f"^{_ZEROS}$"


def day_and_month_swapped(form: str) -> str:
    """Return `form` with the day where the month is and the other way round."""
    return form.replace("%m", "%?").replace("%d", "%m").replace("%?", "%d")


def has_order(form: str) -> bool:
    """Return True if day and month are both numbers before the year, so they can be confused."""
    return bool(re.search(r"%[md][-/.]?%[md][-/.]?%[yY]", form))


def is_day_first(form: str) -> bool:
    """Return True if the day stands before the month."""
    return -1 < form.find("%d") < form.find("%m")


def date_part(form: str) -> str:
    """Return the part of a format before its time of day."""
    return re.split(r"(?:[T ]|, |:)%[HI]", form)[0]


def split_forms(form: str) -> Iterator[str]:
    """Return the formats that one dtype word names, in the order in which they are tried."""
    return iter(form.split(FORMATS_APART))
