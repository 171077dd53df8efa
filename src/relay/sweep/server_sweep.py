"""A sweep on a server: what is sent for a sweep's file, and the settings of one of its trials."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import yaml

from relay.config.option_settings import Options
from relay.sweep.format import SweepFile, parse_sweep
from relay.sweep.search import Settings
from relay.sweep.space import Space, read_space
from relay.util.errors import ConfigError

_COMMAND = ("${env}", ".venv/bin/python", "${program}", "${args_no_hyphens}")
_PROGRAM = "main.py"
_ARGUMENTS = "${args"
"""How the place of a trial's parameters in the command begins."""


def server_content(
    sweep: SweepFile, space: Space, arguments: Sequence[str], trials: int | None
) -> dict[str, Any]:
    """Return the content of a sweep on a server: that of the file, for the command's settings.

    The settings `arguments` are the same in all trials, so that they are in the command that agents
    start, and `space` is without them. `trials` replaces run_cap.

    Raises ConfigError if the file has what a server does not know.
    """
    rule = sweep.content.early_terminate
    if rule is not None and rule.type != "hyperband":
        raise sweep.error(
            "early_terminate.type",
            f"a server has no '{rule.type}', only this machine has. Set hyperband and min_iter.",
        )
    content = sweep.content.model_dump(exclude_unset=True)
    names = {dimension.name for dimension in space.dimensions}
    content["parameters"] = _keep(content["parameters"], names)
    content["program"] = content.get("program") or _PROGRAM
    content["command"] = _with_arguments(content.get("command") or _COMMAND, arguments)
    content["name"] = content.get("name") or sweep.name
    for key in ("project", "entity"):  # these are settings, which agents get with the sweep's path
        content.pop(key, None)
    if trials is not None:
        content["run_cap"] = trials
    return content


def _keep(parameters: Mapping[str, Any], names: Collection[str], above: str = "") -> dict[str, Any]:
    """Return those of `parameters` whose names, with dots for levels, are among `names`."""
    kept: dict[str, Any] = {}
    for key, parameter in parameters.items():
        name = f"{above}{key}"
        below = parameter.get("parameters")
        if below is None:
            if name in names:
                kept[key] = parameter
        elif below := _keep(below, names, f"{name}."):
            kept[key] = {**parameter, "parameters": below}
    return kept


def _with_arguments(command: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """Return `command` with `arguments` before a trial's parameters, which come after them."""
    words = list(command)
    places = [number for number, word in enumerate(words) if word.startswith(_ARGUMENTS)]
    place = places[0] if places else len(words)
    return [*words[:place], *arguments, *words[place:]]


def fixed_arguments(content: Mapping[str, Any]) -> list[str]:
    """Return the settings in the command of a sweep with this `content`."""
    words = content.get("command") or ()
    return [
        str(word).lstrip("-")
        for word in words
        if "=" in str(word).partition("${")[0] and "/" not in str(word).partition("=")[0]
    ]


def settings_of(
    path: str, content: Mapping[str, Any], params: Mapping[str, Any], options: Options
) -> Settings:
    """Return the settings of a trial with the parameters `params` of the sweep `path`.

    Raises ConfigError if the sweep's `content` is not one of settings, or `params` lack one.
    """
    sweep = parse_sweep(yaml.safe_dump(dict(content)), path, f"sweep {path}")
    space = read_space(sweep, options)
    try:
        settings = {one.key: _value(params, one.name) for one in space.groups}
        active = space.active(settings)
        return settings | {one.key: _value(params, one.name) for one in active}
    except KeyError as error:
        raise ConfigError(f"sweep {path}: its best trial has no parameter {error}.") from error


def _value(params: Mapping[str, Any], name: str) -> Any:
    """Return the value of the parameter `name`, whose dots may be levels of `params`.

    Raises KeyError if it has none.
    """
    if name in params:
        return params[name]
    parts = name.split(".")
    for count in range(1, len(parts)):
        below = params.get(".".join(parts[:count]))
        if isinstance(below, Mapping):
            return _value(below, ".".join(parts[count:]))
    raise KeyError(name)
