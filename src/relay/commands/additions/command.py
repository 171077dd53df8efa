"""`relay new-component` and `relay new-pipeline`: a step or a pipeline that works at once."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from relay.commands.additions import pipeline_file
from relay.commands.additions.arguments import (
    COMPONENT_HELP,
    PIPELINE_HELP,
    ComponentArguments,
    parse_component,
    parse_pipeline,
)
from relay.commands.additions.component_files import (
    USUAL_ENVIRONMENTS,
    NewComponent,
    write_component,
    write_test,
)
from relay.commands.additions.environment import (
    ENVIRONMENTS,
    new_environment,
    require_environment,
)
from relay.commands.additions.pipeline_file import Block, block_of_step
from relay.config import compose as config
from relay.config.composed import Config
from relay.config.files import ConfigFiles
from relay.pipeline import plan
from relay.pipeline.plan import Plan
from relay.runtime.component import load_component
from relay.util.errors import ConfigError
from relay.util.files import write_text
from relay.util.names import did_you_mean
from relay.util.paths import shown
from relay.util.project import Project

_GIVEN_TO_MODEL = ("target", "trusted_types")
"""Parameters of the template `model` that a pipeline gives to the step that it replaces."""
_TESTS = Path("tests", "unit", "components")
_BASES = {"model": "../model/requirements.in"}
_BASE = "../../requirements/component.in"
_MODEL = "model"
"""The type of the artifact that a component made from the template `model` makes."""


def new_component(project: Project, argv: Sequence[str], console: Console) -> int:
    """Write a component, its test and its step, print what to do next, return the exit status.

    Raises ConfigError if the command is wrong, RelayError if a lock cannot be made; nothing is
    written then.
    """
    if _asks_for_help(argv, console, COMPONENT_HELP):
        return 0
    given = parse_component(argv)
    additions = _Additions(project, "new-component")
    additions.require_new(given.name)
    base, text = _pipeline_text(project, given.pipeline)
    loaded = _load(project, given.pipeline if base is None else base)
    if given.name in loaded.tree:
        raise ConfigError(
            f"new-component: '{given.name}' is the name of settings. Give another name, such as "
            f"own_{given.name}."
        )
    the_plan = plan.build(loaded.settings.pipeline)
    environment = given.environment or USUAL_ENVIRONMENTS[given.template]
    if given.template == _MODEL:
        component, block = _model_step(given, loaded, the_plan, environment)
    else:
        component, block = _added_step(given, the_plan, environment)
    is_new = require_environment(project.root, "new-component", environment, given.packages)
    path = project.config / "pipeline" / f"{given.pipeline}.yaml"
    where = f"config/pipeline/{path.name}"
    additions.components.append(component)
    additions.texts[path] = pipeline_file.with_block(text, block, where)
    required = _BASES.get(given.template, _BASE)
    with _environment(project, environment, given.packages, required, is_new):
        additions.write(given.pipeline)
    run = f"pipeline={given.pipeline}"
    if given.template != _MODEL:
        run += f" steps=+{block.step}"
    _print_next(
        console, project, [component], f"the step '{block.step}' in {where}", run,
        f"{ENVIRONMENTS}/{environment}" if is_new else "",
    )  # fmt: skip
    return 0


def new_pipeline(project: Project, argv: Sequence[str], console: Console) -> int:
    """Write a pipeline, its settings, components and tests; as `new_component`."""
    if _asks_for_help(argv, console, PIPELINE_HELP):
        return 0
    given = parse_pipeline(argv)
    additions = _Additions(project, "new-pipeline")
    environment = given.environment or USUAL_ENVIRONMENTS["source"]
    is_new = require_environment(project.root, "new-pipeline", environment, given.packages)
    blocks: list[Block] = []
    source: str | None = None
    for step in given.steps:
        name = f"{given.name}_{step}"
        additions.require_new(name)
        is_first = source is None
        component = NewComponent(
            name, "source" if is_first else "files", environment, "input", step, step
        )
        group = "data" if is_first else name
        lines = block_of_step(step, name, source, step, step, group)
        blocks.append(Block(step, lines, group, component.settings()))
        additions.components.append(component)
        source = f"{step}.{step}"
    for folder, text in (
        ("data", pipeline_file.new_data(given.name)),
        ("pipeline", pipeline_file.new_pipeline(given.name, blocks)),
    ):
        path = project.config / folder / f"{given.name}.yaml"
        if path.exists():
            raise ConfigError(
                f"new-pipeline: config/{folder}/{path.name} exists already. Give another name."
            )
        additions.texts[path] = text
    with _environment(project, environment, given.packages, _BASE, is_new):
        additions.write(given.name)
    files = f"config/pipeline/{given.name}.yaml and config/data/{given.name}.yaml"
    _print_next(
        console, project, additions.components, files,
        f"pipeline={given.name} data.folder=FOLDER",
        f"{ENVIRONMENTS}/{environment}" if is_new else "",
    )  # fmt: skip
    return 0


@dataclass
class _Additions:
    """The files that a command writes: all or none of them."""

    project: Project
    command: str
    components: list[NewComponent] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    """Files of config/, in the order in which they are written."""

    def require_new(self, name: str) -> None:
        """Check that there is no component `name` and no test of it. Raises ConfigError if so."""
        for place in (Path("components", name), _TESTS / name):
            if (self.project.root / place).exists():
                raise ConfigError(
                    f"{self.command}: {place.as_posix()} exists already. Give another name."
                )

    def write(self, pipeline: str) -> None:
        """Write the files, and check that `pipeline` can be read with them.

        Raises ConfigError if it cannot; nothing is left then.
        """
        before = {path: path.read_text("utf-8") for path in self.texts if path.exists()}
        folders: list[Path] = []
        try:
            for component in self.components:
                folders += [
                    self.project.components / component.name,
                    self.project.root / _TESTS / component.name,
                ]
                write_component(component, folders[-2])
                write_test(component, folders[-1])
            for path, text in self.texts.items():
                write_text(path, text)
            self._require_valid(pipeline)
        except BaseException:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            for path in self.texts:
                path.unlink(missing_ok=True)
                if path in before:
                    write_text(path, before[path])
            raise

    def _require_valid(self, pipeline: str) -> None:
        try:
            plan.build(_load(self.project, pipeline).settings.pipeline)
            for component in self.components:
                load_component(self.project.components, component.name)
        except ConfigError as error:
            raise ConfigError(f"{self.command}: nothing was written: {error}") from error


def _asks_for_help(argv: Sequence[str], console: Console, text: str) -> bool:
    is_asked = any(word in ("--help", "-h") for word in argv)
    if is_asked:
        console.print(text, markup=False, highlight=False)
    return is_asked


def _pipeline_text(project: Project, name: str) -> tuple[str | None, str]:
    """Return the text of the pipeline `name`, and the pipeline that a new one is built on."""
    path = project.config / "pipeline" / f"{name}.yaml"
    if path.exists():
        return None, path.read_text(encoding="utf-8")
    base = ConfigFiles.read(project.config).options["pipeline"]
    return base, pipeline_file.built_on(str(base), name)


def _load(project: Project, pipeline: str) -> Config:
    return config.load(project.config, [f"pipeline={pipeline}"], project.root)


def _added_step(
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


def _model_step(
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
        if spec.type == _MODEL
    ]
    if len(makers) != 1:
        raise ConfigError(
            f"new-component: --template: pipeline={given.pipeline} has {len(makers)} outputs of "
            f"the type '{_MODEL}', and it must have one. Use another pipeline."
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
    component = NewComponent(given.name, _MODEL, environment, "train", output, _MODEL)
    changed = {}
    if environment != USUAL_ENVIRONMENTS[_MODEL]:
        changed = dict.fromkeys(_users(the_plan, output), f"{{environment: {environment}}}")
    return component, Block(replaced.name, tuple(lines), given.name, component.settings(), changed)


def _users(the_plan: Plan, output: str) -> list[str]:
    """Return the steps with an input of the name `output`: they load the model."""
    return [step.name for step in the_plan.steps if output in step.inputs]


@contextlib.contextmanager
def _environment(
    project: Project, name: str, packages: tuple[str, ...], base: str, is_new: bool
) -> Iterator[None]:
    """Make the environment `name` around the block, if it is new."""
    if not is_new:
        yield
        return
    with new_environment(project.root, name, packages, base):
        yield


def _print_next(
    console: Console,
    project: Project,
    components: Sequence[NewComponent],
    files: str,
    run: str,
    environment: str,
) -> None:
    """Print what was written, and the next commands, from the present folder."""
    names = [f"components/{component.name}" for component in components]
    written = ", ".join([*names, *([environment] if environment else [])])
    script = shown(project.root / "relay")
    relay = shlex.quote(script if os.sep in script else f"./{script}")
    last = components[-1].name
    tested = f"{_TESTS.as_posix()}/{last}"
    if len(components) > 1:
        tested = f"'{_TESTS.as_posix()} -k {last.rpartition('_')[0]}_'"
    steps = [
        (f"{relay} run {run}", "run it"),
        (f"make test ARGS={tested}", "run its tests"),
        (f"{names[-1]}/run.py", "write your code here, its parameters in params.py"),
    ]
    width = max(len(command) for command, _ in steps)
    lines = [
        f"Wrote {written}, with tests, and {files}.",
        *(f"  {command:<{width}}   {purpose}" for command, purpose in steps),
        "docs/guides/own-pipeline.md shows the way from here.",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
