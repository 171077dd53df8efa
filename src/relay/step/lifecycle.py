"""The lifecycle of a step: start its run, do its work, store the outputs, record the end."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic

from relay.step.context import RunSettings
from relay.step.end_status import End
from relay.step.fingerprint import Fingerprint
from relay.step.outputs import copy_source, describe_outputs, require_complete, require_type
from relay.step.params import ParamsT
from relay.step.resources import measure_use
from relay.step.result import StepResult, stored_path, write_result
from relay.step.run import StepRun
from relay.step.run_metadata import describe_end, describe_run
from relay.step.warning_collector import WarningCollector
from relay.tracking import (
    ArtifactVersion,
    Backend,
    Draft,
    OutageError,
    Row,
    Run,
    RunStatus,
    UploadError,
)
from relay.tracking.interface import SECONDS
from relay.tracking.outbox import keep
from relay.tracking.run_records import RunRecord
from relay.util.code_files import are_unchanged
from relay.util.errors import GateFailed, Interrupted, RelayError
from relay.util.paths import shown
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.signals import StopSignals

log = logging.getLogger("relay")


@dataclass
class StepLifecycle(Generic[ParamsT]):
    """A step's run from its start to its report."""

    project: Project
    component: Path
    """The folder with the component's files."""
    settings: RunSettings
    backend: Backend
    params: ParamsT
    workspace: Path
    signals: StopSignals
    warnings: WarningCollector = field(default_factory=WarningCollector)
    """The warnings of the step so far."""
    outputs: dict[str, ArtifactVersion] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._complete = False
        """The work is done, and all of its outputs can be stored."""
        self._kept = False
        self._fingerprint = _read(self.settings.fingerprint)
        self._spec = describe_run(self.settings, self.params, self.project.root)
        self._tracking: Run = self.backend.start_run(self._spec)
        if self._tracking.url is not None:
            log.info("%s run: %s", self.backend.title, self._tracking.url)
        self._run = StepRun(
            self.params,
            self.backend,
            self._tracking,
            self.workspace,
            self.settings.tracking.registry,
        )

    @property
    def _places(self) -> list[Path]:
        return [self.workspace, self.project.state]

    def run(self, step: Callable[[StepRun[ParamsT]], None]) -> tuple[int, StepResult]:
        """Do the work of `step`, store its outputs, and return the exit status and the report."""
        work = self._work(step)
        end = self._store(work) if self._complete else work
        if end.message:
            log.error("Error: %s", end.message)
        end = self._finish(work, end)
        return end.exit_code, self._report(end)

    def _work(self, step: Callable[[StepRun[ParamsT]], None]) -> End:
        try:
            end = End("succeeded")
            try:
                step(self._run)
            except GateFailed as error:
                end = End.of(error)
            for key, draft in self._run.drafts.items():
                require_complete(key, draft)
            # The work is done: its storage must not be interrupted.
            self.signals.ignore()
            self._complete = True
        except (Interrupted, Exception) as error:
            self.signals.ignore()
            return End.of(error, self._places)
        return end

    def _store(self, work: End) -> End:
        """Store the outputs, then do the step's actions that wait for that (`finally_do`)."""
        try:
            self._require_present()
            drafts = self._outputs()
            # Checked while nothing is stored: all outputs or none.
            for key, draft in drafts.items():
                require_type(self.backend, key, draft)
            alias = self._cache_alias(work)
            if alias is not None:
                drafts = {key: replace(draft, aliases=(alias,)) for key, draft in drafts.items()}
            versions = self._tracking.log_artifacts([*drafts.values(), self._source()])
            for key in drafts:
                version = self.outputs[key] = next(versions)
                log.info("Stored %s (%s)", version, version.type)
            next(versions)  # that of the component's files
            if work.status == "succeeded":
                for action in self._run.last:
                    action()
                if alias is None:
                    self._mark()
        except (UploadError, OutageError) as error:
            return self._keep(work, error)
        except Exception as error:
            return End.of(error, self._places)
        return work

    def _require_present(self) -> None:
        """Check that the orchestrator still waits for this execution of the step.

        Raises RelayError if it has given it up, as its machine seemed lost: the step may run again
        elsewhere, and must not store its outputs twice.
        """
        execution = self.settings.execution
        if execution is None:
            return
        with contextlib.suppress(OSError):
            list(execution.parent.iterdir())  # has a network's file system look again
        if not execution.exists():
            raise RelayError(
                f"{self.settings.step}: the run that started this step has given it up, so its "
                "outputs are not stored. Run the pipeline again."
            )

    def _mark(self) -> None:
        """Give the outputs the alias by which the step cache finds them."""
        fingerprint = self._fingerprint
        if fingerprint is None or not are_unchanged(fingerprint.code, self.project.root):
            return  # a file that was edited meanwhile may be the one that ran, or not
        # Renewed, as the step itself may have moved an alias.
        alias = fingerprint.renew(self.backend).alias
        for version in self.outputs.values():
            self.backend.set_alias(version, alias)

    def _finish(self, work: End, end: End) -> End:
        """Record the end of the run; if the backend does not take it, keep the work and fail."""
        try:
            self._report_stored(end)
            self._tracking.update_config(describe_end(self._run, self.settings, end.status))
            self._tracking.log(self._row())
            self._tracking.finish(end.status, end.message)
        except UploadError as error:
            if not self._kept:
                status: RunStatus = "killed" if end.status == "killed" else "failed"
                kept = self._keep(work, error)
                end = replace(kept, status=status, exit_code=end.exit_code or 1)
                log.error("Error: %s", end.message)
        except RelayError as error:
            end = End.of(error) if end.status == "succeeded" else end
        return end

    def _keep(self, work: End, error: RelayError) -> End:
        """Keep the step's work on this machine; return the failure, which names the place."""
        late = describe_end(self._run, self.settings, work.status)
        record = RunRecord(
            spec=replace(self._spec, config={**self._spec.config, **late}),
            status=work.status,
            message=work.message,
            rows=(*self._run.rows, self._row()),
            inputs=tuple(str(version) for version in self._run.inputs.values()),
            outputs=(self._source(), *self._outputs().values()) if self._complete else (),
            cache_alias=self._cache_alias(work),
        )
        try:
            folder = keep(self.project.kept, self.settings.tracking, record)
        except OSError as problem:
            lost = (
                f"{str(error).rstrip('.')}. The step's work could not be kept in "
                f"{self.project.kept} either ({problem}). Make room or set its rights, then run "
                "the step again."
            )
            return End.of(RelayError(lost))
        self._kept = True
        place = shown(folder)
        return End.of(
            UploadError(
                f"{str(error).rstrip('.')}. The step's work is kept in {place}: the next run on "
                f"{self.backend.title}, or `make publish`, uploads it."
            )
        )

    def _cache_alias(self, work: End) -> str | None:
        """Return the alias by which the step cache finds the outputs once they are stored, or None.

        None if the step has actions for after the storage: the outputs are marked after those.
        """
        fingerprint = self._fingerprint
        if fingerprint is None or not self._complete or work.status != "succeeded":
            return None
        if self._run.last or not are_unchanged(fingerprint.code, self.project.root):
            return None
        return fingerprint.alias

    def _source(self) -> Draft:
        return copy_source(self.component, self.workspace, self._spec.git_commit)

    def _outputs(self) -> dict[str, Draft]:
        return describe_outputs(
            self._run,
            self.component.name,
            self._spec.git_commit,
            self.warnings.texts,
            self._fingerprint,
        )

    def _report_stored(self, end: End) -> None:
        """Report to the orchestrator that all outputs are stored, so that others can use them."""
        if end.status == "succeeded" and self.settings.report is not None:
            write_result(stored_path(self.settings.report), replace(self._report(end), images={}))

    def _row(self) -> Row:
        seconds = round(time.monotonic() - self._started, 3)
        metrics = {**self._run.metrics, SECONDS: seconds}
        return Row(metrics, self._images(), self._run.tables, step=len(self._run.rows))

    def _images(self) -> dict[str, Path]:
        return {name: path for name, path in self._run.images.items() if path.is_file()}

    def _report(self, end: End) -> StepResult:
        used = measure_use()
        return StepResult(
            status=end.status,
            error=end.message or None,
            inputs={key: str(version) for key, version in self._run.inputs.items()},
            outputs={key: str(version) for key, version in self.outputs.items()},
            types={key: version.type for key, version in self.outputs.items()},
            metrics=self._run.metrics,
            images={name: str(path) for name, path in self._images().items()},
            warnings=[redact(text) for text in self.warnings.texts],
            notes=[redact(text) for text in self._run.notes],
            phases=self._run.phases,
            url=self._tracking.url,
            cpu_seconds=round(used.cpu_seconds, 3),
            max_rss_mb=round(used.max_rss_mb, 3),
        )


def _read(fingerprint: Path | None) -> Fingerprint | None:
    if fingerprint is None:
        return None
    return Fingerprint.from_json(fingerprint.read_text(encoding="utf-8"))
