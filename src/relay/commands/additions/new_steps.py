"""The step of a new component, in a pipeline that exists: added, or in place of the model's."""

from __future__ import annotations

from relay.commands.additions.arguments import ComponentArguments
from relay.commands.additions.component_files import USUAL_ENVIRONMENTS, NewComponent
from relay.commands.additions.pipeline_file import Block, block_of_step
from relay.config.composed import Config
from relay.pipeline.plan import Plan
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

MODEL = "model"
"""The template of models, and the type of the artifact that it makes."""
_GIVEN_TO_MODEL = ("target", "trusted_types")
"""Parameters of the template `model` that a pipeline gives to the step that it replaces."""


def added_step(
    given: ComponentArguments, the_plan: Plan, environment: str
) -> tuple[NewComponent, Block]:
    """Return the component and the step that reads an output of another step."""
    outputs = [f"{step.name}.{output}" for step in the_plan.steps for output in step.outputs]
    if given.input is None:
        raise ConfigError(
            f"new-component: --input: name the output that it reads, as STEP.OUTPUT. There is: "
            f"{', '.join(outputs)}."
        )
    if given.input not in outputs:
        raise ConfigError(
            f"new-component: --input: there is no output '{given.input}'."
            f"{did_you_mean(given.input, outputs)}"
        )
    if given.name in the_plan.names:
        raise ConfigError(
            f"new-component: pipeline={given.pipeline} has a step '{given.name}' already. Give "
            "another name."
        )
    name = given.name
    component = NewComponent(name, given.template, environment, "input", name, name)
    lines = block_of_step(name, name, given.input, name, name, name)
    return component, Block(name, lines, name, component.settings())


def model_step(
    given: ComponentArguments, loaded: Config, the_plan: Plan, environment: str
) -> tuple[NewComponent, Block]:
    """Return the component and the step that takes the place of the one that makes the model."""
    if given.input is not None:
        raise ConfigError(
            "new-component: --input: a model takes the inputs of the step whose place it takes. "
            "Leave out --input."
        )
    makers = [
        (step, output)
        for step in the_plan.steps
        for output, spec in step.outputs.items()
        if spec.type == MODEL
    ]
    if len(makers) != 1:
        raise ConfigError(
            f"new-component: --template: pipeline={given.pipeline} has {len(makers)} outputs of "
            f"the type '{MODEL}', and it must have one. Use another pipeline."
        )
    [(replaced, output)] = makers
    spec = loaded.settings.pipeline[replaced.name]
    gone = [name for name in spec.params if name not in _GIVEN_TO_MODEL]
    lines = [
        f"component: {given.name}",
        f"settings: [{', '.join([given.name, *spec.settings])}]",
    ]
    if gone:
        nulls = ", ".join(f"{name}: null" for name in gone)
        lines.append(f"params: {{{nulls}}}    # parameters that the new component does not have")
    component = NewComponent(given.name, MODEL, environment, "train", output, MODEL)
    changed = {}
    if environment != USUAL_ENVIRONMENTS[MODEL]:
        changed = dict.fromkeys(_users(the_plan, output), f"{{environment: {environment}}}")
    return component, Block(replaced.name, tuple(lines), given.name, component.settings(), changed)


def _users(the_plan: Plan, output: str) -> list[str]:
    """Return the steps with an input of the name `output`: they load the model."""
    return [step.name for step in the_plan.steps if output in step.inputs]
