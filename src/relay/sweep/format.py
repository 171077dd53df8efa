"""A sweep's file, `config/sweep/NAME.yaml`, in the server's format: what it may contain."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.validation_messages import word_problems

Method = Literal["bayes", "random", "grid"]

_NAME = r"^[A-Za-z_][A-Za-z0-9_.-]*$"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STOPPED_BY = Literal["hyperband", "median"]


def _number(value: Any) -> Any:
    """Return `value` if it is a number; YAML reads 1e-4 as a text, as only 1.0e-4 is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            advice = f" Write {float(value)!r}" if isinstance(value, str) else ""
        except ValueError:
            advice = ""
        raise ValueError(f"must be a number (got {value!r}).{advice}".removesuffix("."))
    return value


Number = Annotated[int | float, BeforeValidator(_number)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Metric(_Strict):
    """The metric that decides which trial is the best."""

    name: str = Field(min_length=1)
    goal: Literal["minimize", "maximize"] = "minimize"
    target: Number | None = None
    """The sweep ends when a trial reaches it."""
    impute: Literal["latest", "best", "worst"] | None = None
    impute_while_running: Literal["latest", "best", "worst", "false"] | None = None


class EarlyTerminate(_Strict):
    """The rule by which a trial ends before its last fold. Only Relay has `median`."""

    type: _STOPPED_BY
    min_iter: int | None = Field(None, ge=1)
    max_iter: int | None = Field(None, ge=1)
    s: int | None = Field(None, ge=1)
    eta: Number = 3
    strict: bool | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> EarlyTerminate:
        if self.type == "median":
            return self
        if self.min_iter is None and (self.max_iter is None or self.s is None):
            raise ValueError("give min_iter, the first fold after which a trial may end")
        if int(self.eta) != self.eta or self.eta < 2:
            raise ValueError(f"eta must be a whole number of at least 2 (got {self.eta})")
        return self

    @property
    def first(self) -> int:
        """Return the number of folds after which a trial may end first."""
        if self.min_iter is None and self.max_iter is not None and self.s is not None:
            return max(1, round(self.max_iter / self.eta**self.s))
        return self.min_iter or 1


class Parameter(_Strict):
    """One parameter: its values or its range, or parameters below its name."""

    distribution: str | None = None
    value: Any = None
    values: list[Any] | None = Field(None, min_length=1)
    probabilities: list[Number] | None = None
    min: Number | None = None
    max: Number | None = None
    q: Number | None = Field(None, gt=0)
    mu: Number | None = None
    sigma: Number | None = None
    a: Number | None = None
    b: Number | None = None
    parameters: dict[Annotated[str, Field(pattern=_NAME)], Parameter] | None = Field(
        None, min_length=1
    )


class Content(_Strict):
    """The keys of a sweep's file. Some are for the server alone, and have no effect here."""

    method: Method
    parameters: dict[Annotated[str, Field(pattern=_NAME)], Parameter] = Field(min_length=1)
    metric: Metric
    early_terminate: EarlyTerminate | None = None
    run_cap: int | None = Field(None, ge=1)
    """The most trials of the sweep."""
    name: str | None = None
    description: str | None = None
    program: str | None = None
    command: list[str] | None = None
    project: str | None = None
    entity: str | None = None
    controller: dict[str, Any] | None = None
    apiVersion: str | None = None  # noqa: N815 - the format's name
    kind: Literal["sweep"] | None = None


@dataclass(frozen=True)
class SweepFile:
    """A sweep's file that was read: its content, and the line of each key."""

    name: str
    place: str
    """The file as messages name it."""
    content: Content
    lines: Mapping[str, int]

    def error(self, key: str, problem: str) -> ConfigError:
        """Return the error about the value at `key`, a path of names joined by dots."""
        return ConfigError(self.locate(key, problem))

    def locate(self, key: str, problem: str) -> str:
        """Return `problem` after the file and the line of `key`."""
        return self.at(key, f"{key}: {problem}")

    def at(self, key: str, line: str) -> str:
        """Return `line`, which names what is wrong, after the file and the line of `key`."""
        return _located(self.place, self.lines, key, line)


def read_sweep(folder: Path, name: str) -> SweepFile:
    """Read `NAME.yaml` in `folder`, the sweeps of a project.

    Raises ConfigError, with the line and what to do, if it does not exist or is wrong.
    """
    path = folder / f"{name}.yaml"
    place = f"config/{folder.name}/{path.name}"
    if not path.is_file():
        names = [file.stem for file in folder.glob("*.yaml")]
        hint = did_you_mean(name, names) or f" Write {place}, as docs/guides/sweeps.md describes."
        raise ConfigError(f"sweep: there is no '{name}' in config/{folder.name}/.{hint}")
    try:
        return parse_sweep(path.read_text(encoding="utf-8"), name, place)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place}: not UTF-8 ({error}). Save it in that encoding.") from error
    except OSError as error:
        raise ConfigError(
            f"{place}: cannot be read ({error.strerror}). Check its rights."
        ) from error


def parse_sweep(text: str, name: str, place: str) -> SweepFile:
    """Return the sweep in `text`, the content of the file `place`.

    Raises ConfigError, with the line and what to do, if it is wrong.
    """
    try:
        root = yaml.compose(text, Loader=_LOADER)
        if not isinstance(root, yaml.MappingNode):
            raise ConfigError(f"{place}: has no settings. Add method, metric and parameters.")
        lines = dict(_lines(root, place))
        values = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or error
        raise ConfigError(f"{place}: {where}not valid YAML: {problem}. Correct it.") from error
    try:
        content = Content.model_validate(values)
    except ValidationError as error:
        problems = word_problems(error, Content)
        texts = [
            _located(place, lines, key, line.replace(f"Add {key}=VALUE", "Add it"))
            for key, line in problems
        ]
        raise ConfigError("\n".join(texts)) from error
    return SweepFile(name, place, content, lines)


def _located(place: str, lines: Mapping[str, int], key: str, line: str) -> str:
    """Return `line` after the place of `key`, or of the nearest key above it that exists."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return f"{place}: line {lines[key]}: {line}" if key else f"{place}: {line}"


def _lines(node: yaml.MappingNode, place: str, above: str = "") -> Iterator[tuple[str, int]]:
    """Yield each key below `node`, joined to those above it by dots, with its line.

    Raises ConfigError if a key is given twice: YAML would use the last one.
    """
    before: dict[Hashable, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in before:
            raise ConfigError(
                f"{place}: line {line}: {above}{name}: is given in line {before[name]} already. "
                "Remove one of the two."
            )
        before[name] = line
        yield f"{above}{name}", line
        if isinstance(value, yaml.MappingNode):
            yield from _lines(value, place, f"{above}{name}.")
