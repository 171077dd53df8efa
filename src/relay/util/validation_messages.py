"""Messages for pydantic's errors in parameters and settings: `key: problem (got X).`"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from relay.util.names import did_you_mean

NAME = r"^[A-Za-z0-9._-]+$"
"""The pattern of names that every backend takes."""

TAG = r"^[^,]{1,64}$"
"""The pattern of tags that every backend takes."""

SHA256 = r"^[0-9a-fA-F]{64}$"

_PATTERNS: Mapping[str, str] = {
    NAME: "must have letters, digits, '.', '_' and '-' only",
    TAG: "must have no comma, and 1 to 64 characters",
    SHA256: "must have 64 hexadecimal digits",
}

NO_SUCH_SETTING = "there is no such setting."
"""The problem with a key that does not exist; a hint follows."""

_LONGEST = 80  # characters of a value

_WORDS: Mapping[str, str] = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number that is not infinite",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "literal_error": "must be {expected}",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "list_type": "must be a list, such as [a,b]",
    "tuple_type": "must be a list, such as [a,b]",
    "set_type": "must be a list, such as [a,b]",
    "dict_type": "must be a mapping, such as {{key: value}}",
    "model_type": "must be a mapping, such as {{key: value}}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
"""The problem by pydantic's type of the error; braces are filled from the error's context."""


def word_problems(
    error: ValidationError,
    model: type[BaseModel],
    key_of: Callable[[str], str] = lambda param: param,
) -> list[tuple[str, str]]:
    """Return the key and the line `key: problem (got X).` for each mistake in values for `model`.

    `key_of` maps the path of a parameter to the setting that people write. A mistake in several
    values together has an empty key. The members of a union share a line.
    """
    texts: dict[str, dict[str, None]] = {}
    values: dict[str, Any] = {}
    for detail in error.errors():
        path, owner = _path(detail["loc"], model)
        key = key_of(".".join(path)) if path else ""
        texts.setdefault(key, {})[_problem(detail, key, path, owner)] = None
        values[key] = "" if detail["type"] in _WITHOUT_VALUE else _shown(detail["input"])
    return [(key, _line(key, list(problems), values[key])) for key, problems in texts.items()]


_WITHOUT_VALUE = ("missing", "value_error", "extra_forbidden")


def _line(key: str, problems: Sequence[str], value: str) -> str:
    text = " or ".join([problems[0], *(text.removeprefix("must be ") for text in problems[1:])])
    text = f"{key}: {text}" if key else text
    return f"{text}{value}" if text.endswith((".", "?", "!")) else f"{text}{value}."


def _problem(detail: Any, key: str, path: Sequence[str], owner: type[BaseModel] | None) -> str:
    kind, context = detail["type"], detail.get("ctx") or {}
    special = {
        "missing": f"a value is required{_how_to_add(key, path)}",
        "extra_forbidden": f"{NO_SUCH_SETTING}{_hint(path, owner)}",
        "value_error": str(detail["msg"]).removeprefix("Value error, "),
    }
    if kind in special:
        return special[kind]
    if detail["input"] is None:
        return f"must not be empty: leave {key} out for its default"
    if kind == "string_pattern_mismatch" and context.get("pattern") in _PATTERNS:
        return _PATTERNS[context["pattern"]]
    if kind == "string_too_short" and context.get("min_length") == 1:
        return "must not be empty"
    return _WORDS.get(kind, "is not a value that this setting takes").format(**context)


def _how_to_add(key: str, path: Sequence[str]) -> str:
    return "" if path and path[-1].isdigit() else f". Add {key}=VALUE"  # a digit is a list's place


def _hint(path: Sequence[str], owner: type[BaseModel] | None) -> str:
    """Return a hint with the field of `owner` that is nearest to the last name of `path`."""
    fields = {} if owner is None else owner.model_fields
    return did_you_mean(path[-1], [_name(*field) for field in fields.items()]) if path else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = repr(value)
    return f" (got {text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'})"


def _path(
    location: Sequence[str | int], model: type[BaseModel]
) -> tuple[list[str], type[BaseModel] | None]:
    """Return the path of a value as people write it, and the model that has its last name.

    Pydantic puts the member of a union that it tried, and `[key]`, among the names.
    """
    kind: Any = model
    path: list[str] = []
    owner: type[BaseModel] | None = None
    for part in location:
        kind = _plain(kind)
        if part == "[key]":
            continue
        members = _members(kind)
        if len(members) > 1:
            kind = next((member for member in members if _tag(member) == part), Any)
            continue
        path.append(str(part))
        owner = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        kind = _below(kind, part)
    return path, owner


def _below(kind: Any, part: str | int) -> Any:
    """Return the type of the value at `part` of a value of type `kind`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return next(
            (
                field.annotation
                for name, field in kind.model_fields.items()
                if _name(name, field) == part
            ),
            Any,
        )
    arguments = get_args(kind)
    return arguments[-1] if get_origin(kind) in (dict, list, tuple) and arguments else Any


def _plain(kind: Any) -> Any:
    """Return `kind` without annotations, and `X | None` as `X`."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    members = _members(kind)
    return _plain(members[0]) if len(members) == 1 else kind


def _members(kind: Any) -> list[Any]:
    """Return the members of a union without None; an empty list if `kind` is not a union."""
    if get_origin(kind) not in (Union, UnionType):
        return []
    return [member for member in get_args(kind) if member is not NoneType]


def _tag(kind: Any) -> str:
    """Return pydantic's name for a member of a union, if that is a simple one."""
    kind = _plain(kind)
    return str(getattr(kind, "__name__", kind))


def _name(name: str, field: Any) -> str:
    return str(field.alias or name)
