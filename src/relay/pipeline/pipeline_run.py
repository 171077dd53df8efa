"""The run of a pipeline's steps, with an MLflow run of the pipeline as their parent."""

from __future__ import annotations

import os
import shutil
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from relay.config.composed import Config
from relay.config.schema import EngineSpec
from relay.pipeline.artifact_pages import INDEX
from relay.pipeline.container_setup import open_containers, open_images
from relay.pipeline.display import Display, open_display
from relay.pipeline.mlflow_record import MlflowRecord, NewRun
from relay.pipeline.preview import show_store
from relay.pipeline.run_facts import comparable_settings, group_name, run_metrics, run_name
from relay.pipeline.run_page import PageDisplay, RunPage
from relay.pipeline.run_state import RunState
from relay.pipeline.run_summary import SETTINGS, Summary, write_summary
from relay.pipeline.scheduler import Scheduler
from relay.pipeline.step_limits import require_resources
from relay.pipeline.step_runner import StepRunner
from relay.pipeline.tracking_setup import log_summary
from relay.runtime.build_process import Builds
from relay.runtime.engines import CommandEngine, Engine, SlurmEngine
from relay.runtime.environment_builder import EnvironmentBuilder
from relay.runtime.environments import choose_manager
from relay.runtime.environments_interface import Environments
from relay.runtime.launcher import Launcher
from relay.tracking import Backend, RunStatus, TrackingSettings
from relay.util.disk import explain
from relay.util.errors import ConfigError, Interrupted, RelayError
from relay.util.files import write_text
from relay.util.paths import shown
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.signals import StopSignals


def open_engine(settings: EngineSpec) -> Engine | None:
    """Return the engine of the settings, or None for this machine.

    Raises ConfigError or RelayError if its command is not set or not installed.
    """
    if settings.name == "command":
        return CommandEngine(settings.command, settings.cancel, settings.variables)
    if settings.name == "slurm":
        return SlurmEngine(settings.options, settings.variables)
    return None


@dataclass
class PipelineRun:
    """One run of a pipeline's steps; its files are in `folder`."""

    project: Project
    config: Config
    tracking: TrackingSettings
    backend: Backend
    folder: Path
    signals: StopSignals
    console: Console
    page: RunPage
    _mlflow: MlflowRecord = field(init=False)
    _runner: StepRunner | None = None
    _display: Display = field(init=False)

    def __post_init__(self) -> None:
        self._display = PageDisplay(open_display(self.console), self.page)
        self._mlflow = MlflowRecord(os.environ["MLFLOW_TRACKING_URI"])

    def run(self, state: RunState, summary: Summary, began: float) -> list[str]:
        """Run the waiting steps of `state`; fill in and write `summary`, however the run ends.

        Return lines about the run's pages for the console.

        The parent of the steps' MLflow runs is the one that `mlflow run` started (MLFLOW_RUN_ID),
        else a new one. `began` is the start of the command, in `time.monotonic()`.

        Raises ConfigError if a check before the first step fails; the run's folder is then removed.
        """
        problem, summary.status = summary.error, "failed"
        try:
            if problem is None:
                summary.status = self._run_steps(state, summary)
            else:  # the run of `mlflow run` must record the failure
                self._show_store(summary)
                self._begin_record(state, summary)
        except ConfigError as error:
            if not self._mlflow.has_begun:
                self._mlflow.close()
                shutil.rmtree(self.folder)
                raise
            summary.error = redact(str(error))  # only the output of a step showed it
        except Interrupted as interrupted:
            summary.status, summary.signal = "killed", interrupted.signal_number
        except RelayError as error:
            summary.error = redact(str(error))
        except Exception as error:  # the summary is written even so
            summary.error = redact(self._unexpected(error))
        finally:
            self._display.close()
            shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        self.signals.ignore()
        summary.seconds = time.monotonic() - began
        lines = self.page.finish(self.backend)
        self._log_summary(summary)
        self._end(summary)
        return lines

    def _unexpected(self, error: Exception) -> str:
        """Return the message for an error of the disk or for a bug; keep the traceback of a bug."""
        problem = explain(error, [self.folder, self.project.state])
        if problem is not None:
            return problem
        log = self.folder / "logs" / "relay.log"
        log.parent.mkdir(exist_ok=True)
        write_text(log, traceback.format_exc())
        return f"{type(error).__name__}: {error}. This is a bug; its traceback is in {shown(log)}."

    def _run_steps(self, state: RunState, summary: Summary) -> RunStatus:
        """Build environments, load libraries, and run the steps."""
        settings = self.config.settings
        manager = choose_manager(settings.env_manager, self._outer_manager())
        log = self.folder / "logs" / "environments.log"
        builds = Builds(log, self._display, self.signals)
        environments: Environments
        containers = None
        if manager == "docker":
            if settings.engine.name != "local":
                raise ConfigError(
                    f"env_manager=docker: containers run on this machine only (got engine="
                    f"{settings.engine.name}). Use env_manager=uv, or engine=local."
                )
            spec, steps = settings.container, state.planned_steps
            environments = open_images(self.project, spec, builds)
            containers = open_containers(self.project, spec, self.tracking, steps, self.folder)
        else:
            environments = EnvironmentBuilder(self.project, manager, builds)
        launcher = Launcher(
            self.project,
            self.folder,
            self.tracking,
            environments,
            engine=open_engine(settings.engine),
            containers=containers,
        )
        try:
            missing = environments.find_missing([planned.component for planned in state.waiting])
            if missing:
                self._check(state, summary, manager)  # before a build, which takes minutes
                environments.build(missing)
                summary.environments_seconds = builds.seconds
            # In the background, while MLflow is imported.
            launcher.load([(planned.name, planned.component) for planned in state.waiting])
            if not missing:
                self._check(state, summary, manager)
            launcher.check_place([planned.component for planned in state.waiting], self.signals)
            self._begin_record(state, summary)
            return self._scheduler(state, launcher, manager).run()
        finally:
            summary.libraries_cpu_seconds = launcher.close()

    def _show_store(self, summary: Summary) -> None:
        show_store(self.console, self.backend, summary.taken, summary.warnings)

    def _check(self, state: RunState, summary: Summary, manager: str) -> None:
        """Check the steps a last time, then show the store and the cached outputs.

        `latest` is moved to these.
        """
        if self.config.settings.engine.name == "local":
            require_resources(state.waiting, in_containers=manager == "docker")
        state.preflight.inspect_sources(state.waiting)
        self._show_store(summary)
        state.move_latest()
        self._display.open([planned.name for planned in state.planned_steps], manager, self.folder)
        for done in state.steps.values():
            if done.status == "cached":
                self._display.ended(done)

    def _scheduler(self, state: RunState, launcher: Launcher, manager: str) -> Scheduler:
        settings = self.config.settings
        self._runner = StepRunner(
            self.project,
            self.tracking,
            launcher,
            group_name(self.config, state.planned_steps, self.folder),
            self._mlflow,
            manager,
        )
        return Scheduler(
            state,
            self._runner,
            settings.jobs,
            settings.keep_going,
            self._display,
            self.signals,
        )

    def _outer_run(self) -> str | None:
        """Return the run that `mlflow run` has started, if it is in this store."""
        outer = os.environ.get("MLFLOW_RUN_ID")
        return outer if outer and self._mlflow.ask(lambda runs: runs.exists(outer)) else None

    def _outer_manager(self) -> str | None:
        outer = self._outer_run()
        if outer is None:
            return None
        return self._mlflow.ask(lambda runs: runs.tags(outer)).get("mlflow.project.env")

    def _begin_record(self, state: RunState, summary: Summary) -> None:
        """Begin to start the pipeline's MLflow run."""
        steps = [planned.name for planned in state.planned_steps]
        tags = {"relay.steps": ",".join(steps), "relay.run": self.folder.name}
        if summary.taken:
            tags["relay.taken"] = ", ".join(summary.taken)
        outer = self._outer_run()
        name = run_name(self.config, state.planned_steps)
        if outer is None:
            name = name or f"pipeline {self.folder.name}"
        settings = comparable_settings(self.config, steps)
        run = NewRun(name, tags, settings)
        self._mlflow.begin(run, outer, str(self.project.home / "mlruns"))

    def _log_summary(self, summary: Summary) -> None:
        if self._runner is None:
            return
        try:
            pages = {"run" if path.name == INDEX else path.stem: path for path in self._pages()}
            log_summary(self.backend, summary, self._runner.settings, pages)
        except Exception as error:  # the summary is written whatever the server does
            text = f"The table of all steps was not uploaded: {redact(str(error))}"
            summary.error = summary.error or text
            summary.status = "failed" if summary.status == "succeeded" else summary.status
            self.page.write()

    def _pages(self) -> list[Path]:
        """Return the page of the run, and those of its artifacts."""
        pages = [self.folder / INDEX, *(page.path for page in self.page.pages)]
        return [path for path in pages if path.is_file()]

    def _end(self, summary: Summary) -> None:
        path = self.folder / "summary.json"
        summary.mlflow_run_id = self._mlflow.pipeline_run()
        try:
            write_summary(self.folder, summary)
        except OSError as error:
            problem = explain(error, [self.folder])
            if problem is None:
                raise
            summary.status, summary.error = "failed", summary.error or redact(problem)
        try:
            if summary.mlflow_run_id is not None:
                files = [path, self.folder / SETTINGS, *self._pages()]
                self._mlflow.end(run_metrics(summary), files, summary.status)
        except (RelayError, OSError) as error:
            summary.status = "failed"
            summary.error = summary.error or f"The end of the run was not recorded: {error}"
            write_summary(self.folder, summary)
            self.page.write()
        finally:
            self._mlflow.close()
