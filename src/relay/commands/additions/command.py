"""`relay new-component` and `relay new-pipeline`: a step or a pipeline that works at once."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence

from rich.console import Console

from relay.commands.additions import pipeline_file
from relay.commands.additions.arguments import (
    COMPONENT_HELP,
    PIPELINE_HELP,
    parse_component,
    parse_pipeline,
)
from relay.commands.additions.component_files import (
    USUAL_ENVIRONMENTS,
    NewComponent,
)
from relay.commands.additions.environment import (
    ENVIRONMENTS,
    new_environment,
    require_environment,
)
from relay.commands.additions.new_files import TESTS, NewFiles, load_pipeline
from relay.commands.additions.new_steps import MODEL, added_step, model_step
from relay.commands.additions.pipeline_file import Block, block_of_step
from relay.config.files import ConfigFiles
from relay.pipeline import plan
from relay.util.errors import ConfigError
from relay.util.paths import shown
from relay.util.project import Project

_BASES = {"model": "../model/requirements.in"}
_BASE = "../../requirements/component.in"


def new_component(project: Project, argv: Sequence[str], console: Console) -> int:
    """Write a component, its test and its step, print what to do next, return the exit status.

    Raises ConfigError if the command is wrong, RelayError if a lock cannot be made; nothing is
    written then.
    """
    if _asks_for_help(argv, console, COMPONENT_HELP):
        return 0
    given = parse_component(argv)
    additions = NewFiles(project, "new-component")
    additions.require_new(given.name)
    base, text = _pipeline_text(project, given.pipeline)
    loaded = load_pipeline(project, given.pipeline if base is None else base)
    if given.name in loaded.tree:
        raise ConfigError(
            f"new-component: '{given.name}' is the name of settings. Give another name, such as "
            f"own_{given.name}."
        )
    the_plan = plan.build(loaded.settings.pipeline)
    environment = given.environment or USUAL_ENVIRONMENTS[given.template]
    if given.template == MODEL:
        component, block = model_step(given, loaded, the_plan, environment)
    else:
        component, block = added_step(given, the_plan, environment)
    is_new = require_environment(project.root, "new-component", environment, given.packages)
    path = project.config / "pipeline" / f"{given.pipeline}.yaml"
    where = f"config/pipeline/{path.name}"
    additions.components.append(component)
    additions.texts[path] = pipeline_file.with_block(text, block, where)
    required = _BASES.get(given.template, _BASE)
    with _environment(project, environment, given.packages, required, is_new):
        additions.write(given.pipeline)
    run = f"pipeline={given.pipeline}"
    if given.template != MODEL:
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
    additions = NewFiles(project, "new-pipeline")
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
    tested = f"{TESTS.as_posix()}/{last}"
    if len(components) > 1:
        tested = f"'{TESTS.as_posix()} -k {last.rpartition('_')[0]}_'"
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
