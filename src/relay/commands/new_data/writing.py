"""The text of a data set's config, with comments on the values to check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from relay.commands.new_data.profile import Column, Profile
from relay.tables.reading.text_files.encodings import MIXED

_MARGIN = 0.25
_FEWEST_ROWS = 0.5
_COMMENT_AT = 30
_USELESS = {
    "identifier": "an identifier: nothing can be learned from it",
    "constant": "constant: nothing can be learned from it",
}


def config_text(
    name: str, url: str, profile: Profile, about: Mapping[str, Any], read: Mapping[str, Any]
) -> str:
    """Return the YAML of config/data/`name`.yaml.

    `about` has the facts that were recognised in the file, `read` the settings of `data.read` in
    the command line.
    """
    return "\n".join(
        [
            *_head(name, url, profile),
            *_reading(profile, about, read),
            *_columns(profile),
            *_check(profile),
            "",
        ]
    )


def _head(name: str, url: str, profile: Profile) -> Iterator[str]:
    size = f"{profile.rows} rows and {len(profile.columns)} columns"
    yield f"# Written by `relay new-data {name}`, from {size}. It is yours now: its values come"
    yield "# from this one file. All other settings are in table.yaml, each explained."
    yield f"# To run it, in the project's folder: ./relay run data={name}"
    yield "defaults: [table]"
    yield ""
    yield f"name: {_scalar(name)}"
    yield f"url: {_scalar(url)}"
    if profile.target is None:
        yield _with_comment("target: ???", "the column to predict: name one of those below")
    else:
        yield f"target: {_scalar(profile.target)}"
    yield _with_comment("task: auto", "regression or classification, where the guess is wrong")


def _reading(profile: Profile, about: Mapping[str, Any], read: Mapping[str, Any]) -> Iterator[str]:
    settings = {}
    if "separator" in about:
        settings["separator"] = about["separator"]
        if profile.decimal is not None:
            settings["decimal"] = profile.decimal
        if about["encoding"] not in ("utf-8", "utf-8-sig", MIXED):
            settings["encoding"] = about["encoding"]
    settings |= read
    if settings:
        yield from ("", "read:")
        yield from (f"  {key}: {_scalar(value)}" for key, value in settings.items())


def _columns(profile: Profile) -> Iterator[str]:
    features = [column for column in profile.columns if column.name != profile.target]
    useless = [column for column in features if column.kind in _USELESS]
    if useless:
        yield from ("", "drop:")
        for column in useless:
            yield _with_comment(f"  - {_scalar(column.name)}", _USELESS[column.kind])
    empty = [column.name for column in profile.columns if column.kind == "empty"]
    if empty:
        yield from ("", f"# Left out by themselves, as they have no values: {', '.join(empty)}")
    if profile.row_numbers:
        yield from (
            "",
            "# Left out by itself: the first column, which has no name and numbers the rows",
        )
    kept = [column for column in profile.columns if column not in useless]
    words = {column.name: _word(column) for column in kept}
    notes = {column.name: column.note for column in kept}
    if any(words.values()):
        yield from ("", "dtypes:")
        for name, word in words.items():
            if word:
                yield _with_comment(f"  {_scalar(name)}: {_scalar(word)}", notes[name])
    texts = [column for column in features if column.kind == "text"]
    if texts:
        longest, *others = texts
        more = f"; or {', '.join(column.name for column in others)}" if others else ""
        yield from ("", _with_comment(f"text: {_scalar(longest.name)}", f"read by TF-IDF{more}"))


def _word(column: Column) -> str | None:
    """Return the entry of `dtypes` for a column, so that other files are read like this one."""
    return column.read_as or ("str" if column.note and column.dtype == "str" else None)


def _check(profile: Profile) -> Iterator[str]:
    yield from (
        "",
        "# Rules that the clean table must keep; a run ends where one is broken.",
        "check:",
    )
    rows = max(1, math.floor(profile.of_use * _FEWEST_ROWS))
    of_use = "that there are" if profile.of_use == profile.rows else "that have a target"
    yield _with_comment(f"  min_rows: {rows}", f"half of the {profile.of_use} {of_use}")
    yield "  columns:"
    for column in profile.columns:
        if column.name != profile.target and column.kind in (*_USELESS, "empty"):
            continue
        yield f"    # {_seen(column, profile.of_use)}"
        yield f"    {_scalar(column.name)}: {_flow(_rule(column))}"


def _rule(column: Column) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "dtype": "float" if column.dtype == "int" and column.missing else column.dtype
    }
    if not column.missing:
        rule["nullable"] = False
    if column.low is not None and column.high is not None:
        rule["min"], rule["max"] = with_margin(column.low, column.high)
    if column.classes and not any("${" in str(value) for value in column.classes):
        rule["allowed"] = column.classes
    return rule


def with_margin(low: float, high: float) -> tuple[float, float]:
    """Return bounds a quarter of the range beyond `low` and `high`, rounded outwards.

    The lower one is not negative unless `low` is.
    """
    margin = (high - low) * _MARGIN or abs(high) * _MARGIN or 1.0
    step = 10.0 ** math.floor(math.log10(margin))
    least = math.floor((low - margin) / step) * step
    most = math.ceil((high + margin) / step) * step
    digits = max(0, -math.floor(math.log10(step)))
    least = 0.0 if low >= 0 and least < 0 else least
    return _plain(round(least, digits)), _plain(round(most, digits))


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number


def _seen(column: Column, rows: int) -> str:
    parts: list[str] = [column.kind]
    if column.low is not None and column.high is not None:
        parts.append(f"{column.low:.6g} to {column.high:.6g}")
    elif column.kind in ("category", "text", "identifier"):
        parts.append(f"{column.distinct} different values")
    if column.missing:
        parts.append(f"missing in {column.missing} rows ({column.missing / rows:.1%})")
    return ", ".join(parts)


def _with_comment(line: str, comment: str) -> str:
    return f"{line.ljust(_COMMENT_AT - 2)}  # {comment}" if comment else line


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes texts that begin like a number, as OmegaConf reads 1e5 as one."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Return the node of a text; the parameter has the name of the base class's."""
        style = '"' if data[:1] in "+-.0123456789" else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


def _scalar(value: Any) -> str:
    """Return a value as YAML on one line, in quotes if it needs them."""
    return _flow(value).removesuffix("\n...")


def _flow(value: Any) -> str:
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=math.inf,
    )
    return text.strip()
