"""From a command line to Hydra overrides, with nothing lost on the way.

Overrides come in three forms: `key=value` arguments; `--key value`, as MLflow hands on
`-P key=value`; and `--hydra_options "a=1 b='two words'"`, several of them in one text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from relay.errors import ConfigError
from relay.names import nearest

_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_KEY = re.compile(r"^(?P<prefix>~|\+{1,2})?(?P<key>[\w./@:-]+)=(?P<value>.*)$", re.DOTALL)


def split_options(text: str) -> list[str]:
    """Split `text` at white space that is in no quotes and no brackets.

    Quotes stay where they are: they are Hydra's to read. ConfigError where one is not closed.
    """
    words: list[str] = []
    closing: list[str] = []
    word, quote, escaped = "", "", False
    for char in text:
        if not escaped and not quote and not closing and char.isspace():
            if word:
                words.append(word)
            word = ""
            continue
        word += char
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _BRACKETS:
            closing.append(_BRACKETS[char])
        elif closing and char == closing[-1]:
            closing.pop()
    if quote or closing:
        raise ConfigError(
            f"hydra_options: {quote or closing[-1]} is missing in {text!r}; "
            "close the quote or the bracket."
        )
    return [_unquoted(one) for one in ([*words, word] if word else words)]


def _unquoted(word: str) -> str:
    """`word` without quotes around the whole of it, as a shell would have them."""
    whole = re.fullmatch(r"(['\"])([\w.~+@/:-]+=.*)\1", word, re.DOTALL)
    return whole[2] if whole else word


def from_arguments(arguments: Sequence[str]) -> list[str]:
    """The `key=value` overrides in a command line; ConfigError for what is none."""
    overrides: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if not argument.startswith("--"):
            overrides.append(argument)
            continue
        key, equals, value = argument[2:].partition("=")
        if not equals:
            if not rest:
                raise ConfigError(f"{argument} is no flag here, or needs a value. See --help.")
            value = rest.pop(0)
        if key == "hydra_options":
            overrides += split_options(value)
        else:
            overrides.append(f"{key}={value}")
    return overrides


def normalize(override: str) -> str:
    """`override` as Hydra's grammar wants it.

    A value that the grammar does not know (a path with brackets, a URL with `&`) is quoted, and
    so is one with commas: Hydra would take it for a sweep over several runs, which Relay has not.
    """
    match = _KEY.match(override)
    if not match:
        if override.startswith("~"):
            return override
        command = nearest(override, ["publish", "new-data"])
        hint = f" Or did you mean '{command}'?" if command else ""
        raise ConfigError(f"'{override}' is no setting: write key=value.{hint}")
    prefix, key, value = match["prefix"] or "", match["key"], match["value"]
    if _needs_quotes(key, value):
        value = _quote(value)
    return f"{prefix}{key}={value}"


def key_and_value(override: str) -> tuple[str, Any]:
    """The key and the value of a normalized override."""
    parsed = OverridesParser.create().parse_override(override)
    return parsed.key_or_group, parsed.value()


def _quote(text: str) -> str:
    """`text` between single quotes; Hydra unescapes backslashes only before a quote."""
    before_quotes = re.sub(r"(\\*)'", r"\1\1\\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", before_quotes) + "'"


def _needs_quotes(key: str, value: str) -> bool:
    try:
        parsed = OverridesParser.create().parse_override(f"key={value}")
    except HydraException:
        return True
    return bool(parsed.is_sweep_override())
