"""`relay show RUN`: the steps of a run, with what each took and made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from relay.commands.inspect.headline import headline
from relay.commands.open_store import choose_server
from relay.commands.printing import print_json, print_rows
from relay.commands.store_arguments import Arguments
from relay.pipeline.run_folders import RunFolder, is_run_name, list_runs
from relay.pipeline.run_summary import in_words
from relay.step.params import ARTIFACT_SUFFIX
from relay.tracking.remote import SETTING, TITLE
from relay.tracking.server_runs import ServerRun
from relay.util.errors import ConfigError
from relay.util.paths import shown
from relay.util.project import Project


def is_run(word: str) -> bool:
    """Return whether `word` names a run, and not an artifact: a folder's name, or `latest`."""
    return word == "latest" or is_run_name(word)


def show_run(project: Project, arguments: Arguments, console: Console) -> int:
    """Show a run of outputs/, or of the server that the settings name; return the exit status.

    Raises ConfigError if there is no such run.
    """
    word = arguments.words[0]
    runs = [run for run in list_runs(project.outputs) if word in ("latest", run.folder.name)]
    server = choose_server(project, arguments.settings)
    if runs:
        content, lines = _of_folder(runs[-1])
    else:
        found = None
        if server is not None:
            # Imported late, as it takes longer than all else of the command.
            from relay.commands.inspect.server import find_server_run

            found = find_server_run(server, word)
        if found is None:
            raise ConfigError(
                f"show: {word}: there is no such run in outputs/"
                + (f" or on {TITLE}." if server else f". For one on {TITLE}, add {SETTING}.")
            )
        content, lines = _of_server(found)
    if arguments.as_json:
        print_json(console, content)
        return 0
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    print_rows(console, _rows(content["steps"]), False, "No step.")
    return 0


def _of_folder(run: RunFolder) -> tuple[Mapping[str, Any], list[str]]:
    """Return the summary of a run, and the lines above its steps."""
    summary = run.summary or {
        "status": "running" if run.is_active else "killed", "command": run.command, "steps": [],
    }  # fmt: skip
    page = run.folder / "index.html"
    lines = [
        f"{run.folder.name}: {summary['status']}, {summary.get('seconds', '-')} s",
        f"Command: {summary.get('command') or '-'}",
        f"Commit: {_commit(summary)}",
    ]
    lines += [f"Error: {summary['error']}"] if summary.get("error") else []
    lines += [f"Page: {shown(page)}"] if page.is_file() else []
    return summary, lines


def _of_server(run: ServerRun) -> tuple[Mapping[str, Any], list[str]]:
    steps = [
        {
            "name": step.name,
            "status": step.status,
            "inputs": {
                key.removesuffix(ARTIFACT_SUFFIX): value
                for key, value in step.config.items()
                if key.endswith(ARTIFACT_SUFFIX) and ":" in str(value)
            },
            "outputs": {artifact.partition(":")[0]: artifact for artifact in step.outputs},
            "metrics": step.metrics,
        }
        for step in run.steps
    ]
    content = {"group": run.group, "status": run.status, "created": run.created, "steps": steps}
    lines = [
        f"{run.group}: {run.status}, began {run.created}, on {TITLE}",
        f"Commit: {run.steps[0].commit or '-'}",
    ]
    return content, lines


def _commit(summary: Mapping[str, Any]) -> str:
    commit = summary.get("git_commit") or "-"
    return f"{commit}, with uncommitted changes" if summary.get("git_dirty") else commit


def _rows(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "step": step["name"],
            "status": in_words(step["status"]),
            "inputs": list(step["inputs"].values()),
            "outputs": list(step["outputs"].values()),
            "metrics": headline([step]),
        }
        for step in steps
        if step["status"] != "not_selected"
    ]
