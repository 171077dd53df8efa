"""The foreign steps run by other means: as plain processes, by DVC, by Kedro."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkout import Cost, measure
from benchmarks.foreign.relay import STEPS

LOCK = Path(__file__).resolve().parents[2] / "environments" / "table" / "requirements.txt"
VERSIONS = {"dvc": "3.67.1", "kedro": "1.7.0", "flaml[automl]": "2.7.0"}
LIBRARIES = ("pandas", "scikit-learn", "joblib")

# Each step's command; `{depth}` is the parameter that a run changes.
COMMANDS = {
    "get": ("{source}", "raw"),
    "clean": ("raw", "cleaned"),
    "check": ("cleaned", "report"),
    "split": ("cleaned", "train", "test"),
    "train": ("train", "model", "--depth", "{depth}"),
    "evaluate": ("model", "test", "scores"),
}
_MADE = {
    "get": ("raw",), "clean": ("cleaned",), "check": ("report",), "split": ("train", "test"),
    "train": ("model",), "evaluate": ("scores",),
}  # fmt: skip


def make_environment(folder: Path, *peers: str, libraries: Sequence[str] = LIBRARIES) -> Path:
    """Make an environment with `peers`, and `libraries` as Relay locks them; return its `bin`."""
    pins = [f"{name}=={VERSIONS[name]}" for name in peers]
    lock = LOCK.read_text(encoding="utf-8")
    for name in libraries:
        match = re.search(rf"^{name}==[^\s;\\]+", lock, re.MULTILINE)
        if match is None:
            raise SystemExit(f"{LOCK.name} does not have {name}")
        pins.append(match.group())
    if not folder.is_dir():
        subprocess.run(["uv", "venv", "--quiet", "--python", "3.11", folder], check=True)
        python = str(folder / "bin" / "python")
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", python, *pins], check=True)
    return folder / "bin"


@dataclass
class Plain:
    """One process per step, one after another."""

    folder: Path
    bin: Path
    source: Path

    def run(self, depth: int) -> Cost:
        """Run all steps."""
        self.folder.mkdir(parents=True, exist_ok=True)
        costs = [
            measure([str(self.bin / "python"), str(STEPS / f"{name}.py"), *words], self.folder)
            for name, words in _commands(self.source, depth).items()
        ]
        return sum(costs[1:], costs[0])


@dataclass
class Dvc:
    """A stage of dvc.yaml per step, in a repository of its own."""

    folder: Path
    bin: Path
    source: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        shutil.copytree(STEPS, self.folder / "steps")
        lines = ["stages:"]
        for name, words in COMMANDS.items():
            command = " ".join(("python", f"steps/{name}.py", *words))
            command = command.format(source=self.source, depth="${depth}")
            files = [word for word in words if re.fullmatch("[a-z]+", word)]
            used = [f"steps/{name}.py", *(file for file in files if file not in _MADE[name])]
            lines += [f"  {name}:", f"    cmd: {command}"]
            lines += [f"    deps: [{', '.join([*used, *_sources(name, self.source)])}]"]
            lines += [f"    outs: [{', '.join(_MADE[name])}]"]
            lines += ["    params: [depth]"] if "{depth}" in words else []
        (self.folder / "dvc.yaml").write_text("\n".join(lines) + "\n")
        git = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
        for setup in (
            ["git", "init", "--quiet"],
            [str(self.bin / "dvc"), "init", "--quiet"],
            [str(self.bin / "dvc"), "config", "core.analytics", "false"],
            [*git, "commit", "--quiet", "--message", "begin"],
        ):
            subprocess.run(setup, cwd=self.folder, check=True)

    def run(self, depth: int) -> Cost:
        """Run the stages that changed."""
        (self.folder / "params.yaml").write_text(f"depth: {depth}\n")
        return measure([str(self.bin / "dvc"), "repro"], self.folder, _path(self.bin))


_KEDRO = {
    "pyproject.toml": """[tool.kedro]
package_name = "houses"
project_name = "houses"
kedro_init_version = "{version}"
source_dir = "src"
""",
    "src/houses/__init__.py": "",
    "src/houses/settings.py": "",
    "src/houses/pipeline_registry.py": """
import json
import sys
from pathlib import Path

from kedro.pipeline import Pipeline, node

sys.path.insert(0, "steps")
from check import check
from clean import clean
from evaluate import evaluate
from get import get
from split import split
from train import train


def stage(work, *made, **more):
    def run(*used):
        work(*used, *made, **more)
        return made[0] if len(made) == 1 else made

    run.__name__ = work.__name__
    return run


def register_pipelines():
    depth = json.loads(Path("params.json").read_text())["depth"]
    nodes = [
        node(stage(get, "raw"), "params:source", "raw"),
        node(stage(clean, "cleaned"), "raw", "cleaned"),
        node(stage(check, "report"), "cleaned", "report"),
        node(stage(split, "train", "test"), "cleaned", ["train", "test"]),
        node(stage(train, "model", depth=depth), "train", "model"),
        node(stage(evaluate, "scores"), ["model", "test"], "scores"),
    ]
    return {{"__default__": Pipeline(nodes)}}
""",
    "conf/base/parameters.yml": "source: {source}\n",
    "conf/base/catalog.yml": "{{}}\n",
    "conf/local/credentials.yml": "{{}}\n",
}


@dataclass
class Kedro:
    """A node per step, all in one process."""

    folder: Path
    bin: Path
    source: Path

    def __post_init__(self) -> None:
        for name, text in _KEDRO.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(version=VERSIONS["kedro"], source=self.source))
        shutil.copytree(STEPS, self.folder / "steps")

    def run(self, depth: int) -> Cost:
        """Run all nodes, which is what Kedro does."""
        (self.folder / "params.json").write_text(f'{{"depth": {depth}}}')
        environ = {**_path(self.bin), "KEDRO_DISABLE_TELEMETRY": "1"}
        return measure([str(self.bin / "kedro"), "run"], self.folder, environ)


def _commands(source: Path, depth: int) -> Mapping[str, Sequence[str]]:
    return {
        name: [word.format(source=source, depth=depth) for word in words]
        for name, words in COMMANDS.items()
    }


def _sources(name: str, source: Path) -> list[str]:
    return [str(source)] if "{source}" in COMMANDS[name] else []


def _path(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
