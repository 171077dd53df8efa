"""Which file of the configuration a setting stands in, for errors about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hydra
import yaml
from omegaconf import DictConfig, OmegaConf

GROUPS = ("data", "model", "tracking", "pipeline", "experiment")
PlaceOf = Callable[[str], str]
"""From a setting to the words that say where it stands, to be appended; "" where that is clear."""

_GLOBAL = "_global_"


def place_of(folder: Path, overrides: Sequence[str], key: str) -> str:
    """` (in config/local/default.yaml)`, of the file of a group in `folder` that has `key`.

    "" where none has it, or where one of the `overrides` gave it.
    """
    given = {one.lstrip("+~").partition("=")[0] for one in overrides} - set(GROUPS)
    if any(key == one or key.startswith(f"{one}.") for one in given):
        return ""
    for path, package in _composed(folder, overrides):
        inside = key if not package else key.removeprefix(f"{package}.")
        if (inside != key or not package) and _has(OmegaConf.load(path), inside):
            return f" (in {folder.name}/{path.relative_to(folder).as_posix()})"
    return ""


def unreadable_file(folder: Path) -> str | None:
    """What is wrong with the first file of the configuration in `folder` that cannot be read."""
    for path in sorted(folder.rglob("*.yaml")):
        problem = _problem_of(path)
        if problem is not None:
            return f"{folder.name}/{path.relative_to(folder).as_posix()}: {problem}"
    return None


def _problem_of(path: Path) -> str | None:
    try:
        content = path.read_bytes()
        tree = yaml.safe_load(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line} is not UTF-8: save the file in that encoding."
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        return f"this is no YAML: {where}{getattr(error, 'problem', None) or error}."
    except OSError as error:
        return f"it cannot be read: {error.strerror}."
    if tree is not None and not isinstance(tree, dict):
        kind = "a list" if isinstance(tree, list) else "a single value"
        return f"it holds {kind}; settings are written as `key: value`, a line each."
    return None


def _composed(folder: Path, overrides: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """The files that were chosen from the groups, each with where in the tree it stands."""
    choices = [one for one in overrides if one.partition("=")[0] in GROUPS]
    with hydra.initialize_config_dir(str(folder), version_base="1.3"):
        tree = hydra.compose("config", overrides=choices, return_hydra_config=True)
    for choice, name in tree.hydra.runtime.choices.items():
        group, _, package = str(choice).partition("@")
        path = folder / group / f"{name}.yaml"
        if path.is_file():
            head = path.read_text(encoding="utf-8").lstrip().partition("\n")[0]
            is_global = package == _GLOBAL or head.split() == ["#", "@package", _GLOBAL]
            yield path, "" if is_global else group


def _has(tree: Any, key: str) -> bool:
    node = tree
    for part in key.split("."):
        if not isinstance(node, DictConfig) or part not in list(node):
            return False
        node = node._get_node(part)
    return True
