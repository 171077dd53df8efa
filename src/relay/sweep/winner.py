"""The winner of a sweep: its settings as an experiment of the configuration."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from relay.config.composed import Config
from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.redact import redact

GROUP = "experiment"
_HOW = (
    "tracking",
    "engine",
    "env_manager",
    "jobs",
    "cache",
    "keep_going",
    "steps",
    "exclude",
    "force",
)
"""Settings of how a pipeline runs, which do not belong to an experiment."""


def is_about_how(override: str) -> bool:
    """Return whether an override is about how a pipeline runs, not about what it makes."""
    return override.lstrip("+~").partition("=")[0].partition(".")[0] in _HOW


def experiment_text(config: Config, about: str) -> str:
    """Return the file of an experiment that has the settings which `config` was given.

    `about` is its first comment. Raises RelayError if a setting was removed, as a file cannot.
    """
    if config.origin is None:
        raise ValueError("the configuration was not composed from files")
    files, choices = config.origin.files, config.origin.choices
    content: dict[str, Any] = {}
    given = {override.partition("=")[0] for override in config.overrides}
    for override in config.overrides:
        if is_about_how(override):
            continue
        if override.startswith("~"):
            raise RelayError(f"{override}: an experiment cannot remove a setting.")
        key = override.lstrip("+").partition("=")[0]
        if key not in files.groups or override.partition("=")[2].startswith("{"):
            _put(content, key, _value(config, key))
    base = choices.get(GROUP, "")
    defaults: list[Any] = [base] if (files.folder / GROUP / f"{base}.yaml").is_file() else []
    defaults += [
        {f"override /{group}": choices[group]}
        for group in files.declaring
        if group not in _HOW and (group in given or choices[group] != files.options[group])
    ]
    if defaults:
        content = {"defaults": defaults, **content}
    comment = "\n".join(f"# {line}" for line in redact(about).splitlines())
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True) if content else ""
    return f"# @package _global_\n{comment}\n{text}"


def write_experiment(folder: Path, name: str, text: str) -> tuple[Path, Path | None]:
    """Write the experiment `name` into `folder`; return its path, and that of an earlier one.

    An earlier file with another content is kept, under a new name: it may be the best of other
    data, or a better one. Raises RelayError if that is not possible.
    """
    path = folder / f"{name}.yaml"
    kept = None
    try:
        folder.mkdir(exist_ok=True)
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace") != text:
            kept = _unused(folder, name)
            path.rename(kept)
        write_text(path, text)
    except OSError as error:
        raise RelayError(f"{path}: could not be written ({error.strerror}).") from error
    return path, kept


def _unused(folder: Path, name: str) -> Path:
    numbers = itertools.count(1)
    return next(
        path for number in numbers if not (path := folder / f"{name}-{number}.yaml").exists()
    )


def _value(config: Config, key: str) -> Any:
    value = OmegaConf.select(config.tree, key, throw_on_resolution_failure=False)
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config.tree, parent) if parent else config.tree
    raw = node._get_node(name)
    if raw is not None and raw._is_interpolation():
        return str(raw._value())
    return OmegaConf.to_container(value, resolve=False) if OmegaConf.is_config(value) else value


def _put(content: dict[str, Any], key: str, value: Any) -> None:
    """Put `value` at the dotted `key`; a mapping is merged with what is there."""
    parts = key.split(".")
    for part in parts[:-1]:
        content = content.setdefault(part, {})
    before = content.get(parts[-1])
    if isinstance(before, dict) and isinstance(value, Mapping):
        before.update(value)
    else:
        content[parts[-1]] = value
