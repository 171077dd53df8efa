"""The selected steps with their parameters, checked as a whole before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from relay.config.composed import Config
from relay.pipeline import plan
from relay.pipeline.plan import Plan, Step
from relay.pipeline.unread_settings import refuse_unread_settings
from relay.runtime.component import Component, load_component
from relay.step.params import ARTIFACT_SUFFIX, Params, decides_content, is_path, is_written, to_text
from relay.step.resources import Resources
from relay.util.errors import ConfigError
from relay.util.redact import redact
from relay.util.validation_messages import word_problems


@dataclass(frozen=True)
class PlannedStep:
    """A step of a run: its component and its resolved parameters."""

    step: Step
    component: Component
    params: Mapping[str, Any]
    """The values in the settings."""
    settings: Mapping[str, str]
    """The key in the settings of each of `params`."""
    valid: Params
    """All parameters, including those of artifacts, as the component reads them."""

    @property
    def name(self) -> str:
        """Return the name of the step."""
        return self.step.name

    @property
    def resources(self) -> Resources:
        """Return what the step gets, and may not exceed."""
        return self.step.resources

    @property
    def references(self) -> dict[str, str]:
        """Return the references of the plan to the inputs, by key."""
        return {key: source.reference for key, source in self.step.inputs.items()}

    @property
    def plain_params(self) -> dict[str, Any]:
        """Return the parameters as plain values, without inputs and without secrets."""
        inputs = {f"{key}{ARTIFACT_SUFFIX}" for key in self.step.inputs}
        values = self.valid.model_dump(mode="json")
        return {
            key: redact(value) if isinstance(value, str) else value
            for key, value in values.items()
            if key not in inputs
        }

    @property
    def content_params(self) -> dict[str, Any]:
        """Return the `plain_params` that decide the outputs' content: no names, no limits.

        They are compared with those of stored outputs; the cache key has all `plain_params`.
        """
        fields = self.component.params_type.model_fields
        return {
            key: value
            for key, value in self.plain_params.items()
            if not key.endswith(ARTIFACT_SUFFIX) and decides_content(fields[key])
        }

    def within(self, environment: str) -> PlannedStep:
        """Return the step in another environment, a folder in environments/.

        Raises ConfigError if it does not exist.
        """
        component = replace(self.component, environment=environment)
        component.require_lock()
        return replace(self, component=component)

    def source_state(self) -> str | None:
        """Return the state of the component's source, or None if it cannot be determined."""
        return self.component.source_state(self.valid)

    def arguments(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters of the component's command as text; `inputs` are references by key.

        Parameters that are null are left out, as that is their default.
        """
        values = _values(self.step, self.params, inputs)
        return {name: to_text(value) for name, value in values.items() if value is not None}


def make_planned_steps(components: Path, config: Config, the_plan: Plan) -> list[PlannedStep]:
    """Return the selected steps with their parameters, in the plan's order.

    Raises ConfigError with a line for each mistake.
    """
    selected = plan.select(the_plan, config.settings.steps, config.settings.exclude)
    return plan_steps(components, config, the_plan, selected)


def plan_steps(
    components: Path, config: Config, the_plan: Plan, names: Sequence[str]
) -> list[PlannedStep]:
    """Return the steps `names` with their parameters, in this order.

    Raises ConfigError with a line for each mistake, and if the component of any step is wrong.
    """
    loaded = {step.name: load_component(components, step.component) for step in the_plan.steps}
    fields = {name: component.params_type.model_fields for name, component in loaded.items()}
    refuse_unread_settings(config, fields)
    planned_steps: list[PlannedStep] = []
    lines: list[str] = []
    for name in names:
        component = replace(loaded[name], environment=the_plan[name].environment)
        try:
            planned_steps.append(make_planned_step(config, the_plan[name], component))
        except ValidationError as error:
            lines += _lines(config, name, component, error)
    if lines:
        raise ConfigError("\n".join(dict.fromkeys(lines)))
    if config.settings.env_manager != "local":
        for planned in planned_steps:
            planned.component.require_lock()
    return planned_steps


def make_planned_step(config: Config, step: Step, component: Component) -> PlannedStep:
    """Return `step` with its parameters.

    Raises ConfigError if a parameter is missing or unknown, ValidationError if a value is wrong.
    """
    _make_paths_absolute(config, step.name, component)
    fields = component.params_type.model_fields
    given = config.params(step.name, fields)
    # Null takes a parameter away that the block of another pipeline gives, which this is built on.
    params = {name: value for name, value in given.items() if value is not None or name in fields}
    references = {key: source.reference for key, source in step.inputs.items()}
    values = _values(step, params, references)
    component.require_params(values, step.name)
    texts = {name: to_text(value) for name, value in values.items()}
    settings = {name: config.key_of(step.name, name) for name in params}
    return PlannedStep(
        step, component, params, settings, component.params_type.model_validate(texts)
    )


def _make_paths_absolute(config: Config, step: str, component: Component) -> None:
    """Make the settings of the paths among the parameters of `component` absolute."""
    for name, field in component.params_type.model_fields.items():
        if is_path(field):
            config.make_absolute(config.key_of(step, name), is_written=is_written(field))


def _values(step: Step, params: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of all parameters of `step`; `inputs` are references by key."""
    artifacts = dict(inputs)
    artifacts |= {key: output.name for key, output in step.outputs.items()}
    return {f"{key}{ARTIFACT_SUFFIX}": value for key, value in artifacts.items()} | dict(params)


def _lines(config: Config, step: str, component: Component, error: ValidationError) -> list[str]:
    """Return a line for each wrong parameter of `step`, with the setting that it is read from."""
    problems = word_problems(error, component.params_type, partial(config.key_of, step))
    return [f"{line}{config.place_of(key)}" if key else f"{step}: {line}" for key, line in problems]
