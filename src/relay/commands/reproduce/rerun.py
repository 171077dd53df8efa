"""Runs a recipe in a scratch checkout and store, in its own process, as a process has one store.

python -m relay.commands.reproduce.rerun RECIPE.json
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich.console import Console

from relay.config.composed import Config
from relay.config.schema import Settings, cores
from relay.pipeline import plan
from relay.pipeline.orchestrator import run_pipeline
from relay.pipeline.planned_step import make_planned_steps
from relay.tracking import Draft, RunSpec, TrackingSettings, open_backend
from relay.tracking.interface import Backend
from relay.util.errors import RelayError
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.streams import lasting_output

PROJECT = "reproduce"
RESULTS = "results.json"


def main(path: Path) -> int:
    """Run the recipe in the file `path` in the scratch checkout; return the exit status."""
    recipe = json.loads(path.read_text(encoding="utf-8"))
    project = Project(path.parent)
    with lasting_output():
        return _run(project, recipe)


def _run(project: Project, recipe: dict[str, Any]) -> int:
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        tracking = TrackingSettings("local", PROJECT)
        backend = open_backend(tracking, project.root)
        _store(backend, recipe["given"])
        config = _config(recipe)
        the_plan = plan.build(config.settings.pipeline)
        planned_steps = make_planned_steps(project.components, config, the_plan)
        status = run_pipeline(
            project, config, tracking, the_plan, planned_steps, console, scratch=True
        )
        if status == 0:
            _fetch(backend, project, recipe["made"])
    except RelayError as error:
        console.print(f"Error: {redact(str(error))}", markup=False, highlight=False)
        return error.exit_code
    return status


def _store(backend: Backend, given: dict[str, dict[str, Any]]) -> None:
    run = backend.start_run(RunSpec(uuid.uuid4().hex[:16], "given", "given"))
    drafts = [
        Draft(name, artifact["type"], Path(artifact["folder"]), "", artifact["metadata"])
        for name, artifact in given.items()
    ]
    list(run.log_artifacts(drafts))
    run.finish("succeeded")


def _config(recipe: dict[str, Any]) -> Config:
    settings = Settings.model_validate(
        {
            "steps": "all",
            "cache": False,
            "force": None,
            "explain": False,
            "exclude": None,
            "jobs": cores(),
            "keep_going": False,
            "env_manager": recipe["env_manager"],
            "tracking": {
                "backend": "local", "project": PROJECT, "entity": None, "group": None,
                "registry": None, "tags": [], "notes": None,
            },
            "pipeline": recipe["steps"],
        }
    )  # fmt: skip
    # The recorded values are plain: "${" in one is not a reference.
    steps = json.loads(json.dumps(recipe["steps"]).replace("${", "\\\\${"))
    return Config(OmegaConf.create({"pipeline": {"steps": steps}}), settings)


def _fetch(backend: Backend, project: Project, made: dict[str, str]) -> None:
    """Write the new versions into results.json, and fetch those whose digest differs."""
    summary = json.loads((project.outputs / "latest" / "summary.json").read_text(encoding="utf-8"))
    outputs = {
        f"{step['name']}.{key}": reference
        for step in summary["steps"]
        for key, reference in step["outputs"].items()
    }
    results = {}
    for place, digest in made.items():
        version = backend.find(outputs[place])
        if version is None:
            raise RelayError(f"{outputs[place]}: the scratch store lost it. Run the command again.")
        results[place] = {
            "name": version.name,
            "version": version.version,
            "type": version.type,
            "digest": version.digest,
            "metadata": dict(version.metadata),
        }
        if version.digest != digest:
            backend.download(version, project.root / "again" / place)
    (project.root / RESULTS).write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
