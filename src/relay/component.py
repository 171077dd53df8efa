"""What every component does around its own work: parameters, tracking, artifacts, errors.

A component's `run.py` ends with

    if __name__ == "__main__":
        sys.exit(component.main(Params, step))

where `step(run)` loads the inputs, calls the component's pure function and hands over the
outputs. Outputs are stored after `step` has returned, all of them, so a step that failed or was
killed leaves no version behind.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic

from relay.errors import GateFailed, Interrupted, RelayError
from relay.git import git_state
from relay.params import ARTIFACT_SUFFIX, ParamsT, parse_command_line
from relay.project import Project, enclosing_project
from relay.redact import redact
from relay.settings import RunSettings
from relay.signals import StopSignals
from relay.step_result import StepResult, write_result
from relay.tracking import (
    ArtifactVersion,
    Backend,
    Draft,
    Reference,
    Run,
    RunStatus,
    open_backend,
)

log = logging.getLogger("relay")


@dataclass(frozen=True)
class Input:
    """An input artifact on disk: its files are in the folder `path`."""

    path: Path
    version: ArtifactVersion

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.version.metadata


class StepRun(Generic[ParamsT]):
    """What a step works with: its parameters, its inputs, and where to put its outputs."""

    def __init__(self, params: ParamsT, backend: Backend, tracking: Run, workspace: Path) -> None:
        self.params = params
        self.workspace = workspace
        self.inputs: dict[str, ArtifactVersion] = {}
        self.drafts: dict[str, Draft] = {}
        self.metrics: dict[str, float] = {}
        self.images: dict[str, Path] = {}
        self.last: list[Callable[[], None]] = []
        self._backend = backend
        self._tracking = tracking

    def input(self, key: str, type: str | None = None) -> Input:
        """Fetch the artifact that parameter `<key>_artifact` names, and record its use.

        RelayError where it does not exist or is not of `type`.
        """
        return self.use(key, getattr(self.params, key + ARTIFACT_SUFFIX), type)

    def use(self, key: str, reference: str, type: str | None = None) -> Input:
        """Fetch the artifact `reference` as input `key`, and record its use."""
        version = self._tracking.use_artifact(reference)
        if type is not None and version.type != type:
            raise RelayError(
                f"{key}{ARTIFACT_SUFFIX}: {version} has type '{version.type}'; "
                f"this step needs one of type '{type}'."
            )
        self.inputs[key] = version
        folder = self.workspace / "inputs" / key
        folder.mkdir(parents=True)
        self._tracking.download(version, folder)
        return Input(folder, version)

    def output(
        self,
        key: str,
        path: Path,
        *,
        type: str,
        description: str,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Hand over a file or folder as output `key`; it is stored when the step has returned."""
        name = getattr(self.params, key + ARTIFACT_SUFFIX)
        self.drafts[key] = Draft(name, type, path, description, dict(metadata or {}))

    def find(self, reference: str) -> ArtifactVersion | None:
        """The version that `reference` points at, or None; it does not count as an input."""
        return self._backend.find(reference)

    def set_alias(self, version: ArtifactVersion, alias: str) -> None:
        """Point `alias` at `version`, once all outputs are stored."""
        self.finally_do(lambda: self._backend.set_alias(version, alias))

    def finally_do(self, action: Callable[[], None]) -> None:
        """Do `action` once all outputs are stored, in the order given; not if a gate says no."""
        self.last.append(action)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Record numbers of this run."""
        self.metrics.update(metrics)

    def log_image(self, name: str, path: Path) -> None:
        """Record a picture (PNG) of this run."""
        self.images[name] = path


def main(
    params_type: type[ParamsT],
    step: Callable[[StepRun[ParamsT]], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Run one step from the command line and return the exit status.

    0: done; 1: it failed, or a gate says no; 2: the parameters are wrong; 128 + n: signal n.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    signals = StopSignals(at_once=True)
    signals.install()
    settings: RunSettings | None = None
    try:
        project = enclosing_project(Path.cwd())
        os.environ.update(project.variables(os.environ))
        settings = RunSettings.from_environ(os.environ, default_step=Path.cwd().name)
        if settings.result is not None:
            _stop_with_parent()
        params = parse_command_line(
            params_type, sys.argv[1:] if argv is None else argv, about=step.__doc__ or ""
        )
        return _run(project, settings, params, step, signals)
    except (Interrupted, RelayError) as error:
        message = redact(str(error))
        log.error("Error: %s", message)
        if settings is not None:
            _report(settings, StepResult(status="failed", error=message))
        return error.exit_code


def _run(
    project: Project,
    settings: RunSettings,
    params: ParamsT,
    step: Callable[[StepRun[ParamsT]], None],
    signals: StopSignals,
) -> int:
    config = params.model_dump(mode="json")
    backend = open_backend(settings.backend, settings.project)
    name = f"{settings.step} {settings.group}" if settings.group else settings.step
    tracking = backend.start_run(
        name=name, job_type=settings.step, group=settings.group, config=_redacted(config)
    )
    outputs: dict[str, ArtifactVersion] = {}
    with tempfile.TemporaryDirectory(prefix=f"relay-{settings.step}-") as workspace:
        run = StepRun(params, backend, tracking, Path(workspace))
        status: RunStatus = "failed"
        message, exit_code = "", 1
        try:
            try:
                step(run)
                status, exit_code = "succeeded", 0
            except GateFailed as error:
                message = str(error)
            # The work is done: storing it is not to be cut in two, nor what is said of it.
            signals.ignore()
            _store(run, backend, tracking, project, config, outputs)
            if status == "succeeded":
                for action in run.last:
                    action()
        except Interrupted as error:
            status, message, exit_code = "killed", str(error), error.exit_code
        except RelayError as error:
            status, message, exit_code = "failed", str(error), error.exit_code
        except Exception as error:  # a bug: the traceback is for whoever mends it
            traceback.print_exc()
            status, message, exit_code = "failed", f"{type(error).__name__}: {error}", 1
        signals.ignore()
        message = redact(message)
        if message:
            log.error("Error: %s", message)
        tracking.finish(status, message)
        _report(
            settings,
            StepResult(
                status=status,
                error=message or None,
                inputs={key: str(version) for key, version in run.inputs.items()},
                outputs={key: str(version) for key, version in outputs.items()},
                types={key: version.type for key, version in outputs.items()},
                metrics=run.metrics,
                images={name: str(path) for name, path in run.images.items() if path.is_file()},
            ),
        )
    return exit_code


def _store(
    run: StepRun[ParamsT],
    backend: Backend,
    tracking: Run,
    project: Project,
    config: Mapping[str, Any],
    outputs: dict[str, ArtifactVersion],
) -> None:
    """Store all that `run` hands over, and enter each output into `outputs` as it is stored.

    RelayError before the first is stored, where one of them cannot be.
    """
    for draft in run.drafts.values():
        _require_storable(backend, draft)
    if run.metrics:
        tracking.log_metrics(run.metrics)
    for name, path in run.images.items():
        tracking.log_image(name, path)
    common = {
        "git_commit": git_state(project.root).commit,
        "params": _redacted(config),
        "inputs": {
            key: {"artifact": str(version), "digest": version.digest}
            for key, version in run.inputs.items()
        },
    }
    for key, draft in run.drafts.items():
        described = replace(draft, metadata={**common, **draft.metadata})
        outputs[key] = tracking.log_artifact(described)
        log.info("Stored %s (%s)", outputs[key], draft.type)


def _require_storable(backend: Backend, draft: Draft) -> None:
    present = backend.find(draft.name)
    if Reference.parse(draft.name).name != draft.name:
        raise RelayError(f"'{draft.name}' names a version; an output is named without one.")
    if present is not None and present.type != draft.type:
        raise RelayError(
            f"Artifact '{draft.name}' is there already, with type '{present.type}'; "
            f"this step would store one of type '{draft.type}'. Give it another name."
        )
    if not draft.path.exists():
        raise RelayError(f"Output '{draft.name}' was handed over, but there is no {draft.path}.")


def _report(settings: RunSettings, result: StepResult) -> None:
    """Tell the orchestrator what was done or, where none listens, MLflow itself."""
    if settings.result is not None:
        write_result(settings.result, result)
        return
    run_id = os.environ.get("MLFLOW_RUN_ID")
    if not run_id:
        return
    try:
        from relay.mlflow_runs import MlflowRuns
    except ModuleNotFoundError:
        # Components that do not use MLflow come without it; `mlflow run` keeps the parameters.
        log.info("Metrics are in the %s store; MLflow has the parameters only.", settings.backend)
        return
    MlflowRuns(os.environ["MLFLOW_TRACKING_URI"]).record(run_id, result)


def _redacted(config: Mapping[str, Any]) -> dict[str, Any]:
    return {k: redact(v) if isinstance(v, str) else v for k, v in config.items()}


def _stop_with_parent() -> None:
    """End this step when the orchestrator is gone: it holds the other end of standard input."""

    def watch() -> None:
        # The bare descriptor: a buffered reader's lock would hang the interpreter's exit.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
