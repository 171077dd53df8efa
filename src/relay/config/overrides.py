"""The overrides of a command line, in Hydra's grammar.

Overrides have three forms: `key=value`; `--key value`, as MLflow passes `-P key=value` on; and
`--hydra_options "a=1 b='two words'"`, several in one text. Values may be written as in Python
(None, {'a': 1}), as a sweep's agent does.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString, Transformer
from hydra.errors import HydraException

from relay.util.errors import ConfigError
from relay.util.setting_text import hydra_text

_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_WORD = re.compile(r"(?!(?:true|false|null|none|nan|inf)$)[a-z_][\w./-]*", re.IGNORECASE)
"""A text that Hydra reads as a text without quotes."""
_RESOURCES = re.compile(r"pipeline\.steps\.([^.]+)\.resources(?=\.|$)")
_KEY = re.compile(r"^(?P<prefix>~|\+{1,2})?(?P<key>[\w./@:-]+)=(?P<value>.*)$", re.DOTALL)


def split_options(text: str) -> list[str]:
    """Split `text` at white space outside of quotes and brackets.

    Quotes stay, as Hydra reads them. Raises ConfigError if a quote or a bracket is not closed.
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
            f"hydra_options: {quote or closing[-1]} is missing (got {text!r}). Close the quote or "
            "the bracket."
        )
    return [_unquoted(option) for option in ([*words, word] if word else words)]


def _unquoted(word: str) -> str:
    """Return `word` without quotes around the whole word, as a shell does."""
    whole = re.fullmatch(r"(['\"])([\w.~+@/:-]+=.*)\1", word, re.DOTALL)
    return whole[2] if whole else word


def from_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the `key=value` overrides in a command line.

    Raises ConfigError for an option without a value.
    """
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
                raise ConfigError(
                    f"{argument}: not an option, or its value is missing. --help lists the options."
                )
            value = rest.pop(0)
        if key == "hydra_options":
            overrides += split_options(value)
        else:
            overrides.append(f"{key}={value}")
    return overrides


def normalize(override: str, none_is_text: Sequence[str] = ()) -> str:
    """Return `override` in Hydra's grammar.

    Python's None, and lists and mappings as in Python or JSON, become Hydra's; in the settings
    `none_is_text`, and below them, None is a text. Other texts (a path with brackets, a URL with
    `&`) are quoted, and so are texts with commas, which would be a sweep for Hydra.

    Raises ConfigError if `override` is not of the form key=value.
    """
    match = _KEY.match(override)
    if not match:
        if override.startswith("~"):
            return override
        raise ConfigError(f"{override}: not a setting. Write key=value; a command comes first.")
    prefix, key, value = match["prefix"] or "", match["key"], match["value"]
    is_text = any(key == name or key.startswith(f"{name}.") for name in none_is_text)
    return f"{prefix}{key}={_hydra_value(value, none_is_text=is_text)}"


def override_for(key: str, value: Any) -> str:
    """Return the normalised override that sets `key` to `value`."""
    is_word = isinstance(value, str) and _WORD.fullmatch(value)
    return f"{key}={value if is_word else _hydra_text(value)}"


def sweep_values(override: str) -> list[Any] | None:
    """Return the values of an override with several, such as `key=1,2` or `key=range(1,5)`.

    None if it has one value. Raises ConfigError for a range without steps.
    """
    try:
        parsed = OverridesParser.create().parse_override(override)
    except HydraException:
        return None
    if not parsed.is_sweep_override():
        return None
    if not parsed.is_discrete_sweep():
        raise ConfigError(
            f"{override}: every value is tried, but this range has no end of them. Write the "
            "values with commas, or a range with steps: range(1,10,2)."
        )
    return [_plain(value) for value in parsed.sweep_iterator(transformer=Transformer.identity)]


def _plain(value: Any) -> Any:
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if value == "None" else value


def key_and_value(override: str) -> tuple[str, Any]:
    """Return the key and the value of a normalised override."""
    parsed = OverridesParser.create().parse_override(override)
    return parsed.key_or_group, parsed.value()


def late_overrides(overrides: Sequence[str], open_mappings: Sequence[str]) -> list[str]:
    """Return the normalised `overrides` that Hydra cannot apply.

    It supports neither new keys in open mappings, nor a group as a mapping of its settings, such as
    model={params:{max_depth:3}}. Later overrides below such a mapping are returned, too.
    """
    mappings = [override.partition("=")[0] for override in overrides if is_mapping(override)]
    below = tuple(f"{key}." for key in mappings)
    return [
        override
        for override in overrides
        if is_mapping(override) or is_into(override, open_mappings) or override.startswith(below)
    ]


def resource_blocks(overrides: Sequence[str]) -> dict[str, str]:
    """Return the `resources` of steps that `overrides` set, each with its step.

    A step's block in the pipeline's file need not have them.
    """
    keys = [override.lstrip("+~").partition("=")[0] for override in overrides]
    return {match[0]: match[1] for match in map(_RESOURCES.match, keys) if match}


def named_options(
    late: Sequence[str], overrides: Sequence[str], groups: Sequence[str]
) -> list[str]:
    """Return `model=linear` for model={name:linear}, for `groups` not among `overrides`."""
    chosen = {override.partition("=")[0] for override in overrides}
    values = [key_and_value(override) for override in late if is_mapping(override)]
    return [
        f"{group}={value['name']}"
        for group, value in values
        if group in groups and "name" in value and group not in chosen
    ]


def is_into(override: str, mappings: Sequence[str]) -> bool:
    """Return whether `override` sets one of `mappings`, or a key in one."""
    key = override.partition("=")[0]
    return any(key == mapping or key.startswith(f"{mapping}.") for mapping in mappings)


def is_mapping(override: str) -> bool:
    """Return whether the value of a normalised override is a mapping."""
    return override.partition("=")[2].startswith("{")


def _hydra_value(text: str, *, none_is_text: bool) -> str:
    parsed = _parsed(text)
    if parsed is None:
        written = _hydra_text(_python_value(text))
        return written if _parsed(written) is not None else _quote(text)
    if parsed.is_sweep_override():
        return _quote(text)
    value, plain = parsed._value, _without_none(parsed._value)
    return text if none_is_text or plain == value else _hydra_text(plain)


def _parsed(text: str) -> Override | None:
    """Return `text` parsed as a value of Hydra, or None if its grammar does not allow it."""
    try:
        return OverridesParser.create().parse_override(f"key={text}")
    except HydraException:
        return None


def _python_value(text: str) -> Any:
    """Return the list or mapping in `text`, as Python or JSON, or else `text` itself."""
    if text[:1] not in ("[", "{", "("):
        return text
    for read in (ast.literal_eval, json.loads):
        try:
            value = read(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        return value if isinstance(value, list | tuple | dict) else text
    return text


def _without_none(value: Any) -> Any:
    """Return a value parsed by Hydra, with null for each None that is not in quotes."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return None if value == "None" else value


def _hydra_text(value: Any) -> str:
    """Return `value` in Hydra's grammar, with every text in quotes."""
    return hydra_text(
        value, lambda text: _quote(text.text if isinstance(text, QuotedString) else str(text))
    )


def _quote(text: str) -> str:
    """Return `text` in single quotes; Hydra unescapes backslashes only before a quote."""
    before_quotes = re.sub(r"(\\*)'", r"\1\1\\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", before_quotes) + "'"
