"""The foreign steps as components of a Relay checkout, in an environment that Relay builds."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

STEPS = Path(__file__).with_name("steps")
SETTINGS = ("pipeline=houses", "data=houses")


@dataclass(frozen=True)
class _Step:
    """A step's artifacts, in the order of its function's arguments, and its other parameters."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: str = ""
    before: str = ""
    after: str = ""


_STEPS = {
    "get": _Step((), ("raw",), "source: str = Field()", before="run.params.source, "),
    "clean": _Step(("raw",), ("cleaned",)),
    "check": _Step(("cleaned",), ("report",)),
    "split": _Step(("cleaned",), ("train", "test")),
    "train": _Step(("train",), ("model",), "depth: int = 8", after=", depth=run.params.depth"),
    "evaluate": _Step(("model", "test"), ("scores",)),
}
_RUN = '''"""Runs {name} on artifacts."""

import sys

from {name} import {name}
from params import Params
from relay import StepRun, main


def step(run: StepRun[Params]) -> None:
    """Run {name}."""
    made = {{key: run.workspace / key for key in {outputs}}}
    {name}({before}{arguments}{after})
    for key, path in made.items():
        run.output(key, path, type=key, description=f"The {{key}}.")


if __name__ == "__main__":
    sys.exit(main(Params, step))
'''
_PARAMS = '''"""Parameters of {name}."""

from pydantic import Field
from relay import Params as BaseParams


class Params(BaseParams):
    """Parameters of {name}."""

{fields}
'''
_PROJECT = """name: {name}
conda_env: conda.yml

entry_points:
  main:
    command: PYTHONPATH=../../src python run.py
"""
_PIPELINE = """# @package _global_
train: {depth: 8}

pipeline:
  steps:
"""


def add_houses(root: Path, source: Path) -> None:
    """Add the six components, their pipeline and the file `source` to the checkout at `root`."""
    makers = {key: name for name, step in _STEPS.items() for key in step.outputs}
    pipeline = _PIPELINE
    for name, step in _STEPS.items():
        _add_component(root / "components" / name, name, step)
        inputs = ", ".join(f"{key}: {makers[key]}.{key}" for key in step.inputs)
        outputs = ", ".join(f"{key}: {{name: houses_{key}, type: {key}}}" for key in step.outputs)
        settings = "[data]" if name == "get" else "[train]" if name == "train" else "[]"
        pipeline += f"    {name}:\n      component: {name}\n      inputs: {{{inputs}}}\n"
        pipeline += f"      outputs: {{{outputs}}}\n      settings: {settings}\n"
    (root / "config" / "pipeline" / "houses.yaml").write_text(pipeline)
    (root / "config" / "data" / "houses.yaml").write_text(f"name: houses\nsource: {source}\n")


def _add_component(folder: Path, name: str, step: _Step) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(STEPS / f"{name}.py", folder)
    for file in ("conda.yml", "requirements.txt"):
        (folder / file).symlink_to(Path("../../environments/table") / file)
    (folder / "uv.toml").symlink_to("../../uv.toml")
    arguments = [
        *(f'run.input("{key}").path / "{key}"' for key in step.inputs),
        *(f'made["{key}"]' for key in step.outputs),
    ]
    text = _RUN.format(
        name=name,
        outputs=step.outputs,
        before=step.before,
        arguments=", ".join(arguments),
        after=step.after,
    )
    (folder / "run.py").write_text(text)
    fields = [f"{key}_artifact: str = Field()" for key in step.inputs]
    fields += [f'{key}_artifact: str = Field("{key}")' for key in step.outputs]
    fields += [step.params] if step.params else []
    lines = "\n".join(f"    {field}" for field in fields)
    (folder / "params.py").write_text(_PARAMS.format(name=name, fields=lines))
    (folder / "MLproject").write_text(_PROJECT.format(name=name))
