"""Settings as people type them on a command line, for messages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

_PLAIN = re.compile(r"[A-Za-z0-9_/+.%*@?|-]+( [A-Za-z0-9_/+.%*@?|-]+)*")
"""Texts that Hydra reads unquoted within a list."""
_TYPED = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?|true|false|null|none|nan|[+-]?inf", re.IGNORECASE)
"""Texts that Hydra would read as a value of another type."""
_STRUCTURE = ("[", "{", "(", "'", '"')


def setting(key: str, value: object) -> str:
    """Return `key=value` quoted for a shell: data.read.skip=2, 'data.drop=[id,name]'.

    `value` is a text, a number, a boolean, None, or a list or mapping of these.
    """
    text = (
        value
        if isinstance(value, str) and not _needs_quotes(value)
        else hydra_text(value, _quote_if_needed)
    )
    return shell_word(f"{key}={text}")


def shell_word(text: str) -> str:
    """Quote `text` for a shell; double quotes are easier to read around single ones."""
    if "'" in text and not re.search(r"[$`\\!]", text):
        return '"' + text.replace('"', r"\"") + '"'
    quoted = shlex.quote(text)
    # a comma or a dot at the end would look like the sentence's own
    return f"'{text}'" if quoted == text and text.endswith((",", ".", ":", ";")) else quoted


def _needs_quotes(text: str) -> bool:
    """Return whether Hydra would read a text that stands alone as something else."""
    return text.startswith(_STRUCTURE) or "${" in text or text != text.strip()


def hydra_text(value: object, quote: Callable[[object], str]) -> str:
    """Return `value` in Hydra's grammar; `quote` writes its texts."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value).lower()  # true and false are integers as well
    if isinstance(value, float):
        text = f"{value:g}" if value == float(f"{value:g}") else repr(value)
        # max_features=1 is one column, and max_features=1.0 are all
        return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text
    if isinstance(value, Mapping):
        pairs = (f"{_escape(str(key))}:{hydra_text(item, quote)}" for key, item in value.items())
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(hydra_text(item, quote) for item in value)}]"
    return quote(value)


def _escape(key: str) -> str:
    """Return a key of a mapping, which cannot have quotes in Hydra's grammar."""
    return re.sub(r"([\\()\[\]{}:=,\s'\"])", r"\\\1", key)


def _quote_if_needed(value: object) -> str:
    """Return a text in double quotes, as the shell's are single."""
    text = str(value)
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text):
        return text
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', text)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
