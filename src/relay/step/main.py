"""The frame of every component's work: parameters, tracking, artifacts, errors.

A component's `run.py` ends with

    if __name__ == "__main__":
        sys.exit(component.main(Params, step))

where `step(run)` loads the inputs, calls the component's pure function and hands over the
outputs. Outputs are stored after `step` has returned, all of them, so a step that failed or was
killed leaves no version behind.

With `main(Params, step, score=score)`, a sweep can try many parameters in one process: `score(run)`
loads the inputs and returns a function that yields the metrics of parameters, fold by fold
(`relay.step.trial_scoring`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from relay.step import library_warnings
from relay.step.context import RunSettings
from relay.step.lifecycle import StepLifecycle
from relay.step.mlflow_run_id import provide_run_id
from relay.step.params import ParamsT, parse_command_line
from relay.step.result import StepResult, write_result
from relay.step.run import Input, StepRun
from relay.step.trial_link import ADDRESS, Link
from relay.step.trial_scoring import Score, Scorer, reading_run, score_by_step, serve
from relay.step.warning_collector import LineFormatter, WarningCollector
from relay.tracking import Backend, open_backend
from relay.tracking.remote import resolve_backend
from relay.util.disk import explain
from relay.util.errors import Interrupted, RelayError
from relay.util.private_folders import make_private
from relay.util.project import enclosing_project
from relay.util.redact import redact
from relay.util.signals import StopSignals
from relay.util.streams import is_held, open_missing, replace_unwritable

__all__ = ["Input", "StepRun", "main"]

log = logging.getLogger("relay")


def main(
    params_type: type[ParamsT],
    step: Callable[[StepRun[ParamsT]], None],
    argv: Sequence[str] | None = None,
    *,
    score: Score[ParamsT] | None = None,
) -> int:
    """Run one step from the command line and return the exit status.

    For a sweep, score trials instead: by `score`, or without one by the metrics of `step`.

    0: succeeded; 1: the step or a gate failed; 2: a parameter is wrong; 128 + n: signal n.
    """
    _open_log()
    signals = StopSignals(at_once=True)
    signals.install()
    warnings = WarningCollector()
    log.addHandler(warnings)
    settings: RunSettings | None = None
    try:
        project = enclosing_project(Path.cwd())
        os.environ.update(project.variables(os.environ))
        make_private(project, os.environ)
        settings = RunSettings.from_environ(os.environ, default_step=Path.cwd().name)
        tracking = settings.tracking
        backend_name = resolve_backend(tracking.backend, os.environ)
        settings = replace(settings, tracking=replace(tracking, backend=backend_name))
        if settings.report is not None:
            _stop_with_parent()
            provide_run_id(settings.mlflow_run)
        words = sys.argv[1:] if argv is None else argv
        params = parse_command_line(params_type, words, about=step.__doc__ or "")
        backend = open_backend(settings.tracking, project.root)
        with tempfile.TemporaryDirectory(prefix=f"relay-{settings.step}-") as workspace:
            if address := os.environ.get(ADDRESS):
                scorer = _scorer(params, backend, Path(workspace), step, score)
                with library_warnings.translated():
                    serve(Link.to(Path(address)), settings.step, params_type, scorer)
                return 0
            lifecycle = StepLifecycle(
                project, Path.cwd(), settings, backend, params, Path(workspace), signals, warnings
            )
            with library_warnings.translated():
                status, report = lifecycle.run(step)
            _report(settings, report)
        return status
    except (Interrupted, RelayError) as error:
        message = redact(str(error))
        log.error("Error: %s", message)
        if settings is not None:
            _report(settings, StepResult(status="failed", error=message))
        return error.exit_code
    except OSError as error:
        problem = explain(error, [Path(tempfile.gettempdir()), *_written(settings)])
        if problem is None:
            raise
        message = redact(problem)
        log.error("Error: %s", message)
        if settings is not None:
            with contextlib.suppress(OSError):
                _report(settings, StepResult(status="failed", error=message))
        return 1
    finally:
        log.removeHandler(warnings)


def _open_log() -> None:
    """Write what is logged to standard output."""
    open_missing()
    replace_unwritable(sys.stdout)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _scorer(
    params: ParamsT,
    backend: Backend,
    workspace: Path,
    step: Callable[[StepRun[ParamsT]], None],
    score: Score[ParamsT] | None,
) -> Scorer[ParamsT]:
    """Return the scorer of a component, which reads the inputs that `params` name."""
    if score is None:
        return score_by_step(step, backend, workspace)
    return score(reading_run(params, backend, workspace))


def _written(settings: RunSettings | None) -> list[Path]:
    """Return the folder of the report, if one is wanted."""
    return [settings.report.parent] if settings is not None and settings.report else []


def _report(settings: RunSettings, report: StepResult) -> None:
    """Hand the report to the orchestrator or, if there is none, to MLflow's run."""
    if settings.report is not None:
        write_result(settings.report, report)
        return
    run_id = os.environ.get("MLFLOW_RUN_ID")
    if not run_id:
        return
    try:
        from relay.tracking.mlflow.runs import MlflowRuns
    except ModuleNotFoundError:
        # Components that do not use MLflow come without it; `mlflow run` keeps the parameters.
        if report.status == "succeeded":
            log.info("Metrics are in the tracking backend; MLflow has the parameters only.")
        return
    MlflowRuns(os.environ["MLFLOW_TRACKING_URI"]).record(
        run_id,
        inputs=report.inputs,
        outputs=report.outputs,
        metrics=report.metrics,
        images=report.images,
        url=report.url,
    )


def _stop_with_parent() -> None:
    """End this step when the orchestrator has ended, which holds standard input open.

    Does nothing if standard input is not a pipe or a socket.
    """
    if not is_held(0):
        return

    def watch() -> None:
        # The bare descriptor: a buffered reader's lock would hang the interpreter's exit.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
