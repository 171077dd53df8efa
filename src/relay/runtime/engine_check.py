"""The check, before the first step, that steps can run where an engine starts them."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from relay.runtime.engine_process import Jobs
from relay.runtime.environments import Environment
from relay.runtime.processes import Process, wait
from relay.step.remote_machine_check import Answer, Request, digest_code
from relay.step.resources import Resources
from relay.tracking import TrackingSettings
from relay.tracking.remote import is_remote
from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.project import Project
from relay.util.signals import StopSignals

_STEP = "place"
"""The name of the check among the steps of a run."""
_READ_LINES = 12


def check_place(
    jobs: Jobs,
    project: Project,
    tracking: TrackingSettings,
    environments: Sequence[Environment],
    environ: Mapping[str, str],
    signals: StopSignals,
) -> None:
    """Check that steps with these `environments` can run where `jobs` run, by a job that looks.

    Raises RelayError with a line for each problem, Interrupted if a signal arrives.
    """
    folders = dict.fromkeys(one.folder for one in environments if one.folder is not None)
    request = _make_request(project, tracking, list(folders), environ)
    asked, answer = jobs.folder / "tmp" / f"{_STEP}.json", jobs.report_path(_STEP)
    write_text(asked, json.dumps(asdict(request)))
    words = ["python", "-P", "-m", "relay.step.remote_machine_check", str(asked), str(answer)]
    process = jobs.start(
        _STEP,
        " && ".join([*environments[0].activate, shlex.join(words)]),
        project.root,
        environ,
        {**tracking.to_environ(), "PYTHONPATH": str(project.root / "src")},
        Resources(),
    )
    try:
        wait(process, lambda usage, line: None, signals)
    finally:
        for mark in request.marks:
            Path(mark).unlink(missing_ok=True)
    _require_answer(answer, process)


def _make_request(
    project: Project,
    tracking: TrackingSettings,
    environments: list[str],
    environ: Mapping[str, str],
) -> Request:
    """Return what the other machine must have, after a mark was put into the store's folder."""
    uses_server, mlflow = is_remote(tracking.backend), project.tracking_uri(environ)
    marks: dict[str, str] = {}
    if not uses_server:
        mark = project.state / f"{_STEP}-{uuid.uuid4().hex}"
        marks[str(mark)] = mark.name
        write_text(mark, mark.name)
    return Request(
        root=str(project.root),
        digest=digest_code(project.root),
        environments=environments,
        marks=marks,
        mlflow=mlflow if mlflow.startswith("http") else None,
        uses_server=uses_server,
    )


def _require_answer(answer: Path, process: Process) -> None:
    """Check what the job has written to the file `answer`.

    Raises RelayError with a line for each problem.
    """
    if not answer.is_file():
        why = f" {process.explanation}." if process.explanation else ""
        lines = "\n".join(f"  {line}" for line in process.tail(_READ_LINES))
        raise RelayError(
            "engine: no step can run where the engine starts it: its machine does not have the "
            f"folder {answer.parents[1]}, or its command failed.{why} Correct the engine's "
            "settings, or set RELAY_HOME to a folder on a file system that all machines share. "
            f"The command's last lines:\n{lines}"
        )
    report = Answer(**json.loads(answer.read_text(encoding="utf-8")))
    if report.problems:
        lines = "\n".join(f"engine: on {report.host}: {problem}" for problem in report.problems)
        raise RelayError(lines)
