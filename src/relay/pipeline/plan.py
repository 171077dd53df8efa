"""The plan: the steps, their inputs and outputs, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from relay.config.schema import OutputSpec, StepSpec
from relay.step.resources import Resources
from relay.tracking.references import Reference
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean


@dataclass(frozen=True)
class Source:
    """The source of an input: an output of a step, or an artifact of the store."""

    step: str | None
    output: str | None
    reference: str


@dataclass(frozen=True)
class Step:
    """A node of the pipeline; `needs` are the steps that must be done before it."""

    name: str
    component: str
    inputs: Mapping[str, Source]
    outputs: Mapping[str, OutputSpec]
    needs: tuple[str, ...]
    on_request: bool
    cache: bool = True
    state: tuple[str, ...] = ()
    """Artifacts that it reads besides its inputs, as name and alias."""
    network: bool = False
    environment: str | None = None
    """The folder in environments/ that it runs in; None for that of its component."""
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True)
class Plan:
    """All steps, each after the steps that it needs."""

    steps: tuple[Step, ...]

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    @property
    def names(self) -> list[str]:
        """Return the names of all steps, in order."""
        return [step.name for step in self.steps]

    def upstream(self, name: str) -> set[str]:
        """Return the steps that lead to `name`."""
        direct = set(self[name].needs)
        return direct.union(*(self.upstream(step) for step in direct))

    def downstream(self, name: str) -> set[str]:
        """Return the steps that follow from `name`, but for those that run on request only."""
        return {
            step.name
            for step in self.steps
            if name in self.upstream(step.name) and not step.on_request
        }


def build(specs: Mapping[str, StepSpec]) -> Plan:
    """Return the plan of the steps in the settings.

    Raises ConfigError if a step or an output is unknown, steps wait for each other, or two steps
    make the same artifact.
    """
    makers: dict[str, str] = {}
    steps: dict[str, Step] = {}
    for name, spec in specs.items():
        for key, output in spec.outputs.items():
            where = f"{name}.{key}"
            other = makers.setdefault(output.name, where)
            if other != where:
                raise ConfigError(
                    f"pipeline.steps.{name}.outputs.{key}: artifact '{output.name}' is also made "
                    f"by {other}. Give one of them another name."
                )
        both = set(spec.inputs) & set(spec.outputs)
        if both:
            raise ConfigError(
                f"pipeline.steps.{name}: '{sorted(both)[0]}' is an input and an output. Give one "
                "of them another name."
            )
        inputs = {
            key: _source(specs, name, key, text)
            for key, text in spec.inputs.items()
            if text is not None
        }
        for other in spec.after:
            _require_step(specs, other, f"pipeline.steps.{name}.after")
        needs = [source.step for source in inputs.values() if source.step] + spec.after
        steps[name] = Step(
            name=name,
            component=spec.component,
            inputs=inputs,
            outputs=spec.outputs,
            needs=tuple(dict.fromkeys(needs)),
            on_request=spec.on_request,
            cache=spec.cache,
            state=tuple(str(Reference.parse(text)) for text in spec.state),
            environment=spec.environment,
            resources=spec.resources,
            network=spec.network,
        )
    return Plan(tuple(steps[name] for name in _order(steps)))


def select(plan: Plan, steps: str, exclude: str | None = None) -> list[str]:
    """Return the steps that `steps` asks for and `exclude` does not, in the plan's order.

    `all` is every step that does not run on request only, `a,b` these two, `a+` a and the steps
    downstream of it, `+a` a and the steps upstream of it.

    Raises ConfigError if a step is unknown, or none is left.
    """
    chosen = _chosen(plan, steps, "steps")
    if exclude is not None:
        chosen -= _chosen(plan, exclude, "exclude")
        if not chosen:
            raise ConfigError(
                f"exclude: leaves no step of steps={steps} (got {exclude}). Exclude fewer."
            )
    return [name for name in plan.names if name in chosen]


def _chosen(plan: Plan, expression: str, where: str) -> set[str]:
    chosen: set[str] = set()
    for part in map(str.strip, expression.split(",")):
        name = part.strip("+")
        if not name:
            raise ConfigError(
                f"{where}: a step's name is missing (got '{expression}'). Write names with commas "
                "between them, such as train,evaluate."
            )
        if name == "all":
            chosen |= {step.name for step in plan.steps if not step.on_request}
            continue
        _require_step(plan.names, name, where)
        chosen.add(name)
        if part.startswith("+"):
            chosen |= plan.upstream(name)
        if part.endswith("+"):
            chosen |= plan.downstream(name)
    return chosen


def names_in(plan: Plan, names: str | None, where: str) -> list[str]:
    """Return the steps in `names`, such as `a,b`; `where` is the setting, for messages.

    Raises ConfigError if a step is not in the plan.
    """
    steps = [name.strip() for name in (names or "").split(",") if name.strip()]
    for step in steps:
        _require_step(plan.names, step, where)
    return steps


def _source(specs: Mapping[str, StepSpec], step: str, key: str, text: str) -> Source:
    if ":" in text or "/" in text or "." not in text:
        return Source(None, None, str(Reference.parse(text)))
    where = f"pipeline.steps.{step}.inputs.{key}"
    maker, _, output = text.partition(".")
    _require_step(specs, maker, where)
    outputs = specs[maker].outputs
    if output not in outputs:
        raise ConfigError(
            f"{where}: step '{maker}' has no output '{output}'.{did_you_mean(output, outputs)}"
        )
    return Source(maker, output, f"{outputs[output].name}:latest")


def _require_step(names: Iterable[str], name: str, where: str) -> None:
    steps = list(names)
    if name not in steps:
        hint = did_you_mean(name, steps)
        raise ConfigError(f"{where}: there is no step '{name}'.{hint}")


def _order(steps: Mapping[str, Step]) -> list[str]:
    """Return the steps in topological order; else they stay in the order of the settings."""
    sorter = TopologicalSorter({name: step.needs for name, step in steps.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ConfigError(
            f"pipeline.steps: these steps wait for each other: {circle}. Remove an input or an "
            "`after` of one of them."
        ) from error
    position = {name: number for number, name in enumerate(steps)}
    order: list[str] = []
    waiting: list[str] = []
    while sorter.is_active():
        waiting = sorted([*waiting, *sorter.get_ready()], key=position.__getitem__)
        first = waiting.pop(0)
        order.append(first)
        sorter.done(first)
    return order
