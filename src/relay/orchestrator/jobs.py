"""The selected steps with their parameters, checked as a whole before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from relay.errors import ConfigError
from relay.orchestrator import plan
from relay.orchestrator.config import Config
from relay.orchestrator.mlproject import Component, load_component
from relay.orchestrator.plan import Plan, Step
from relay.orchestrator.target_check import check_target
from relay.params import ARTIFACT_SUFFIX, Params, problems, to_text


@dataclass(frozen=True)
class Job:
    """A step that is to be run: its component and its resolved parameters."""

    step: Step
    component: Component
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.step.name

    def arguments(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Every parameter of the component's command as text; `inputs` are references by key."""
        artifacts = dict(inputs)
        artifacts |= {key: output.name for key, output in self.step.outputs.items()}
        named = {f"{key}{ARTIFACT_SUFFIX}": value for key, value in artifacts.items()}
        return named | {key: to_text(value) for key, value in self.params.items()}


def make_jobs(components: Path, config: Config, the_plan: Plan) -> list[Job]:
    """The selected steps, in the plan's order; ConfigError with all that is wrong with them."""
    loaded = {step.name: load_component(components, step.component) for step in the_plan.steps}
    jobs = [
        Job(the_plan[name], loaded[name], config.params(name))
        for name in plan.select(the_plan, config.settings.steps)
    ]
    found: list[str] = []
    valid: list[tuple[Component, Params]] = []
    for job in jobs:
        inputs = {key: source.reference for key, source in job.step.inputs.items()}
        arguments = job.arguments(inputs)
        job.component.require_declared(arguments, job.name)
        try:
            valid.append((job.component, job.component.params_type.model_validate(arguments)))
        except ValidationError as error:
            found += [_with_key(config, job.name, *problem) for problem in problems(error)]
    if found:
        raise ConfigError("\n".join(dict.fromkeys(found)))
    if any(config.reads(job.name, "data.url") for job in jobs):
        check_target(config)
    for component, params in valid:
        if component.check is not None:
            component.check(params)
    return jobs


def _with_key(config: Config, step: str, param: str, line: str) -> str:
    """A parameter's problem, told of the setting that the parameter is read from."""
    if not param:
        return f"step '{step}': {line}"
    return f"{config.key_of(step, param)}{line.removeprefix(param)}"
