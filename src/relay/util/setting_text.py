"""Settings as people type them on a command line, for messages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9_/+.%*@?|-]+( [A-Za-z0-9_/+.%*@?|-]+)*")
"""Texts that Hydra reads unquoted within a list."""
_TYPED = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?|true|false|null|none|nan|[+-]?inf", re.IGNORECASE)
"""Texts that Hydra would read as a value of another type."""
_STRUCTURE = ("[", "{", "(", "'", '"')


def setting(key: str, value: object) -> str:
    """Return `key=value` quoted for a shell: data.read.skip=2, 'data.drop=[id,name]'.

    `value` is a text, a number, a boolean, None, or a list or mapping of these.
    """
    text = value if isinstance(value, str) and not _needs_quotes(value) else _hydra(value)
    return _shell_word(f"{key}={text}")


def _shell_word(text: str) -> str:
    """Quote `text` for a shell; double quotes are easier to read around single ones."""
    if "'" in text and not re.search(r"[$`\\!]", text):
        return '"' + text.replace('"', r"\"") + '"'
    quoted = shlex.quote(text)
    # a comma or a dot at the end would look like the sentence's own
    return f"'{text}'" if quoted == text and text.endswith((",", ".", ":", ";")) else quoted


def _needs_quotes(text: str) -> bool:
    """Return whether Hydra would read a text that stands alone as something else."""
    return text.startswith(_STRUCTURE) or "${" in text or text != text.strip()


def _hydra(value: object) -> str:
    """Return `value` in Hydra's grammar; texts have double quotes, as the shell's are single."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if value == float(f"{value:g}") else repr(value)
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_text(str(key))}:{_hydra(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_hydra, value))}]"
    return _text(str(value))


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text):
        return text
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', text)
    return '"' + re.sub(r"(\\+)$", r"\1\1", escaped) + '"'
