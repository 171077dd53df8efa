"""`relay reproduce NAME:ALIAS`: make a registered model again and compare the two."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from relay.commands.reproduce.comparison import Line, artifact_line, metric_lines, same_version
from relay.commands.reproduce.file_comparison import differing
from relay.commands.reproduce.recipe import Recipe, recipe_of, recorded_environment
from relay.commands.reproduce.rerun import RESULTS
from relay.config import compose as config
from relay.config.overrides import from_arguments
from relay.models.trusted import SETTING as TRUSTED_SETTING
from relay.pipeline.tracking_setup import choose_tracking
from relay.pipeline.writable_checkout import require_writable
from relay.runtime.component import ENVIRONMENTS
from relay.step.context import FINGERPRINT_KEY
from relay.tracking import ArtifactVersion, Backend, open_backend
from relay.tracking.lineage import recorded_inputs
from relay.tracking.not_found import hint_on_missing
from relay.util.code_files import code_digests
from relay.util.errors import ConfigError
from relay.util.git import git_state
from relay.util.paths import START
from relay.util.private_folders import make_private
from relay.util.project import Project

_SETTINGS = ("env_manager", "tracking", "tracking.project", "tracking.entity", TRUSTED_SETTING)
HELP = f"""\
Usage: ./relay reproduce NAME:VERSION [key=value ...]

Makes a registered model again from its record, in a scratch store, and compares artifacts and
metrics with the recorded ones. VERSION is v3, or an alias such as champion.
Exit status: 0 if they agree, 1 if they differ or a step failed.

Options:
  env_manager=...     uv, conda or virtualenv, as in a run
  tracking=..., tracking.project=NAME, tracking.entity=NAME
                      the store with the model; default: that of a run
  {TRUSTED_SETTING}=[...]  types that may be loaded besides those that are trusted
"""
_LINKED = ("MLproject", "components", "config", "environments", "src")
_DROPPED = ("MLFLOW_RUN_ID", "TRACKIO_", "RELAY_")


def reproduce(project: Project, argv: Sequence[str], console: Console) -> int:
    """Make the model in `argv` again and compare the two; return the exit status.

    0: they are the same; 1: they differ, or a step failed.

    Raises ConfigError if an argument is wrong, RelayError if the model does not exist or cannot be
    made again.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    require_writable(project)
    make_private(project, os.environ)
    name, arguments = _parsed(argv)
    loaded = config.load(project.config, arguments, Path.cwd())
    settings, trusted_types = loaded.settings, loaded.tree[TRUSTED_SETTING]
    os.environ.update(project.variables(os.environ))
    tracking = choose_tracking(settings.tracking, os.environ)
    backend = open_backend(tracking, project.root)
    model = backend.find(name)
    if model is None:
        place = backend.url() or "the local store"
        hint = hint_on_missing(backend, name) or " Check its name."
        raise ConfigError(f"reproduce: there is no artifact '{name}' in {place}.{hint}")
    wanted = [model, *first_passed(backend, model)]
    recipe = recipe_of(wanted, backend.find, trusted_types)
    _print(console, f"Making {model} again: {', '.join(recipe.steps)}")
    scratch = _scratch(project, model)
    _write(scratch, recipe, backend, settings.env_manager)
    status = _run(project, scratch)
    if status != 0:
        _print(
            console, f"{model} was not made again; the files of the attempt are in {scratch}", "red"
        )
        return status
    again = _results(scratch)
    lines = _compare(backend, recipe, again, scratch)
    _show(console, lines)
    agrees = all(line.same for line in lines)
    for text in _changes(project, model, list(recipe.made.values())):
        _print(console, text, "yellow")
    if agrees:
        shutil.rmtree(scratch)
        _print(console, f"{model} was made again, and is the same", "green")
        return 0
    _print(console, f"{model} was made again, and differs; the new files are in {scratch}", "red")
    return 1


def _parsed(argv: Sequence[str]) -> tuple[str, list[str]]:
    names = [word for word in argv if "=" not in word and not word.startswith("-")]
    if len(names) != 1:
        raise ConfigError(
            f"reproduce: must have one model (got {len(names)}). Write ./relay reproduce "
            "NAME:ALIAS."
        )
    others = [word for word in argv if word != names[0]]
    for word in others:
        if word.partition("=")[0] not in _SETTINGS:
            raise ConfigError(
                f"reproduce: only {', '.join(_SETTINGS)} can be set (got '{word}'). All other "
                "settings are those recorded with the model."
            )
    return names[0], from_arguments(others)


def first_passed(backend: Backend, model: ArtifactVersion) -> list[ArtifactVersion]:
    """Return the first artifact made from `model` that has metrics and passed its gate, if any.

    Later ones may have other thresholds or slices than the run that made the model.
    """
    passed = [
        version
        for version in backend.made_from(model)
        if "metrics" in version.metadata
        and version.metadata.get("passed", True)
        and any(record.digest == model.digest for record in recorded_inputs(version).values())
    ]
    return passed[:1]


def _scratch(project: Project, model: ArtifactVersion) -> Path:
    """Make a scratch checkout with links to this one's code, for the run's files; return it."""
    folder = project.state / "reproduce" / f"{model.name}-{model.version}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _LINKED:
        (folder / name).symlink_to(project.root / name)
    return folder


def _write(scratch: Path, recipe: Recipe, backend: Backend, env_manager: str) -> None:
    given = {}
    for name, version in recipe.given.items():
        folder = scratch / "given" / name
        backend.download(version, folder)
        given[name] = {
            "type": version.type,
            "folder": str(folder),
            "metadata": dict(version.metadata),
        }
    content = {
        "steps": recipe.steps,
        "given": given,
        "made": {place: version.digest for place, version in recipe.made.items()},
        "env_manager": env_manager,
    }
    (scratch / "recipe.json").write_text(json.dumps(content, indent=2), encoding="utf-8")


def _run(project: Project, scratch: Path) -> int:
    kept = {key: text for key, text in os.environ.items() if not key.startswith(_DROPPED)}
    environ = {
        **kept,
        "PYTHONPATH": str(project.root / "src"),
        START: os.environ[START],
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "TRACKIO_DIR": str(scratch / "trackio"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{scratch}/mlflow.db",
    }
    command = [sys.executable, "-m", "relay.commands.reproduce.rerun", str(scratch / "recipe.json")]
    return subprocess.run(command, cwd=scratch, env=environ, check=False).returncode


def _results(scratch: Path) -> dict[str, ArtifactVersion]:
    content = json.loads((scratch / RESULTS).read_text(encoding="utf-8"))
    return {place: ArtifactVersion(**fields) for place, fields in content.items()}


def _compare(
    backend: Backend, recipe: Recipe, again: dict[str, ArtifactVersion], scratch: Path
) -> list[Line]:
    names = {str(version): f"{name}:v0" for name, version in recipe.given.items()}
    for place, version in recipe.made.items():
        names |= {str(version): str(again[place]), version.digest: again[place].digest}
    artifacts: list[Line] = []
    metrics: list[Line] = []
    for place, version in recipe.made.items():
        files: list[str] = []
        if not same_version(version, again[place]):
            backend.download(version, scratch / "recorded" / place)
            files = differing(scratch / "recorded" / place, scratch / "again" / place, names)
        artifacts.append(artifact_line(version, again[place], files))
        metrics += metric_lines(version, again[place])
    return [*artifacts, *metrics]


def _changes(
    project: Project, model: ArtifactVersion, versions: Sequence[ArtifactVersion]
) -> list[str]:
    """Return a line for a change of the commit, and one for a change of the code, since then."""
    lines = []
    then, now = model.metadata.get("git_commit"), git_state(project.root).commit
    if then and then != now:
        lines.append(f"The model was made at commit {then}; this is {now or 'not a Git checkout'}.")
    changed: set[str] = set()
    for version in versions:
        recorded = (version.metadata.get(FINGERPRINT_KEY) or {}).get("code") or {}
        folder = project.components / str(version.metadata.get("component"))
        name = recorded_environment(version)
        environment = None if name is None else project.root / ENVIRONMENTS / name
        if recorded and folder.is_dir():
            present = code_digests(folder, project.root, environment)
        else:
            present = recorded
        changed |= {name for name in recorded if present.get(name) != recorded[name]}
    if changed:
        shown = ", ".join(sorted(changed)[:5]) + (", ..." if len(changed) > 5 else "")
        lines.append(f"Code that has changed since: {shown}")
    return lines


def _show(console: Console, lines: Sequence[Line]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for name in ("", "Recorded", "Again"):
        table.add_column(name, overflow="fold")
    table.add_column("")
    for line in lines:
        mark = Text("✔", style="green") if line.same else Text("✘", style="red")
        table.add_row(mark, Text(line.name), line.recorded, line.again, Text(line.note))
    console.print(table)


def _print(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
