"""The composition of the configuration: Hydra composes it, pydantic validates it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from relay.config.composed import Config
from relay.config.files import ConfigFiles, Origin, unreadable_file
from relay.config.option_settings import apply_conditions, split_condition
from relay.config.overrides import (
    is_into,
    is_mapping,
    key_and_value,
    late_overrides,
    named_options,
    normalize,
    override_for,
    resource_blocks,
)
from relay.config.references import refuse_bad_references, unreadable_reference
from relay.config.resolvers import register_resolvers
from relay.config.settings import read_settings
from relay.config.unknown_keys import composition_problem, refuse_unknown_keys
from relay.util.errors import ConfigError, first_line
from relay.util.names import did_you_mean

_NEEDED = ("steps", "env_manager")
_NONE_IS_TEXT = "none_is_text"


def load(folder: Path, arguments: Sequence[str], cwd: Path) -> Config:
    """Return the configuration in `folder` with the overrides `arguments`.

    Settings for one option of a group, such as `model.extra_trees.params.max_depth=6`, are left
    out if another option is chosen. Relative paths in the overrides are read from `cwd`, those in
    files from the project.

    Raises ConfigError, with the key and the nearest existing one, if a setting is wrong.
    """
    register_resolvers()
    files = ConfigFiles.read(folder)
    texts = [str(key) for key in files.main().get(_NONE_IS_TEXT) or ()]
    overrides = [normalize(argument, texts) for argument in arguments]
    try:
        return _load(files, overrides, cwd)
    except (
        yaml.YAMLError, HydraException, OmegaConfBaseException, ValueError, RuntimeError,
    ) as error:  # fmt: skip
        problem = unreadable_file(folder) or unreadable_reference(error) or first_line(error)
        raise ConfigError(problem) from error


def _load(files: ConfigFiles, given: Sequence[str], cwd: Path) -> Config:
    overrides = _for_chosen(files, given)
    blocks = resource_blocks(overrides)
    open_mappings = [*files.open_mappings, *blocks]
    late = late_overrides(overrides, open_mappings)
    for group in files.declaring:
        if f"{group}=null" in overrides:
            raise ConfigError(_no_group(group))
    early = [override for override in overrides if override not in late]
    early += named_options(late, early, files.declaring)
    tree, choices = _compose(files, early)
    _require_groups(tree, files)
    for block, step in blocks.items():
        if step not in tree.pipeline.steps:
            hint = did_you_mean(step, map(str, tree.pipeline.steps))
            raise ConfigError(f"{block}: there is no step '{step}'.{hint}")
    for override in late:
        key, value = key_and_value(override)
        _set(tree, key, value, open_mappings)
    origin = Origin(files, choices, early)
    refuse_unknown_keys(tree, origin)
    refuse_bad_references(tree, origin)
    return Config(tree, read_settings(tree, origin), origin, overrides, cwd)


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """Return `config` with other `values` of settings, as `load` returns it with their overrides.

    For settings whose keys `load` has accepted, and that choose no option of a group: it takes
    milliseconds, as nothing is composed or looked up again.
    """
    if config.origin is None:
        raise ValueError("the configuration was not composed from files")
    tree, open_mappings = copy.deepcopy(config.tree), config.origin.files.open_mappings
    for key, value in values.items():
        _set(tree, key, value, open_mappings)
    added = [override_for(key, value) for key, value in values.items()]
    overrides = [*config.overrides, *added]
    return Config(tree, config.settings, config.origin, overrides, config.start)


def _set(tree: DictConfig, key: str, value: Any, open_mappings: Sequence[str]) -> None:
    """Set `key` in `tree`.

    An open mapping takes any key, and a new value replaces it; in other mappings, a new value is
    merged with the present settings.
    """
    merge = not is_into(f"{key}=", open_mappings)
    OmegaConf.update(tree, key, value, merge=merge, force_add=True)


def _for_chosen(files: ConfigFiles, overrides: Sequence[str]) -> list[str]:
    """Return `overrides` with the settings of the chosen options only, named as the group's."""
    options = files.option_names()
    keys = [override.partition("=")[0] for override in overrides]
    conditional = [split_condition(key, options) is not None for key in keys]
    if not any(conditional):
        return list(overrides)
    choosing = [
        override for override, key in zip(overrides, keys, strict=True) if key in files.groups
    ]
    _, chosen = _compose(files, [override for override in choosing if not is_mapping(override)])
    return apply_conditions(overrides, options, chosen)


def _no_group(group: str) -> str:
    return f"{group}: a value is required. Add {group}=NAME, for config/{group}/NAME.yaml."


def _require_groups(tree: DictConfig, files: ConfigFiles) -> None:
    """Check that no group was removed, or replaced by a value.

    Raises ConfigError if one was.
    """
    for group in files.declaring:
        if not isinstance(tree.get(group), DictConfig):
            raise ConfigError(unreadable_file(files.folder) or _no_group(group))
    for key in _NEEDED:
        if tree.get(key) is None:
            raise ConfigError(f"{key}: a value is required. Add {key}=VALUE.")
    if not isinstance(tree.pipeline.get("steps"), DictConfig):
        raise ConfigError("pipeline.steps: must be a mapping. Remove the override of it.")


def _compose(files: ConfigFiles, overrides: list[str]) -> tuple[DictConfig, dict[str, str]]:
    """Return the tree, and the option chosen from each group."""
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(str(files.folder), version_base="1.3"):
        try:
            tree = hydra.compose("config", overrides=overrides, return_hydra_config=True)
        except MissingConfigException as error:
            raise ConfigError(_no_such_option(error, files)) from error
        except ConfigCompositionException as error:
            if problem := unreadable_reference(error):
                raise ConfigError(problem) from error
            chosen = [text for text in overrides if text.partition("=")[0] in files.groups]
            problem = composition_problem(error, hydra.compose("config", overrides=chosen))
            raise ConfigError(problem) from error
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(unreadable_reference(error) or first_line(error)) from error
    choices = {str(group): str(name) for group, name in tree.hydra.runtime.choices.items()}
    OmegaConf.set_struct(tree, False)
    del tree["hydra"]
    return tree, choices


def _no_such_option(error: MissingConfigException, files: ConfigFiles) -> str:
    wanted = (error.missing_cfg_file or "").removesuffix(".yaml")
    group, _, option = wanted.rpartition("/")
    options = error.options or [path.stem for path in (files.folder / group).glob("*.yaml")]
    if group in files.groups:
        hint = did_you_mean(option, options) + files.usage(group)
        return f"{group}: there is no '{option}' in config/{group}/.{hint}"
    top, _, path = wanted.partition("/")
    if top in files.groups:
        return f"{top}: there is no '{path}' in config/{top}/.{files.usage(top)}"
    source = re.match(r"In '([^']+)'", str(error))
    place = f"{files.folder.name}/{source[1] if source else 'config'}.yaml"
    hint = did_you_mean(group, files.groups)
    return f"{place}: there is no group or file '{wanted}' in {files.folder.name}/.{hint}"
