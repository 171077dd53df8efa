"""The text of a project's own pipeline: a new one, or one with another step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from relay.util.errors import ConfigError

_MARK = "# Written by `relay "
_SECTION = "\npipeline:\n"


@dataclass(frozen=True)
class Block:
    """A step to add: the lines of its block, and those of its group of settings."""

    step: str
    lines: tuple[str, ...]
    group: str = ""
    settings: str = ""
    """The lines below `group`, with their indentation; "" if it has no settings of its own."""
    changed: Mapping[str, str] = field(default_factory=dict)
    """What the blocks of other steps get, as YAML on one line."""

    def text(self) -> str:
        """Return the block as it is below `steps`."""
        lines = [f"    {self.step}:", *(f"      {line}" for line in self.lines)]
        lines += [f"    {step}: {value}" for step, value in self.changed.items()]
        return "\n".join(lines) + "\n"

    def group_text(self) -> str:
        """Return its group of settings as it is at the top level."""
        return f"{self.group}:\n{self.settings}" if self.settings else ""


def block_of_step(
    step: str, component: str, input: str | None, output: str, type: str, group: str
) -> tuple[str, ...]:
    """Return the lines of a block: `input` is STEP.OUTPUT, `group` that of its settings."""
    return (
        f"component: {component}",
        *([] if input is None else [f"inputs: {{input: {input}}}"]),
        "outputs:",
        f'  {output}: {{name: "${{data.name}}_{output}", type: {type}}}',
        f"settings: [{group}]",
    )


def built_on(base: str, name: str) -> str:
    """Return the text of a new pipeline with all steps of `base`; blocks are added at its end."""
    return (
        f"# @package _global_\n{_MARK}new-component`; it is yours now. It has the steps of "
        f"pipeline={base} and those below.\n# To run it, in the project's folder: "
        f"./relay run pipeline={name}\ndefaults: [{base}@pipeline]\n{_SECTION}  steps:\n"
    )


def with_block(text: str, block: Block, where: str) -> str:
    """Return the text of a pipeline's file `where` with another step.

    Raises ConfigError if this command did not write the file, or if it was changed so that the
    step cannot be added.
    """
    if _MARK not in text:
        raise ConfigError(
            f"{where}: this command did not write the file, so it does not change it. Leave out "
            "--pipeline, or name a new pipeline, or one that the command has written."
        )
    taken = _steps_in(text) & {block.step, *block.changed}
    if taken:
        raise ConfigError(
            f"{where}: it has a block for the step '{min(taken)}' already. Remove that from the "
            "file, or name a new pipeline: --pipeline NAME."
        )
    before, found, after = text.partition(_SECTION)
    steps = after if after.endswith("\n") else f"{after}\n"
    group = f"\n{block.group_text()}" if block.settings else ""
    added = f"{before.rstrip()}\n{group}{_SECTION}{steps}{block.text()}"
    if not found or not _adds(text, added, block):
        raise ConfigError(
            f"{where}: the step cannot be added, as `pipeline:` with its `steps:` is not the last "
            f"part of the file. Move it to the end, or add this to it:\n{block.group_text()}"
            f"pipeline:\n  steps:\n{block.text()}"
        )
    return added


def _steps_in(text: str) -> set[str]:
    """Return the steps that the file itself has a block for."""
    pipeline = (yaml.safe_load(text) or {}).get("pipeline") or {}
    return set(pipeline.get("steps") or {})


def _adds(text: str, added: str, block: Block) -> bool:
    """Return whether `added` is `text` with the block, and nothing else."""
    try:
        before, after = yaml.safe_load(text), yaml.safe_load(added)
        own = yaml.safe_load(f"{block.group_text()}pipeline:\n  steps:\n{block.text()}")
    except yaml.YAMLError:
        return False
    steps = before["pipeline"].get("steps") or {}
    expected: dict[str, Any] = {**before, **own}
    expected["pipeline"] = {
        **before["pipeline"],
        "steps": {**steps, **own["pipeline"]["steps"]},
    }
    return bool(after == expected)


def new_pipeline(name: str, blocks: list[Block]) -> str:
    """Return the text of a pipeline of another kind of data, config/data/`name`.yaml."""
    head = (
        f"# @package _global_\n{_MARK}new-pipeline {name}`; it is yours now.\n"
        f"# To run it, in the project's folder: ./relay run pipeline={name} data.folder=FOLDER\n"
        f"defaults:\n  - override /data: {name}\n"
    )
    groups = "".join(f"\n{block.group_text()}" for block in blocks if block.settings)
    steps = "".join(block.text() for block in blocks)
    return f"{head}{groups}{_SECTION}  steps:\n{steps}"


def new_data(name: str) -> str:
    """Return the text of config/data/`name`.yaml."""
    return (
        f"# Files in a folder: ./relay run pipeline={name} data.folder=FOLDER\n\n"
        f"name: {name}\n"
        f"{'folder: ???':<29} # of the files\n"
        f"""{"pattern: '*'":<29} # which files, such as *.txt; **/*.txt: also in folders below\n"""
    )
