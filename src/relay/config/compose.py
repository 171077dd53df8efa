"""The configuration: Hydra composes it, pydantic validates it, before anything runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)
from pydantic import ValidationError

from relay.config.files import GROUPS, PlaceOf, place_of, unreadable_file
from relay.config.keys import (
    composition_problem,
    empty_mappings,
    refuse_unknown_keys,
)
from relay.config.overrides import (
    is_into,
    key_and_value,
    late_overrides,
    named_options,
    normalize,
)
from relay.config.schema import Settings, cores
from relay.models.metric_names import OF_TASK, Task
from relay.step.params import problems
from relay.tracking.artifact_names import model_stem, url_stem
from relay.util.errors import ConfigError
from relay.util.names import column_name, did_you_mean
from relay.util.redact import redact

_NEEDED_GROUPS = ("data", "model", "tracking", "pipeline")
_EXAMPLES = {
    "data": " A table of your own: data=table data.url=FILE data.target=COLUMN",
    "model": " A class of your choice: model=custom model._target_=sklearn.svm.SVR",
}
_OPEN_IN_MODEL = ("model.params", "model.task_params")


class Config:
    """A composed and validated configuration.

    `place_of` tells, as words to be appended, in which file a setting stands. `overrides` are the
    arguments that it was composed from.
    """

    def __init__(
        self,
        tree: DictConfig,
        settings: Settings,
        place_of: PlaceOf = lambda key: "",
        overrides: Sequence[str] = (),
    ) -> None:
        self.tree = tree
        self.settings = settings
        self.place_of = place_of
        self.overrides = overrides

    @property
    def command(self) -> str:
        """The command line that composes it, as a shell takes it, without secrets."""
        return shlex.join(["python", "main.py", *map(redact, self.overrides)])

    @property
    def as_yaml(self) -> str:
        """All settings as a file of YAML, without secrets."""
        return redact(OmegaConf.to_yaml(self.tree))

    @property
    def task(self) -> Task | None:
        """What `data.task` says; None where that is left to the data."""
        said = OmegaConf.select(self.tree, "data.task")
        return next((task for task in OF_TASK if task == said), None)

    def section(self, name: str) -> dict[str, Any]:
        """The resolved settings of a group such as `data`; ConfigError where one is missing."""
        return _resolved(self.tree[name], name)

    def params(self, step: str, names: Iterable[str]) -> dict[str, Any]:
        """The resolved parameters of `step`, some of the `names` that its component has.

        Those of its block, and of the others those for which its groups of settings have one.
        Raises ConfigError where one is missing.
        """
        steps = self.tree.pipeline.steps
        given = steps[step].get("params") or OmegaConf.create({})
        keys = {name: self._group_key(step, name) for name in names if name not in given}
        read = {name: f"${{{key}}}" for name, key in keys.items() if key is not None}
        node = OmegaConf.create(read)
        node._set_parent(steps[step])
        where = f"pipeline.steps.{step}.params"
        return {**_resolved(given, where), **_resolved(node, where)}

    def key_of(self, step: str, param: str) -> str:
        """The setting that a step's parameter is read from, as a person would override it."""
        name, _, rest = param.partition(".")
        given = self.settings.pipeline[step].params
        value = given.get(name)
        source = re.fullmatch(r"\$\{([\w.]+)\}", value) if isinstance(value, str) else None
        key = source[1] if source else None
        if name not in given:
            key = self._group_key(step, name)
        key = key or f"pipeline.steps.{step}.params.{name}"
        return f"{key}.{rest}" if rest else key

    def _group_key(self, step: str, param: str) -> str | None:
        """The first setting called `param` in the groups that `step` names."""
        for group in self.settings.pipeline[step].settings:
            node = OmegaConf.select(self.tree, group)
            if isinstance(node, DictConfig) and param in node.keys():  # noqa: SIM118 - and if "???"
                return f"{group}.{param}"
        return None


def load(folder: Path, arguments: Sequence[str], cwd: Path) -> Config:
    """Compose the configuration in `folder` with the overrides `arguments`.

    Relative paths in `data.url` and `predict.input` are taken from `cwd`. ConfigError where
    anything is wrong, naming the key and the nearest right one.
    """
    for name, resolver in (("stem", url_stem), ("model_stem", model_stem)):
        if not OmegaConf.has_resolver(name):
            OmegaConf.register_new_resolver(name, resolver)
    overrides = [normalize(one) for one in arguments]
    try:
        return _load(folder, overrides, cwd)
    except (
        yaml.YAMLError, HydraException, OmegaConfBaseException, ValueError, RuntimeError,
    ) as error:  # fmt: skip
        raise ConfigError(unreadable_file(folder) or _first_line(error)) from error


def _load(folder: Path, overrides: Sequence[str], cwd: Path) -> Config:
    base = _base(folder)
    open_mappings = [*_OPEN_IN_MODEL, *empty_mappings(base)]
    late = late_overrides(overrides, open_mappings)
    for group in _NEEDED_GROUPS:
        if f"{group}=null" in overrides:
            raise ConfigError(_no_group(group))
    early = [one for one in overrides if one not in late]
    early += named_options(late, early, _NEEDED_GROUPS)
    tree = _compose(folder, early)
    _require_groups(tree, folder)
    for one in late:
        # Open mappings take any key of the user's, and one that is given whole replaces what was
        # there; the settings in other mappings go into what is there.
        key, value = key_and_value(one)
        OmegaConf.update(tree, key, value, merge=not is_into(one, open_mappings), force_add=True)
    place = partial(place_of, folder, early)
    refuse_unknown_keys(tree, base, place)
    _make_absolute(tree, "data", "url", cwd)
    _make_absolute(tree, "predict", "input", cwd)
    _make_absolute(tree, "predict", "output", cwd)
    if not OmegaConf.is_missing(tree.data, "target"):
        tree.data.target = column_name(tree.data.target)
    return Config(tree, _settings(tree, place), place, overrides)


def _no_group(group: str) -> str:
    return f"{group} is not given: {group}=NAME takes config/{group}/NAME.yaml."


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _require_groups(tree: DictConfig, folder: Path) -> None:
    """ConfigError where a whole group was set to something else, or taken away."""
    for group in _NEEDED_GROUPS:
        if not isinstance(tree.get(group), DictConfig):
            raise ConfigError(unreadable_file(folder) or _no_group(group))
    for key in ("steps", "env_manager", "seed"):
        if tree.get(key) is None:
            raise ConfigError(f"{key} is not given: add {key}=VALUE.")
    name = tree.data._get_node("name")
    if name is None or name._value() is None:
        raise ConfigError("data.name is not given: add data.name=NAME.")
    if not isinstance(tree.pipeline.get("steps"), DictConfig):
        raise ConfigError("pipeline.steps is not given.")


def _base(folder: Path) -> DictConfig:
    """Every key that the shipped configuration knows: config.yaml, and table.yaml as its data."""
    base: Any = OmegaConf.load(folder / "config.yaml")
    base.pop("defaults")
    base.data = OmegaConf.load(folder / "data" / "table.yaml")
    return cast(DictConfig, base)


def _compose(folder: Path, overrides: list[str]) -> DictConfig:
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(str(folder), version_base="1.3"):
        try:
            tree = hydra.compose("config", overrides=overrides)
        except MissingConfigException as error:
            raise ConfigError(_no_such_option(error, folder)) from error
        except ConfigCompositionException as error:
            known = hydra.compose("config")
            raise ConfigError(composition_problem(error, known)) from error
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(_first_line(error)) from error
    OmegaConf.set_struct(tree, False)
    return tree


def _no_such_option(error: MissingConfigException, folder: Path) -> str:
    wanted = (error.missing_cfg_file or "").removesuffix(".yaml")
    group, _, option = wanted.rpartition("/")
    options = error.options or [path.stem for path in (folder / group).glob("*.yaml")]
    if group in GROUPS:
        hint = did_you_mean(option, options)
        if group == "data":
            hint += _EXAMPLES["data"]
        return f"{group}: there is no '{option}' in config/{group}/.{hint}"
    if wanted.startswith("data/"):
        return f"'{wanted}' is no data set of config/data/: data=table data.url=FILE takes a file."
    source = re.match(r"In '([^']+)'", str(error))
    place = f"{folder.name}/{source[1]}.yaml: " if source and source[1] != "config" else ""
    return f"{place}There is no config group or file '{wanted}'.{did_you_mean(group, GROUPS)}"


def _make_absolute(tree: DictConfig, section: str, key: str, cwd: Path) -> None:
    """Turn a relative path into an absolute one: components run in folders of their own."""
    if section not in tree or OmegaConf.is_missing(tree[section], key):
        return
    value = tree[section][key]
    if isinstance(value, str) and value and not urlsplit(value).scheme:
        tree[section][key] = str((cwd / Path(value).expanduser()).resolve())


def _resolved(node: Any, where: str) -> dict[str, Any]:
    try:
        container: Any = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        raise ConfigError(_missing(error)) from error
    except InterpolationResolutionError as error:
        if "Missing mandatory value" in str(error) or "MissingMandatoryValue" in str(error):
            raise ConfigError(_missing(error)) from error
        raise ConfigError(f"{where}: {_first_line(error)}") from error
    except OmegaConfBaseException as error:
        raise ConfigError(f"{where}: {_first_line(error)}") from error
    return {str(key): value for key, value in container.items()}


def _missing(error: Exception) -> str:
    found = re.search(r"(?:Missing mandatory value: |Interpolation to )'?([\w.]+)", str(error))
    key = found[1] if found else "a setting"
    if isinstance(error, MissingMandatoryValue) and error.full_key:
        key = str(error.full_key)
    group = key.partition(".")[0]
    return f"{key} is not given: add {key}=VALUE.{_EXAMPLES.get(group, '')}"


def _settings(tree: DictConfig, place: PlaceOf) -> Settings:
    steps: dict[str, Any] = {}
    for name, node in tree.pipeline.steps.items():
        if not isinstance(node, DictConfig):
            raise ConfigError(f"pipeline.steps.{name}: a step is a block of settings.")
        params = OmegaConf.to_container(node.get("params") or OmegaConf.create({}), resolve=False)
        rest = OmegaConf.masked_copy(node, [str(key) for key in node if key != "params"])
        rest._set_parent(node._get_parent())
        steps[str(name)] = {**_resolved(rest, f"pipeline.steps.{name}"), "params": params}
    values: Mapping[str, Any] = {
        "steps": str(tree.steps),
        "cache": tree.cache,
        "force": tree.force,
        "explain": tree.explain,
        "exclude": tree.exclude,
        "jobs": cores() if tree.jobs is None else tree.jobs,
        "keep_going": tree.keep_going,
        "env_manager": tree.env_manager,
        "tracking": _resolved(tree.tracking, "tracking"),
        "pipeline": steps,
    }
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        found = [
            [re.sub(r"^pipeline\.", "pipeline.steps.", text) for text in problem]
            for problem in problems(error)
        ]
        lines = [line + place(key) for key, line in found]
        raise ConfigError("\n".join(lines)) from error
    _require_setting_groups(tree, settings)
    return settings


def _require_setting_groups(tree: DictConfig, settings: Settings) -> None:
    """Raise ConfigError where `settings` of a step name a group that there is not."""
    for name, step in settings.pipeline.items():
        for group in step.settings:
            if not isinstance(OmegaConf.select(tree, group), DictConfig):
                hint = did_you_mean(group, list(_groups(tree)))
                where = f"pipeline.steps.{name}.settings"
                raise ConfigError(f"{where}: there is no group of settings '{group}'.{hint}")


def _groups(tree: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in tree:
        node = tree._get_node(key)
        if isinstance(node, DictConfig) and not node._is_none() and str(key) != "pipeline":
            yield f"{prefix}{key!s}"
            yield from _groups(node, f"{prefix}{key!s}.")
