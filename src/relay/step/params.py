"""Typed parameters of a component, which reach it as text on a command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator
from pydantic.fields import FieldInfo

from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.redact import redact
from relay.util.validation_messages import word_problems

ARTIFACT_SUFFIX = "_artifact"
"""Input or output `train` of a step is parameter `train_artifact` of its component."""

NO_CONTENT: dict[str, JsonValue] = {"decides_content": False}
"""`json_schema_extra` of a parameter that does not change the outputs, such as a limit."""

_KINDS = {str: "text", int: "integer", float: "number", bool: "true|false", Any: "any"}
_EMPTY: tuple[Any, ...] = (None, "", [], {}, ())

IS_PATH: dict[str, JsonValue] = {"is_path": True}
"""`json_schema_extra` of a parameter that is or may be a path; a relative one is read from the
folder in which the command was started."""

IS_OUTPUT_PATH: dict[str, JsonValue] = {"is_path": True, "is_written": True}
"""`json_schema_extra` of a path that is written: a relative one in a file of `config/` begins where
results are kept."""

Facts = Mapping[str, Any]
"""Facts about the settings, inputs and source of a run's steps before they run, by name."""

ParamsT = TypeVar("ParamsT", bound="Params")


class Params(BaseModel):
    """Base of every component's parameters.

    A text for a field of another type is read as YAML (JSON is YAML). An empty text or null means
    that no value is given: the default if that is empty too, else an error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read_texts(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        fields = cls.model_fields
        return {
            name: _from_text(fields.get(name), value)
            for name, value in values.items()
            if not (_is_empty(value) and name in fields and _may_be_empty(fields[name]))
        }


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def _may_be_empty(field: FieldInfo) -> bool:
    """Return whether the default is empty too, or a value is required (which is an error then)."""
    return field.is_required() or field.get_default(call_default_factory=True) in _EMPTY


def decides_content(field: FieldInfo) -> bool:
    """Return whether a parameter decides the outputs' content: it is not marked NO_CONTENT."""
    extra = field.json_schema_extra
    return not isinstance(extra, dict) or extra.get("decides_content") is not False


def is_path(field: FieldInfo) -> bool:
    """Return whether a parameter is marked IS_PATH."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("is_path") is True


def is_written(field: FieldInfo) -> bool:
    """Return True for parameters that are marked with IS_OUTPUT_PATH."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get("is_written") is True


def _from_text(field: FieldInfo | None, value: Any) -> Any:
    if _is_empty(value):
        return None
    if field is None or not isinstance(value, str) or _holds_text(field.annotation):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _holds_text(annotation: Any) -> bool:
    """Return whether a type is `str`, a literal of texts, or one of these or None."""
    if annotation is str:
        return True
    if get_origin(annotation) is Annotated:
        return _holds_text(get_args(annotation)[0])
    arguments = [kind for kind in get_args(annotation) if kind is not NoneType]
    if get_origin(annotation) is Literal:
        return all(isinstance(choice, str) for choice in arguments)
    return get_origin(annotation) in (Union, UnionType) and all(map(_holds_text, arguments))


def to_text(value: Any) -> str:
    """Return `value` as text for `Params`: "" for None, a text as it is, JSON for the rest."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, ensure_ascii=False)


def validate(params_type: type[ParamsT], values: Mapping[str, Any]) -> ParamsT:
    """Return `values` as `params_type`.

    Raises ConfigError with a line for each mistake.
    """
    try:
        return params_type.model_validate(dict(values))
    except ValidationError as error:
        lines = [line for _, line in word_problems(error, params_type)]
        raise ConfigError("\n".join(lines)) from error


def parse_command_line(params_type: type[ParamsT], argv: Sequence[str], about: str) -> ParamsT:
    """Read the parameters in `argv`: `--name value`, or `--name=value`.

    A value is taken as it is, even if it begins with a dash. --help prints the help, which starts
    with `about`, and exits. Raises ConfigError if a parameter is unknown or has a wrong value.
    """
    given: dict[str, str] = {}
    unknown: list[str] = []
    words = iter(argv)
    for word in words:
        if word in ("-h", "--help"):
            print(help_text(params_type, about))
            raise SystemExit(0)
        if not word.startswith("--"):
            raise ConfigError(f"{word}: parameters are written as --name value. --help lists them.")
        name, equals, value = word[2:].partition("=")
        text = value if equals else next(words, None)
        if text is None:
            raise ConfigError(f"{name}: the value is missing. Write --{name} VALUE.")
        if name in given:
            raise ConfigError(f"{name}: the parameter is given twice. Give it once.")
        given[name] = text
        unknown += [] if name in params_type.model_fields else [name]
    if unknown:
        fields = params_type.model_fields
        lines = (
            f"{name}: there is no such parameter.{did_you_mean(name, fields)}" for name in unknown
        )
        raise ConfigError("\n".join(lines))
    return validate(params_type, given)


def help_text(params_type: type[Params], about: str) -> str:
    """Return the text of --help: each parameter with its kind, its description and its default."""
    lines = [about.strip(), "", "Parameters (--name VALUE; lists and mappings as JSON):"]
    for name, field in params_type.model_fields.items():
        value = "" if field.is_required() else to_text(field.get_default(call_default_factory=True))
        default = "required" if field.is_required() else f"default: {value or 'none'}"
        description = f"{field.description or ''} ({default})".lstrip()
        lines += [f"  --{name} {_kind(field.annotation)}", f"      {description}"]
    return "\n".join(lines)


def _kind(annotation: Any) -> str:
    """Return a type in the words of the help, such as `number` or `list of text`."""
    if annotation in _KINDS:
        return _KINDS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "|".join(map(str, arguments))
    if origin in (Union, UnionType):
        return "|".join(_kind(member) for member in arguments if member is not NoneType)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in (list, tuple):
        return f"list of {_kind(arguments[0])}" if arguments else "list"
    return "mapping"


def without_secrets(params: Params) -> Mapping[str, Any]:
    """Return `params` as JSON values, without the secrets in their texts."""
    config = params.model_dump(mode="json")
    return {k: redact(v) if isinstance(v, str) else v for k, v in config.items()}
