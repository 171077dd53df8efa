"""References in the configuration, `${group.key}`: whether each leads to a setting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import (
    GrammarParseError,
    InterpolationKeyError,
    InterpolationResolutionError,
    UnsupportedInterpolationType,
)

from relay.config.files import Origin
from relay.util.errors import ConfigError
from relay.util.names import nearest
from relay.util.redact import redact

_KEY = re.compile(r"Interpolation key '([^']+)' not found")
_VARIABLE = re.compile(r"Environment variable '([^']+)' not found")
_LITERAL = r"Text that contains ${ is written as \${."


def refuse_bad_references(tree: DictConfig, origin: Origin) -> None:
    """Check that each reference in `tree` leads to a setting, a variable or a function.

    What it leads to may be missing; who needs it reports that. Raises ConfigError with all that do
    not, each with its file.
    """
    problems = {key: (value, why) for key, value, why in _problems(tree, tree)}
    # What refers to one of these fails as well, and is right itself.
    lines = [
        f"{key}: {why[0]} (got {redact(value)}). {why[1]}{origin.place_of(key)}"
        for key, (value, why) in problems.items()
        if not any(f"${{{other}}}" in value for other in problems if other != key)
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def unreadable_reference(error: BaseException) -> str | None:
    """Return what `error` has against a reference that is not complete; None for other errors."""
    cause: BaseException | None = error
    while cause is not None and not (isinstance(cause, GrammarParseError) and cause.full_key):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    got = re.search(r"'(.*)'", str(cause).splitlines()[0])
    shown = f" (got {redact(got[1])})" if got else ""
    return f"{cause.full_key}: a reference is not complete{shown}. Write ${{group.key}}. {_LITERAL}"


def _problems(
    node: DictConfig | ListConfig, tree: DictConfig
) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Return key, value and problem of each reference below `node` that leads nowhere."""
    keys: Iterable[Any] = node.keys() if isinstance(node, DictConfig) else range(len(node))
    for key in keys:
        child: Any = node._get_node(key)
        if child._is_interpolation():
            if why := _problem(child, tree):
                yield child._get_full_key(None), str(child._value()), why
        elif _has_content(child):
            yield from _problems(child, tree)


def _problem(node: Any, tree: DictConfig) -> tuple[str, str] | None:
    """Return what is wrong with the reference in `node`, and what to do; None if it is right."""
    try:
        node._dereference_node()
    except InterpolationKeyError as error:
        match = _KEY.search(str(error))
        key = match[1] if match else ""
        near = nearest(key, list(_keys(tree)))
        hint = f"Did you mean '{near}'?" if near else "Name a setting, such as ${data.target}."
        return f"there is no setting '{key}'", f"{hint} {_LITERAL}"
    except UnsupportedInterpolationType as error:
        name = str(error).splitlines()[0].rpartition(" ")[2]
        return f"there is no function '{name}'", f"Name a setting, or oc.env:VARIABLE. {_LITERAL}"
    except InterpolationResolutionError as error:
        if "Recursive" in str(error):
            return "the setting refers to itself", "Write the value."
        if match := _VARIABLE.search(str(error)):
            name = match[1]
            advice = f"Set it, or give a default: ${{oc.env:{name},VALUE}}."
            return f"the environment variable {name} is not set", advice
    return None


def _keys(node: DictConfig, prefix: str = "") -> Iterator[str]:
    for name in map(str, node):
        yield f"{prefix}{name}"
        child = node._get_node(name)
        if isinstance(child, DictConfig) and _has_content(child) and name != "pipeline":
            yield from _keys(child, f"{prefix}{name}.")


def _has_content(node: Any) -> bool:
    is_special = node._is_none() or node._is_missing() or node._is_interpolation()
    return OmegaConf.is_config(node) and not is_special
