"""`relay publish`: list the local store's runs, upload them to the server, and show the URL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from relay.config import compose
from relay.config.overrides import from_arguments
from relay.tracking import TrackingSettings
from relay.tracking.outbox import flush_outbox, list_outbox
from relay.tracking.remote import (
    TITLE,
    has_login,
    log_in,
    open_target,
    require_switched_on,
    target_settings,
)
from relay.util.errors import ConfigError, Interrupted
from relay.util.paths import start_folder
from relay.util.project import Project
from relay.util.signals import StopSignals

if TYPE_CHECKING:
    from relay.tracking.local.history import LocalHistory, PastRun

_DRY_RUN = "--dry-run"
_SETTINGS = ("tracking.project", "tracking.entity")
HELP = f"""\
Usage: ./relay publish [--dry-run] [tracking.project=NAME] [tracking.entity=NAME]

Uploads the runs of the local store to {TITLE}, oldest first, with their metrics, artifacts, aliases
and lineage, and those whose upload failed. Runs that are there already are left out, so the same
command continues an upload that was interrupted.

Options:
  --dry-run              list what would be uploaded
  tracking.project=NAME  the project, here and there; default: relay
  tracking.entity=NAME   the user or team; default: that of the login
"""


def publish(project: Project, argv: Sequence[str], console: Console) -> int:
    """Upload the local store's runs, and those whose upload failed, and return the exit status.

    `argv` may have `--dry-run`, tracking.project and tracking.entity.

    Raises ConfigError if another setting is given or there is no login, RelayError if the server
    does not take a run.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    arguments = from_arguments([word for word in argv if word != _DRY_RUN])
    settings = compose.load(project.config, arguments, start_folder(project.root, os.environ))
    for argument in arguments:
        if argument.partition("=")[0] not in _SETTINGS:
            raise ConfigError(
                f"publish: only tracking.project=NAME and tracking.entity=NAME are allowed (got "
                f"'{argument}'). It uploads the whole local project to {TITLE}."
            )
    os.environ.update(project.variables(os.environ))
    spec = settings.settings.tracking
    tracking = target_settings(spec.project, spec.entity)
    dry_run = _DRY_RUN in argv
    if dry_run and not has_login(os.environ):
        return _list_local(project, tracking, console)
    require_switched_on(os.environ)
    return _publish(project, log_in(tracking, os.environ), console, dry_run=dry_run)


def _publish(
    project: Project, tracking: TrackingSettings, console: Console, *, dry_run: bool
) -> int:
    # Both load Trackio, which reads TRACKIO_DIR as it is imported.
    from relay.commands.publish.publisher import Publisher
    from relay.tracking.local.history import LocalHistory

    history = LocalHistory(tracking.project)
    target = open_target(tracking, project.root)
    publisher = Publisher(history, target)
    runs = publisher.pending(history.runs())
    console.print(f"From project '{tracking.project}' of the local store to {target.url()}")
    _show(console, history, runs, project)
    if dry_run:
        console.print("Nothing was uploaded, as this was a dry run.")
        return 0
    signals = StopSignals(at_once=True)
    signals.install()
    number = kept = 0
    try:
        for record in flush_outbox(project.kept, tracking, target):
            kept += 1
            console.print(f"Uploaded '{record.spec.name}'.", markup=False, highlight=False)
        with _progress(console) as progress:
            task = progress.add_task("Publishing", total=len(runs), start=bool(runs))

            def sent(run: PastRun) -> None:
                nonlocal number
                number += 1
                progress.update(task, advance=1, description=run.spec.name)

            publisher.send(runs, sent)
        for line in publisher.point():
            console.print(line, markup=False, highlight=False)
    except Interrupted as interrupted:
        console.print(
            f"Stopped: {number} of {len(runs)} runs were uploaded. Run it again to continue.",
            style="yellow",
        )
        return interrupted.exit_code
    total = number + kept
    runs_text = f"{total} run{'' if total == 1 else 's'}"
    console.print(f"Published {runs_text}: {target.url()}", style="green", soft_wrap=True)
    return 0


def _list_local(project: Project, tracking: TrackingSettings, console: Console) -> int:
    """Show the runs of the local store, without a request to the server."""
    from relay.tracking.local.history import LocalHistory

    history = LocalHistory(tracking.project)
    _show(console, history, history.runs(), project)
    console.print(
        f"Nothing was uploaded. Without a {TITLE} login, runs that are there already are listed, "
        "too."
    )
    return 0


def _show(
    console: Console, history: LocalHistory, runs: Sequence[PastRun], project: Project
) -> None:
    for kept in list_outbox(project.kept).values():
        about = f"{kept.record.spec.name}, for project '{kept.tracking.project}' on {kept.server}"
        console.print(f"Kept since its upload failed: {about}", markup=False, soft_wrap=True)
    if not runs:
        console.print(f"Project '{history.project}' of the local store has nothing to upload.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Run", "Status", "Artifacts"):
        table.add_column(column, overflow="fold")
    table.add_column("Size", justify="right")
    for run in runs:
        size = sum(history.size(artifact) for artifact in run.outputs)
        names = ", ".join(str(artifact) for artifact in run.outputs)
        table.add_row(run.spec.name, run.status, names, decimal(size) if run.outputs else "")
    console.print(table)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
