"""The step that scores the trials of a sweep, and its parameters for any settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

from relay.config import compose
from relay.config.composed import Config
from relay.config.overrides import is_into, override_for
from relay.config.schema import Settings as OrchestratorSettings
from relay.config.schema import SweepSpec
from relay.pipeline import plan
from relay.pipeline.plan import Plan
from relay.pipeline.planned_step import PlannedStep, make_planned_step, plan_steps
from relay.runtime.component import Component, load_component
from relay.sweep.search import Settings
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean
from relay.util.project import Project

DECIDED = ("steps", "exclude", "explain", "force")
"""Settings that a sweep decides itself."""


@dataclass
class ScoringStep:
    """The scoring step of the pipeline that the overrides `arguments` configure.

    Relative paths in them are read from the folder `start`.
    """

    project: Project
    arguments: Sequence[str]
    start: Path
    _composed: dict[tuple[str, ...], Config] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for argument in self.arguments:
            key = argument.lstrip("+~").partition("=")[0]
            if key in DECIDED:
                raise ConfigError(f"{key}: a sweep runs the steps that it needs. Leave it out.")

    @cached_property
    def plain(self) -> Config:
        """Return the configuration without the sweep's settings."""
        return self._compose(())

    @cached_property
    def spec(self) -> SweepSpec:
        """Return the pipeline's block about sweeps. Raises ConfigError if it is not right."""
        spec = require_sweep(self.plain.settings)
        for key, name in (("step", spec.step), ("register", spec.register_step)):
            if name is not None and name not in self.plan.names:
                hint = did_you_mean(name, self.plan.names)
                raise ConfigError(f"pipeline.sweep.{key}: there is no step '{name}'.{hint}")
        return spec

    @cached_property
    def plan(self) -> Plan:
        """Return the plan of the pipeline."""
        return plan.build(self.plain.settings.pipeline)

    def config(self, settings: Settings) -> Config:
        """Return the configuration of a trial with `settings`.

        Raises ConfigError if they cannot be composed.
        """
        groups = self._composed_groups(settings)
        composed = self._compose(tuple(override_for(*group) for group in groups.items()))
        others = {key: value for key, value in settings.items() if key not in groups}
        if any("${" in str(value) for value in others.values()):
            # a reference is checked by composing all again
            overrides = tuple(override_for(*item) for item in settings.items())
            return compose.load(self.project.config, [*self.arguments, *overrides], self.start)
        return compose.with_values(composed, others) if others else composed

    def require_keys(self, settings: Settings, keys: Sequence[str]) -> None:
        """Check that `keys` are settings, with the options that `settings` choose.

        Raises ConfigError, with the nearest name, if one is not.
        """
        config = self.config(self._composed_groups(settings))
        open_mappings = [] if config.origin is None else config.origin.files.open_mappings
        for key in keys:
            if _value(config.tree, key) is _ABSENT and not is_into(f"{key}=", open_mappings):
                overrides = [override_for(*item) for item in settings.items()]
                arguments = [*self.arguments, *overrides, f"{key}=null"]
                compose.load(self.project.config, arguments, self.start)  # its error has a hint

    def plan_step(self, config: Config) -> PlannedStep:
        """Return the scoring step with its parameters in `config`.

        Raises ConfigError if one is wrong.
        """
        return self._plan(config, self.spec.step)

    def plan_upstream(self, config: Config) -> list[PlannedStep]:
        """Return the steps upstream of the scoring step. Raises ConfigError if one is wrong."""
        upstream = self.plan.upstream(self.spec.step)
        return [self._plan(config, name) for name in self.plan.names if name in upstream]

    def _plan(self, config: Config, name: str) -> PlannedStep:
        # A setting such as the model can choose it, so it is read from each configuration.
        environment = _value(config.tree, f"pipeline.steps.{name}.environment")
        environment = None if environment is _ABSENT else environment
        step = replace(self.plan[name], environment=environment)
        component = replace(self._components[name], environment=environment)
        if environment is not None and config.settings.env_manager != "local":
            component.require_lock()
        try:
            return make_planned_step(config, step, component)
        except ValidationError:  # the same again, with a line for each mistake
            return plan_steps(self.project.components, config, self.plan, [name])[0]

    @cached_property
    def _components(self) -> dict[str, Component]:
        names = {self.spec.step, *self.plan.upstream(self.spec.step)}
        folder = self.project.components
        return {name: load_component(folder, self.plan[name].component) for name in names}

    def values(self, settings: Settings, keys: Sequence[str]) -> Settings:
        """Return the values of `keys` that exist in the configuration with `settings`."""
        tree = self.config(settings).tree
        return {key: value for key in keys if (value := _value(tree, key)) is not _ABSENT}

    def _composed_groups(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of `settings` that choose an option of a group."""
        origin = self.plain.origin
        groups = [] if origin is None else origin.files.groups
        return {key: value for key, value in settings.items() if key in groups}

    def _compose(self, overrides: tuple[str, ...]) -> Config:
        if overrides not in self._composed:
            arguments = [*self.arguments, *overrides]
            self._composed[overrides] = compose.load(self.project.config, arguments, self.start)
        return self._composed[overrides]


def require_sweep(settings: OrchestratorSettings) -> SweepSpec:
    """Return the pipeline's block about sweeps. Raises ConfigError if there is none."""
    if settings.sweep is None:
        raise ConfigError(
            "pipeline.sweep: is not set. Name the step that scores trials in config/pipeline/: "
            "`sweep: {step: NAME}`."
        )
    return settings.sweep


_ABSENT = object()


def _value(tree: DictConfig, key: str) -> Any:
    """Return the value at `key` of `tree`, or _ABSENT."""
    parent, _, name = key.rpartition(".")
    try:
        node = OmegaConf.select(tree, parent) if parent else tree
        if not isinstance(node, DictConfig) or name not in node:
            return _ABSENT
        value = node[name]
    except OmegaConfBaseException:
        return _ABSENT
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
