"""Typed parameters of a component, which reach it as text on a command line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator
from pydantic.fields import FieldInfo

from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

ARTIFACT_SUFFIX = "_artifact"
"""Input or output `train` of a step is parameter `train_artifact` of its component."""

NAME = r"^[A-Za-z0-9._-]+$"
"""The pattern of what W&B and Trackio take as a name."""

NO_CONTENT: dict[str, JsonValue] = {"decides_content": False}
"""`json_schema_extra` of a parameter that changes nothing in what is made, such as a limit."""

ParamsT = TypeVar("ParamsT", bound="Params")


class Params(BaseModel):
    """Base of every component's parameters.

    A text for a field that is not itself a text is read as YAML (JSON is YAML), and an empty
    text means that the default holds: MLproject files have no other way to say "not given".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read_texts(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {
            name: _from_text(cls.model_fields.get(name), value)
            for name, value in values.items()
            if value != "" or name not in cls.model_fields
        }


def decides_content(field: FieldInfo) -> bool:
    """True but for parameters that are marked with NO_CONTENT."""
    extra = field.json_schema_extra
    return not isinstance(extra, dict) or extra.get("decides_content") is not False


def _from_text(field: FieldInfo | None, value: Any) -> Any:
    if field is None or not isinstance(value, str) or _holds_text(field.annotation):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _holds_text(annotation: Any) -> bool:
    """True for `str`, literals of texts, and these or None."""
    if annotation is str:
        return True
    arguments = [one for one in get_args(annotation) if one is not NoneType]
    if get_origin(annotation) is Literal:
        return all(isinstance(one, str) for one in arguments)
    return get_origin(annotation) in (Union, UnionType) and all(map(_holds_text, arguments))


def to_text(value: Any) -> str:
    """`value` as `Params` reads it back: "" for None, a text as it is, JSON for the rest."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, ensure_ascii=False)


def validate(params_type: type[ParamsT], values: Mapping[str, Any]) -> ParamsT:
    """`values` as `params_type`; ConfigError with all that is wrong, a line each."""
    try:
        return params_type.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError("\n".join(problem for _, problem in problems(error))) from error


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """For each mistake: the parameter it is in, and a line `parameter: what is wrong (got x)`."""
    found = []
    for detail in error.errors():
        where = ".".join(str(part) for part in detail["loc"])
        text = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "string_pattern_mismatch" and detail["ctx"]["pattern"] == NAME:
            text = "a name has letters, digits, '.', '_' and '-' only"
        if detail["type"] == "tuple_type":
            text = "this is a list: write [a,b]"
        if detail["type"] == "extra_forbidden":
            text = "there is no such setting"
        if detail["type"] not in ("missing", "value_error", "extra_forbidden"):
            text += f" (got {detail['input']!r})"
        found.append((where, f"{where}: {text}" if where else text))
    return found


def parse_command_line(params_type: type[ParamsT], argv: Sequence[str], about: str) -> ParamsT:
    """The parameters in `argv` (`--name value` each); ConfigError where they are wrong."""
    _require_known(params_type, argv)
    parser = _Parser(description=about, allow_abbrev=False)
    for name, field in params_type.model_fields.items():
        value = field.get_default(call_default_factory=True)
        default = "" if field.is_required() else f" (default: {to_text(value) or 'none'})"
        parser.add_argument(
            f"--{name}",
            default=argparse.SUPPRESS,
            required=field.is_required(),
            help=((field.description or "") + default).replace("%", "%%"),
        )
    return validate(params_type, vars(parser.parse_args(list(argv))))


def _require_known(params_type: type[ParamsT], argv: Sequence[str]) -> None:
    """ConfigError with the nearest right name for each parameter that there is not."""
    given = [word[2:].partition("=")[0] for word in argv if word.startswith("--")]
    unknown = [name for name in given if name not in {*params_type.model_fields, "help"}]
    if unknown:
        known = params_type.model_fields
        raise ConfigError(
            "\n".join(
                f"There is no parameter '{name}'.{did_you_mean(name, known)}" for name in unknown
            )
        )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}. See --help.")
