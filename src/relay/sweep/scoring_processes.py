"""The processes that score trials: how they are started, and why one of them has ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from relay.config.composed import Config
from relay.config.schema import cores
from relay.pipeline.container_setup import open_containers, open_images
from relay.pipeline.display import open_display
from relay.pipeline.tracking_setup import run_id
from relay.runtime.build_process import Builds
from relay.runtime.environment_builder import EnvironmentBuilder
from relay.runtime.environments import choose_manager
from relay.runtime.environments_interface import Environments
from relay.runtime.launcher import Launcher
from relay.runtime.processes import Process
from relay.step.context import RunSettings
from relay.step.resources import Resources
from relay.step.result import read_result
from relay.sweep.inputs import Inputs
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.workers import Lost, new_socket_folder
from relay.tracking import TrackingSettings
from relay.tracking.mlflow.owner import is_gone, owner_tags
from relay.util.files import write_text
from relay.util.paths import shown
from relay.util.signals import StopSignals

TEMPORARY = "tmp"
"""The folder, in that of the processes, for their temporary files."""
_OWNER = "owner.json"


def new_process_folder(sweep: Path) -> Path:
    """Make a folder in that of a sweep for the processes of this command, and return it.

    The temporary files of commands that were killed are removed.
    """
    processes = sweep / "processes"
    for file in processes.glob(f"*/{_OWNER}"):
        with contextlib.suppress(OSError, ValueError):
            if is_gone(json.loads(file.read_text(encoding="utf-8"))):
                shutil.rmtree(file.parent / TEMPORARY, ignore_errors=True)
    folder = processes / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    write_text(folder / _OWNER, json.dumps(owner_tags()))
    return folder


@dataclass(frozen=True)
class ScoringProcesses:
    """Starts processes of the `scoring_step`, as it is configured by `config`."""

    scoring_step: ScoringStep
    tracking: TrackingSettings
    config: Config
    launcher: Launcher
    sockets: Path
    """The folder for the socket by which they get trials."""

    @classmethod
    def open(
        cls,
        scoring_step: ScoringStep,
        tracking: TrackingSettings,
        config: Config,
        folder: Path,
        jobs: int,
        console: Console,
        signals: StopSignals,
    ) -> ScoringProcesses:
        """Build the step's environment, if it is missing, and begin to load its libraries.

        Logs are written into `folder`. The processes, `jobs` at once, share the processors.
        """
        manager = choose_manager(config.settings.env_manager, None)
        planned = scoring_step.plan_step(config)
        log = folder / "environments.log"
        builds = Builds(log, open_display(console), signals)
        environments: Environments
        containers = None
        if manager == "docker":
            environments = open_images(scoring_step.project, config.settings.container, builds)
        else:
            environments = EnvironmentBuilder(scoring_step.project, manager, builds)
        missing = environments.find_missing([planned.component])
        if missing:
            environments.build(missing)
        sockets = new_socket_folder()
        if manager == "docker":
            containers = open_containers(
                scoring_step.project,
                config.settings.container,
                tracking,
                [planned],
                folder,
                sockets,
            )
        share = str(max(1, cores() // jobs))
        threads = {"OMP_NUM_THREADS": share, "LOKY_MAX_CPU_COUNT": share}
        own = {name: value for name, value in threads.items() if name not in os.environ}
        launcher = Launcher(
            scoring_step.project, folder, tracking, environments, own, containers=containers
        )
        launcher.load([(planned.component.name, planned.component)])
        return cls(scoring_step, tracking, config, launcher, sockets)

    def start(self, inputs: Inputs, name: str, more: Mapping[str, str]) -> Process:
        """Start a process that reads `inputs` and scores trials, with `more` variables."""
        planned = self.scoring_step.plan_step(self.config)
        settings = replace(
            RunSettings(self.tracking, name, run_id(self.launcher.folder.name, name)),
            report=self.launcher.result_path(name),
        )
        environ = {**settings.to_environ(), **more}
        arguments = planned.arguments(inputs.references)
        # Each process has its share of the processors by its variables.
        return self.launcher.start(name, planned.component, arguments, environ, Resources())

    def explain(self, lost: Lost) -> str:
        """Return why a process has ended."""
        report = read_result(self.launcher.result_path(lost.worker.name))
        if report is not None and report.error:
            return report.error
        log = shown(lost.worker.process.log)
        if lost.code == 137:
            return f"killed by signal 9, probably for lack of memory. Use fewer --jobs. See {log}"
        how = f"by signal {lost.code - 128}" if lost.code > 128 else f"with exit status {lost.code}"
        return f"its process ended {how}. See {log}"

    def close(self) -> None:
        """End the processes that have loaded the libraries."""
        self.launcher.close()
        shutil.rmtree(self.sockets, ignore_errors=True)  # it is there if no process was started
